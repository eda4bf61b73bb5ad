"""The service of classes with a Hub that is made up: what it starts, never twice, and how a class ends."""

import json
import os
import threading
import time
import zipfile

import httpx
import pytest
from sqlalchemy import select

from tests.services.training_centre import STARTS, approved, teaching
from workbench.domain.training import APPROVED, ENDED, TrainingEvent, TrainingSession
from workbench.hub import unix_ids
from workbench.hub.training import first_cells, go
from workbench.hub.training.class_end import end_class
from workbench.hub.training.hub_api import HubApi, HubSaidNo
from workbench.hub.training.rounds import Rounds
from workbench.services.training import codes, deciding, events, going, seats, watching
from workbench.services.training.watching import Seen

NOW = STARTS - 60


class FakeHub:
    """Starts at once, unless a name is to be refused; remembers what it was asked."""

    def __init__(self):
        self.up, self.asked, self.removed, self.refused = {}, [], [], {}
        self.most_at_once = self.now_at_once = 0
        self.turn = threading.Lock()

    def servers(self):
        return dict(self.up)

    def start(self, name):
        with self.turn:
            self.now_at_once += 1
            self.most_at_once = max(self.most_at_once, self.now_at_once)
            self.asked.append(name)
        time.sleep(0.01)
        with self.turn:
            self.now_at_once -= 1
        if name in self.refused:
            raise HubSaidNo(self.refused[name])
        self.up[name] = Seen(True, f"id of {name} {len(self.asked)}")
        return True

    def stop(self, name):
        self.up.pop(name, None)
        return True

    def remove(self, name):
        self.removed.append(name)

    def shared_with(self, _who):
        return []

    def keep(self, names):
        self.kept = sorted(names)

    def token(self, name, _lasts_s):
        return f"token of {name}"


@pytest.fixture
def store(store):
    return teaching(store)


@pytest.fixture
def hub():
    return FakeHub()


def turns(rounds, now, until):
    """Turns of the service until the condition holds; the clock stands."""
    deadline = time.monotonic() + 15
    while not until():
        assert time.monotonic() < deadline
        rounds.looked_at = -100.0
        rounds.turn(now)
        time.sleep(0.01)


def ready(store):
    return [seat.name for one in watching.approved(store, NOW, 0) for seat in one.seats if seat.ready_at]


def idle(rounds):
    return lambda: not rounds.starting and not rounds.slow


def test_the_pool_is_started_few_at_a_time_and_each_server_once(store, hub):
    approved(store, seats=12, warm=10)
    rounds = Rounds(store, hub, lambda: NOW)
    turns(rounds, NOW, lambda: len(ready(store)) == 10)
    assert len(hub.asked) == len(set(hub.asked)) == 10
    assert 1 <= hub.most_at_once <= store.settings.training.at_once


def test_a_service_that_begins_anew_starts_nothing_that_runs(store, hub):
    approved(store, seats=4, warm=4)
    turns(Rounds(store, hub, lambda: NOW), NOW, lambda: len(ready(store)) == 4)
    again = Rounds(store, hub, lambda: NOW)
    for _turn in range(3):
        again.looked_at = -100.0
        again.turn(NOW)
    assert len(hub.asked) == 4
    assert len(ready(store)) == 4


def test_seats_of_a_class_are_not_idle(store, hub):
    made = approved(store, seats=2, warm=2)
    rounds = Rounds(store, hub, lambda: NOW)
    turns(rounds, NOW, lambda: len(ready(store)) == 2 and idle(rounds)())
    rounds.kept_at -= store.settings.hub.idle_timeout_s / 2
    turns(rounds, NOW, lambda: hasattr(hub, "kept"))
    assert hub.kept == [f"seat-{made.handle}-001", f"seat-{made.handle}-002"]


