"""Seats are handed out once, by the code, to whoever comes; the same browser finds the same one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from tests.services.training_centre import STARTS, approved, teaching
from workbench.domain.training import TrainingSeat, opens_first
from workbench.errors import JoinRefused, TrainingRefused
from workbench.services.training import codes, deciding, events, seats

WARM_AT = STARTS - 60


@pytest.fixture
def store(store):
    return teaching(store)


def test_many_presses_at_once_give_each_a_seat_of_their_own(store):
    made = approved(store, seats=30)
    (code,) = codes.valid(store, made.handle)
    press = lambda n: seats.join(store, code.lower(), f"Student {n}", STARTS, claim=f"browser-{n}")  # noqa: E731
    with ThreadPoolExecutor(8) as at_once:
        joined = list(at_once.map(press, range(30)))
    assert len({one.name for one in joined}) == 30
    with pytest.raises(JoinRefused) as refused:
        press(31)
    assert refused.value.kind == "full"
    assert press(7).name == joined[7].name
    assert not press(7).new


def test_a_warm_seat_comes_first_and_a_name_of_the_roster_finds_its_own(store):
    made = approved(store, seats=4, roster=("Ada Lovelace",))
    (code,) = codes.valid(store, made.handle)
    with store.db(writes=True) as db:
        of = TrainingSeat.session == made.id
        db.execute(update(TrainingSeat).where(of, TrainingSeat.number == 3).values(asked_at=1, ready_at=WARM_AT))
    first = seats.join(store, f" {codes.shown(code)} ", "Bo", WARM_AT)
    assert (first.number, first.warm) == (3, True)
    ada = seats.join(store, code, "ada  LOVELACE", WARM_AT)
    assert (ada.number, ada.warm) == (1, False)


@pytest.mark.parametrize(("at", "kind"), [(STARTS - 3600, "early"), (STARTS + 3 * 3600, "over")])
def test_a_code_counts_only_while_the_class_is_on_and_each_refusal_is_noted(store, at, kind):
    made = approved(store)
    (code,) = codes.valid(store, made.handle)
    with pytest.raises(JoinRefused) as refused:
        seats.join(store, code, "Bo", at)
    assert refused.value.kind == kind
    seats.note_refused(store, refused.value, code, at, "192.0.2.7")
    (event,) = [one for one in events.listed(store, made.handle) if one.kind == "refused-code"]
    assert (event.who, event.says.partition(":")[0]) == ("192.0.2.7", kind)


def test_guesses_are_noted_without_the_code(store):
    approved(store)
    with pytest.raises(JoinRefused, match="no such code") as refused:
        seats.join(store, "ZZZZZZZZ", "Bo", STARTS)
    seats.note_refused(store, refused.value, "ZZZZZZZZ", STARTS, "192.0.2.7")
    with store.db() as db:
        said = db.execute(select(events.TrainingEvent).where(events.TrainingEvent.kind == "refused-code")).scalar_one()
    assert "ZZZZ" not in said.says


def test_a_revoked_code_opens_nothing_but_who_sits_comes_back(store):
    made = approved(store)
    (code,) = codes.valid(store, made.handle)
    mine = seats.join(store, code, "Bo", STARTS, claim="mine")
    new = codes.renew(store, made.handle, "ina", STARTS + 1)
    assert codes.valid(store, made.handle) == [new]
    with pytest.raises(JoinRefused, match="does not count"):
        seats.join(store, code, "Eve", STARTS + 2, claim="other")
    assert seats.join(store, code, "Bo", STARTS + 2, claim="mine").name == mine.name
    codes.revoke(store, made.handle, codes.shown(new), "ina", STARTS + 3)
    with pytest.raises(TrainingRefused):
        codes.revoke(store, made.handle, new, "ina", STARTS + 4)


def test_a_seat_has_what_its_class_has_until_its_end(store):
    made = approved(store)
    (code,) = codes.valid(store, made.handle)
    name = seats.join(store, code, "Bo", STARTS).name
    given = seats.chosen(store, name, STARTS)
    assert (given.project, given.profile, given.hold_s, given.hours) == ("vision", "cpu-small", 7200, 6)
    assert seats.allowed(store, name, made.ends_at - 1)
    assert not seats.allowed(store, name, made.ends_at)
    assert seats.chosen(store, name, made.ends_at) is None
    deciding.end(store, made.handle, "ina", STARTS + 5)
    assert not seats.allowed(store, name, STARTS + 5)
    assert not seats.allowed(store, "seat-zzzzzz-001", STARTS)


def test_a_restart_is_kept_for_the_rounds(store):
    made = approved(store)
    seats.ask_restart(store, made.handle, 2, "ina", STARTS)
    assert seats.seat_of(store, f"seat-{made.handle}-002")[1].restart_at == STARTS
    with pytest.raises(TrainingRefused):
        seats.ask_restart(store, made.handle, 99, "ina", STARTS)


def test_the_first_page_is_in_the_folder_of_the_materials(store):
    made = approved(store, seats=1, materials="notebooks", first_page="01_explore_occupancy.ipynb")
    (code,) = codes.valid(store, made.handle)
    assert seats.join(store, code, "Bo", STARTS).first_page == "class/01_explore_occupancy.ipynb"
    made.materials = ""
    assert opens_first(made) == "01_explore_occupancy.ipynb"
