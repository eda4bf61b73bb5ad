"""Training sessions at a centre with Slurm: each accepted one is a reservation of Slurm, for the project's account.

The reservation begins when servers would be started ahead and ends with the class. People of the project who start a
server meanwhile get it inside the reservation. Profiles with GPUs reserve whole nodes: Slurm before 24.05 cannot
reserve single GPUs. Source: scontrol(1), "RESERVATIONS".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from workbench.domain.training import APPROVED, TrainingSession
from workbench.errors import SlurmRefused
from workbench.settings import ProfileSettings, Settings
from workbench.slurm.free import Cluster, ask
from workbench.slurm.profiles import gres_of
from workbench.slurm.runner import Runner
from workbench.store.engine import Store

PREFIX = "wb-class-"
"""Reservations of this name are ours to change and to remove."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Names of reservations that were made, changed and removed, and (name, what Slurm said) of those it refused."""

    made: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


def keep(store: Store, runner: Runner, now: int) -> Kept:
    """Bring Slurm's reservations up to the classes that are accepted and not over; running it again changes nothing.

    Args:
        store: the centre's.
        runner: of its Slurm.
        now: UTC epoch seconds.

    Raises:
        SlurmError: Slurm does not answer.
    """
    wanted = {PREFIX + one.handle: one for one in _coming(store, now)}
    past = _kept(store) - wanted.keys()
    if not wanted and not past:
        return Kept((), (), (), ())
    there = _there(runner)
    made, changed, removed, refused = [], [], [], []
    cluster = ask(runner) if wanted.keys() - there.keys() else None
    for name in sorted(wanted.keys() | there.keys()):
        try:
            if name not in wanted:
                runner.run("scontrol", "delete", f"ReservationName={name}")
                removed.append(name)
            elif name not in there:
                assert cluster is not None
                runner.run("scontrol", "create", "reservation", *_words(store.settings, wanted[name], cluster, now))
                made.append(name)
            elif there[name] != _moment(wanted[name].ends_at):
                end = f"EndTime={_moment(wanted[name].ends_at)}"
                runner.run("scontrol", "update", f"ReservationName={name}", end)
                changed.append(name)
        except SlurmRefused as problem:
            refused.append((name, problem.said))
    held = {*made, *(there.keys() & wanted.keys())}
    gone = past - {name for name, _said in refused}
    _note(store, {name.removeprefix(PREFIX): name if name in held else "" for name in held | gone})
    return Kept(tuple(made), tuple(changed), tuple(removed), tuple(refused))


def open_for(store: Store, project: str, now: int) -> tuple[str, int] | None:
    """The reservation of the project's class that is on now, and its end (UTC epoch seconds); None where none is."""
    ask_for = select(TrainingSession).where(
        TrainingSession.project == project,
        TrainingSession.state == APPROVED,
        TrainingSession.reservation != "",
        TrainingSession.ends_at > now,
    )
    with store.db() as db:
        found = [one for one in db.scalars(ask_for) if one.starts_at - one.lead_s <= now]
    first = min(found, key=lambda one: one.ends_at, default=None)
    return None if first is None else (first.reservation, first.ends_at)


def _coming(store: Store, now: int) -> Sequence[TrainingSession]:
    with store.db() as db:
        open_ones = (TrainingSession.state == APPROVED, TrainingSession.ends_at > now)
        return list(db.scalars(select(TrainingSession).where(*open_ones)))


def _there(runner: Runner) -> dict[str, str]:
    """Our reservations in Slurm, with their end as it writes it."""
    try:
        said = runner.run("scontrol", "--oneliner", "show", "reservation")
    except SlurmRefused as problem:
        if "not found" in problem.said.lower():
            return {}
        raise
    found = {}
    for line in said.splitlines():
        pairs = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if pairs.get("ReservationName", "").startswith(PREFIX):
            found[pairs["ReservationName"]] = pairs.get("EndTime", "")
    return found


def _words(settings: Settings, one: TrainingSession, cluster: Cluster, now: int) -> list[str]:
    profile = next((p for p in settings.profiles if p.id == one.profile), None)
    if profile is None:
        raise SlurmRefused("scontrol", PREFIX + one.handle, f"there is no profile {one.profile} any more", 0)
    partition = profile.partition or cluster.default
    return [
        f"ReservationName={PREFIX}{one.handle}",
        f"StartTime={_moment(max(now + 1, one.starts_at - one.lead_s))}",
        f"EndTime={_moment(one.ends_at)}",
        f"Accounts={settings.slurm.account_prefix}{one.project}",
        *([f"PartitionName={partition}"] if partition else []),
        _size(settings, one, profile, cluster, partition),
    ]


def _size(settings: Settings, one: TrainingSession, profile: ProfileSettings, cluster: Cluster, partition: str) -> str:
    """How much of the partition, as scontrol is told. Slurm gives what it has and does not say that it is too few."""
    nodes = [node for node in cluster.nodes if partition in node.partitions]
    if not profile.gpus:
        cores, most = one.seats * profile.cpu_cores, sum(node.has.get("cpu", 0) for node in nodes)
        if cores > most:
            raise _too_many(one, f"{cores} cores are needed and the partition has {most}")
        return f"CoreCnt={cores}"
    gres = gres_of(settings, profile)
    able = [node.has[gres] // profile.gpus for node in nodes if node.has.get(gres, 0) >= profile.gpus]
    need = -(-one.seats // max(able)) if able else 0
    if not able or need > len(able):
        raise _too_many(one, f"{one.seats} × {profile.gpus} of {gres} are needed, and {sum(able)} seats have room")
    return f"NodeCnt={need}"


def _too_many(one: TrainingSession, why: str) -> SlurmRefused:
    return SlurmRefused("scontrol", f"create reservation {PREFIX}{one.handle}", why, 0)


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")  # the runner's programs read UTC


def _kept(store: Store) -> set[str]:
    """Names of the reservations that we made and have not seen gone."""
    with store.db() as db:
        named = TrainingSession.reservation != ""
        return set(db.scalars(select(TrainingSession.reservation).where(named)))


def _note(store: Store, names: dict[str, str]) -> None:
    with store.db(writes=True) as db:
        for handle, name in names.items():
            one = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).one()
            one.reservation = name