def test_what_the_hub_refuses_is_noted_with_its_words(store, hub):
    made = approved(store, seats=2, warm=2)
    hub.refused[f"seat-{made.handle}-001"] = "no room"
    rounds = Rounds(store, hub, lambda: NOW)
    turns(rounds, NOW, lambda: hub.asked.count(f"seat-{made.handle}-001") == 1 and idle(rounds)())
    _session, seat = seats.seat_of(store, f"seat-{made.handle}-001")
    assert seat.failure == "no room"


def test_a_seat_is_started_anew_where_the_instructor_asks(store, hub):
    made = approved(store, seats=2, warm=1)
    rounds, name = Rounds(store, hub, lambda: NOW), f"seat-{made.handle}-001"
    turns(rounds, NOW, lambda: bool(ready(store)) and idle(rounds)())
    before = hub.up[name]
    seats.ask_restart(store, made.handle, 1, "ina", NOW)
    turns(rounds, NOW, lambda: hub.asked.count(name) == 2 and idle(rounds)())
    assert hub.up[name] != before
    assert seats.seat_of(store, name)[1].restart_at is None


def test_the_end_saves_stops_and_removes_and_bears_repeating(store, hub):
    made = approved(store, seats=3, warm=2)
    rounds = Rounds(store, hub, lambda: NOW)
    turns(rounds, NOW, lambda: len(ready(store)) == 2)
    (code,) = codes.valid(store, made.handle)
    joined = seats.join(store, code, "Bo", STARTS)
    for name in ready(store):
        home = store.settings.homes / name
        home.mkdir(parents=True)
        (home / "work.txt").write_text("work")
    (one,) = watching.approved(store, STARTS, 0)
    deciding.end(store, made.handle, "ina", STARTS + 10)
    turns(rounds, STARTS + 11, lambda: state(store) == ENDED)
    assert hub.up == {}
    assert set(hub.removed) == {seat.name for seat in one.seats}
    assert list(store.settings.homes.glob("seat-*")) == []
    kept = [seats.seat_of(store, seat.name)[1].archive for seat in one.seats]
    assert [bool(file) for file in kept] == [seat.name == joined.name for seat in one.seats]
    assert not end_class(store, hub, one), "it has ended already"
    assert state(store) == ENDED


