"""What a server costs before it starts: per hour at list price, the subsidy's part, the user's part."""

from dataclasses import dataclass, replace
from datetime import date

from workbench.domain.awards import Award, award_state, current_award
from workbench.domain.job_price import hourly_list_minor
from workbench.domain.starts import Standing
from workbench.errors import NoPrice
from workbench.i18n import _
from workbench.services.holds.standing import standings
from workbench.services.meter import PARTITION
from workbench.services.prices.stored import CPU, stored_prices
from workbench.services.spend_days import today_of
from workbench.settings import ProfileSettings
from workbench.store.charges import decided_awards
from workbench.store.engine import Store
from workbench.units import BASIS_POINTS, divide_half_even


@dataclass(frozen=True, slots=True)
class Quote:
    """An estimate per hour in minor units; amounts None where there is no list price (`why` says so).

    resource: GPU model, or "cpu". standings: what the project may start on (services.holds.standing).
    list_minor_per_hour = subsidy_minor_per_hour + user_minor_per_hour: of the next hour, so the subsidy's part is at
    most what is left. rate_bp: of the award that pays now, 0 where none does. award_left_minor: subsidy left in that
    award; None where none pays. award_state: 'live', 'exhausted', 'ahead', 'lapsed', 'none'. hours_left: hours that
    what is free of the award covers at this price; None where it pays nothing. why: a sentence where something is
    missing, else ''.
    """

    profile: str
    project: str
    resource: str
    rate_bp: int
    award_left_minor: int | None
    award_state: str
    why: str
    standings: tuple[Standing, ...] = ()
    list_minor_per_hour: int | None = None
    subsidy_minor_per_hour: int | None = None
    user_minor_per_hour: int | None = None
    hours_left: float | None = None


def quote(store: Store, profile: ProfileSettings, project: str, now: int) -> Quote:
    """What one hour of this profile costs this project now.

    Args:
        store: prices, awards, what was drawn on them and what running work holds.
        profile: of the settings; with GPUs it is priced per GPU-hour of its model, without per core-hour.
        project: slug; one without an award pays the list price.
        now: UTC epoch seconds.
    """
    today, settings = today_of(store, now), store.settings
    with store.db() as db:
        found = standings(db, settings, project, now)
        prices = stored_prices(db.connection(), settings.centre.zone)
        awards = decided_awards(db.connection(), frozenset({project}), today)
    paying = next((one for one in found if one.award is not None and one.left_minor > 0), None)
    award = current_award(awards, today, {one.award: one.balance.drawn_minor for one in found if one.award})
    state = _state(found, paying, award, today)
    resource, units = (profile.gpu_model or "", profile.gpus) if profile.gpus else (CPU, profile.cpu_cores)
    given = Quote(
        profile=profile.id,
        project=project,
        resource=resource,
        rate_bp=paying.rate_bp if paying else 0,
        award_left_minor=paying.left_minor if paying else None,
        award_state=state,
        why="" if paying else _why(found, award, state),
        standings=found,
    )
    on_slurm = settings.slurm.spawns
    partition = (profile.partition or "") if on_slurm else PARTITION
    # This machine's own meter does not say memory; Slurm does, and a large share of a node's is charged.
    mem_mib = profile.mem_gib * 1024 if on_slurm else None
    model = profile.gpu_model if profile.gpus else None
    try:
        listed = hourly_list_minor(prices, model, units, now, partition, profile.cpu_cores, mem_mib)
    except NoPrice as missing:
        return replace(given, why=str(missing))
    full = divide_half_even(listed * given.rate_bp, BASIS_POINTS)
    subsidy = min(full, given.award_left_minor or 0)
    return replace(
        given,
        list_minor_per_hour=listed,
        subsidy_minor_per_hour=subsidy,
        user_minor_per_hour=listed - subsidy,
        hours_left=paying.free_minor / full if paying and full else None,
    )


def _state(found: tuple[Standing, ...], paying: Standing | None, award: Award | None, today: date) -> str:
    if paying:
        return "live"
    if found[0].award is not None:
        return "exhausted"
    return award_state(award, today, 0) if award else "none"


def _why(found: tuple[Standing, ...], award: Award | None, state: str) -> str:
    said = {"none": _("The project has no award."), "exhausted": _("The award is used up.")}
    if award is not None:
        said["ahead"] = _("The award begins on {day}.").format(day=f"{award.starts_on:%-d %b %Y}")
        said["lapsed"] = _("The award ended before {day}.").format(day=f"{award.ends_on:%-d %b %Y}")
    may_start = any(standing.without_award or standing.opted_in for standing in found)
    return " ".join([said[state], *([_("The project pays the list price.")] if may_start else [])])
