"""The charge of one job: list price × share × service × priority × seconds, in lines, to the cent.

A line ends where the price, the award, its rate or its money changes. Scheme rule 6, by the second.

The one rounding rule: the list cost *from the job's start to a moment* is rounded to a cent, halves to even; a line is
the difference of two such sums. So whatever the lines, they add up to the rounded cost of the whole job. The subsidy at
rate r of the first n cents is r × n, rounded the same way, and a line's is the difference of two of these: also they
add up, and on each line 0 ≤ subsidy ≤ list. The user pays the rest.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from workbench.domain.job_price import SCALE, Metered, Share, Terms, exact_until, terms_of
from workbench.domain.pricelist import PriceList
from workbench.periods import Window
from workbench.units import BASIS_POINTS, divide_half_even


@dataclass(frozen=True, slots=True)
class AwardVersion:
    """What an award says in [start_s, end_s). Versions of one award (a supplement, a new rate) draw on one sum."""

    award: int
    version: str
    start_s: int
    end_s: int
    rate_bp: int
    ceiling_minor: int


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """A part of a job's charge: list_minor = subsidy_minor + user_minor; all None where there is no price (see `why`).

    before_exact, after_exact: list cost of the job up to this line's start and end, in 1/SCALE of a minor unit.
    ends_with: 'price', 'award', 'ceiling', 'cut' or 'end'.
    """

    job: str
    window: Window
    price_version: str
    award_version: str
    award: int | None
    share: Share | None
    service: str
    service_bp: int
    priority: str
    priority_bp: int
    rate_bp: int
    list_minor: int | None
    subsidy_minor: int | None
    user_minor: int | None
    before_exact: int
    after_exact: int
    ends_with: str
    why: str = ""

    @property
    def seconds(self) -> int:
        return self.window.seconds


def charge_lines(
    job: Metered,
    prices: PriceList,
    awards: Sequence[AwardVersion],
    drawn: Mapping[int, int],
    cuts: Collection[int] = (),
    within: Window | None = None,
) -> tuple[ChargeLine, ...]:
    """The charge of one job, or of a slice of it, in order of time.

    Args:
        job: of no length: no line.
        prices: the price list.
        awards: of the job's project. Of several that hold, the one that began first and has money left pays.
        drawn: award → subsidy drawn before this job or slice, minor units.
        cuts: more seconds at which to cut (the first of a month); they change no sum.
        within: only this part of the job, which lies inside of it; all slices of a job add up to the whole.

    Returns:
        Lines that follow each other without a gap. The second in which a ceiling is reached is the last of its line:
        the award pays what it has left, the user the rest.
    """
    spent = dict(drawn)
    part = within or Window(job.start_s, job.end_s)
    price_edges = prices.edges(part.start_s, part.end_s)
    award_edges = {edge for a in awards for edge in (a.start_s, a.end_s)}
    why = dict.fromkeys(cuts, "cut") | dict.fromkeys(award_edges, "award") | dict.fromkeys(price_edges, "price")
    edges = sorted(edge for edge in why if part.start_s < edge < part.end_s)
    lines: list[ChargeLine] = []
    start, exact = part.start_s, exact_until(job, prices, part.start_s)
    last = "end" if part.end_s == job.end_s else "cut"
    for end in (*edges, part.end_s):
        terms = terms_of(job, prices.at(start))
        while start < end:
            paying = paying_award(awards, start, spent)
            line = _line(job, terms, Window(start, end), exact, paying, spent, why.get(end, last))
            if paying is not None and line.subsidy_minor is not None:
                spent[paying.award] = spent.get(paying.award, 0) + line.subsidy_minor
            lines.append(line)
            start, exact = line.window.end_s, line.after_exact
    return tuple(lines)


def paying_award(awards: Sequence[AwardVersion], second: int, spent: Mapping[int, int]) -> AwardVersion | None:
    """Of the awards that hold at a second and have money left, the one that began first."""
    live = [a for a in awards if a.start_s <= second < a.end_s and spent.get(a.award, 0) < a.ceiling_minor]
    if len(live) < 2:
        return live[0] if live else None
    began = {a.award: a.start_s for a in sorted(awards, key=lambda a: -a.start_s)}
    return min(live, key=lambda a: (began[a.award], a.award, a.start_s, a.version))


def _line(
    job: Metered,
    terms: Terms,
    window: Window,
    before: int,
    paying: AwardVersion | None,
    spent: Mapping[int, int],
    ends_with: str,
) -> ChargeLine:
    """The line of a window, or of its part until the paying award's ceiling."""
    rate = paying.rate_bp if paying and terms.share else 0
    per_second, listed_before = terms.per_second, divide_half_even(before, SCALE)
    taken = divide_half_even(listed_before * rate, BASIS_POINTS)
    left = paying.ceiling_minor - spent.get(paying.award, 0) if paying else 0

    def subsidy_after(seconds: int) -> int:
        listed = divide_half_even(before + per_second * seconds, SCALE)
        return divide_half_even(listed * rate, BASIS_POINTS) - taken

    seconds = window.seconds
    subsidy = subsidy_after(seconds)
    if rate and subsidy >= left:
        seconds = _first(subsidy_after, left, seconds)
        subsidy = left
        ends_with = "ceiling" if seconds < window.seconds else ends_with
    after = before + per_second * seconds
    listed = divide_half_even(after, SCALE) - listed_before
    amounts = (listed, subsidy, listed - subsidy) if terms.share else (None, None, None)
    return ChargeLine(
        job=job.job,
        window=Window(window.start_s, window.start_s + seconds),
        price_version=terms.version,
        award_version=paying.version if paying and terms.share else "",
        award=paying.award if paying and terms.share else None,
        share=terms.share,
        service=terms.service[0],
        service_bp=terms.service[1],
        priority=terms.priority[0],
        priority_bp=terms.priority[1],
        rate_bp=rate,
        list_minor=amounts[0],
        subsidy_minor=amounts[1],
        user_minor=amounts[2],
        before_exact=before,
        after_exact=after,
        ends_with=ends_with,
        why=terms.why,
    )


def _first(subsidy_after: Callable[[int], int], left: int, most: int) -> int:
    """The first whole second after which the subsidy has reached what was left; it has after `most`."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if subsidy_after(middle) >= left else (middle + 1, high)
    return low
