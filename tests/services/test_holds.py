"""Holds: nothing starts without its full time set aside, and starts at once never overdraw."""

from datetime import date

import pytest
from sqlalchemy import insert, select

from tests.builders import DATA_UNTIL_S, small_centre
from tests.starts import COVERED, HOUR_MINOR, a_start, cover, run_at_once
from workbench.domain.award_actions import Action
from workbench.domain.awards import Award
from workbench.domain.other_charges import OtherCharge
from workbench.errors import HoldRefused, NoBalance
from workbench.periods import moment
from workbench.services.beside_usage.rows import record
from workbench.services.charging.rating import rate
from workbench.services.holds.holds import place, running, settle
from workbench.services.holds.outlook import outlook
from workbench.store.engine import Store
from workbench.store.tables import freshness
from workbench.units import HOUR_S

NOW = DATA_UNTIL_S - 1
DRAWN = 336 * 1960


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    return store


def test_the_full_requested_time_is_held_and_the_rest_freed_at_the_end(centre):
    cover(centre, 10, DRAWN)
    assert place(centre, a_start(hours=8), NOW).amount_minor == 8 * HOUR_MINOR
    with pytest.raises(NoBalance, match=r"HK\$39\.20 free, this needs HK\$58\.80 for 3 hours: choose 2 hours"):
        place(centre, a_start("two", hours=3), NOW)
    assert settle(centre, "one", 3 * HOUR_S, NOW).settled_minor == 3 * HOUR_MINOR
    place(centre, a_start("two", hours=7), NOW)
    assert [hold.key for hold in running(centre)] == ["two"]


def test_a_settled_hold_counts_until_accounting_has_charged_it(centre):
    cover(centre, 2, DRAWN)
    place(centre, a_start(hours=2), NOW)
    settle(centre, "one", 2 * HOUR_S, NOW)
    with pytest.raises(NoBalance):
        place(centre, a_start("two"), NOW)
    # The meter has brought the hub's usage in until later; with nothing to rate it is in the charges.
    with centre.begin() as conn:
        conn.execute(insert(freshness).values(cluster="hub", data_until_at=NOW + 60, noted_at=NOW + 60, note=""))
    assert place(centre, a_start("two"), NOW + 60).amount_minor == HOUR_MINOR


def test_a_repeated_start_and_a_repeated_end_change_nothing(centre):
    cover(centre, 1, DRAWN)
    assert place(centre, a_start(), NOW).key == place(centre, a_start(), NOW).key
    with pytest.raises(HoldRefused, match="another start"):
        place(centre, a_start(hours=2), NOW)
    settle(centre, "one", 60, NOW)
    assert settle(centre, "one", 60, NOW + 5).settled_minor == 33  # round(46.67) × 70%
    with pytest.raises(HoldRefused, match="another time"):
        settle(centre, "one", 1800, NOW)
    with pytest.raises(HoldRefused, match="none of this name"):
        settle(centre, "lost", 60, NOW)


@pytest.mark.parametrize("project", ["speech", "nobody knows it"])
def test_no_balance_no_start(centre, project):
    with pytest.raises(NoBalance, match="no award that pays now"):
        place(centre, a_start(project=project), NOW)


def test_an_award_used_up_starts_nothing_however_short(centre):
    cover(centre, 0, DRAWN)
    with pytest.raises(NoBalance):
        place(centre, a_start(requested_s=1, list_minor_per_hour=1), NOW)


def test_the_outlook_warns_and_says_when_it_is_gone(centre):
    with centre.db(writes=True) as db:
        award = db.scalars(select(Award)).one()
        award.ceiling_minor = DRAWN + 4 * HOUR_MINOR
        assert award.ends_on > date(2026, 1, 20)
    place(centre, a_start(hours=2), NOW)
    place(centre, a_start("two", hours=2), NOW)
    found = outlook(centre, NOW)[0]
    assert (found.balance.free_minor, found.balance.held_minor) == (0, 4 * HOUR_MINOR)
    assert found.reached_bp == (2000, 1000, 0)
    assert found.burn_minor_per_hour == 2 * HOUR_MINOR
    assert found.gone_at is not None
    assert found.gone_at.timestamp() == NOW + 2 * HOUR_S


def test_of_two_hundred_starts_at_once_exactly_those_that_are_covered_run(centre):
    cover(centre, COVERED, DRAWN)
    assert run_at_once(centre, NOW) == COVERED
    assert sum(hold.amount_minor for hold in running(centre)) == COVERED * HOUR_MINOR
    assert outlook(centre, NOW)[0].balance.free_minor == 0


def opt_in(store):
    with store.db(writes=True) as db:
        award = db.scalars(select(Award)).one()
        db.add(Action(award.id, "over-use", "lee", moment(NOW - 60), "The last runs of the year."))


def test_a_project_that_opted_in_goes_on_at_list_price_until_the_limit_and_no_further(centre):
    cover(centre, 0, DRAWN)
    with pytest.raises(NoBalance, match=r"HK\$0\.00 free"):
        place(centre, a_start(), NOW)
    opt_in(centre)
    # 125% of 336 GPU-hours are 420: 84 more, of which the last would reach the limit.
    assert place(centre, a_start(hours=83), NOW).amount_minor == 0
    with pytest.raises(NoBalance, match="at list price as far as the rules allow, to 125%"):
        place(centre, a_start("two"), NOW)


def test_what_is_left_is_held_where_a_project_that_opted_in_needs_more(centre):
    cover(centre, 2, DRAWN)
    opt_in(centre)
    assert place(centre, a_start(hours=5), NOW).amount_minor == 2 * HOUR_MINOR
    assert place(centre, a_start("two", hours=1), NOW).amount_minor == 0


def test_a_second_award_pays_where_the_first_does_not_cover_the_time(centre):
    cover(centre, 1, DRAWN)
    with centre.db(writes=True) as db:
        first = db.scalars(select(Award)).one()
        later = date(2026, 1, 10)
        db.add(Award("vision", None, 5000, 10_000, later, date(2027, 1, 1), later))
    assert place(centre, a_start(hours=2), NOW).award != first.id
    assert place(centre, a_start("two", hours=1), NOW).award == first.id


def test_a_project_without_an_award_starts_at_list_price_only_where_the_settings_say_so(centre):
    scheme = centre.settings.scheme.model_copy(update={"start_without_award": "list-price"})
    open_to_all = Store(centre.engine, centre.settings.model_copy(update={"scheme": scheme}))
    assert place(open_to_all, a_start(project="speech"), NOW) is None
    assert running(centre) == []


def test_other_charges_are_drawn_from_the_balance_too(centre):
    cover(centre, 2, DRAWN)
    with centre.db() as db:
        award = db.scalars(select(Award)).one().id
    given = ("reservation/1", "reservation", "vision", date(2026, 1, 15), 2800, 1960, 840, "One hour", "op", NOW)
    with centre.begin() as conn:
        record(conn, OtherCharge(*given, award_id=award))
    assert outlook(centre, NOW)[0].balance.drawn_minor == DRAWN + 1960
