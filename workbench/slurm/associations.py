"""What Slurm holds of accounts, users, limits and QOS, and the commands that change it. Minutes, whole GPUs.

Limits are read from the database (`sacctmgr`), counters from the controller (`scontrol show assoc_mgr`), which alone
knows them to the minute. A limit has many TRES; ours are `gres/gpu` and `cpu`, and a change names only the one that
changes: what else a centre has set there stays.

Source: sacctmgr(1), "GENERAL SPECIFICATIONS FOR ASSOCIATION BASED ENTITIES"; scontrol(1), "show assoc_mgr".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.errors import SlurmRefused
from workbench.slurm.runner import Runner

GPU, CPU = "gres/gpu", "cpu"
ROOT = "root"
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_COLUMNS = "Account,User,Partition,GrpTRES,GrpTRESMins,GrpJobs,MaxJobs,MaxSubmitJobs,QOS,DefaultQOS"
_HEAD = re.compile(r"Account=(?P<account>\S+) UserName=(?P<user>\S*)")
_COUNTED = re.compile(r"(?P<tres>[^=,]+)=(?:N|\d+)\((?P<used>\d+)\)")


@dataclass(frozen=True, slots=True)
class Association:
    """Limits of an account (user '') or of a user in it; a limit that is not set is not there, or None.

    gpus, minutes: TRES → limit of GrpTRES and of GrpTRESMins.
    """

    account: str
    user: str = ""
    gpus: Mapping[str, int] = field(default_factory=dict)
    minutes: Mapping[str, int] = field(default_factory=dict)
    group_jobs: int | None = None
    max_jobs: int | None = None
    max_submit: int | None = None
    qos: tuple[str, ...] = ()
    default_qos: str = ""

    @property
    def shut(self) -> bool:
        """Whether this user may neither submit nor start a job in the account."""
        return self.max_jobs == 0 and self.max_submit == 0


@dataclass(frozen=True, slots=True)
class Counter:
    """Minutes of one TRES of an account: used since Slurm counts, and what running jobs may still use."""

    used: int = 0
    running: int = 0


@dataclass(frozen=True, slots=True)
class Present:
    """What is there in one cluster.

    accounts: by name; users: (account, user) → association; counters: (account, TRES); qos: name → priority.
    """

    accounts: Mapping[str, Association] = field(default_factory=dict)
    users: Mapping[tuple[str, str], Association] = field(default_factory=dict)
    counters: Mapping[tuple[str, str], Counter] = field(default_factory=dict)
    qos: Mapping[str, int] = field(default_factory=dict)

    def counter(self, account: str, tres: str) -> Counter:
        return self.counters.get((account, tres), Counter())


def can_be_account(name: str) -> bool:
    """Whether Slurm keeps an account of this name as it is written, and it is not Slurm's own."""
    return bool(_ACCOUNT.fullmatch(name)) and name != ROOT


def can_be_user(name: str) -> bool:
    """Whether it can be the name of a Unix user who is not root."""
    return bool(_USER.fullmatch(name)) and name != ROOT


def present(runner: Runner, cluster: str) -> Present:
    """What is there now.

    Raises:
        SlurmError: Slurm did not answer, or refused.
    """
    shown = runner.run("sacctmgr", "--parsable2", "show", "associations", f"cluster={cluster}", f"format={_COLUMNS}")
    qos = runner.run("sacctmgr", "--parsable2", "show", "qos", "format=Name,Priority")
    held = runner.run("scontrol", "show", "assoc_mgr", "flags=assoc")
    accounts, users = _associations(shown)
    return Present(accounts, users, counters(held), {row["Name"]: _number(row["Priority"]) or 0 for row in _rows(qos)})


