"""What a project may start now, and what is held for it. Minor units. Scheme rules 8 and 11.

No balance, no start: the subsidy of the full requested time must be free. A project that opted in to over-use goes on
at list price to the limit; whether one without any award may start at list price is the centre's own setting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.domain.holds import Balance, held_for
from workbench.domain.overuse import BLOCKED, LIST_PRICE, SUBSIDISED, OverUseRule, start_terms


@dataclass(frozen=True, slots=True)
class Standing:
    """How a project stands at one moment.

    award: id of the one that pays, None without one; rate_bp and balance are its own. used_minor: what it would have
    paid without its ceiling, with what runs (domain.overuse). opted_in: to over-use. without_award: whether a start at
    list price is allowed where no award pays.
    """

    award: int | None
    rate_bp: int
    balance: Balance
    used_minor: int
    rule: OverUseRule
    opted_in: bool
    without_award: bool

    @property
    def free_minor(self) -> int:
        return max(0, self.balance.free_minor)

    @property
    def left_minor(self) -> int:
        """What is not drawn yet, held or not."""
        return max(0, self.balance.ceiling_minor - self.balance.drawn_minor)


@dataclass(frozen=True, slots=True)
class StartTerms:
    """`kind`: SUBSIDISED, LIST_PRICE or BLOCKED (domain.overuse). needed_minor: subsidy of the full time; held_minor:
    what is set aside for it.
    """

    kind: str
    needed_minor: int
    held_minor: int


def terms_of(standing: Standing, list_minor_per_hour: int, seconds: int) -> StartTerms:
    """On which terms a project may start something for so long.

    Args:
        standing: of the project.
        list_minor_per_hour: list price of an hour of it, above 0.
        seconds: the full requested time, above 0.
    """
    if standing.award is None:
        return StartTerms(LIST_PRICE if standing.without_award else BLOCKED, 0, 0)
    needed, free = held_for(list_minor_per_hour, standing.rate_bp, seconds), standing.free_minor
    if free and needed <= free:
        return StartTerms(SUBSIDISED, needed, needed)
    ceiling = standing.balance.ceiling_minor
    after = max(ceiling, standing.used_minor + needed)
    kind = start_terms(after, ceiling, standing.rule, opted_in=standing.opted_in)
    return StartTerms(kind, needed, free if kind == LIST_PRICE else 0)


def best_of(standings: Sequence[Standing], list_minor_per_hour: int, seconds: int) -> tuple[Standing, StartTerms]:
    """The first award that covers the full time with its terms; where none does, how the first one stands.

    Args:
        standings: of one project, an award each, in the order in which they are drawn; at least one.
        list_minor_per_hour, seconds: see `terms_of`.
    """
    found = [(standing, terms_of(standing, list_minor_per_hour, seconds)) for standing in standings]
    order = {SUBSIDISED: 0, LIST_PRICE: 1, BLOCKED: 2}
    return min(found, key=lambda one: order[one[1].kind])
