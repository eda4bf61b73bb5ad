"""The fund in the days ahead: what is drawn if usage goes on as it does, and of the awards as they are decided."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from workbench.analytics.forecast import Forecast, first_reached, forecast
from workbench.analytics.forecast_backtest import SHARE
from workbench.domain.access import Scope
from workbench.domain.awards import lasts_until
from workbench.periods import day_of, day_start
from workbench.services.forecast.days import KEPT, Floats, calendar, check_scope, months_of
from workbench.services.forecast.drawn import drawn_paths
from workbench.services.forecast.occupancy import SAMPLE
from workbench.services.forecast.reached import Reached, by_month
from workbench.services.preview.fund import PACE_DAYS, Fund, fund_ahead
from workbench.services.spend_days import ONE_DAY, as_days
from workbench.store.charges import charge_sums, drawn_by_award
from workbench.store.engine import Store
from workbench.store.facts import capacity_rows, data_until
from workbench.store.wanted import Wanted

LEAST_DAYS, MOST_DAYS = 365, 3 * 366
"""At least a year ahead, and to the scheme's end where that is not further than three."""


@dataclass(frozen=True, slots=True)
class FundMonth:
    """The end of a month "2026-12": drawn in all by then, minor units, were usage to go on; decided: by awards alone.

    chance: that the fund is used up by then.
    """

    month: str
    drawn_minor: int
    low_minor: int
    high_minor: int
    decided_minor: int
    chance: float


@dataclass(frozen=True)
class FundForecast:
    """The days from `first_on` on. Minor units.

    history: a row per day since the first charge: day (datetime64[s]), int64 list_minor, subsidy_minor,
    drawn_total_minor.
    ahead: day, float64 list_minor, list_low_minor, list_high_minor (of the day), drawn_total_minor, drawn_low_minor,
    drawn_high_minor (in all, were usage to go on and every award followed by one like it), decided_total_minor,
    decided_low_minor, decided_high_minor (in all, by the awards as decided: their ends and ceilings count). Intervals
    hold 80%. listed: the forecast of the list cost of a day. gone: when budget less reserve is drawn, were usage to go
    on. lasts: the chance that it lasts to the scheme's end. lasts_until: the day on which nothing is left if the pace
    of the middle course goes on past the horizon; None: not within a century.
    """

    first_on: date
    history: pd.DataFrame
    ahead: pd.DataFrame
    listed: Forecast
    gone: Reached
    months: tuple[FundMonth, ...]
    available_minor: int
    drawn_minor: int
    scheme_ends_on: date
    lasts: float
    lasts_until: date | None
    says: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    first_on: date
    history: pd.DataFrame
    fund: Fund
    drawn: dict[int, int]
    unpriced: int
    sample: bool


def fund_forecast(store: Store, scope: Scope, now: int) -> FundForecast:
    """The fund ahead, by day, to the scheme's end and at least for a year.

    Args:
        store: the records.
        scope: of the whole centre.
        now: UTC epoch seconds; the day not all of whose data are in is the first one ahead.

    Raises:
        NoAccess: own projects only. NotEnoughHistory: fewer than four weeks of days since the first charge.
    """
    check_scope(scope)
    settings = store.settings
    zone, scheme = settings.centre.zone, settings.scheme
    with store.read() as conn:
        stated = set(capacity_rows(conn, Wanted())[0]["cluster"])
        until = min(now, max(data_until(conn, stated).values(), default=now))
        first_on = day_of(until, zone)
        days = min(MOST_DAYS, max(LEAST_DAYS, (scheme.ends_on - first_on).days))
        sums = charge_sums(conn, ("day",), None, (None, first_on))
        months = [name for name, _first, _after in months_of(first_on, days)]
        read = _Read(
            first_on=first_on,
            history=_history(sums, first_on),
            fund=fund_ahead(conn, settings, first_on, months),
            drawn=drawn_by_award(conn, None, first_on),
            unpriced=int(sums["unpriced_gpu_part_seconds"].sum()),
            sample=SAMPLE in stated,
        )
    terms = tuple((project, tuple(own)) for project, own in read.fund.versions.items())
    paces = tuple((project, pace.list_minor, tuple(pace.planned.items())) for project, pace in read.fund.paces.items())
    money = tuple(read.history[name].to_numpy() for name in ("list_minor", "subsidy_minor"))
    key = (str(store.engine.url), "fund", first_on, days, scheme, terms, paces, tuple(read.drawn.items()), *money)
    return KEPT.get(key, lambda: _made(store, read, days))


