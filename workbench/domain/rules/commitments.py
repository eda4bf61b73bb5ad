"""Rule 2: what is promised never passes the budget less the security reserve. Minor units."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from workbench.domain.awards import Award, committed_on
from workbench.errors import RuleBroken


def committed(awards: Sequence[Award], drawn: Mapping[int, int], day: date) -> int:
    """Ceilings of the awards that have not ended by this day, and what the ended ones drew.

    Args:
        awards: of the whole scheme.
        drawn: award id → subsidy drawn, minor units.
        day: the centre's calendar day.
    """
    return sum(committed_on(award, drawn, day) for award in awards)


def check_commitment(
    committed_minor: int, wanted_minor: int, budget_minor: int, reserve_minor: int, say: Callable[[int], str]
) -> None:
    """Refuse an award or a supplement that the fund cannot keep.

    Args:
        committed_minor: before it.
        wanted_minor: what it would add, > 0.
        budget_minor: of the scheme.
        reserve_minor: kept back for security.
        say: how an amount is written.

    Raises:
        RuleBroken: rule 2, with what is still free.
    """
    free = budget_minor - reserve_minor - committed_minor
    if wanted_minor <= 0:
        raise RuleBroken(2, f"{say(wanted_minor)} is no amount to commit", "Give an amount above zero.")
    if wanted_minor > free:
        said = f"{say(wanted_minor)} cannot be committed: {say(free)} of the budget less the reserve is free"
        raise RuleBroken(2, said, "Lower the ceiling, or wait until awards end with money undrawn.")
