"""What the pulse does with Slurm: each thing at its own pace, and each alone."""

from dataclasses import replace

import pytest

from workbench.errors import SlurmSilent
from workbench.hub.slurm_rounds import Rounds
from workbench.services.slurm import enforce, follow, placed, reconcile
from workbench.services.slurm.taken import Taken
from workbench.settings import SlurmSettings


@pytest.fixture
def done(monkeypatch):
    """What was done, by name; names in `done.broken` fail."""

    class Done(list):
        broken: frozenset[str] = frozenset()
        rows = 0

        def step(self, name, answer=None):
            def do(*_args):
                self.append(name)
                if name in self.broken:
                    raise SlurmSilent("sacct", "a test")
                return answer

            return do

    log = Done()
    polled = lambda *_: follow.Polled(None, Taken(rows=log.rows), (), ())  # noqa: E731
    monkeypatch.setattr(follow, "poll", lambda *args: (log.step("poll")(), polled())[1])
    monkeypatch.setattr(placed, "look", log.step("places", placed.Looked(0, 0)))
    monkeypatch.setattr("workbench.hub.slurm_rounds.capacity", log.step("capacity"))
    monkeypatch.setattr(enforce, "plan", log.step("plan"))
    monkeypatch.setattr(enforce, "apply", log.step("apply", enforce.Applied((), ())))
    monkeypatch.setattr(reconcile, "month_now", lambda *_: "2026-11")
    monkeypatch.setattr(reconcile, "compare", log.step("compare"))
    return log


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr("workbench.hub.slurm_rounds.time.monotonic", lambda: Clock.now)
    return Clock


def rounds(store, **changes):
    settings = store.settings.model_copy(update={"slurm": SlurmSettings(**changes)})
    return Rounds(replace(store, settings=settings))


def test_without_a_slurm_nothing_is_done(store, done, clock):
    assert rounds(store).turn(0) == []
    assert done == []


def test_each_has_its_own_pace(store, done, clock):
    turning = rounds(store, cluster="alpha", enforce=True)
    turning.turn(0)
    assert done == ["poll", "places", "capacity", "plan", "apply", "compare"]
    turning.turn(1)
    assert len(done) == 6
    clock.now += 20
    turning.turn(20)
    assert done[6:] == ["poll", "places"]
    clock.now += 280
    turning.turn(300)
    assert done[8:] == ["poll", "places", "capacity", "plan", "apply"]


def test_limits_are_left_alone_unless_they_are_to_follow(store, done, clock):
    rounds(store, cluster="alpha").turn(0)
    assert "plan" not in done


def test_limits_follow_a_minute_after_usage_came_in(store, done, clock):
    turning = rounds(store, cluster="alpha", enforce=True)
    turning.turn(0)
    clock.now, done.rows = clock.now + 20, 3
    turning.turn(20)
    clock.now, done.rows = clock.now + 60, 0
    del done[:]
    turning.turn(80)
    assert done == ["poll", "places", "plan", "apply"]


def test_one_that_fails_stands_alone_and_comes_again(store, done, clock, caplog):
    done.broken = frozenset({"poll", "compare"})
    turning = rounds(store, cluster="alpha", enforce=True)
    assert turning.turn(0) == ["accounting", "reconcile"]
    assert "capacity" in done
    assert "It is tried again in 20 s." in caplog.text
    clock.now, done.broken = clock.now + 3600, frozenset()
    del done[:]
    assert turning.turn(3600) == []
    assert "compare" in done
