"""Capacity as Slurm's nodes have it: GPUs by partition and model, and what is out of service, in the books.

A node of several partitions is counted once, for the default one among them, else for the first that Slurm names: so
the centre's sum is right, and a job in another partition of the same node uses what is counted there. Installed is what
is configured, in service what is in a partition, allocatable what is in one that is up. A node that is down, or drained
of its last job, is an outage for as long as Slurm says; a maintenance reservation is a planned one, and a node in it is
not out twice. Looking again changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.analytics.schema import UNKNOWN
from workbench.domain.capacity import CapacityChange, Outage
from workbench.periods import epoch, moment
from workbench.settings import SlurmSettings
from workbench.slurm import nodes as slurm_nodes
from workbench.slurm.nodes import ABSENT, Node, Partition, Reservation
from workbench.slurm.runner import Runner
from workbench.store.engine import Store

UNTYPED = "gpu"
"""The model of GPUs to which Slurm gives no type."""
MAINTENANCE = "maintenance: "
Place = tuple[str, str]
"""Partition and GPU model."""
Out = dict[tuple[str, Place], tuple[int, int | None, int, str]]
"""By node or reservation, and place: start, end (None: it lasts), GPUs, reason."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the nodes changed: statements of capacity; outages that began, became others or ended."""

    changes: int
    outages: int


def capacity(store: Store, runner: Runner, now: int) -> Seen:
    """Bring capacity and outages of the settings' Slurm up to now.

    Args:
        store: where to.
        runner: of that Slurm.
        now: UTC epoch seconds.

    Raises:
        SlurmError: no answer; nothing was changed.
    """
    slurm = store.settings.slurm
    parts = slurm_nodes.partitions(runner)
    there = [node for node in slurm_nodes.nodes(runner) if not ({node.state} | node.flags) & ABSENT]
    kept = [one for one in slurm_nodes.reservations(runner) if one.is_maintenance and one.end_at > now]
    shut = {name for one in kept if one.start_at <= now for name in one.nodes}
    out = _out([node for node in there if node.is_out and node.name not in shut], parts, slurm, now)
    planned = _planned(kept, there, parts, slurm)
    with store.db(writes=True) as db:
        changes = _state(db, slurm.cluster, _counts(there, parts, slurm), now)
        outages = _unplanned_rows(db, slurm.cluster, out, now) + _planned_rows(db, slurm.cluster, planned, now)
    return Seen(changes, outages)


def home_of(node: Node, partitions: Sequence[Partition]) -> str:
    """The partition that a node is counted for; '' for a node of none."""
    default = next((part.name for part in partitions if part.is_default and part.name in node.partitions), None)
    return default or next(iter(node.partitions), UNKNOWN)


def _places(node: Node, partitions: Sequence[Partition], slurm: SlurmSettings) -> Iterable[tuple[Place, int]]:
    home, found = home_of(node, partitions), dict[Place, int]()
    for kind, gpus in node.gpus.items():
        place = (home, slurm.model(kind) if kind else UNTYPED)
        found[place] = found.get(place, 0) + gpus
    return found.items()


def _counts(
    there: Iterable[Node], partitions: Sequence[Partition], slurm: SlurmSettings
) -> dict[Place, tuple[int, int, int]]:
    """Installed, in service and allocatable GPUs by place."""
    up = {part.name for part in partitions if part.up}
    found: dict[Place, tuple[int, int, int]] = {}
    for node in there:
        offered, open_now = bool(node.partitions), bool(up.intersection(node.partitions))
        for place, gpus in _places(node, partitions, slurm):
            installed, in_service, allocatable = found.get(place, (0, 0, 0))
            found[place] = installed + gpus, in_service + gpus * offered, allocatable + gpus * open_now
    return found


