"""Charges: usage of a day × list price, split between subsidy and user, in minor units.

One line is one day × cluster × partition × GPU model of one project. It is rounded once, halves to even, when it is
priced; its subsidy is rounded once from that amount, and the user's part is the rest: nothing is lost between them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from workbench.domain.awards import Award, drawing_award
from workbench.domain.pricing import CPU, ListPrice, price_on
from workbench.errors import NoPrice
from workbench.units import BASIS_POINTS, GPU_PARTS, HOUR_S, divide_half_even


@dataclass(frozen=True, slots=True, order=True)
class UsageLine:
    """What one project used on one day; `gpu_model` '' is unknown, or none where no GPU was used."""

    day: date
    cluster: str
    partition: str
    gpu_model: str
    gpu_part_seconds: int
    core_seconds: int

    @property
    def resource(self) -> str:
        """What it is priced as: its GPU model, or CPU cores where it used no GPU (a GPU's price includes its cores)."""
        return self.gpu_model if self.gpu_part_seconds else CPU


@dataclass(frozen=True, slots=True)
class Charge:
    """A priced line: list_minor = subsidy_minor + user_minor. All None where there was no price: unpriced, never 0."""

    line: UsageLine
    list_minor: int | None
    subsidy_minor: int | None
    user_minor: int | None
    price_id: int | None
    award_id: int | None


def charges(
    lines: Iterable[UsageLine], prices: Sequence[ListPrice], awards: Sequence[Award], drawn: Mapping[int, int]
) -> list[Charge]:
    """Charges of one project, in the order in which they draw on its awards: by day, cluster, partition, model.

    Args:
        lines: usage of one project, any order.
        prices: the whole list.
        awards: of this project.
        drawn: award id → subsidy drawn before the first of these days, minor units.

    Returns:
        One charge a line. The subsidy of an award never passes its ceiling: the part beyond is the user's.
    """
    spent = dict(drawn)
    made = []
    for line in sorted(lines):
        price = _price(prices, line)
        if price is None:
            made.append(Charge(line, None, None, None, None, None))
            continue
        listed = list_cost(line, price.minor_per_hour)
        award = drawing_award(awards, line.day, spent)
        subsidy = 0
        if award is not None:
            left = max(0, award.ceiling_minor - spent.get(award.id, 0))
            subsidy = min(left, divide_half_even(listed * award.rate_bp, BASIS_POINTS))
            spent[award.id] = spent.get(award.id, 0) + subsidy
        made.append(Charge(line, listed, subsidy, listed - subsidy, price.id, award.id if award else None))
    return made


def list_cost(line: UsageLine, minor_per_hour: int) -> int:
    """List cost of a line in minor units, rounded once, halves to even. Source: scheme rule 6, by the second."""
    if line.gpu_part_seconds:
        return divide_half_even(line.gpu_part_seconds * minor_per_hour, GPU_PARTS * HOUR_S)
    return divide_half_even(line.core_seconds * minor_per_hour, HOUR_S)


def _price(prices: Sequence[ListPrice], line: UsageLine) -> ListPrice | None:
    try:
        return price_on(prices, line.resource, line.day)
    except NoPrice:
        return None
