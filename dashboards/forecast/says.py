"""The sentence, the notes and the tiles of the page of the forecast."""

from datetime import date

from markupsafe import Markup

from dashboards._asked import Asked
from dashboards._money import exact, short
from dashboards._page import Note, Tile, linked, sentence, spark
from dashboards.forecast.data import Data, held
from workbench.i18n import _
from workbench.pages import words
from workbench.services.forecast import FundForecast, OccupancyForecast, OccupancyMonth, Reached


def chance(share: float) -> str:
    """A probability for people: never quite none, never quite sure."""
    if share < 0.01:
        return _("under 1%")
    return _("over 99%") if share > 0.99 else f"{share * 100:.0f}%"


def range_words(reached: Reached) -> str:
    """The range of days in words: with 80% between 3 Mar 2027 and 9 Jun 2027; open where it is."""
    if reached.late is None:
        return _("with 90% not before {day}").format(day=words.day(reached.early or reached.horizon_on))
    return _("with 80% between {early} and {late}").format(early=words.day(reached.early), late=words.day(reached.late))


def next_month(found: OccupancyForecast) -> OccupancyMonth:
    """The first whole month ahead."""
    return found.months[min(1, len(found.months) - 1) if found.first_on.day > 1 else 0]


def month_words(month: str) -> str:
    return words.month(date.fromisoformat(f"{month}-01"))


def say(data: Data) -> Markup:
    """The sentence over the page."""
    return sentence(
        *(_of_occupancy(data.occupancy) if data.occupancy else ()),
        *(_of_fund(data.fund) if data.fund else ()),
    )


def _of_occupancy(found: OccupancyForecast) -> tuple[Markup, ...]:
    full, there = found.full, "#picture-occupancy"
    if full.day == found.first_on:
        first = sentence(_("As many GPUs are wanted as are in service already."))
    elif full.day:
        first = sentence(_("At this pace the GPUs in service are used up by {day} ({range}).")).format(
            day=linked(words.day(full.day), there), range=range_words(full)
        )
    else:
        first = sentence(
            _("At this pace the chance that the GPUs in service are used up before {day} is {chance}.")
        ).format(day=words.day(full.horizon_on), chance=linked(chance(full.chance), "#table-months"))
    month = next_month(found)
    if month.share is None:
        return (first,)
    second = sentence(_("In {month}, {share} of GPU time in service will be allocated (80%: {low} to {high}).")).format(
        month=month_words(month.month),
        share=linked(words.percent(month.share), there),
        low=words.percent(month.share_low),
        high=words.percent(month.share_high),
    )
    return first, second


def _of_fund(found: FundForecast) -> tuple[Markup, ...]:
    gone, there = found.gone, "#picture-fund"
    if gone.day == found.first_on:
        return (sentence(_("The fund is used up.")),)
    if gone.day:
        said = sentence(_("If usage goes on, the fund is used up by {day} ({range}).")).format(
            day=linked(words.day(gone.day), there), range=range_words(gone)
        )
        return (said,)
    if found.first_on >= found.scheme_ends_on:
        return ()
    lasts = sentence(_("If usage goes on, the fund lasts to the scheme's end on {end} with {chance}")).format(
        end=words.day(found.scheme_ends_on), chance=linked(chance(found.lasts), there)
    )
    if not found.lasts_until:
        return (lasts + ".",)
    return (lasts + _("; at that pace until {month}.").format(month=words.month(found.lasts_until)),)


def notes(data: Data) -> tuple[Note, ...]:
    """What is missing, and intervals that did not hold what they should."""
    found = [Note(data.why)] if data.why else []
    for name, forecast in data.tested:
        if forecast.coverage is None:
            said = _("{name}: there are too few days to test the 80% range; how good it is, is unknown.")
            found.append(Note(said.format(name=name)))
        elif not held(forecast):
            said = _("{name}: in the back-test the 80% range held {share} of the days, outside of 70% to 90%.")
            found.append(Note(said.format(name=name, share=words.percent(forecast.coverage))))
    return tuple(found)


def tiles(asked: Asked, data: Data) -> tuple[Tile, ...]:
    return (
        *(_occupancy_tiles(asked, data.occupancy) if data.occupancy else ()),
        *(_fund_tiles(asked, data.fund) if data.fund else ()),
        *(_test_tiles(data)),
    )


