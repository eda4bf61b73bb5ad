"""Whatever happens to awards in whatever order: charges made as it happened equal charges made anew from nothing.

Seeded histories of supplements, transfers, rates, extensions, an early end, and usage that is heard of late.
"""

from datetime import date, timedelta
from random import Random

import pytest

from tests.builders import DATA_UNTIL_S, small_centre
from tests.services.an_award import awarded, noon, stored, use
from tests.services.scheme_people import NOW, a_draft, add_people, bring
from workbench.domain.projects import Member
from workbench.errors import Refused
from workbench.services.applications import steps as applications
from workbench.services.applications.awarding import Decided
from workbench.services.awards.actions import Ask, ask, decide
from workbench.services.awards.effects import Given
from workbench.services.charging import rating
from workbench.store.award_versions import versions_of
from workbench.store.charges import drawn_by_award

VISION, FIRST = 1, date(2026, 2, 1)


def something(store, award, lot, day):
    """One thing that happens; what a rule refuses does not happen."""
    kind = lot.choice(["supplement", "transfer", "rate", "extension", "closing"] if lot.random() < 0.5 else ["use"])
    other = VISION if kind == "transfer" else None
    figures = {
        "supplement": {"amount_minor": lot.randrange(1, 3_000_000)},
        "transfer": {"amount_minor": lot.randrange(1, 12_000_000)},
        "rate": {"rate_bp": lot.randrange(1000, 9001)},
        "extension": {"ends_on": date(2027, 2, 1) + timedelta(days=lot.randrange(1, 300))},
        "closing": {"ends_on": day + timedelta(days=lot.randrange(1, 30))},
    }
    if kind == "use":
        late = day - timedelta(days=lot.randrange(0, 9))
        use(store, max(FIRST, late), lot.randrange(1, 4000), noon(day))
        return
    try:
        number = ask(store, award, Ask(kind, "As planned.", Given(**figures[kind]), other), "sec", noon(day))
        decide(store, number, "approve", "sue" if kind == "closing" else "com", noon(day), note="Agreed.")
    except Refused:
        return
    rating.rate(store, noon(day))


def rows(store):
    names = "day, cluster, partition, gpu_model, award_id, award_version, list_minor, subsidy_minor, user_minor"
    return stored(store, f"SELECT {names} FROM charges_daily WHERE project = 'speech-lab' ORDER BY {names}")


@pytest.mark.parametrize("seed", range(8))
def test_made_as_it_happened_or_anew_the_charges_are_the_same(store, seed):
    lot, day, award = Random(seed), FIRST, awarded(store)
    for _ in range(14):
        something(store, award, lot, day)
        day += timedelta(days=lot.randrange(0, 4))
    before = rows(store)
    rating.rate(store, noon(day), everything=True)
    assert rows(store) == before
    assert all(listed == subsidy + user for *_, listed, subsidy, user in before)
    with store.read() as conn:
        drawn = drawn_by_award(conn, frozenset({"speech-lab"})).get(award, 0)
        highest = max(version.ceiling_minor for version in versions_of(conn, [award])[award])
    assert 0 <= drawn <= highest


def test_an_award_from_a_day_before_its_decision_pays_what_was_charged_meanwhile(store):
    small_centre(store)
    add_people(store)
    with store.db(writes=True) as db:
        db.add(Member("speech", "ada", "lead"))
    rating.rate(store, DATA_UNTIL_S)
    reference = applications.begin(store, a_draft(slug="speech"), "ada", NOW)
    bring(store, reference, "submit", "check", "assess", "assess", "recommend")
    since = Decided(7000, 20_000_000, date(2026, 1, 12), date(2027, 1, 12))
    applications.decide(store, reference, "approve", "com", DATA_UNTIL_S, award=since)
    rating.rate(store, DATA_UNTIL_S)
    days = "SELECT day, list_minor, subsidy_minor, user_minor FROM charges_daily WHERE project = 'speech' ORDER BY day"
    assert stored(store, days) == [("2026-01-05", 8400, 0, 8400), ("2026-01-12", 8400, 5880, 2520)]
