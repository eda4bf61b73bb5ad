"""What a server costs before it starts: per hour at list price, the subsidy's part, the user's part."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.awards import Award, award_state, current_award
from workbench.domain.pricing import CPU, ListPrice, price_on
from workbench.errors import NoPrice
from workbench.services.spend_days import ONE_DAY, today_of
from workbench.settings import ProfileSettings
from workbench.store.charges import decided_awards, drawn_by_award
from workbench.store.engine import Store
from workbench.units import BASIS_POINTS, divide_half_even


@dataclass(frozen=True, slots=True)
class Quote:
    """An estimate per hour in minor units; amounts None where there is no list price (`why` says so).

    resource: GPU model, or "cpu". price_per_unit_minor: list price of one GPU-hour or one core-hour.
    list_minor_per_hour = subsidy_minor_per_hour + user_minor_per_hour: of the next hour, so the subsidy's part is at
    most what is left. rate_bp: of the award that pays now, 0 where none does. award_left_minor: subsidy left in that
    award; None where none pays. award_state: 'live', 'exhausted', 'ahead', 'lapsed', 'none'. hours_left: hours that the
    award still covers at this price; None where it pays nothing. why: a sentence where something is missing, else ''.
    """

    profile: str
    project: str
    resource: str
    rate_bp: int
    award_left_minor: int | None
    award_state: str
    why: str
    price_per_unit_minor: int | None = None
    list_minor_per_hour: int | None = None
    subsidy_minor_per_hour: int | None = None
    user_minor_per_hour: int | None = None
    hours_left: float | None = None


def quote(store: Store, profile: ProfileSettings, project: str, now: int) -> Quote:
    """What one hour of this profile costs this project now.

    Args:
        store: prices, awards and what was drawn on them.
        profile: of the settings; with GPUs it is priced per GPU-hour of its model, without per core-hour.
        project: slug; one without an award pays the list price.
        now: UTC epoch seconds.
    """
    today = today_of(store, now)
    with store.read() as conn:
        mine = frozenset({project})
        awards = decided_awards(conn, mine, today)
        drawn = drawn_by_award(conn, mine, today + ONE_DAY)
        with Session(conn, expire_on_commit=False) as db:
            prices = list(db.scalars(select(ListPrice)))
    award = current_award(awards, today, drawn)
    spent = drawn.get(award.id, 0) if award else 0
    state = award_state(award, today, spent) if award else "none"
    paying = award if award and state == "live" else None
    left = paying.ceiling_minor - spent if paying else None
    resource, units = (profile.gpu_model or "", profile.gpus) if profile.gpus else (CPU, profile.cpu_cores)
    given = Quote(
        profile=profile.id,
        project=project,
        resource=resource,
        rate_bp=paying.rate_bp if paying else 0,
        award_left_minor=left,
        award_state=state,
        why="" if paying else _why(award, state),
    )
    try:
        price = price_on(prices, resource, today).minor_per_hour
    except NoPrice as missing:
        return replace(given, why=str(missing))
    listed = units * price
    full = divide_half_even(listed * given.rate_bp, BASIS_POINTS)
    subsidy = min(full, left or 0)
    return replace(
        given,
        price_per_unit_minor=price,
        list_minor_per_hour=listed,
        subsidy_minor_per_hour=subsidy,
        user_minor_per_hour=listed - subsidy,
        hours_left=left / full if left is not None and full else None,
    )


def _why(award: Award | None, state: str) -> str:
    if award is None:
        return "The project has no award: it pays the list price."
    said = {
        "ahead": f"The award begins on {award.starts_on:%-d %b %Y}: until then the project pays the list price.",
        "lapsed": f"The award ended before {award.ends_on:%-d %b %Y}: the project pays the list price.",
        "exhausted": "The award is used up: the project pays the list price.",
    }
    return said[state]
