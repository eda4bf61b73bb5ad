"""The closing statement of a class says what the charges and the ledger say, to the cent."""

import pytest
from sqlalchemy import select

from tests.services.test_training_plan import start_seat
from tests.services.training_centre import NOW, STARTS, approved, teaching
from workbench.domain.training import TrainingSeat
from workbench.errors import UnknownTraining
from workbench.services import meter
from workbench.services.charging.rating import rate
from workbench.services.ledger.posting import bring_up
from workbench.services.training import events
from workbench.services.training.statement import COLUMNS, statement, table
from workbench.units import DAY_S, HOUR_S


@pytest.fixture
def held_class(store):
    """Three seats of four are used: an hour, two hours, and two servers of half an hour; the fourth stays empty."""
    made = approved(teaching(store), seats=4, roster=("Chan", "Lee", "Ho"), warm=0)
    ran = [(1, 0, HOUR_S), (2, 0, 2 * HOUR_S), (3, 0, 1800), (3, 1800, 3600)]
    keys = [
        start_seat(store, made.handle, number, STARTS + begins, limit_s=2 * HOUR_S - begins, attempt=attempt)
        for attempt, (number, begins, _ends) in enumerate(ran)
    ]
    seen = [
        meter.Sighting(key, STARTS + begins, STARTS + ends, STARTS + ends, "asked to stop")
        for key, (_number, begins, ends) in zip(keys, ran, strict=True)
    ]
    meter.reconcile(store, seen, STARTS + 2 * HOUR_S)
    with store.db(writes=True) as db:
        for seat in db.scalars(select(TrainingSeat).where(TrainingSeat.number.in_((1, 2)))):
            seat.joined_at, seat.shown_name = STARTS + 5, f"Student {seat.number}"
        events.note(db, "failed", STARTS + 60, session=made.id, seat=3, says="out of memory", incident=True)
        events.note(db, "joined", STARTS + 61, session=made.id, seat=1)
    return made


def test_what_is_not_charged_yet_is_said_and_is_no_amount(store, held_class):
    found = statement(store, held_class.handle, STARTS + 2 * HOUR_S)
    assert (found.list_minor, found.uncharged_core_seconds, found.final) == (0, 4 * HOUR_S, False)
    assert [line.list_minor for line in found.rows] == [None, None, None, 0]


def test_the_statement_is_the_sum_of_the_ledger_s_postings(store, held_class):
    after = STARTS + DAY_S
    rate(store, after)
    bring_up(store, after)
    found = statement(store, held_class.handle, after)
    # 4 core-hours at HK$0.20; of 20, 40, 10 and 10 cents the award pays 70%.
    assert (found.list_minor, found.subsidy_minor, found.user_minor) == (80, 56, 24)
    assert [line.list_minor for line in found.rows] == [20, 40, 20, 0]
    assert [line.servers for line in found.rows] == [1, 1, 2, 0]
    assert (found.core_seconds, found.gpu_seconds, found.unpriced) == (4 * HOUR_S, 0, False)
    assert (found.seats, found.joined, found.no_shows) == (4, 2, 1)
    assert [(one.kind, one.seat, one.says) for one in found.incidents] == [("failed", 3, "out of memory")]
    assert not found.final  # its end is not there yet
    ask = (
        "SELECT p.ledger_account, sum(p.amount_minor) FROM ledger_postings p "
        "JOIN ledger_transactions t ON t.seq = p.seq "
        "WHERE t.key LIKE 'daily/2026-01-21/hub/vision%' GROUP BY p.ledger_account"
    )
    with store.read() as conn:
        posted = dict(conn.exec_driver_sql(ask).all())
    assert -posted["centre:charges"] == found.list_minor
    assert posted["project:vision:subsidised"] == found.subsidy_minor
    assert posted["project:vision:payable"] == found.user_minor


def test_who_did_not_come_is_counted_among_all_where_there_is_no_roster(store):
    made = approved(teaching(store), seats=3)
    assert (statement(store, made.handle, NOW).no_shows, statement(store, made.handle, NOW).joined) == (3, 0)
    with pytest.raises(UnknownTraining):
        statement(store, "nosuch", NOW)


def test_the_rows_for_a_file_have_iso_moments_and_no_guesses(store, held_class):
    rows = table(statement(store, held_class.handle, STARTS + 2 * HOUR_S))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["joined_at"], rows[3]["joined_at"]) == ("2026-01-21T02:00:05Z", None)
    assert rows[0]["user_minor"] is None
