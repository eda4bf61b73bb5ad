"""Finished jobs as a year-old Slurm would have them, written straight into slurmdbd's tables (those of Slurm 22.05).

Made up, but of all kinds that count: by array and alone, with and without GPUs, ended in every way, suspended for a
while, cancelled before they could start. The same seed makes the same jobs. slurmdbd adds them up on `sacctmgr roll`.
"""

import pwd
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.slurm_stack.conf import CLUSTER
from tests.slurm_stack.stack import Stack
from workbench.units import DAY_S, HOUR_S

DAYS = 30
STATES = (3,) * 14 + (4, 4, 5, 5, 6, 7)
"""COMPLETED mostly, CANCELLED, FAILED, TIMEOUT, NODE_FAIL. Source: slurm.h, enum job_states."""
CANCELLED = 4
NO_TASK, NO_OFFSET = 4_294_967_294, 4_294_967_294
FIRST_ID = 1_000_000
AT_ONCE = 2_000
COLUMNS = (
    "job_db_inx", "mod_time", "account", "cpus_req", "job_name", "id_assoc", "id_array_job", "id_array_task", "id_job",
    "id_qos", "id_resv", "id_wckey", "id_user", "id_group", "het_job_id", "het_job_offset", "state_reason_prev",
    "nodelist", "nodes_alloc", "`partition`", "priority", "state", "timelimit", "time_submit", "time_eligible",
    "time_start", "time_end", "time_suspended", "tres_alloc", "tres_req", "derived_es",
)  # fmt: skip
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Association:
    """Who may run under which account: number, user, Unix id, account."""

    number: int
    user: str
    uid: int
    account: str


def insert(stack: Stack, jobs: int, now: int, seed: int = 1) -> int:
    """Put jobs of the DAYS before this hour into the database; UTC epoch seconds from which on they are."""
    end = now - now % HOUR_S
    begin = end - DAYS * DAY_S
    begin -= begin % DAY_S
    who = _associations(stack)
    gpu, model = (
        _sql(stack, f"SELECT id FROM tres_table WHERE type='gres' AND name='{n}'") for n in ("gpu", "gpu:h800")
    )
    suspended: list[Row] = []
    rows = list(_rows(jobs, begin, end, who, (gpu.strip(), model.strip()), random.Random(seed), suspended))
    for first in range(0, len(rows), AT_ONCE):
        _insert(stack, f"{CLUSTER}_job_table", COLUMNS, rows[first : first + AT_ONCE])
    _insert(stack, f"{CLUSTER}_suspend_table", ("job_db_inx", "id_assoc", "time_start", "time_end"), suspended)
    # sreport tells of no account in hours in which the cluster had no nodes.
    size = f"1=12800,2=102400000,4=200,5=12800,{gpu.strip()}=1600,{model.strip()}=1600"
    columns = "time_start, time_end, node_name, cluster_nodes, reason, reason_uid, state, tres"
    _sql(
        stack,
        f"INSERT INTO {CLUSTER}_event_table ({columns}) SELECT {begin}, MIN(time_start), '', 'gpu[001-200]', "
        f"'Cluster Registered TRES', 0, 0, '{size}' FROM {CLUSTER}_event_table WHERE node_name='';"
        f"DELETE FROM {CLUSTER}_last_ran_table; "
        f"INSERT INTO {CLUSTER}_last_ran_table VALUES ({begin}, {begin}, {begin})",
    )
    return begin


def _rows(
    jobs: int, begin: int, end: int, who: Sequence[Association], tres: tuple[str, str], chance: random.Random,
    suspended: list[Row],
) -> Iterator[Row]:  # fmt: skip
    for place in range(jobs):
        key, one = FIRST_ID + place, chance.choice(who)
        gpus = chance.choice((0, 1, 1, 1, 2, 2, 4, 4, 8))
        cpus, state = max(4, gpus * 8), chance.choice(STATES)
        length = min(int(chance.lognormvariate(7.5, 1.3)) + 1, 2 * DAY_S)
        start = chance.randrange(begin, end - length)
        submit = start - int(chance.expovariate(1 / 600))
        stop, pause = start + length, 0
        asked = f"1={cpus},2={cpus * 8000},4=1,5={cpus}" + (f",{tres[0]}={gpus}" if gpus else "")
        given = asked + (f",{tres[1]}={gpus}" if gpus else "")
        if state == CANCELLED and chance.random() < 0.2:  # before it could start
            stop, start, given = start, 0, ""
        elif length > 600 and chance.random() < 0.01:
            pause = chance.randrange(60, length - 60)
            at = start + chance.randrange(1, length - pause)
            suspended.append((key, one.number, at, at + pause))
        array = place % 50
        task = (key - array, array) if array < 10 else (0, NO_TASK)
        yield (
            key, stop, one.account, cpus, "train", one.number, *task, key, 1, 0, 0, one.uid, one.uid, 0, NO_OFFSET, 0,
            f"gpu{1 + place % 200:03d}" if start else "None assigned", int(start > 0), "gpu", 1000, state, 2880, submit,
            submit, start, stop, pause, given, asked, "",
        )  # fmt: skip


def _associations(stack: Stack) -> list[Association]:
    told = _sql(
        stack, f"SELECT id_assoc, user, acct FROM {CLUSTER}_assoc_table WHERE user NOT IN ('', 'root') AND NOT deleted"
    )
    rows = [line.split("\t") for line in told.splitlines()]
    return [Association(int(number), user, pwd.getpwnam(user).pw_uid, account) for number, user, account in rows]


def _insert(stack: Stack, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    if rows:
        values = ",".join(f"({','.join(repr(cell) for cell in row)})" for row in rows)
        _sql(stack, f"INSERT INTO {table} ({','.join(columns)}) VALUES {values}")


def _sql(stack: Stack, statement: str) -> str:
    socket = stack.folder / "run" / "mysql.sock"
    file = stack.folder / "run" / "statement.sql"
    file.write_text(statement, encoding="utf-8")
    words = ("--no-defaults", f"--socket={socket}", "--user=root", "--batch", "--skip-column-names", "slurm_acct_db")
    return stack.run("mariadb", *words, "--execute", f"source {file}")
