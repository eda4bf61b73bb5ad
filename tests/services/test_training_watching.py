"""Which servers are started when, and what is written down of those that the Hub has, or has no more."""

import pytest
from sqlalchemy import select

from tests.services.training_centre import STARTS, approved, teaching
from workbench.domain.training import TrainingMessage, TrainingSeat
from workbench.services.training import codes, deciding, ending, events, going, seats, watching
from workbench.services.training.watching import Seen

WARMS_AT = STARTS - 900


@pytest.fixture
def store(store):
    return teaching(store)


def one(store, now=WARMS_AT):
    (found,) = watching.approved(store, now, 0)
    return found


def names(found):
    return [seat.number for seat in found]


def ready(store, numbers, now):
    made = one(store)
    chosen = [seat.name for seat in made.seats if seat.number in numbers]
    watching.note_asked(store, chosen, now)
    watching.follow(store, one(store), {name: Seen(True, f"server of {name}") for name in chosen}, (), now)


def test_the_pool_is_what_was_planned_those_of_the_roster_first(store):
    approved(store, seats=6, warm=3, roster=("Ada", "Bob"))
    assert watching.approved(store, WARMS_AT - 1, 0) == []
    assert names(watching.to_start(one(store), WARMS_AT, 1)) == [1, 2, 3]
    ready(store, (1, 2), WARMS_AT)
    assert names(watching.to_start(one(store), WARMS_AT, 1)) == [3]


def test_a_few_stay_ready_for_whoever_comes_when_the_planned_ones_are_taken(store):
    made = approved(store, seats=6, warm=3)
    ready(store, (1, 2, 3), WARMS_AT)
    (code,) = codes.valid(store, made.handle)
    taken = [seats.join(store, code, f"S{n}", STARTS).number for n in range(3)]
    assert taken == [1, 2, 3]
    assert names(watching.to_start(one(store), STARTS, 2)) == [4, 5]


def test_without_a_pool_nothing_is_started_ahead(store):
    made = approved(store, seats=6, warm=0)
    (code,) = codes.valid(store, made.handle)
    seats.join(store, code, "Bo", STARTS)
    assert watching.to_start(one(store), STARTS, 2) == []


def test_what_failed_is_tried_again_later_and_not_for_ever(store):
    approved(store, seats=2, warm=1)
    now = WARMS_AT
    for tries in range(1, watching.MOST_TRIES + 1):
        (seat,) = [seat for seat in watching.to_start(one(store), now, 1) if seat.number == 1]
        watching.note_asked(store, [seat.name], now)
        watching.note_failed(store, seat.name, "no room", now)
        assert 1 not in names(watching.to_start(one(store), now + 1, 1)), tries
        now += 600
    assert 1 not in names(watching.to_start(one(store), now, 1))
    failed = [event for event in events.listed(store, one(store).session.handle) if event.kind == "failed"]
    assert len(failed) == watching.MOST_TRIES
    assert all(event.incident for event in failed)


def test_a_server_that_is_gone_is_noted_and_that_of_a_student_started_again(store):
    made = approved(store, seats=2, warm=1)
    ready(store, (1,), WARMS_AT)
    (code,) = codes.valid(store, made.handle)
    seats.join(store, code, "Bo", STARTS)
    watching.follow(store, one(store), {}, {f"seat-{made.handle}-001"}, STARTS + 1)
    assert one(store).seats[0].ready_at is not None, "nothing is concluded of one that is being started or stopped"
    watching.follow(store, one(store), {}, (), STARTS + 1)
    assert one(store).seats[0].failure == "Its server ended."
    assert 1 in names(watching.to_start(one(store), STARTS + 60, 0))
    assert [event.kind for event in events.listed(store, made.handle, incidents_only=True)] == ["lost"]


def test_one_that_never_comes_counts_as_failed_after_a_while(store):
    approved(store, seats=2, warm=1)
    watching.note_asked(store, [one(store).seats[0].name], WARMS_AT)
    watching.follow(store, one(store), {}, (), WARMS_AT + watching.APPEARS_WITHIN_S - 1)
    assert one(store).seats[0].failed_at is None
    watching.follow(store, one(store), {}, (), WARMS_AT + watching.APPEARS_WITHIN_S)
    assert one(store).seats[0].failed_at is not None


def test_warnings_are_said_once_and_again_where_the_class_is_made_longer(store):
    made = approved(store)
    said = lambda at: ending.warn(store, one(store, at).session, at)  # noqa: E731
    ends = made.ends_at
    found = [said(at) for at in (ends - 601, ends - 600, ends - 590, ends - 120, ends - 100)]
    assert found == [None, 10, None, 2, None]
    deciding.extend(store, made.handle, "ina", 30, ends - 60)
    assert said(ends - 50) is None
    assert said(ends + 1200) == 10
    with store.db() as db:
        texts = db.scalars(select(TrainingMessage.text).where(TrainingMessage.author == "")).all()
    assert len(texts) == 3
    assert "10 minutes" in texts[0]


def test_a_class_has_ended_when_its_seats_are_closed_and_what_was_held_is_free(store):
    made = approved(store, seats=2)
    assert not ending.close(store, made.handle, made.ends_at)
    for seat in one(store).seats:
        ending.close_seat(store, seat.id, None, made.ends_at + 1)
        ending.close_seat(store, seat.id, None, made.ends_at + 9)
    assert ending.close(store, made.handle, made.ends_at + 2)
    assert not ending.close(store, made.handle, made.ends_at + 3)
    with store.db() as db:
        assert set(db.scalars(select(TrainingSeat.ended_at))) == {made.ends_at + 1}
    assert watching.approved(store, made.ends_at + 3, 0) == []


def test_a_cancelled_class_is_looked_at_until_its_seats_are_closed(store):
    made = approved(store, seats=1)
    deciding.cancel(store, made.handle, "ina", "ill", WARMS_AT)
    (seat,) = one(store).seats
    ending.close_seat(store, seat.id, None, WARMS_AT)
    assert watching.approved(store, WARMS_AT, 0) == []


def test_the_last_try_counts_since_the_approval(store):
    made = approved(store)
    assert not going.tried(store, made)
    going.note(store, made, "Cell 2: NameError", STARTS - 3600, go=False)
    assert going.last(store, made).says == "Cell 2: NameError"
    assert events.listed(store, made.handle, incidents_only=True)