def _occupancy_tiles(asked: Asked, found: OccupancyForecast) -> tuple[Tile, ...]:
    month, full = next_month(found), found.full
    query = "workbench forecast occupancy"
    return (
        Tile(
            "month",
            _("Occupancy in {month}").format(month=month_words(month.month)),
            words.percent(month.share),
            exact="" if month.share is None else f"{month.share:.6f}",
            of=_("80%: {low} to {high}").format(
                low=words.percent(month.share_low), high=words.percent(month.share_high)
            ),
            spark=spark(found.ahead["share"].head(90)),
            spark_says=_("Occupancy by day, next 90 days"),
            definition=_(
                "Allocated GPU time ÷ GPU time in service less what is out, of the whole month ahead: the middle of "
                "all likely courses, and the range that holds eight of ten."
            ),
            query=query,
            rows=asked.csv("occupancy"),
            rows_label=_("Take the rows as CSV"),
        ),
        Tile(
            "full",
            _("GPUs in service used up"),
            words.day(full.day) if full.day else _("not within a year"),
            exact=full.day.isoformat() if full.day else "",
            of=range_words(full),
            state="good" if full.chance < 0.1 else "watch" if full.chance < 0.5 else "act",
            state_text=_("chance within a year {chance}").format(chance=chance(full.chance)),
            definition=_(
                "The day by which half of all likely courses have as many GPUs wanted (allocated, and asked for by "
                "jobs that wait), on the mean of seven days, as are in service."
            ),
            query=query,
            rows="#table-months",
            rows_label=_("See it by month"),
            words=True,
        ),
    )


def _fund_tiles(asked: Asked, found: FundForecast) -> tuple[Tile, ...]:
    query = "workbench forecast fund"
    place = min(len(found.ahead), max(1, (found.scheme_ends_on - found.first_on).days)) - 1
    at_end = found.ahead.iloc[place]
    end = found.ahead["day"].iloc[place].date()
    middle, low, high = (round(at_end[f"drawn_{name}_minor"]) for name in ("total", "low", "high"))
    return (
        Tile(
            "drawn-ahead",
            _("Drawn by {day}").format(day=words.day(end)),
            short(asked, middle),
            exact=str(middle),
            exact_text=exact(asked, middle),
            of=_("80%: {low} to {high}; of {all}").format(
                low=short(asked, low), high=short(asked, high), all=short(asked, found.available_minor)
            ),
            definition=_(
                "Subsidy drawn to date and until the scheme's end if usage goes on and every award that ends is "
                "followed by one like it. By the awards as they are decided, nothing more: {decided}."
            ).format(decided=short(asked, round(at_end["decided_total_minor"]))),
            query=query,
            rows=asked.csv("fund"),
            rows_label=_("Take the rows as CSV"),
        ),
        Tile(
            "fund-lasts",
            _("Fund lasts until"),
            _until(found),
            exact=found.gone.day.isoformat() if found.gone.day else "",
            of=_("budget less reserve, if usage goes on"),
            state="good" if found.lasts > 0.9 else "watch" if found.lasts > 0.5 else "act",
            state_text=_("to the scheme's end with {chance}").format(chance=chance(found.lasts)),
            definition=_(
                "The day on which budget less reserve is drawn in half of all likely courses; past the days looked at, "
                "the pace of the middle course goes on."
            ),
            query=query,
            rows="#picture-fund",
            rows_label=_("See it over time"),
            words=True,
        ),
    )


def _until(found: FundForecast) -> str:
    """The day within what is looked at, the month past it: no day in years to come is known."""
    if found.gone.day:
        return words.day(found.gone.day)
    return words.month(found.lasts_until) if found.lasts_until else _("for a century and more")


def _test_tiles(data: Data) -> tuple[Tile, ...]:
    tested = [(name, forecast) for name, forecast in data.tested if forecast.coverage is not None]
    if not tested:
        return ()
    name, forecast = tested[0]
    good = held(forecast)
    return (
        Tile(
            "coverage",
            _("Back-test: days inside of the range"),
            words.percent(forecast.coverage),
            exact=f"{forecast.coverage:.6f}",
            of=_("80% meant; {name}, tested at {n} earlier moments").format(name=name, n=forecast.origins),
            state="good" if good else "watch",
            state_text=_("holds what it says") if good else _("outside of 70% to 90%"),
            definition=_(
                "The forecast was made again at earlier moments, of what was known then, four weeks ahead: the share "
                "of days whose value lay inside of the 80% range, which knew only errors from before."
            ),
            query="python -m benchmarks.backtest",
            rows="#table-back-test",
        ),
    )
