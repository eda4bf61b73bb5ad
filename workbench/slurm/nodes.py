"""Nodes, partitions and reservations as Slurm has them now: `scontrol show node|partition|reservation --oneliner`.

Those lines hold key=value pairs, and some values hold spaces (OS, Reason, Comment). What operators write comes last,
so that of two pairs with one key the first is Slurm's. States: a base (IDLE, DOWN …), then flags after "+"; older ones
mark with a sign (* no answer, ~ powered down, $ maintenance …). Source: scontrol(1), sinfo(1) "NODE STATE CODES".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.slurm.runner import Runner
from workbench.slurm.times import elapsed_seconds, wall_seconds
from workbench.slurm.tres import NONE

DOWN = frozenset({"DOWN", "ERROR", "FAIL"})
LEAVING = frozenset({"DRAIN", "FAIL"})
"""Such a node takes no new job; it is out when the last one has ended."""
MAINTENANCE = "MAINT"
ABSENT = frozenset({"FUTURE"})
"""Configured, and not in the room."""
BUSY = frozenset({"ALLOCATED", "MIXED", "COMPLETING"})

_SIGNS = {
    "*": "NOT_RESPONDING", "~": "POWERED_DOWN", "#": "POWERING_UP", "%": "POWERING_DOWN", "$": "MAINT", "@": "REBOOT",
    "^": "REBOOT_REQUESTED", "!": "POWER_DOWN", "-": "PLANNED",
}  # fmt: skip
_KEY = re.compile(r"(?:^|\s)([A-Za-z][A-Za-z0-9_/:]*)=")
_REASON = re.compile(r"(?P<why>.*?)\s*\[(?P<who>[^\[\]]*)@(?P<at>[^\[\]@]*)\]", re.DOTALL)
_ENTRY = re.compile(r"gpu(?::(?P<type>[^:(=]+))?:(?P<count>\d+)")
_PLACE = re.compile(r"\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Node:
    """One node. gpus: by Slurm's type, '' where it has none; mem_mib: configured; reason_at, busy_until: UTC epoch
    seconds, None where Slurm does not say.
    """

    name: str
    state: str
    flags: frozenset[str]
    partitions: tuple[str, ...]
    gpus: Mapping[str, int] = field(default_factory=dict)
    cpus: int | None = None
    mem_mib: int | None = None
    reason: str = ""
    reason_at: int | None = None
    busy_until: int | None = None

    @property
    def is_out(self) -> bool:
        """Whether nobody can use it: down, drained of its jobs, failed."""
        busy = bool(({self.state} | self.flags) & BUSY)
        return self.state in DOWN or (bool(self.flags & LEAVING) and not busy)


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition; up: it takes jobs and starts them; most_s: the longest a job may run, None: there is no limit."""

    name: str
    up: bool
    is_default: bool
    most_s: int | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """One reservation, UTC epoch seconds; nodes as Slurm lists them, unfolded."""

    name: str
    start_at: int
    end_at: int
    nodes: tuple[str, ...]
    flags: frozenset[str]

    @property
    def is_maintenance(self) -> bool:
        return MAINTENANCE in self.flags


def nodes(runner: Runner) -> list[Node]:
    """All nodes, by name.

    Raises:
        SlurmError: no answer.
    """
    return parse_nodes(runner.run("scontrol", "show", "node", "--oneliner", "--all"))


def partitions(runner: Runner) -> list[Partition]:
    """All partitions, in Slurm's order."""
    return parse_partitions(runner.run("scontrol", "show", "partition", "--oneliner", "--all"))


def reservations(runner: Runner) -> list[Reservation]:
    """All reservations that are, or are to come."""
    return parse_reservations(runner.run("scontrol", "show", "reservation", "--oneliner"))


def parse_nodes(text: str) -> list[Node]:
    """The nodes of `scontrol show node --oneliner` (a shown front end or an empty line is none)."""
    found = [_node(pairs) for line in text.splitlines() if "NodeName" in (pairs := _pairs(line))]
    return sorted(found, key=lambda node: node.name)


def parse_partitions(text: str) -> list[Partition]:
    """The partitions of `scontrol show partition --oneliner`."""
    rows = [pairs for line in text.splitlines() if "PartitionName" in (pairs := _pairs(line))]
    return [
        Partition(
            row["PartitionName"],
            row.get("State", "UP").upper() == "UP",
            row.get("Default", "NO").upper() == "YES",
            _length(row.get("MaxTime", "")),
        )
        for row in rows
    ]