def test_a_home_that_cannot_be_saved_stays_and_is_an_incident(store, hub, monkeypatch):
    made = approved(store, seats=1, warm=0)
    (code,) = codes.valid(store, made.handle)
    joined = seats.join(store, code, "Bo", STARTS)
    home = store.settings.homes / joined.name
    home.mkdir(parents=True)

    def full(*_arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr("workbench.services.training.archive.save", full)
    (one,) = watching.approved(store, STARTS, 0)
    assert not end_class(store, hub, one)
    assert not end_class(store, hub, one)
    assert home.exists()
    with store.db() as db:
        said = db.scalars(select(TrainingEvent.says).where(TrainingEvent.kind == "not-saved")).all()
    assert len(said) == 1
    assert "No space left" in said[0]
    assert end_class(store, hub, one, give_up=True)
    assert state(store) == ENDED, "the class ends, and what was held for it is free"
    (again,) = watching.Class(one.session, [seats.seat_of(store, joined.name)[1]]).seats
    assert again.ended_at
    end_class(store, hub, watching.Class(one.session, [again]), give_up=True)
    assert home.exists(), "nothing that was not saved is removed, also by a second time"


def test_a_class_that_cannot_be_saved_closes_half_an_hour_after_its_end(store, hub, monkeypatch):
    made = approved(store, seats=2, warm=0)
    (code,) = codes.valid(store, made.handle)
    home = store.settings.homes / seats.join(store, code, "Bo", STARTS).name
    home.mkdir(parents=True)
    monkeypatch.setattr("workbench.services.training.archive.save", lambda *_given: [][0])
    rounds = Rounds(store, hub, lambda: NOW)
    for second in range(60):
        rounds.turn(made.ends_at + second)
        turns(rounds, made.ends_at, idle(rounds))
    assert state(store) == APPROVED
    late = Rounds(store, hub, lambda: NOW)
    late.turn(made.ends_at + 7200)
    turns(late, made.ends_at + 7200, idle(late))
    assert state(store) == APPROVED, "whoever comes late has not tried for half an hour"
    turns(rounds, made.ends_at + 1800, lambda: state(store) == ENDED)
    assert home.exists()


def refuses(*_given):
    raise OSError("nowhere to be found")


def test_what_was_saved_by_a_later_try_is_no_incident(store, hub, monkeypatch):
    made = approved(store, seats=1, warm=0)
    (code,) = codes.valid(store, made.handle)
    home = store.settings.homes / seats.join(store, code, "Bo", STARTS).name
    home.mkdir(parents=True)
    (one,) = watching.approved(store, STARTS, 0)
    with monkeypatch.context() as once:
        once.setattr("workbench.services.training.archive.save", refuses)
        assert not end_class(store, hub, one)
    assert [event.kind for event in events.listed(store, made.handle, incidents_only=True)] == ["not-saved"]
    with monkeypatch.context() as once:
        once.setattr("workbench.hub.removing.remove", refuses)
        assert not end_class(store, hub, one)
    (left,) = events.listed(store, made.handle, incidents_only=True)
    assert "nowhere" in left.says, "what came after the save is"
    assert end_class(store, hub, one)
    assert not home.exists()


def test_a_cancelled_class_is_cleared_away_also_by_a_later_try_and_a_later_service(store, hub, monkeypatch):
    made = approved(store, seats=2, warm=2)
    rounds = Rounds(store, hub, lambda: NOW)
    turns(rounds, NOW, lambda: len(ready(store)) == 2 and idle(rounds)())
    names, remove = sorted(hub.up), hub.remove
    monkeypatch.setattr(hub, "remove", refuses)
    deciding.cancel(store, made.handle, "ina", "", NOW)
    turns(rounds, NOW, lambda: not watching.approved(store, NOW, 0) and idle(rounds)())
    assert hub.removed == []
    monkeypatch.setattr(hub, "remove", remove)
    again = Rounds(store, hub, lambda: NOW)
    turns(again, NOW + 10, lambda: sorted(hub.removed) == names and idle(again)())
    again.turn(NOW + 20)
    assert idle(again)()
    assert sorted(hub.removed) == names, "once"


def test_folders_in_folders_keep_no_class_from_ending(store, hub):
    made = approved(store, seats=1, warm=0)
    (code,) = codes.valid(store, made.handle)
    joined = seats.join(store, code, "Bo", STARTS)
    home = store.settings.homes / joined.name
    home.mkdir(parents=True)
    (home / "work.txt").write_text("work")
    here = os.open(home, os.O_RDONLY)
    for _depth in range(3000):
        os.mkdir("d" * 20, dir_fd=here)
        below = os.open("d" * 20, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    unix_ids.give(home, os.getuid())
    (one,) = watching.approved(store, STARTS, 0)
    assert end_class(store, hub, one)
    assert not home.exists()
    seat = seats.seat_of(store, joined.name)[1]
    with zipfile.ZipFile(store.settings.home / seat.archive) as packed:
        assert packed.read("work.txt") == b"work"
        assert "d/d" in packed.read("LEFT_OUT.txt").decode()


@pytest.mark.parametrize(("problem", "kind"), [("", "go"), ("NameError: x", "no-go")])
def test_an_hour_before_one_seat_is_tried_once(store, hub, monkeypatch, problem, kind):
    made = approved(store, seats=3, warm=2, first_page="lesson.ipynb")
    ran = []
    monkeypatch.setattr(go, "run", lambda *given: ran.append(given) or first_cells.Ran(4, 1.26, problem))
    rounds = Rounds(store, hub, lambda: NOW)
    rounds.turn(STARTS - 3601)
    assert not ran
    turns(rounds, STARTS - 3600, lambda: going.last(store, made) is not None and idle(rounds)())
    rounds.turn(STARTS - 3500)
    (given,) = ran
    name = f"seat-{made.handle}-003"
    assert given[0].endswith(f"/user/{name}")
    assert given[1:] == (f"token of {name}", "lesson.ipynb", {})
    result = going.last(store, made)
    assert result.kind == kind
    assert (problem or "The first 4 cells of lesson.ipynb ran in 1.3 s.") in result.says
    assert hub.up == {}
    assert hub.removed == [name]
    assert seats.seat_of(store, name)[1].tries == 0


def test_a_class_with_a_long_lead_is_tried_before_its_servers_are_started(store, hub, monkeypatch):
    made = approved(store, seats=3, warm=2, lead_s=90 * 60)
    monkeypatch.setattr(go, "run", lambda *_given: first_cells.Ran(1, 0.1, ""))
    lead = STARTS - 90 * 60
    (one,) = watching.approved(store, lead - 900, 900)
    assert [go.due(store, one, at) for at in (lead - 901, lead - 900, lead - 420, lead - 419)] == [
        False, True, True, False,
    ]  # fmt: skip
    rounds = Rounds(store, hub, lambda: NOW)
    turns(rounds, lead - 900, lambda: going.last(store, made) is not None and idle(rounds)())
    assert going.last(store, made).kind == "go"


def test_a_try_that_takes_long_removes_no_seat_that_was_taken_meanwhile(store, hub, monkeypatch):
    made = approved(store, seats=1, warm=1)
    (code,) = codes.valid(store, made.handle)
    (one,) = watching.approved(store, STARTS, 0)
    monkeypatch.setattr(
        go, "run", lambda *_given: seats.join(store, code, "Bo", STARTS) and first_cells.Ran(1, 200.0, "")
    )
    go.try_one(store, hub, one)
    assert hub.removed == []
    assert list(hub.up) == [one.seats[0].name]


def test_the_hub_is_asked_page_by_page_and_only_seats_count():
    def answer(request):
        offset = request.url.params.get("offset")
        names = ["seat-abc234-002"] if offset else ["seat-abc234-001", "ina"]
        server = {
            "": {"ready": not offset, "state": {"server_id": "7" if not offset else None} if not offset else None}
        }
        following = None if offset else {"url": f"{request.url}&offset=25"}
        items = [{"name": name, "servers": server} for name in names]
        return httpx.Response(200, json={"items": items, "_pagination": {"next": following}})

    api = api_of(answer)
    assert api.servers() == {"seat-abc234-001": Seen(True, "7"), "seat-abc234-002": Seen(False, "")}


@pytest.mark.parametrize(
    ("made", "began", "is_ready"),
    [(201, (201, {}), True), (409, (202, {}), False), (409, (400, {"message": "x is already running"}), True)],
)
def test_a_start_makes_the_user_and_does_not_mind_what_is_there(made, began, is_ready):
    def answer(request):
        return httpx.Response(began[0], json=began[1]) if request.url.path.endswith("/server") else httpx.Response(made)

    assert api_of(answer).start("seat-abc234-001") is is_ready


def test_what_the_hub_says_is_handed_on():
    refusal = httpx.Response(400, content=json.dumps({"message": "Your seat cannot be started: no room"}))
    api = api_of(lambda request: refusal if request.url.path.endswith("/server") else httpx.Response(409))
    with pytest.raises(HubSaidNo, match="no room"):
        api.start("seat-abc234-001")


def api_of(answer):
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return HubApi({"JUPYTERHUB_API_URL": "http://hub/hub/api", "JUPYTERHUB_API_TOKEN": "t"}, client)


def state(store):
    with store.db() as db:
        return db.scalars(select(TrainingSession.state)).one()
