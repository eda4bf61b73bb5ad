"""Many who ask for their jobs: few questions to Slurm, and nobody is told of a job what is not so any more."""

import threading

import pytest

from tests.slurm.test_squeue import Answers, row
from workbench.errors import SlurmSilent
from workbench.slurm import shared


class Slurm(Answers):
    """One whose whole queue is `rows`: by job id."""

    def __init__(self, bin, **rows):
        super().__init__()
        self.environ = {}
        self.bin, self.rows, self.silent = bin, {int(key[1:]): text for key, text in rows.items()}, False

    def run(self, program, *words, limit_s):
        one = next((int(word.removeprefix("--jobs=")) for word in words if word.startswith("--jobs=")), None)
        if self.silent:
            self.texts = [SlurmSilent(program, "a test")]
        elif one is not None:
            self.texts = [self.rows.get(one, "")]
        else:
            self.texts = ["".join(self.rows.values())]
        return super().run(program, *words, limit_s=limit_s)


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(shared.time, "monotonic", lambda: now[0])
    return now


def busy(name, count=50):
    return Slurm(name, **{f"j{n}": row(job_id=n, priority=1000 - n) for n in range(1, count + 1)})


def test_a_few_jobs_are_asked_for_each_by_itself(clock):
    slurm = busy("few")
    assert [shared.of_id(slurm, n).job_id for n in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert [any(word.startswith("--jobs=") for word in words) for words in slurm.asked] == [True] * 4


def test_many_jobs_are_one_question_a_second(clock):
    slurm = busy("many")
    for _ in range(10):
        assert [shared.look(slurm, n).ahead for n in range(5, 51)] == list(range(4, 50))
        clock[0] += 0.5
    alone = [words for words in slurm.asked if any(word.startswith(("--jobs=", "--partition=")) for word in words)]
    assert len(alone) <= 2 * shared.ALONE
    assert len(slurm.asked) - len(alone) == 5, "one for each second, of 460 looks"


def test_a_job_that_came_after_the_answer_for_all_is_not_gone(clock):
    slurm = busy("new")
    assert all(shared.of_id(slurm, n) for n in range(1, 11))
    slurm.rows[99] = row(job_id=99)
    assert shared.of_id(slurm, 99).job_id == 99
    assert shared.of_id(slurm, 77) is None


def test_a_silent_slurm_is_waited_for_once_and_asked_again_later(clock):
    slurm = busy("silent")
    assert all(shared.of_id(slurm, n) for n in range(1, 11))
    slurm.silent, before = True, len(slurm.asked)
    clock[0] += 2
    for n in range(1, 31):
        with pytest.raises(SlurmSilent):
            shared.of_id(slurm, n)
    assert len(slurm.asked) - before == 1
    slurm.silent = False
    clock[0] += 20
    assert shared.of_id(slurm, 1).job_id == 1


def test_who_comes_while_another_waits_for_slurm_is_told_what_was_known_before(clock, monkeypatch):
    slurm, began, goes_on = busy("slow"), threading.Event(), threading.Event()
    assert all(shared.of_id(slurm, n) for n in range(1, 11))
    clock[0] += 2
    monkeypatch.setattr(shared, "PATIENCE_S", 0.01)
    asks = slurm.run

    def slowly(*words, **more):
        began.set()
        goes_on.wait(20)
        return asks(*words, **more)

    slurm.run = slowly
    first = threading.Thread(target=shared.of_id, args=(slurm, 1))
    first.start()
    try:
        assert began.wait(20)
        assert shared.of_id(slurm, 2).job_id == 2
    finally:
        goes_on.set()
        first.join(20)
