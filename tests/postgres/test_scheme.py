"""Holds and applications on PostgreSQL: as strict as on SQLite."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.builders import DATA_UNTIL_S, small_centre
from tests.services.scheme_people import NOW as DECIDED
from tests.services.scheme_people import WAY, a_draft, add_people, bring
from tests.starts import COVERED, HOUR_MINOR, cover, run_as_the_spawner, run_at_once
from workbench.services.applications import steps as applications
from workbench.services.applications.files import file_of
from workbench.services.charging import rating
from workbench.services.holds.holds import running
from workbench.services.holds.outlook import outlook

pytestmark = pytest.mark.postgres

NOW = DATA_UNTIL_S - 1


def test_of_two_hundred_starts_at_once_exactly_those_that_are_covered_run(on_postgres):
    small_centre(on_postgres)
    rating.rate(on_postgres, NOW)
    cover(on_postgres, COVERED, 336 * HOUR_MINOR)
    assert run_at_once(on_postgres, NOW) == COVERED
    assert sum(hold.amount_minor for hold in running(on_postgres)) == COVERED * HOUR_MINOR
    assert outlook(on_postgres, NOW)[0].balance.free_minor == 0


def test_of_two_hundred_servers_asked_for_at_once_exactly_those_that_are_covered_start(on_postgres):
    small_centre(on_postgres)
    rating.rate(on_postgres, NOW)
    cover(on_postgres, COVERED, 336 * HOUR_MINOR)
    assert run_as_the_spawner(on_postgres, NOW) == COVERED
    assert outlook(on_postgres, NOW)[0].balance.free_minor == 0


def test_an_application_goes_the_whole_way_with_an_amount_beyond_32_bits(on_postgres):
    add_people(on_postgres)
    reference = applications.begin(on_postgres, a_draft(requested_minor=5_000_000_000), "ada", DECIDED)
    bring(on_postgres, reference, *WAY)
    found = file_of(on_postgres, reference, "sec", DECIDED)
    assert (found.listed.stage, found.listed.requested_minor) == ("closed", 5_000_000_000)


@pytest.mark.parametrize("change", ["UPDATE application_events SET actor = 'eve'", "TRUNCATE application_events"])
def test_the_history_cannot_be_changed_even_by_hand(on_postgres, change):
    add_people(on_postgres)
    applications.begin(on_postgres, a_draft(), "ada", DECIDED)
    with pytest.raises(DBAPIError, match="never changed"), on_postgres.begin() as conn:
        conn.execute(text(change))
