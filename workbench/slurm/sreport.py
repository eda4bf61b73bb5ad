"""Slurm's own sums: `sreport cluster AccountUtilizationByUser`, seconds by account and user, and until when it has any.

slurmdbd adds usage up once an hour: what ran in an hour that is not added up yet is in none of its sums. Whole hours
are asked, in UTC. An account's own line holds its sub-accounts too, so the lines of its users are added. Of suspended
time the GPUs are counted and the cores are not (measured on 22.05). Source: sreport(1), sacctmgr(1) "show stats".
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.errors import SlurmRefused, SlurmUnreadable
from workbench.periods import Window, hour_floor, moment
from workbench.slurm.runner import Runner
from workbench.units import HOUR_S

GPU, CPU = "gres/gpu", "cpu"
COLUMNS = ("Cluster", "Account", "Login", "TRESName", "Used")
LIMIT_S = 300.0
LATE_S = 900
"""Where slurmdbd does not say what it has added up, an hour is taken as done so long after its end."""

_HOUR_RAN = re.compile(r"^Hour\s+last ran .*\((\d+)\)", re.MULTILINE)
_DBD_RAN = re.compile(r"^Internal DBD rollup last ran .*\((\d+)\)", re.MULTILINE)
_CLUSTER = re.compile(r"^Cluster '(.*)' rollup statistics$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds of one TRES that a user used under an account."""

    account: str
    user: str
    tres: str
    seconds: int


def used(runner: Runner, cluster: str, window: Window) -> list[Used]:
    """GPU- and core-seconds by account and user in a window of whole hours.

    Raises:
        SlurmSilent, SlurmRefused, SlurmUnreadable.
    """
    if window.start_s % HOUR_S or window.end_s % HOUR_S:
        raise ValueError(f"sreport counts whole hours, not {window}")
    if not window.seconds:
        return []
    said = runner.run(
        "sreport", "--noheader", "--parsable2", "-t", "Seconds", "-T", f"{GPU},{CPU}", "cluster",
        "AccountUtilizationByUser", f"clusters={cluster}", f"start={_clock(window.start_s)}",
        f"end={_clock(window.end_s)}", f"format={','.join(COLUMNS)}", limit_s=LIMIT_S,
    )  # fmt: skip
    return read(said, cluster)


def read(text: str, cluster: str) -> list[Used]:
    """The lines of users.

    Raises:
        SlurmUnreadable: a line of another shape, or of another cluster.
    """
    found = []
    for line in filter(str.strip, text.splitlines()):
        cells = line.split("|")
        if len(cells) != len(COLUMNS) or cells[0] != cluster or not re.fullmatch(r"\d+", cells[-1]):
            raise SlurmUnreadable("sreport", f"{line[:200]!r} is no line of {'|'.join(COLUMNS)} of cluster {cluster}")
        _, account, user, tres, seconds = cells
        if user:
            found.append(Used(account, user, tres.lower(), int(seconds)))
    return found


def by_account(lines: list[Used], tres: str = GPU) -> Mapping[str, int]:
    """Seconds of a TRES by account, without its sub-accounts."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.tres == tres:
            sums[line.account] += line.seconds
    return dict(sums)


def added_up_until(runner: Runner, cluster: str, now: int) -> int:
    """The end of the last hour that is in slurmdbd's sums, UTC epoch seconds.

    Where slurmdbd does not say (before 20.11, or to somebody who is no operator of Slurm): the last hour that ended
    LATE_S before now.

    Raises:
        SlurmSilent: sacctmgr does not answer.
    """
    try:
        said = runner.run("sacctmgr", "show", "stats")
    except SlurmRefused:
        said = ""
    return _said_until(said, cluster) or hour_floor(now - LATE_S)


def _said_until(said: str, cluster: str) -> int | None:
    """What stands for the cluster; where nothing does (since a restart), the last run over all; None without either."""
    parts = _CLUSTER.split(said)
    ours = dict(zip(parts[1::2], parts[2::2], strict=True)).get(cluster, "")
    ran = [int(found[1]) for found in (_HOUR_RAN.search(ours), _DBD_RAN.search(parts[0])) if found]
    return next((hour_floor(at) for at in ran if at), None)


def _clock(at: int) -> str:
    # The runner's TZ is UTC.
    return f"{moment(at):%Y-%m-%dT%H:%M:%S}"
