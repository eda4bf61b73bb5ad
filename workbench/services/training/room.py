"""Whether a class has room: on this machine by memory, cores and GPUs, at the centre beside what the forecast says.

GPUs of a class come out of what the centre has in service; the share that it takes is said beside the share that is
forecast to be taken anyhow, so that whoever approves sees what the class displaces.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import psutil
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.clusters.gpu import gpus as gpus_here
from workbench.domain.access import WholeCentre
from workbench.domain.training import APPROVED, PLANNED, TrainingSession
from workbench.errors import NotEnoughHistory
from workbench.i18n import _, ngettext
from workbench.periods import day_of
from workbench.services.forecast.occupancy import occupancy_forecast
from workbench.services.training.asked import Plan, lead_of
from workbench.settings import ProfileSettings, Settings
from workbench.store.engine import Store

MEMORY_FOR_SEATS_PERCENT = 85
"""Of the memory of one machine; the rest is for the Hub, the pages and the system."""
MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Occupied:
    """The centre while the class is on, of the fullest of its days. Shares are 0…1 of capacity; None: not known.

    gpus: of the class. share, share_low, share_high: forecast without it, with the 80% interval. share_with: beside it.
    """

    gpus: int
    says: str
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None
    share_with: float | None = None


def seat_limit(settings: Settings, *, mem_bytes: int | None = None, cores: int | None = None) -> int:
    """Seats that one machine can have at a time.

    Args:
        settings: what a seat is expected to use.
        mem_bytes: of the machine; None: of this one.
        cores: that this process may use; None: of this one.
    """
    training = settings.training
    memory = psutil.virtual_memory().total if mem_bytes is None else mem_bytes
    if cores is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    by_memory = memory * MEMORY_FOR_SEATS_PERCENT // (100 * training.seat_mem_mib * MIB)
    return min(by_memory, cores * training.seats_per_core)


def beside(db: Session, plan: Plan, settings: Settings, handle: str | None) -> list[TrainingSession]:
    """The other classes, planned or approved, whose servers run while this one's do; by their start."""
    begins = plan.starts_at - lead_of(plan, settings)
    ask = select(TrainingSession).where(
        TrainingSession.state.in_((PLANNED, APPROVED)),
        TrainingSession.starts_at - TrainingSession.lead_s < plan.ends_at,
        TrainingSession.ends_at > begins,
        TrainingSession.handle != (handle or ""),
    )
    return list(db.scalars(ask.order_by(TrainingSession.starts_at, TrainingSession.id)))


def fits(
    plan: Plan, profile: ProfileSettings, others: Iterable[TrainingSession], settings: Settings
) -> tuple[bool, str]:
    """Whether this machine has room for the class beside the approved ones of these, and a sentence that says so.

    Args:
        plan: of the class.
        profile: of its seats.
        others: see `beside`.
        settings: what a seat is expected to use; the profiles, by which GPUs are counted.
    """
    if settings.slurm.spawns:
        return True, _("Servers are jobs of Slurm, which keeps nodes for the class once it is approved.")
    running = [one for one in others if one.state == APPROVED]
    taken = _most_at_once(plan, [(one, one.seats) for one in running], settings)
    limit = seat_limit(settings)
    said = ngettext(
        "This machine has room for {n} seat at a time", "This machine has room for {n} seats at a time", limit
    )
    room = said.format(n=limit)
    beside_it = _("{n} of them are taken by other classes then").format(n=taken) if taken else ""
    if profile.gpus:
        each = {one.id: one.gpus for one in settings.profiles}
        gpus_taken = _most_at_once(plan, [(one, one.seats * each.get(one.profile, 0)) for one in running], settings)
        if profile.gpus * plan.seats + gpus_taken > (found := gpus_here().count):
            said = _("The class needs {gpus} GPUs, and this machine has {found}.")
            if gpus_taken:
                said = _("The class needs {gpus} GPUs, and this machine has {found}; {n} are other classes' then.")
            return False, said.format(gpus=profile.gpus * plan.seats, found=found, n=gpus_taken)
    return plan.seats + taken <= limit, ", ".join(part for part in (room, beside_it) if part) + "."


def _most_at_once(plan: Plan, running: Iterable[tuple[TrainingSession, int]], settings: Settings) -> int:
    """What these others have at the same time, at the fullest moment of this class."""
    begins = plan.starts_at - lead_of(plan, settings)
    spans = [(one.starts_at - one.lead_s, one.ends_at, number) for one, number in running]
    moments = [begins, *(start for start, _end, _number in spans if begins < start < plan.ends_at)]
    return max(sum(number for start, end, number in spans if start <= at < end) for at in moments)


def occupied(store: Store, plan: Plan, profile: ProfileSettings, now: int) -> Occupied:
    """What the class takes of the centre's GPUs, beside the forecast for its window."""
    gpus, zone = profile.gpus * plan.seats, store.settings.centre.zone
    if not gpus:
        return Occupied(0, _("The class takes none of the centre's GPUs."))
    first, last = day_of(plan.starts_at, zone), day_of(plan.ends_at - 1, zone)
    try:
        ahead = occupancy_forecast(store, WholeCentre("training"), now).ahead
    except NotEnoughHistory:
        return Occupied(gpus, _not_known(gpus, _("there is too little history for a forecast")))
    days = ahead["day"].dt.date
    rows = ahead[(days >= first) & (days <= last) & (ahead["capacity_gpus"] > 0)]
    if rows.empty:
        return Occupied(gpus, _not_known(gpus, _("no capacity is stated for that day, or it is too far ahead")))
    row = rows.assign(with_class=(rows["busy_gpus"] + gpus) / rows["capacity_gpus"]).nlargest(1, "with_class").iloc[0]
    return Occupied(
        gpus,
        _taken(gpus, row["share"], row["with_class"], row["day"].date()),
        float(row["share"]),
        float(row["share_low"]),
        float(row["share_high"]),
        float(row["with_class"]),
    )


def _not_known(gpus: int, why: str) -> str:
    return _("The class takes {gpus} GPUs; how busy the centre is then is not known: {why}.").format(gpus=gpus, why=why)


def _taken(gpus: int, share: float, share_with: float, day: date) -> str:
    said = _("On {day} {share} of the centre's GPUs are forecast to be taken; with the {gpus} of the class {more}.")
    words = said.format(day=f"{day:%-d %b %Y}", share=f"{share:.1%}", gpus=gpus, more=f"{share_with:.1%}")
    return words if share_with <= 1 else f"{words} " + _("That is more than there are: other work has to wait.")