def counters(text: str) -> dict[tuple[str, str], Counter]:
    """(account, TRES) → its counter, out of `scontrol show assoc_mgr`; of accounts, not of their users."""
    used: dict[tuple[str, str], int] = {}
    running: dict[tuple[str, str], int] = {}
    account = ""
    for line in text.splitlines():
        name, _, value = line.strip().partition("=")
        if found := _HEAD.search(line):
            account = "" if found["user"] else found["account"]
        elif account and name in ("GrpTRESMins", "GrpTRESRunMins"):
            counted = used if name == "GrpTRESMins" else running
            counted |= {(account, one["tres"]): int(one["used"]) for one in _COUNTED.finditer(value)}
    return {key: Counter(minutes, running.get(key, 0)) for key, minutes in used.items()}


def add_account(cluster: str, account: str, title: str, organisation: str) -> tuple[str, ...]:
    """The command that makes an account; Slurm shows its description to people."""
    said = (f"description={_plain(title, account)}", f"organization={_plain(organisation, account)}")
    return ("-i", "add", "account", f"name={account}", f"cluster={cluster}", *said)


def add_users(cluster: str, account: str, users: Iterable[str]) -> tuple[str, ...]:
    """The command that lets users work in an account."""
    return ("-i", "add", "user", f"name={','.join(users)}", f"account={account}", f"cluster={cluster}")


def add_qos(name: str, priority: int) -> tuple[str, ...]:
    """The command that makes a QOS."""
    return ("-i", "add", "qos", f"name={name}", f"priority={priority}")


def change_account(cluster: str, account: str, *settings: str) -> tuple[str, ...]:
    """The command that sets limits of an account, such as "GrpTRESMins=gres/gpu=600"."""
    return ("-i", "modify", "account", "where", f"name={account}", f"cluster={cluster}", "set", *settings)


def change_user(cluster: str, account: str, user: str, *settings: str) -> tuple[str, ...]:
    """The command that sets limits of a user in an account."""
    where = (f"name={user}", f"account={account}", f"cluster={cluster}")
    return ("-i", "modify", "user", "where", *where, "set", *settings)


def limit(name: str, tres: str, value: int | None) -> str:
    """The limit of one TRES as sacctmgr sets it: "GrpTRES=gres/gpu=4"; None takes it away."""
    return f"{name}={tres}={-1 if value is None else value}"


def tell(runner: Runner, command: Sequence[str]) -> str:
    """Have sacctmgr do it; what was so already is no error.

    Raises:
        SlurmError: Slurm did not answer, or refused.
    """
    try:
        return runner.run("sacctmgr", *command).strip()
    except SlurmRefused as problem:
        if problem.status == 1 and problem.said.lstrip().startswith("Nothing "):
            return problem.said.strip()
        raise


def _associations(text: str) -> tuple[dict[str, Association], dict[tuple[str, str], Association]]:
    accounts: dict[str, Association] = {}
    users: dict[tuple[str, str], Association] = {}
    for row in _rows(text):
        found = Association(
            row["Account"],
            row["User"],
            _tres(row["GrpTRES"]),
            _tres(row["GrpTRESMins"]),
            _number(row["GrpJobs"]),
            _number(row["MaxJobs"]),
            _number(row["MaxSubmit"] if "MaxSubmit" in row else row["MaxSubmitJobs"]),
            tuple(filter(None, row["QOS"].split(","))),
            row["Def QOS"] if "Def QOS" in row else row["DefaultQOS"],
        )
        if not found.user:
            accounts[found.account] = found
        elif not row["Partition"]:  # one for a partition alone is the centre's own
            users[found.account, found.user] = found
    return accounts, users


def _rows(text: str) -> list[dict[str, str]]:
    lines = [line.split("|") for line in text.splitlines() if "|" in line]
    return [dict(zip(lines[0], line, strict=False)) for line in lines[1:]]


def _tres(text: str) -> dict[str, int]:
    pairs = (one.partition("=") for one in text.split(",") if one)
    return {name: int(value) for name, _, value in pairs if value.isdecimal()}


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _plain(text: str, instead: str) -> str:
    # A comma would make a list of it, a quote a string.
    return " ".join(re.sub(r"[^\w .:()/&+-]", " ", text).split())[:100] or instead