def _out(out: Iterable[Node], partitions: Sequence[Partition], slurm: SlurmSettings, now: int) -> Out:
    found: Out = {}
    for node in out:
        if not node.partitions:
            continue  # not in service anyway
        # What was set to drain while jobs ran on it is out since the last of them ended.
        since = min(now, max(node.reason_at or 0, node.busy_until or 0) or now)
        reason = f"{node.name}: {node.reason or node.state.lower()}"
        found |= {(node.name, place): (since, None, gpus, reason) for place, gpus in _places(node, partitions, slurm)}
    return found


def _planned(
    kept: Iterable[Reservation], there: Iterable[Node], partitions: Sequence[Partition], slurm: SlurmSettings
) -> Out:
    known, found = {node.name: node for node in there}, Out()
    for one in kept:
        for name in one.nodes:
            if name not in known or not known[name].partitions:
                continue
            for place, gpus in _places(known[name], partitions, slurm):
                before = found.get((one.name, place), (0, 0, 0, ""))[2]
                found[one.name, place] = (one.start_at, one.end_at, before + gpus, f"{MAINTENANCE}{one.name}")
    return found


def _state(db: Session, cluster: str, counts: dict[Place, tuple[int, int, int]], now: int) -> int:
    """Write down what is other than last said; a place that is gone has nothing from now on."""
    said: dict[Place, CapacityChange] = {}
    ask = select(CapacityChange).where(CapacityChange.cluster == cluster, CapacityChange.from_at <= moment(now))
    for row in db.scalars(ask.order_by(CapacityChange.from_at)):
        said[row.partition, row.gpu_model] = row
    changed = 0
    for place in sorted(said.keys() | counts.keys()):
        last, gpus = said.get(place), counts.get(place, (0, 0, 0))
        if last is None or (last.installed, last.in_service, last.allocatable) != gpus:
            db.merge(CapacityChange(cluster, *place, moment(now), *gpus, note="Slurm"))
            changed += 1
    return changed


def _unplanned_rows(db: Session, cluster: str, out: Out, now: int) -> int:
    ask = select(Outage).where(Outage.cluster == cluster, ~Outage.planned).order_by(Outage.start_at)
    open_rows: dict[tuple[str, Place], Outage] = {}
    ended: dict[tuple[str, Place], int] = {}
    for row in db.scalars(ask):
        key = row.reason.partition(": ")[0], (row.partition, row.gpu_model)
        if row.end_at is None:
            open_rows[key] = row
        else:
            ended[key] = epoch(row.end_at)
    changed = 0
    for key, row in open_rows.items():
        if key not in out:
            changed += _end(db, row, now)
    for key, (since, _, gpus, reason) in out.items():
        if (known := open_rows.get(key)) is None:
            since = max(since, ended.get(key, 0))
            db.add(Outage(cluster, *key[1], moment(since), None, gpus, planned=False, reason=reason))
            changed += 1
        elif (known.gpus, known.reason) != (gpus, reason):
            known.gpus, known.reason = gpus, reason
            changed += 1
    return changed


def _planned_rows(db: Session, cluster: str, planned: Out, now: int) -> int:
    ask = select(Outage).where(
        Outage.cluster == cluster, Outage.planned, Outage.end_at > moment(now), Outage.reason.startswith(MAINTENANCE)
    )
    known = {(row.reason.removeprefix(MAINTENANCE), (row.partition, row.gpu_model)): row for row in db.scalars(ask)}
    changed = 0
    for key, row in known.items():
        if key not in planned:
            changed += _end(db, row, now)
    for key, (start, end, gpus, reason) in planned.items():
        assert end is not None
        span = moment(start), moment(end)
        if (row_there := known.get(key)) is None:
            db.add(Outage(cluster, *key[1], *span, gpus, planned=True, reason=reason))
            changed += 1
        elif (row_there.start_at, row_there.end_at, row_there.gpus) != (*span, gpus):
            row_there.start_at, row_there.end_at, row_there.gpus = *span, gpus
            changed += 1
    return changed


def _end(db: Session, row: Outage, now: int) -> int:
    """It ends now; what had not begun never was."""
    if epoch(row.start_at) >= now:
        db.delete(row)
    else:
        row.end_at = moment(now)
    return 1
