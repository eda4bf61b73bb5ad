"""A centre that teaches: ina leads the classes of vision, sec and eve decide; CPU servers cost HK$0.20 an hour.

A seat of the class below runs for 2 h 15 min (it starts 15 minutes ahead): HK$0.45, of which the award pays 70%, which
is 31.5 cents, rounded to 32. Thirty of them: HK$13.50 at list price, HK$9.60 of subsidy, HK$3.90 of one's own.
"""

from dataclasses import replace

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.domain.projects import Member, Person
from workbench.services.charging.rating import rate
from workbench.services.training import deciding
from workbench.services.training.plan import Plan, propose
from workbench.units import DAY_S, HOUR_S

NOW = DATA_UNTIL_S - 1
STARTS = DATA_UNTIL_S + 2 * DAY_S + 10 * HOUR_S
"""Wednesday 21 January 2026, 10:00 in Hong Kong."""
SEATS, SEAT_LIST, SEAT_SUBSIDY = 30, 45, 32
PLAN = Plan("Seeing with ten lines", "vision", "ina", STARTS, STARTS + 2 * HOUR_S, SEATS, "cpu-small")


def teaching(store):
    """The small centre with these people, its usage charged."""
    small_centre(store)
    with store.db(writes=True) as db:
        db.add_all(
            [
                Person("ina", "Ina", role="instructor"),
                Person("sec", "Sec", role="secretariat"),
                Person("eve", "Eve", role="operator"),
            ]
        )
        db.flush()
        db.add(Member("vision", "ina", "lead"))
    rate(store, NOW)
    return store


def approved(store, now=NOW, **given):
    """A class of this plan that is approved."""
    made = propose(store, replace(PLAN, **given), "ina", now)
    return deciding.decide(store, made.handle, "sec", approve=True, now=now)
