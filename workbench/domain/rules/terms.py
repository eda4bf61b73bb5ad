"""Rules 5 and 13: the term of an award, what changes it and what does not, its lapse. Dates are the centre's days."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, timedelta

from workbench.domain.rules.parameters import SchemeRules
from workbench.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class Terms:
    """[starts_on, ends_on) and the ceiling in minor units."""

    starts_on: date
    ends_on: date
    ceiling_minor: int


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months on; the month's last day where it has no such day.

    Beyond the calendar it is the calendar's last day.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def check_term(terms: Terms, rules: SchemeRules) -> Terms:
    """The same terms.

    Raises:
        RuleBroken: rule 5, they end before they begin or last longer than the longest term.
    """
    last = months_after(terms.starts_on, rules.max_term_months)
    if not terms.starts_on < terms.ends_on <= last:
        said = f"a term from {terms.starts_on:%-d %b %Y} to {terms.ends_on:%-d %b %Y} is empty or too long"
        raise RuleBroken(5, said, f"It ends by {last:%-d %b %Y}, {rules.max_term_months} months on.")
    return terms


def check_begin(terms: Terms, scheme_from: date, decided_on: date, rules: SchemeRules) -> None:
    """Refuse a first day that nobody can mean.

    Args:
        terms: of a new award.
        scheme_from: first day of the scheme.
        decided_on: day of the decision.
        rules: how long an award lasts at most; it begins within as much of its decision (P).

    Raises:
        RuleBroken: rule 5, it begins before the scheme or too long after its decision.
    """
    last = months_after(decided_on, rules.max_term_months)
    if not scheme_from <= terms.starts_on <= last:
        said = f"an award from {terms.starts_on:%-d %b %Y} on begins before the scheme or long after its decision"
        raise RuleBroken(5, said, f"Choose a first day from {scheme_from:%-d %b %Y} to {last:%-d %b %Y}.")


def extended(terms: Terms, ends_on: date, rules: SchemeRules) -> Terms:
    """An extension: the end moves later, the amount stays.

    Raises:
        RuleBroken: rule 5, no later end, or beyond the longest term.
    """
    if ends_on <= terms.ends_on:
        raise RuleBroken(5, "an extension moves the end to a later day", f"Choose one after {terms.ends_on:%-d %b %Y}.")
    return check_term(replace(terms, ends_on=ends_on), rules)


def supplemented(terms: Terms, more_minor: int) -> Terms:
    """A supplement: the ceiling rises, the dates stay.

    Raises:
        RuleBroken: rule 5, the amount is not above zero.
    """
    if more_minor <= 0:
        raise RuleBroken(5, "a supplement adds an amount above zero", "Give the amount to add.")
    return replace(terms, ceiling_minor=terms.ceiling_minor + more_minor)


def transferred(giver: Terms, taker: Terms, amount_minor: int, giver_used_minor: int) -> tuple[Terms, Terms]:
    """A transfer: an amount moves from one award to another; the sum of the ceilings stays, no date moves.

    Args:
        giver: the award that gives.
        taker: the award that takes.
        amount_minor: > 0.
        giver_used_minor: drawn and held of the giver, which cannot be given away.

    Raises:
        RuleBroken: rule 5, more than the giver has free.
    """
    if not 0 < amount_minor <= giver.ceiling_minor - giver_used_minor:
        raise RuleBroken(5, "a transfer moves an amount above zero that the giver has free", "Choose a smaller amount.")
    less = replace(giver, ceiling_minor=giver.ceiling_minor - amount_minor)
    return less, replace(taker, ceiling_minor=taker.ceiling_minor + amount_minor)


def lapsed_minor(terms: Terms, drawn_minor: int, day: date) -> int:
    """What has lapsed by a day: once the term is over, all that was not drawn. Rule 13."""
    return max(0, terms.ceiling_minor - drawn_minor) if day >= terms.ends_on else 0


def extended_by_outages(terms: Terms, outages: Iterable[tuple[date, date]], rules: SchemeRules) -> Terms:
    """The term made longer by each long outage inside of it, day for day; the longest term does not bind here. Rule 13.

    Args:
        terms: as decided.
        outages: [first day, day of return), not overlapping one another.
        rules: how long an outage must be to count.
    """
    days = 0
    for first, back in outages:
        lost = (min(back, terms.ends_on) - max(first, terms.starts_on)).days
        days += lost if lost > rules.outage_days else 0
    return replace(terms, ends_on=terms.ends_on + timedelta(days=days))


def planned_schedule(terms: Terms, gpu_hours: Sequence[int]) -> dict[str, int]:
    """The ceiling spread over the months of the term as the applicant planned the hours.

    Args:
        terms: of the award.
        gpu_hours: planned for the first, second … month; months beyond the term are left out. Without any, evenly.

    Returns:
        Month "2026-01" → minor units, in order; they add up to the ceiling exactly.
    """
    months = months_of(terms)
    count = len(months)
    hours = [*gpu_hours[:count], *[0] * (count - len(gpu_hours))]
    return dict(zip(months, spread(terms.ceiling_minor, hours), strict=True))


def months_of(terms: Terms) -> list[str]:
    """The months "2026-01" that hold a day of the term, in order."""
    first = terms.starts_on.replace(day=1)
    last = terms.ends_on - timedelta(days=1)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [f"{months_after(first, number):%Y-%m}" for number in range(count)]


def spread(amount_minor: int, shares: Sequence[int]) -> list[int]:
    """An amount in parts by these shares, evenly where all are 0; the parts add up to it exactly."""
    weights = list(shares) if sum(shares) else [1] * len(shares)
    whole, before, parts = sum(weights), 0, []
    for weight in weights:
        after = before + weight
        # The differences of running sums: what one part loses in rounding the next one gets.
        parts.append(amount_minor * after // whole - amount_minor * before // whole)
        before = after
    return parts
