"""The ledger follows charges, awards and budget: equal to what `workbench spend` says, by reversals and new lines."""

import pytest
from sqlalchemy import delete, select, update

from tests.builders import DATA_UNTIL_S, OPENING_S, a_job, add_prices, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.access import WholeCentre
from workbench.domain.awards import Award
from workbench.services import spend
from workbench.services.charging.rating import ALWAYS, mark, rate
from workbench.services.ledger.books import balances, journal
from workbench.services.ledger.posting import bring_up
from workbench.services.ledger.verify import verify
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import charges_daily, dirty
from workbench.units import DAY_S, HOUR_S

ALL = WholeCentre("eve")
NOW = DATA_UNTIL_S + 1
YEAR_S = 366 * DAY_S
BUDGET, RESERVE, CEILING = 300_000_000_000, 10_000_000_000, 100_000_000


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    return store


def test_the_small_centre_by_hand(centre):
    done = bring_up(centre, NOW)
    assert (done.projects, done.charges, done.fund) == (3, 14 + 2 + 1, 3)
    assert balances(centre, ALL) == {
        "fund:budget": BUDGET - RESERVE,
        "fund:grant": -BUDGET,
        "fund:reserve": RESERVE,
        "fund:committed": -CEILING,
        "fund:drawn": 336 * 1960,
        "project:vision:award": CEILING - 336 * 1960,
        "project:vision:subsidised": 336 * 1960,
        "project:vision:payable": 336 * 840,
        "project:speech:payable": 6 * 2800,
        "suspense": 2800,
        "centre:charges": -343 * 2800,
    }
    assert verify(centre).problems == ()


def test_posting_again_posts_nothing(centre):
    bring_up(centre, NOW)
    for everything in (False, True):
        done = bring_up(centre, NOW, everything=everything)
        assert (done.charges, done.fund) == (0, 0)
    rate(centre, NOW, everything=True)
    assert bring_up(centre, NOW).charges == 0


def test_the_fund_is_what_spend_says(centre):
    bring_up(centre, NOW)
    same_as_spend(centre, NOW)


def test_todays_charge_waits_until_the_day_is_over(centre):
    on_the_tenth = OPENING_S + 9 * DAY_S + HOUR_S
    bring_up(centre, on_the_tenth)
    assert balances(centre, ALL)["project:vision:payable"] == 9 * 24 * 840
    bring_up(centre, on_the_tenth + DAY_S)
    assert balances(centre, ALL)["project:vision:payable"] == 10 * 24 * 840


def test_a_price_that_changes_is_reversed_and_posted_anew_from_its_day_on(centre):
    bring_up(centre, NOW)
    add_prices(centre, {"2026-01-18": {"H800": "30.00", "cpu": "0.20"}})
    rate(centre, NOW)
    assert bring_up(centre, NOW).charges == 2
    assert [row.kind for row in journal(centre, ALL, last=2)] == ["reversal", "charge"]
    assert balances(centre, ALL)["fund:drawn"] == 13 * 24 * 1960 + 24 * 2100
    same_as_spend(centre, NOW)


def test_usage_that_finds_its_project_leaves_suspense(centre):
    bring_up(centre, NOW)
    noon = OPENING_S + DAY_S + 12 * HOUR_S
    found = a_job(job_id="n1", project="speech", start_at=noon, submit_at=noon, end_at=noon + HOUR_S)
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([found]), centre.settings.centre.zone)
    rate(centre, NOW)
    bring_up(centre, NOW)
    found = balances(centre, ALL)
    assert found["suspense"] == 0
    assert found["project:speech:payable"] == 7 * 2800


def test_a_charge_that_is_gone_is_taken_back(centre):
    bring_up(centre, NOW)
    with centre.begin() as conn:
        conn.execute(delete(charges_daily).where(charges_daily.c.project == "speech"))
    assert bring_up(centre, NOW, everything=True).charges == 2
    assert balances(centre, ALL)["project:speech:payable"] == 0


def test_an_ended_award_gives_back_what_it_did_not_draw(centre):
    later = OPENING_S + YEAR_S
    bring_up(centre, later)
    found = balances(centre, ALL)
    assert found["fund:committed"] == -336 * 1960
    assert found["project:vision:award"] == 0
    same_as_spend(centre, later)


def test_an_award_that_changes_is_committed_anew(centre):
    bring_up(centre, NOW)
    with centre.begin() as conn:
        conn.execute(update(Award).values(ceiling_minor=2 * CEILING))
    assert bring_up(centre, NOW).fund == 2
    same_as_spend(centre, NOW)


def test_the_marks_are_taken_with_what_they_led_to(centre):
    bring_up(centre, NOW)
    with centre.read() as conn:
        assert conn.execute(select(dirty).where(dirty.c.kind == "posting")).all() == []


def test_charges_that_were_there_before_the_ledger_wait_to_be_posted(centre):
    from workbench.store.engine import migrate

    migrate(centre.engine, "0001")
    migrate(centre.engine)
    rate(centre, NOW)
    assert bring_up(centre, NOW).charges == 17


def same_as_spend(store, now):
    """Fund and projects of the ledger equal those of the daily charges, for days that are over."""
    found, envelope = balances(store, ALL), spend.envelope(store, ALL, now)
    assert -found["fund:committed"] == envelope.committed_minor
    assert found["fund:budget"] + found["fund:committed"] == envelope.left_minor
    days = spend.daily(store, ALL, now, by="project")
    assert found["fund:drawn"] == days["subsidy_minor"].sum()
    assert -found["centre:charges"] == days["list_minor"].sum()
    for project, sums in days.groupby("project")[["list_minor", "subsidy_minor", "user_minor"]].sum().iterrows():
        payable = f"project:{project}:payable" if project else "suspense"
        assert found[payable] == sums["user_minor"]
        assert found.get(f"project:{project}:subsidised", 0) == sums["subsidy_minor"]


def test_marks_from_always_on_compare_everything(centre):
    with centre.begin() as conn:
        mark(conn, ["vision"], ALWAYS, "posting")
    assert bring_up(centre, NOW).charges == 17
