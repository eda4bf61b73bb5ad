"""A class is checked before it is kept, decided by another person, and its subsidy held until its seats take it."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck
from hypothesis import given as drawn
from hypothesis import settings as tried
from hypothesis import strategies as st
from sqlalchemy import select

from tests.services.training_centre import NOW, PLAN, SEAT_LIST, SEAT_SUBSIDY, SEATS, STARTS, approved, teaching
from workbench.domain.awards import Award
from workbench.domain.holds import Hold
from workbench.domain.training import (
    APPROVED,
    CANCELLED,
    DECLINED,
    PLANNED,
    TrainingCode,
    TrainingSeat,
    TrainingSession,
    seat_name,
)
from workbench.errors import AskRefused, NoBalance, TrainingRefused, UnknownTraining
from workbench.hub import books
from workbench.services import meter, people
from workbench.services.holds import reserved
from workbench.services.holds.holds import Start, place, running, settle
from workbench.services.holds.outlook import outlook
from workbench.services.quote import quote
from workbench.services.training import deciding, listing, plan, room
from workbench.services.training.asked import names_of, plan_of
from workbench.services.training.room import seat_limit
from workbench.units import HOUR_S

DRAWN = 336 * 1960
CLASS = SEATS * SEAT_SUBSIDY


@pytest.fixture
def centre(store):
    return teaching(store)


def leave_free(store, minor):
    with store.db(writes=True) as db:
        db.scalars(select(Award)).one().ceiling_minor = DRAWN + minor


def held(store, handle):
    with store.db() as db:
        return reserved.own_minor(db, handle)


def start_seat(store, handle, number, now, *, limit_s=2 * HOUR_S + 900, attempt=1):
    """As the Hub does it."""
    profile = store.settings.profiles[0]
    name, key = seat_name(handle, number), f"{handle}-{number}-{attempt}"
    request = meter.ServerRequest(key, name, "vision", profile.id, None, 0, profile.cpu_cores, now, limit_s)
    books.enter(store, request, quote(store, profile, "vision", now), now)
    return key


def test_a_class_costs_its_seats_for_its_time_and_the_lead(centre):
    found = plan.check(centre, PLAN, "ina", NOW)
    assert found.problems == ()
    assert found.seat_hours == SEATS * 2.25
    assert (found.list_minor, found.subsidy_minor, found.user_minor) == (SEATS * SEAT_LIST, CLASS, SEATS * 13)
    assert found.award_free_minor == 100_000_000 - DRAWN
    assert (found.gpus, found.occupancy.share) == (0, None)
    half = plan.check(centre, replace(PLAN, warm=10), "ina", NOW)
    # 20 seats that start with the class: 2 h are HK$0.40, of which 28 cents are subsidy.
    assert (half.list_minor, half.subsidy_minor) == (10 * 45 + 20 * 40, 10 * 32 + 20 * 28)


WRONG = (
    ({"title": " "}, "one line"),
    ({"starts_at": NOW - HOUR_S, "ends_at": NOW + HOUR_S}, "begins in the past"),
    ({"ends_at": STARTS}, "ends before it begins"),
    ({"ends_at": STARTS + 13 * HOUR_S}, "to 12 hours"),
    ({"seats": 0}, "1 to 300 seats"),
    ({"seats": 301}, "1 to 300 seats"),
    ({"warm": 31}, "started ahead"),
    ({"roster": ("a", "b"), "seats": 1}, "names 2 people"),
    ({"roster": ("Wong", "wong")}, "more than once: wong"),
    ({"profile": "gold"}, "no profile gold"),
    ({"project": "nobody"}, "no project nobody"),
    ({"project": "speech"}, "not one of the people of speech"),
    ({"instructor": "nobody"}, "nobody named nobody"),
    ({"materials": "/etc"}, "folder of your own home"),
    ({"materials": "--upload-pack=x"}, "git repository"),
    ({"materials": "ext::sh -c id"}, "git repository"),
    ({"branch": "--x"}, "no name of a branch"),
    ({"first_page": "../../etc/passwd"}, "as it lies in the materials"),
)


def test_a_plan_that_cannot_be_is_refused_with_its_reason(centre):
    for given, said in WRONG:
        with pytest.raises(TrainingRefused, match=said):
            plan.propose(centre, replace(PLAN, **given), "ina", NOW)
    assert listing.listed(centre, "sec", ["secretariat"], NOW) == []


def test_materials_are_a_repository_or_a_folder_one_may_read(centre):
    for materials in ("", "notebooks", "https://git.example.org/c.git", "git@example.org:a/b.git"):
        assert plan.check(centre, replace(PLAN, materials=materials), "ina", NOW).problems == (), materials


def test_nobody_takes_materials_out_of_another_s_home_or_class(centre):
    homes, classes = centre.settings.homes, centre.settings.training_folder
    for folder in (homes / "ina", homes / "sec", classes / "materials", classes / "abc234" / "submitted"):
        folder.mkdir(parents=True)
    (homes / "ina" / "link").symlink_to(homes / "sec")

    def may(folder, who="ina", **given):
        problems = plan.check(centre, replace(PLAN, materials=str(folder), **given), who, NOW).problems
        return not any("Materials are" in one for one in problems)

    assert may(homes / "ina")
    assert may(classes / "materials")
    assert may(homes / "ina", "sec")  # the secretariat
    assert not may(homes / "sec")
    assert not may(homes / "sec", instructor="sec")  # whose class it is does not open their home
    assert not may(homes / "ina" / "link")
    assert not may(classes / "abc234" / "submitted")


def test_every_reason_is_said_at_once(centre):
    with pytest.raises(TrainingRefused) as refused:
        plan.propose(centre, replace(PLAN, title="", seats=0, project="nobody"), "ina", NOW)
    assert len(refused.value.problems) == 3


def test_seats_that_cannot_be_walled_off_are_refused_or_warned_of(centre):
    assert "no user namespaces" in plan.check(centre, PLAN, "ina", NOW, isolation="no user namespaces").problems[0]


def test_a_machine_has_room_by_memory_and_by_cores(settings):
    gib = 1024**3
    assert seat_limit(settings, mem_bytes=24 * gib, cores=2) == 100  # 104 by memory, 2 × 50 by cores
    assert seat_limit(settings, mem_bytes=2 * gib, cores=2) == 8  # 0.85 × 2048 / 200
    assert seat_limit(settings, mem_bytes=0, cores=2) == 0


def test_classes_at_the_same_time_share_the_room(centre, monkeypatch):
    monkeypatch.setattr("workbench.services.training.room.seat_limit", lambda _settings: 50)
    first = approved(centre)
    beside = plan.check(centre, replace(PLAN, seats=21, warm=0), "ina", NOW)
    assert "room for 21 seats: This machine has room for 50 seats at a time, 30 of them" in beside.problems[0]
    assert first.handle in beside.conflicts[0]
    after = replace(PLAN, seats=21, starts_at=STARTS + 3 * HOUR_S, ends_at=STARTS + 4 * HOUR_S)
    assert plan.check(centre, after, "ina", NOW).conflicts == ()


def test_a_roster_takes_blanks_of_any_kind():
    assert names_of("\ufeff陳\u3000大文\n\n Lee\xa0 Ka \n".lstrip("\ufeff")) == ("陳 大文", "Lee Ka")


def test_of_two_plans_that_both_had_room_the_second_is_refused_when_it_is_approved(centre, monkeypatch):
    monkeypatch.setattr("workbench.services.training.room.seat_limit", lambda _settings: 50)
    first, second = (plan.propose(centre, PLAN, "ina", NOW) for _ in range(2))
    checked = plan.check(centre, plan_of(second), "ina", NOW, handle=second.handle)
    deciding.decide(centre, first.handle, "sec", approve=True, now=NOW)
    monkeypatch.setattr(deciding, "check", lambda *_given, **_named: checked)  # looked at a moment before
    with pytest.raises(TrainingRefused, match="no room any more: This machine has room for 50 seats"):
        deciding.decide(centre, second.handle, "sec", approve=True, now=NOW)
    with centre.db() as db:
        assert db.get(TrainingSession, second.id).state == PLANNED


def test_gpus_of_classes_at_the_same_time_are_counted_together(centre, monkeypatch):
    gpu = next(profile for profile in centre.settings.profiles if profile.gpus == 1)
    monkeypatch.setattr("workbench.services.training.room.gpus_here", lambda: SimpleNamespace(count=4))
    same = {"starts_at": PLAN.starts_at, "ends_at": PLAN.ends_at, "lead_s": 900, "state": APPROVED}
    others = [SimpleNamespace(**same, seats=3, profile=gpu.id), SimpleNamespace(**same, seats=9, profile="cpu-small")]
    asked = replace(PLAN, seats=1, profile=gpu.id, warm=0)
    assert room.fits(asked, gpu, others, centre.settings)[0]
    roomy, said = room.fits(replace(asked, seats=2), gpu, others, centre.settings)
    assert not roomy
    assert said == "The class needs 2 GPUs, and this machine has 4; 3 are other classes' then."


def test_another_person_decides_and_the_class_has_its_seats_and_its_code(centre):
    made = plan.propose(centre, replace(PLAN, roster=("Chan", "Lee")), "ina", NOW)
    assert (made.state, made.quoted_minor, made.subsidy_minor) == (PLANNED, 1350, 960)
    with pytest.raises(AskRefused, match="neither secretariat nor operator"):
        deciding.decide(centre, made.handle, "ina", approve=True, now=NOW)
    done = deciding.decide(centre, made.handle, "sec", approve=True, now=NOW)
    assert (done.state, done.decided_by, held(centre, made.handle)) == (APPROVED, "sec", CLASS)
    with centre.db() as db:
        seats = list(db.scalars(select(TrainingSeat).order_by(TrainingSeat.number)))
        assert [seat.roster for seat in seats][:3] == ["Chan", "Lee", ""]
        assert (len(seats), seats[0].name) == (SEATS, seat_name(made.handle, 1))
        assert len(list(db.scalars(select(TrainingCode)))) == 1
    with pytest.raises(TrainingRefused, match="approved already"):
        deciding.decide(centre, made.handle, "eve", approve=True, now=NOW)


def test_who_planned_it_does_not_decide(centre):
    made = plan.propose(centre, PLAN, "sec", NOW)
    with pytest.raises(AskRefused, match="Another person"):
        deciding.decide(centre, made.handle, "sec", approve=True, now=NOW)
    with pytest.raises(TrainingRefused, match="takes a reason"):
        deciding.decide(centre, made.handle, "eve", approve=False, now=NOW)
    done = deciding.decide(centre, made.handle, "eve", approve=False, now=NOW, reason="Too early")
    assert (done.state, done.reason, held(centre, made.handle)) == (DECLINED, "Too early", 0)


def test_a_plan_can_be_changed_until_it_is_decided(centre):
    made = plan.propose(centre, PLAN, "ina", NOW)
    changed = plan.change(centre, made.handle, replace(PLAN, seats=10), "ina", NOW + 5)
    assert (changed.seats, changed.warm, changed.subsidy_minor) == (10, 10, 320)
    deciding.decide(centre, made.handle, "sec", approve=True, now=NOW)
    with pytest.raises(TrainingRefused, match="decided about already"):
        plan.change(centre, made.handle, PLAN, "ina", NOW)


def test_an_award_that_does_not_cover_the_class_refuses_it(centre):
    leave_free(centre, CLASS - 1)
    with pytest.raises(TrainingRefused, match=r"has HK\$9\.59 free, the class needs HK\$9\.60"):
        plan.propose(centre, PLAN, "ina", NOW)
    leave_free(centre, CLASS)
    assert approved(centre).state == APPROVED
    # What is held for it is free for nobody else, nor for a second class.
    with pytest.raises(NoBalance):
        place(centre, Start("one", "vision", "hub", HOUR_S, 2800), NOW)
    with pytest.raises(TrainingRefused, match=r"HK\$0\.00 free"):
        plan.propose(centre, replace(PLAN, seats=1), "ina", NOW)


def test_seats_take_their_parts_of_what_is_held_for_the_class(centre):
    leave_free(centre, CLASS)
    handle = approved(centre).handle
    ahead = STARTS - 900
    keys = [start_seat(centre, handle, number, ahead) for number in range(1, SEATS + 1)]
    assert held(centre, handle) == 0
    assert sum(hold.amount_minor for hold in running(centre)) == CLASS
    # One that fails after 15 minutes (5 cents, of which 4 are subsidy) gives the rest back to the class, not to others.
    settle(centre, keys[0], 900, ahead + 900)
    assert held(centre, handle) == SEAT_SUBSIDY - 4
    with pytest.raises(NoBalance):
        place(centre, Start("one", "vision", "hub", HOUR_S, 200), ahead + 900)
    start_seat(centre, handle, 1, ahead + 900, limit_s=2 * HOUR_S, attempt=2)
    assert held(centre, handle) == 0


def test_a_class_called_off_frees_what_was_held(centre):
    made = approved(centre)
    before = outlook(centre, NOW)[0].balance.free_minor
    assert deciding.cancel(centre, made.handle, "ina", "Ill", NOW).state == CANCELLED
    assert outlook(centre, NOW)[0].balance.free_minor == before + CLASS
    with pytest.raises(TrainingRefused, match="cancelled"):
        deciding.cancel(centre, made.handle, "ina", "", NOW)


def test_a_class_that_is_held_burns_nothing_yet(centre):
    leave_free(centre, CLASS)
    approved(centre)
    assert outlook(centre, NOW)[0].rate_from != "running"


def test_a_longer_class_is_held_for(centre):
    leave_free(centre, CLASS + SEATS * 7 - 1)
    handle = approved(centre).handle
    # 30 minutes more are 10 cents a seat: 55 cents, 38.5 of subsidy, rounded to 38: 6 more.
    longer = deciding.extend(centre, handle, "ina", 30, STARTS)
    assert (longer.ends_at, longer.extended_s) == (STARTS + 2 * HOUR_S + 1800, 1800)
    assert (longer.quoted_minor, held(centre, handle)) == (SEATS * 55, SEATS * 38)
    with pytest.raises(TrainingRefused, match="HK"):
        deciding.extend(centre, handle, "ina", 30, STARTS)
    with pytest.raises(TrainingRefused, match="not a class of ana"):
        deciding.extend(centre, handle, "ana", 5, STARTS)
    with pytest.raises(TrainingRefused, match=r"not begun.*cancel"):
        deciding.end(centre, handle, "ina", STARTS - 1)
    ended = deciding.end(centre, handle, "ina", STARTS + 60)
    assert (ended.state, ended.ends_at) == (APPROVED, STARTS + 60)
    with pytest.raises(TrainingRefused, match="time is over"):
        deciding.end(centre, handle, "ina", STARTS + 61)


def test_a_class_is_not_made_longer_over_the_next_one(centre, monkeypatch):
    monkeypatch.setattr("workbench.services.training.room.seat_limit", lambda _settings: 50)
    first = approved(centre)
    approved(centre, starts_at=STARTS + 3 * HOUR_S, ends_at=STARTS + 4 * HOUR_S)
    # The next one starts its servers 15 minutes ahead: 45 minutes are free.
    deciding.extend(centre, first.handle, "ina", 45, STARTS)
    with pytest.raises(TrainingRefused, match="no room for so long: This machine has room for 50 seats"):
        deciding.extend(centre, first.handle, "ina", 1, STARTS)


def test_who_sees_and_who_runs_a_class(centre):
    made = approved(centre)

    def sees(who):
        groups = people.groups(centre, who)
        return bool(listing.listed(centre, who, groups, NOW)), listing.may_teach(made, who, groups)

    assert {who: sees(who) for who in ("ina", "sec", "ana", "lee")} == {
        "ina": (True, True),
        "sec": (True, True),
        "ana": (False, False),
        "lee": (False, False),
    }
    with pytest.raises(UnknownTraining):
        listing.found(centre, made.handle, "ana", people.groups(centre, "ana"))


@tried(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@drawn(steps=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 10_000)), max_size=12))
def test_class_and_seats_together_hold_what_was_approved_whatever_happens(centre, steps):
    """Each step ends a seat's server after some seconds, where it runs, and starts it again for what is left."""
    made = approved(centre, seats=3)
    now, up = STARTS - 900, {}
    for number, used_s in [(1, 0), (2, 0), (3, 0), *steps]:
        if number in up:
            settle(centre, up.pop(number), min(used_s, made.ends_at - now), now)
        key = start_seat(centre, made.handle, number, now, limit_s=made.ends_at - now, attempt=len(up) + now)
        up[number], now = key, now + 60
        with centre.db() as db:
            seats = [hold for hold in db.scalars(select(Hold)) if hold.key.startswith(made.handle)]
            taken = sum(h.amount_minor if h.settled_minor is None else h.settled_minor for h in seats)
            assert reserved.own_minor(db, made.handle) == max(0, made.subsidy_minor - taken)
    deciding.end(centre, made.handle, "ina", max(now, STARTS))
    with centre.db(writes=True) as db:
        reserved.release(db, made.handle, now)
        reserved.release(db, made.handle, now)
    assert held(centre, made.handle) == 0
    for key in up.values():
        settle(centre, key, 60, now)
    assert held(centre, made.handle) == 0
