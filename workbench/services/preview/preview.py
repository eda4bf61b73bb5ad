"""Before the vote: what an award would do to the centre over the next twelve months, beside the centre without it.

Shares are basis points of the GPU time in service; waits are seconds; money is minor units. None is unknown (no job
was submitted, no capacity is stated), never zero.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.applications import BEFORE_AGREEMENT, Applied
from workbench.domain.awards import Application
from workbench.domain.pricelist import NANO_PER_MINOR
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.terms import months_after
from workbench.errors import StepRefused, UnknownApplication
from workbench.periods import day_start
from workbench.services.applications.awarding import Decided
from workbench.services.kept import Kept, newest_capture, standing
from workbench.services.preview.demand import Pool, pools
from workbench.services.preview.fund import Fund, fund_ahead
from workbench.services.preview.plan import planned_use
from workbench.services.preview.replay import Ahead, Newcomer, replayed
from workbench.services.prices.stored import stored_prices
from workbench.services.spend_days import today_of
from workbench.settings import Settings
from workbench.store.engine import Store
from workbench.units import money

MONTHS = 12

Progress = Callable[[str, int, int], None]
"""Told of (what, done, total) while it works."""


@dataclass(frozen=True, slots=True)
class PreviewMonth:
    """One month "2026-12" of the centre's calendar, without and with the award.

    occupancy_bp: allocated GPU time over GPU time in service. wait_median_s, wait_p95_s: of the jobs submitted in the
    month, of every project. fund_left_minor: budget less reserve less all subsidy drawn by the month's end.
    committed_minor: ceilings of awards in force, and what ended ones drew, at the month's end.
    applicant_gpu_hours: what the applicant plans for the month. applicant_wait_median_s: of the applicant's own jobs.
    """

    month: str
    occupancy_bp_without: int | None
    occupancy_bp_with: int | None
    wait_median_s_without: int | None
    wait_median_s_with: int | None
    wait_p95_s_without: int | None
    wait_p95_s_with: int | None
    fund_left_minor_without: int
    fund_left_minor_with: int
    applicant_gpu_hours: int
    applicant_wait_median_s: int | None
    committed_minor_without: int = 0
    committed_minor_with: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """Twelve months from the month after now's, for one application and the award looked at.

    The award: rate_bp, ceiling_minor, [starts_on, ends_on). fund_free_minor: budget less reserve less commitments, on
    the day of the preview. fund_lasts_until: the day on which, drawn on at this pace, nothing is left; None: not within
    a century. pool: the partition and GPU model whose occupancy and waits these are. says: every assumption, each a
    sentence.
    """

    reference: str
    rate_bp: int
    ceiling_minor: int
    starts_on: date
    ends_on: date
    months: tuple[PreviewMonth, ...]
    fund_free_minor_without: int
    fund_free_minor_with: int
    fund_lasts_until_without: date | None
    fund_lasts_until_with: date | None
    says: tuple[str, ...]
    pool: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the application says."""

    reference: str
    category: str
    gpu_model: str | None
    gpus: int | None
    hours: tuple[int, ...]
    amount_minor: int


def preview(
    store: Store, reference: str, decided: Decided | None, now: int, progress: Progress | None = None
) -> Preview:
    """What an award would do to occupancy, waits and the fund over the next twelve months, beside the same without it.

    The same question about the same records has the same answer; it is kept, so that asking again costs nothing.

    Args:
        store: any.
        reference: of an application that is not decided.
        decided: the award looked at; None: what is recommended (else requested), at the scheme's rate, from the first
            of next month for the usual term.
        now: UTC epoch seconds.
        progress: told how far it is.

    Raises:
        UnknownApplication. StepRefused: it is decided.
    """
    say = progress or _silent
    today = today_of(store, now)
    with store.read() as conn:
        asked = _asked(conn, reference)
        terms = decided or _proposed(store.settings, asked, today)
        # A job that only goes on moves nothing before tomorrow.
        version = (str(store.engine.url), today, newest_capture(conn), standing(conn))
        key = (version, asked, terms)
        return _KEPT.get(key, lambda: _made(conn, store, asked, terms, now, version, say))


def proposed(store: Store, reference: str, now: int) -> Decided:
    """The award that is looked at where none is said: see `preview`.

    Raises:
        UnknownApplication. StepRefused: it is decided.
    """
    with store.read() as conn:
        return _proposed(store.settings, _asked(conn, reference), today_of(store, now))


_KEPT = Kept(24)


def _silent(_what: str, _done: int, _total: int) -> None: ...


