"""The preview before the vote, in words, pictures and rows: the centre without the award and with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from markupsafe import Markup

from dashboards.applications.pictures import month_name, round_up, two_lines
from workbench.i18n import _
from workbench.pages import words
from workbench.services.preview.preview import Preview
from workbench.units import BASIS_POINTS, money_short

Number = float | None


@dataclass(frozen=True)
class Picture:
    """A small picture with its title and the sentence that says what it shows; no drawing where nothing is known."""

    title: str
    says: str
    svg: Markup


@dataclass(frozen=True)
class Fact:
    """One figure without the award, with it, and what that means."""

    label: str
    without: str
    with_: str
    means: str
    state: str = ""


def shown(found: Preview, symbol: str, of_category: str = "") -> dict[str, Any]:
    """What the template needs."""
    names = [month_name(one.month) for one in found.months]

    def money(value: float) -> str:
        return money_short(round(value), symbol)

    return {
        "facts": facts(found, symbol),
        "pictures": pictures(found, names, money),
        "rows": [row(one, names[place], money) for place, one in enumerate(found.months)],
        "says": found.says,
        "about": of_category,
    }


def step(told: str) -> str:
    """How far a preview in the making is."""
    return {
        "replay without": _("Step 1 of 2: the job log is replayed without this award."),
        "replay with": _("Step 2 of 2: the job log is replayed with this award."),
    }.get(told, _("The job log is replayed without this award and with it. This takes some seconds."))


def facts(found: Preview, symbol: str) -> list[Fact]:
    """Occupancy, wait, what is free to promise, how long the fund lasts."""
    months = found.months
    before, after = _mean(m.occupancy_bp_without for m in months), _mean(m.occupancy_bp_with for m in months)
    short, long = _most(m.wait_p95_s_without for m in months), _most(m.wait_p95_s_with for m in months)
    free, left = found.fund_free_minor_without, found.fund_free_minor_with
    until, then = found.fund_lasts_until_without, found.fund_lasts_until_with
    days = (until - then).days if until and then else None
    century = _("over a century")
    return [
        Fact(
            _("Occupancy, mean of the months"),
            _percent(before),
            _percent(after),
            "" if before is None or after is None else _points((after - before) * 100),
        ),
        Fact(
            _("19 of 20 jobs wait less than, worst month"),
            words.duration(short),
            words.duration(long),
            "" if short is None or long is None else _longer(long - short),
        ),
        Fact(
            _("Free to promise, after reserve and commitments"),
            *_apart(free, left, symbol),
            _("The award does not fit the fund")
            if left < 0
            else _("the award takes {amount}").format(amount=money_short(free - left, symbol)),
            "act" if left < 0 else "",
        ),
        Fact(
            _("The fund lasts until"),
            words.day(until) if until else century,
            words.day(then) if then else century,
            "" if days is None else _("at this pace: {n} days sooner").format(n=f"{days:,}"),
        ),
    ]


def pictures(found: Preview, names: Sequence[str], money: Callable[[float], str]) -> list[Picture]:
    months = found.months
    occupancy = [[_share(v) for v in one] for one in _pairs(months, "occupancy_bp")]
    wait = [[None if v is None else v / 3600 for v in one] for one in _pairs(months, "wait_p95_s")]
    middle = _pairs(months, "wait_median_s")[1]
    fund = _pairs(months, "fund_left_minor")
    known = [v for one in occupancy for v in one if v is not None]
    floor = min(known, default=0) // 10 * 10
    hours = [v for one in wait for v in one if v is not None]
    peak = max((v for v in occupancy[1] if v is not None), default=None)
    return [
        Picture(
            _("Occupancy, % of GPU time in service"),
            _("Unknown: nobody stated the capacity.")
            if peak is None
            else _("With the award the fullest month is {share} full.").format(share=words.percent(peak / 100)),
            two_lines(names, occupancy[0], occupancy[1], lambda v: f"{v:.0f}%", low=floor, top=100),
        ),
        Picture(
            _("Queue wait that 19 of 20 jobs stay below, hours"),
            _half(_most(middle)),
            two_lines(names, wait[0], wait[1], lambda v: f"{v:.3g} h", low=0, top=round_up(max(hours, default=1))),
        ),
        Picture(
            _("Left of the fund at the month's end"),
            _("Budget less reserve less all subsidy drawn by then."),
            two_lines(names, fund[0], fund[1], _finer(fund, money)),
        ),
    ]


def row(month: Any, name: str, money: Callable[[float], str]) -> list[str]:
    """One month of the table, without and with."""
    pairs = [
        (_percent(_bp(month.occupancy_bp_without)), _percent(_bp(month.occupancy_bp_with))),
        (words.duration(month.wait_median_s_without), words.duration(month.wait_median_s_with)),
        (words.duration(month.wait_p95_s_without), words.duration(month.wait_p95_s_with)),
        (money(month.fund_left_minor_without), money(month.fund_left_minor_with)),
    ]
    return [name, f"{month.applicant_gpu_hours:,}", *(text for pair in pairs for text in pair)]


def _apart(before: int, after: int, symbol: str) -> tuple[str, str]:
    """Two amounts at a glance, in millions where they would otherwise look alike."""
    short = money_short(before, symbol), money_short(after, symbol)
    return short if short[0] != short[1] else (f"{symbol}{before / 1e8:,.1f}m", f"{symbol}{after / 1e8:,.1f}m")


def _half(seconds: Number) -> str:
    if seconds is None:
        return _("Unknown: no job was submitted.")
    if seconds < 1:
        return _("Half of the jobs start at once in every month, with the award too.")
    said = _("Half of the jobs wait less than {wait} in the worst month with the award.")
    return said.format(wait=words.duration(seconds))


def _finer(values: Sequence[Sequence[int]], money: Callable[[float], str]) -> Callable[[float], str]:
    """Money for an axis on which little changes: millions with a comma where billions would all look alike."""
    known = [value for one in values for value in one]
    if max(known) - min(known) > max(map(abs, known)) * 0.05:
        return money
    symbol = money(0).removesuffix("0")
    return lambda value: f"{symbol}{value / 1e8:,.1f}m"


def _pairs(months: Sequence[Any], name: str) -> list[list[Any]]:
    return [[getattr(one, f"{name}_{side}") for one in months] for side in ("without", "with")]


def _bp(value: int | None) -> Number:
    return None if value is None else value / BASIS_POINTS


def _share(value: int | None) -> Number:
    return None if value is None else value / 100


def _percent(share: Number) -> str:
    return words.percent(share)


def _mean(values: Any) -> Number:
    known = [value / BASIS_POINTS for value in values if value is not None]
    return fmean(known) if known else None


def _most(values: Any) -> Number:
    return max((value for value in values if value is not None), default=None)


def _points(points: float) -> str:
    more = _("{n} points more") if points >= 0 else _("{n} points less")
    return more.format(n=f"{abs(points):.1f}")


def _longer(seconds: float) -> str:
    if abs(seconds) < 1:
        return _("no longer than without it")
    said = _("{time} longer") if seconds > 0 else _("{time} shorter")
    return said.format(time=words.duration(abs(seconds)))