def _history(sums: pd.DataFrame, first_on: date) -> pd.DataFrame:
    """Every day since the first charge, those without one too: nothing was charged on them."""
    first = as_days(sums["day"]).iloc[0].date() if len(sums) else first_on
    days = calendar(first, (first_on - first).days)
    rows = sums.set_index(as_days(sums["day"]))[["list_minor", "subsidy_minor"]].reindex(days, fill_value=0)
    return rows.assign(drawn_total_minor=rows["subsidy_minor"].cumsum()).reset_index(names="day")


def _made(store: Store, read: _Read, days: int) -> FundForecast:
    scheme, zone = store.settings.scheme, store.settings.centre.zone
    past, first_on = read.history, read.first_on
    listed = forecast(past["list_minor"].to_numpy(np.float64), days)
    lately = past.tail(PACE_DAYS)
    list_sum, subsidy_sum = int(lately["list_minor"].sum()), int(lately["subsidy_minor"].sum())
    share = subsidy_sum / list_sum if list_sum else 0.0
    drawn = int(past["subsidy_minor"].sum())
    available = scheme.budget - scheme.reserve
    goes_on = drawn + (listed.paths * share).cumsum(axis=1)
    calendar_days = [first_on + timedelta(days=n) for n in range(days)]
    pace = listed.paths / (list_sum / len(lately)) if list_sum else np.ones_like(listed.paths)
    starts = [(f"{day:%Y-%m}", day_start(day, zone)) for day in calendar_days]
    decided = drawn + drawn_paths(read.fund.versions, read.fund.paces, read.drawn, starts, pace).cumsum(axis=1)
    reached = first_reached(goes_on, np.full(days, float(available)), over=1)
    months = months_of(first_on, days)
    middle, low, high = _quantiles(goes_on)
    decided_middle, decided_low, decided_high = _quantiles(decided)
    ahead = pd.DataFrame(
        {
            "day": calendar(first_on, days),
            "list_minor": listed.middle,
            "list_low_minor": listed.low,
            "list_high_minor": listed.high,
            "drawn_total_minor": middle,
            "drawn_low_minor": low,
            "drawn_high_minor": high,
            "decided_total_minor": decided_middle,
            "decided_low_minor": decided_low,
            "decided_high_minor": decided_high,
        }
    )
    ends = min(days, max(0, (scheme.ends_on - first_on).days))
    gone = Reached.of(reached, first_on, days)
    by_pace = lasts_until(calendar_days[-1] + ONE_DAY, available - int(middle[-1]), int(middle[-1] - drawn) // days)
    return FundForecast(
        first_on=first_on,
        history=past,
        ahead=ahead,
        listed=listed,
        gone=gone,
        months=tuple(
            FundMonth(
                month=name,
                drawn_minor=round(middle[after - 1]),
                low_minor=round(low[after - 1]),
                high_minor=round(high[after - 1]),
                decided_minor=round(decided_middle[after - 1]),
                chance=chance,
            )
            for (name, _first, after), chance in zip(months, by_month(reached, months), strict=True)
        ),
        available_minor=available,
        drawn_minor=drawn,
        scheme_ends_on=scheme.ends_on,
        lasts=float(1 - ((reached >= 0) & (reached < ends)).mean()),
        lasts_until=gone.day or by_pace,
        says=tuple(_says(read, share, scheme.ends_on)),
    )


def _quantiles(paths: Floats) -> tuple[Floats, Floats, Floats]:
    middle, low, high = np.quantile(paths, [0.5, (1 - SHARE) / 2, (1 + SHARE) / 2], axis=0)
    return middle, low, high


def _says(read: _Read, share: float, ends_on: date) -> list[str]:
    says = [
        "What a day costs at list price goes on as it went: its level, its week, and how much both have wandered; the "
        "price list stays as it is.",
        f"If usage goes on: the subsidy pays the same part of it as in the last {PACE_DAYS // 7} weeks ({share:.1%}), "
        "and every award that ends or is used up is followed by one like it.",
        "As decided: each project keeps its part of the cost and draws until its ceiling or the end of its term; one "
        "without usage draws as planned; nothing more is awarded. Ceilings never add up to more than the fund.",
        f"The scheme ends on {ends_on:%-d %b %Y}; how long the fund lasts is told whatever that day.",
    ]
    if read.unpriced:
        says.append("Usage without a price is in no amount.")
    if read.sample:
        says.append(
            "The sample centre replays the same fourteen weeks of a log over and over: a forecast of it looks better "
            "than one of a centre that does not repeat itself."
        )
    return says