def parse_reservations(text: str) -> list[Reservation]:
    """The reservations of `scontrol show reservation --oneliner`; one without times, or of licences only, is none."""
    found = []
    for line in text.splitlines():
        row = _pairs(line)
        start, end = _moment(row.get("StartTime", "")), _moment(row.get("EndTime", ""))
        names = row.get("Nodes", "")
        if "ReservationName" in row and start and end and names.lower() not in NONE:
            flags = frozenset(row.get("Flags", "").upper().split(","))
            found.append(Reservation(row["ReservationName"], start, end, unfolded(names), flags))
    return found


def gpus_by_type(gres: str) -> dict[str, int]:
    """GPUs of a node's Gres: `gpu:a100:4(S:0-3),gpu:a100_1g.5gb:14,pfsdir:scratch:no_consume:1`; '' where untyped."""
    found: dict[str, int] = {}
    for entry in _PLACE.sub("", gres).split(","):
        if match := _ENTRY.fullmatch(entry.strip()):
            kind = match["type"] or ""
            found[kind] = found.get(kind, 0) + int(match["count"])
    return found


def _tracked(tres: str) -> dict[str, int]:
    """The same of a node's CfgTRES, which a site may keep in place of Gres; typed and untyped entries are the same."""
    entries = (entry.partition("=") for entry in tres.split(",") if entry.startswith("gres/gpu"))
    found = {name.removeprefix("gres/gpu").lstrip(":"): int(count) for name, _, count in entries if count.isdecimal()}
    left = found.pop("", 0) - sum(found.values())
    return found | ({"": left} if left > 0 else {})


def unfolded(names: str) -> tuple[str, ...]:
    """The names of a node list: gpu[001-003,7],login1 → gpu001, gpu002, gpu003, gpu7, login1."""
    found: list[str] = []
    for part in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", names):
        match = re.fullmatch(r"([^\[]*)\[([^\]]*)\](.*)", part.strip())
        if not match:
            found.append(part.strip())
            continue
        head, ranges, tail = match.groups()
        numbers = [f"{n:0{len(a)}d}" for piece in ranges.split(",") for a, b in [_ends(piece)] for n in _range(a, b)]
        found += [f"{head}{number}{rest}" for number in numbers for rest in (unfolded(tail) if tail else ("",))]
    return tuple(found)


def _ends(piece: str) -> tuple[str, str]:
    first, _, last = piece.partition("-")
    return first, last or first


def _range(first: str, last: str) -> range:
    return range(int(first), int(last) + 1)


def _node(row: Mapping[str, str]) -> Node:
    state, flags = _state(row.get("State", "UNKNOWN"))
    reason = _REASON.fullmatch(row.get("Reason", "")) or None
    where = row.get("Partitions", "")
    return Node(
        name=row["NodeName"],
        state=state,
        flags=flags,
        partitions=tuple(where.split(",")) if where.lower() not in NONE else (),
        gpus=gpus_by_type(row["Gres"]) if "Gres" in row else _tracked(row.get("CfgTRES", "")),
        cpus=_number(row.get("CPUTot", "")),
        mem_mib=_number(row.get("RealMemory", "")),
        reason=(reason["why"] if reason else row.get("Reason", "")).strip(),
        reason_at=_moment(reason["at"]) if reason else None,
        busy_until=_moment(row.get("LastBusyTime", "")),
    )


def _state(text: str) -> tuple[str, frozenset[str]]:
    base, *flags = text.upper().split("+")
    signs = "".join(_SIGNS)
    marks = {_SIGNS[sign] for part in (base, *flags) for sign in part[len(part.rstrip(signs)) :]}
    base = base.rstrip(signs)
    # sinfo has one word for a base with a flag.
    told = {"DRAINED": ("IDLE", "DRAIN"), "DRAINING": ("ALLOCATED", "DRAIN"), "FAILING": ("ALLOCATED", "FAIL")}
    base, more = told.get(base, (base, ""))
    return base, frozenset({flag.rstrip(signs) for flag in (*flags, more) if flag} | marks)


def _pairs(line: str) -> dict[str, str]:
    """Key → value, of each key the first."""
    at = list(_KEY.finditer(line))
    found: dict[str, str] = {}
    for place, match in enumerate(at):
        end = at[place + 1].start() if place + 1 < len(at) else len(line)
        found.setdefault(match[1], line[match.end() : end].strip())
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _length(text: str) -> int | None:
    try:
        return elapsed_seconds(text)
    except ValueError:
        return None


def _moment(text: str) -> int | None:
    try:
        found = wall_seconds(text.strip())
    except ValueError:
        return None
    return found[0] if found else None
