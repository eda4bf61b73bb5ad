"""Money of a class that goes otherwise than it was worked out: nobody is sent away, nothing is held twice."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests.services.test_training_plan import CLASS, held, leave_free, start_seat
from tests.services.training_centre import NOW, PLAN, SEATS, STARTS, approved, teaching
from workbench.domain.awards import Award
from workbench.domain.holds import Hold
from workbench.domain.training import APPROVED, ENDED, TrainingSeat, TrainingSession
from workbench.errors import NoBalance, TrainingRefused
from workbench.hub.training import class_end
from workbench.hub.training.hub_api import HubSaidNo
from workbench.papers.training import _account
from workbench.periods import day_of, day_start
from workbench.services import meter
from workbench.services.charging.rating import rate
from workbench.services.holds.holds import Start, place, settle
from workbench.services.holds.standing import standings
from workbench.services.training import cost, deciding, ending, plan, watching
from workbench.services.training.statement import statement
from workbench.settings.slurm import SlurmSettings
from workbench.units import HOUR_S

AHEAD = STARTS - 900


@pytest.fixture
def centre(store):
    return teaching(store)


@pytest.fixture
def on_slurm(monkeypatch):
    monkeypatch.setattr(SlurmSettings, "spawns", property(lambda _self: True))


def free_of(store, now=STARTS):
    """What is free of each award, below zero where too much is promised."""
    with store.db() as db:
        return [one.balance.free_minor for one in standings(db, store.settings, "vision", now)]


def held_of_seats(store, handle):
    with store.db() as db:
        return sum(hold.amount_minor for hold in db.scalars(select(Hold)) if hold.key.startswith(handle))


def state(store):
    with store.db() as db:
        return db.scalars(select(TrainingSession.state)).one()


def start_all(store, handle, at):
    return [start_seat(store, handle, number, at) for number in range(1, SEATS + 1)]


def test_all_who_come_at_the_start_of_the_lead_have_a_seat(centre):
    leave_free(centre, plan.check(centre, replace(PLAN, warm=10), "ina", NOW).subsidy_minor)
    made = approved(centre, warm=10)
    start_all(centre, made.handle, AHEAD)
    assert held_of_seats(centre, made.handle) == made.subsidy_minor
    assert (held(centre, made.handle), free_of(centre)) == (0, [0])


def test_a_try_before_it_costs_no_student_their_seat(centre):
    leave_free(centre, CLASS)
    made = approved(centre)
    tried = start_seat(centre, made.handle, SEATS, STARTS - HOUR_S, limit_s=3 * HOUR_S, attempt=0)
    settle(centre, tried, 180, STARTS - HOUR_S + 180)
    start_all(centre, made.handle, AHEAD)
    assert free_of(centre) == [0]


def test_an_award_that_was_cut_starts_no_more_than_it_has_and_it_is_said_before(centre):
    leave_free(centre, CLASS)
    made = approved(centre)
    assert cost.uncovered(centre, made) == ""
    leave_free(centre, 100)
    assert "HK$8.60 less than is held" in cost.uncovered(centre, made)
    start_seat(centre, made.handle, 1, AHEAD)
    with pytest.raises(NoBalance):
        for number in range(2, SEATS):
            start_seat(centre, made.handle, number, AHEAD + 1)


def test_more_time_is_paid_by_the_award_that_holds_the_class(centre):
    leave_free(centre, CLASS)
    made = approved(centre)
    with centre.db(writes=True) as db:
        db.add(Award("vision", None, 5000, 10_000_000, date(2026, 1, 2), date(2027, 1, 1), date(2025, 12, 2)))
    with pytest.raises(TrainingRefused, match="of the award are free"):
        deciding.extend(centre, made.handle, "ina", 60, STARTS)
    assert held(centre, made.handle) == CLASS
    assert min(free_of(centre)) == 0


def test_more_time_stays_held_until_it_is_charged(centre):
    leave_free(centre, CLASS + SEATS * 14)
    made = approved(centre)
    keys = start_all(centre, made.handle, AHEAD)
    deciding.extend(centre, made.handle, "ina", 60, STARTS + HOUR_S)
    assert (held_of_seats(centre, made.handle), held(centre, made.handle)) == (CLASS + SEATS * 14, 0)
    end = STARTS + 3 * HOUR_S
    meter.reconcile(centre, [meter.Sighting(key, AHEAD, end, end, "asked to stop") for key in keys], end)
    with centre.db(writes=True) as db:
        for seat in db.scalars(select(TrainingSeat)):
            seat.ended_at = end
    assert ending.close(centre, made.handle, end)
    assert free_of(centre, end) == [0], "what was used could be promised to others"
    rate(centre, end + 60)
    assert free_of(centre, end + 60) == [0]
    assert statement(centre, made.handle, end + 60).subsidy_minor == CLASS + SEATS * 14


def test_where_servers_are_jobs_people_of_the_project_take_from_what_is_held(centre, on_slurm):
    leave_free(centre, CLASS)
    made = approved(centre)
    with pytest.raises(NoBalance):
        place(centre, Start("before", "vision", "alpha", 2 * HOUR_S, 20), AHEAD - 1)
    hold = place(centre, Start("student", "vision", "alpha", 2 * HOUR_S, 20), STARTS)
    assert (hold.amount_minor, held(centre, made.handle)) == (28, CLASS - 28)
    settle(centre, "student", HOUR_S, STARTS + HOUR_S)
    assert held(centre, made.handle) == CLASS - 14
    assert free_of(centre) == [0]
    found = statement(centre, made.handle, STARTS + HOUR_S)
    assert "statements of vision, and not known here" in found.elsewhere_words
    assert "unknown" in str(_account(found, "HK$"))


@pytest.mark.parametrize(
    ("starts_in", "hours", "award", "said"),
    [
        (300, 2, "starts_on", "started before an award pays"),
        (-HOUR_S, 2, "ends_on", "No award pays until its end"),
    ],
)
def test_an_award_pays_from_the_first_server_to_the_end(centre, starts_in, hours, award, said):
    zone = ZoneInfo("Asia/Hong_Kong")
    day = day_of(STARTS, zone)
    with centre.db(writes=True) as db:
        setattr(db.scalars(select(Award)).one(), award, day)
    begins = int(day_start(day, zone)) + starts_in
    wanted = replace(PLAN, starts_at=begins, ends_at=begins + hours * HOUR_S)
    (problem,) = plan.check(centre, wanted, "ina", NOW).problems
    assert said in problem
    shorter = {"lead_s": 0} if award == "starts_on" else {"ends_at": begins + HOUR_S}
    assert plan.check(centre, replace(wanted, **shorter), "ina", NOW).problems == ()


def test_a_class_whose_profile_is_gone_is_not_made_longer(centre, monkeypatch):
    made = approved(centre)
    monkeypatch.setattr(deciding, "profile_of", lambda *_given: None)
    with pytest.raises(TrainingRefused, match="offered no longer"):
        deciding.extend(centre, made.handle, "ina", 30, STARTS)


@pytest.mark.parametrize("starts", [-62_135_596_800 - 10**6, 253_402_300_799 + HOUR_S, 10**21])
def test_a_time_that_no_calendar_has_is_refused_and_nothing_breaks(centre, starts):
    assert plan.check(centre, replace(PLAN, starts_at=starts, ends_at=starts + HOUR_S), "ina", NOW).problems


class StubbornHub:
    """`stays`: seats whose server does not end; `known`: whose user cannot be removed."""

    def __init__(self, stays=(), known=()):
        self.stays, self.known = stays, known

    def stop(self, name):
        return not name.endswith(self.stays) if self.stays else True

    def remove(self, name):
        if self.known and name.endswith(self.known):
            raise HubSaidNo("500")


@pytest.mark.parametrize("hub", [StubbornHub(stays=("002",)), StubbornHub(known=("002",))])
def test_a_seat_that_does_not_go_keeps_no_class_open_for_ever(centre, hub):
    made = approved(centre, seats=2)
    (one,) = watching.approved(centre, made.ends_at, 0)
    assert not class_end.end_class(centre, hub, one)
    assert held(centre, made.handle)
    assert class_end.end_class(centre, hub, one, give_up=True)
    assert state(centre) == ENDED
    assert held(centre, made.handle) == 0
    assert [one.kind for one in statement(centre, made.handle, made.ends_at + 1).incidents] == ["not-saved"]


def test_a_class_that_was_made_longer_at_the_last_moment_goes_on(centre, monkeypatch):
    made = approved(centre, seats=2)
    (one,) = watching.approved(centre, made.ends_at, 0)
    deciding.extend(centre, made.handle, "ina", 30, made.ends_at - 1)
    monkeypatch.setattr(class_end.time, "time", lambda: made.ends_at + 1)
    assert not class_end.end_class(centre, StubbornHub(), one)
    for seat in one.seats:
        ending.close_seat(centre, seat.id, None, made.ends_at + 1)
    assert not ending.close(centre, made.handle, made.ends_at + 1)
    assert state(centre) == APPROVED
    assert held(centre, made.handle)