def _asked(conn: Connection, reference: str) -> _Asked:
    with Session(conn) as db:
        found = db.scalars(select(Application).where(Application.reference == reference)).first()
        if found is None:
            raise UnknownApplication(reference)
        if found.stage not in BEFORE_AGREEMENT:
            why = f"it is in the stage {found.stage}"
            raise StepRefused(reference, "preview", why, "A preview is made before the decision.")
        hours = select(Applied.gpu_hours).where(Applied.application == found.id).order_by(Applied.month_no)
        amount = found.recommended_minor or found.requested_minor
        return _Asked(reference, found.category, found.gpu_model, found.gpus, tuple(db.scalars(hours)), amount)


def _proposed(settings: Settings, asked: _Asked, today: date) -> Decided:
    first = months_after(today.replace(day=1), 1)
    last = months_after(first, rules_on(settings.rules, today).term_months)
    return Decided(settings.scheme.rate, asked.amount_minor, first, last)


def _made(
    conn: Connection, store: Store, asked: _Asked, terms: Decided, now: int, version: Hashable, say: Progress
) -> Preview:
    settings, today = store.settings, today_of(store, now)
    months = [f"{months_after(today.replace(day=1), k):%Y-%m}" for k in range(1, MONTHS + 1)]
    fund: Fund = _KEPT.get(("fund", version), lambda: fund_ahead(conn, settings, today, months))
    there = pools(conn, now)
    pool = next((one for one in there if one.gpu_model == asked.gpu_model), there[0] if there else None)
    model = asked.gpu_model or (pool.gpu_model if pool else "")
    price = _price(conn, settings, model, terms)
    plan = planned_use(terms, asked.hours, price, settings.centre.zone)
    says = [*_said_of_place(asked, pool, there), *plan.says]
    if price is None:
        says.append(f"{model or 'What it asks for'} has no list price: the fund is taken to pay the whole ceiling.")
    ahead = Ahead(months=tuple({} for _ in months), says=("No capacity is stated: occupancy and waits are unknown.",))
    if pool:
        who = Newcomer(asked.reference, asked.category, asked.gpus, plan.use)
        keep = lambda key, make: _KEPT.get((key, pool, version), make)  # noqa: E731
        ahead = replayed(conn, settings, pool, fund, months, who, now, keep, say)
    rows, drawn = [], 0
    for place, month in enumerate(months):
        drawn += plan.subsidy.get(month, 0)
        rows.append(
            PreviewMonth(
                month=month,
                **{f"{name}_{case}": ahead.months[place].get((name, case)) for name in _REPLAYED for case in _CASES},
                fund_left_minor_without=fund.left[place],
                fund_left_minor_with=fund.left[place] - drawn,
                applicant_gpu_hours=round(plan.hours(month)),
                applicant_wait_median_s=ahead.months[place].get(("applicant_wait_median_s", "with")),
                committed_minor_without=fund.committed[place],
                committed_minor_with=fund.committed[place] + plan.committed(month, drawn),
            )
        )
    return Preview(
        reference=asked.reference,
        rate_bp=terms.rate_bp,
        ceiling_minor=terms.ceiling_minor,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        months=tuple(rows),
        fund_free_minor_without=fund.free_minor,
        fund_free_minor_with=fund.free_minor - terms.ceiling_minor,
        fund_lasts_until_without=fund.lasts_until(),
        fund_lasts_until_with=fund.lasts_until(drawn),
        says=(*says, *ahead.says, *fund.says(lambda amount: money(amount, settings.centre.symbol))),
        pool=pool.name if pool else "",
    )


_REPLAYED = ("occupancy_bp", "wait_median_s", "wait_p95_s")
_CASES = ("without", "with")


def _price(conn: Connection, settings: Settings, model: str, terms: Decided) -> float | None:
    """Minor units of a GPU-hour at list price on the award's first day."""
    zone = settings.centre.zone
    version = stored_prices(conn, zone).at(day_start(terms.starts_on, zone))
    nano = version.gpu_hour.get(model) if version else None
    return None if nano is None else nano / NANO_PER_MINOR


def _said_of_place(asked: _Asked, pool: Pool | None, there: list[Pool]) -> list[str]:
    if pool is None:
        return []
    said = f"Occupancy and waits are those of {pool.name}, where the applicant would run"
    if asked.gpu_model is None:
        said = f"The application names no GPU model: it is taken to run on the largest, {pool.name}"
    elif asked.gpu_model != pool.gpu_model:
        said = f"The centre has no {asked.gpu_model} in service: the application is taken to run on {pool.name}"
    others = "; nothing changes elsewhere" if len(there) > 1 else ""
    return [f"{said}{others}."]
