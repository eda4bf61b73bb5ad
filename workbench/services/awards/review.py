"""What the scheme does to awards by itself, once a day: long outages, notices of under-use, cuts that are due."""

from dataclasses import dataclass

from workbench.domain.award_versions import last_whole_quarter
from workbench.errors import RuleBroken
from workbench.services.awards import outage_extensions, underuse
from workbench.services.spend_days import today_of
from workbench.store.engine import Store


@dataclass(frozen=True, slots=True)
class Done:
    """Numbers of the awards that got notice, and of the actions that cut or made longer."""

    noticed: tuple[int, ...]
    cut: tuple[int, ...]
    longer: tuple[int, ...]


def daily(store: Store, now: int) -> Done:
    """Do what is due; run again on the same day it does nothing.

    Args:
        store: with rated charges.
        now: UTC epoch seconds.
    """
    longer = outage_extensions.extend(store, now)
    cut = underuse.carry_out(store, now)
    try:
        noticed = underuse.give_notice(store, last_whole_quarter(today_of(store, now)), now)
    except RuleBroken:  # usage is not known to the end of the quarter: another day
        noticed = []
    return Done(tuple(one.award for one in noticed), tuple(cut), tuple(longer))
