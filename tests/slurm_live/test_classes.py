"""A training session is a reservation of the real Slurm: made, used by the project, changed and removed with it."""

import time

import pytest
from sqlalchemy import update

from tests.slurm_centre import make_centre
from workbench.domain.training import APPROVED, CANCELLED, TrainingSession
from workbench.services.slurm import classes

pytestmark = pytest.mark.slurm


def a_class(store, now, **given):
    plain = {"project": "climate", "instructor": "wb-ana", "planned_by": "wb-ana", "planned_at": now, "seats": 4}
    plain |= {"starts_at": now + 600, "ends_at": now + 4200, "warm": 4, "profile": "cpu-small", "state": APPROVED}
    one = TrainingSession(**{"handle": "k7m2q", "title": "Class", "lead_s": 300} | plain | given)
    with store.db(writes=True) as db:
        db.add(one)


def change(store, **values):
    with store.begin() as conn:
        conn.execute(update(TrainingSession).values(values))


def shown(slurm):
    return slurm.run("scontrol", "--oneliner", "show", "reservation")


@pytest.fixture
def store(slurm, tmp_path):
    made = make_centre(tmp_path / "state", slurm).store
    yield made
    with made.begin() as conn:
        conn.execute(update(TrainingSession).values(state=CANCELLED))
    classes.keep(made, slurm.runner, int(time.time()))
    made.engine.dispose()


def test_an_accepted_class_is_a_reservation_and_a_cancelled_one_is_none(store, slurm):
    now = int(time.time())
    a_class(store, now)
    assert classes.keep(store, slurm.runner, now).made == ("wb-class-k7m2q",)
    assert "Accounts=climate" in shown(slurm)
    assert "CoreCnt=4" in shown(slurm)
    again = classes.keep(store, slurm.runner, now + 5)
    assert (again.made, again.changed, again.removed, again.refused) == ((), (), (), ())
    change(store, ends_at=now + 6000)
    assert classes.keep(store, slurm.runner, now + 10).changed == ("wb-class-k7m2q",)
    change(store, state=CANCELLED)
    assert classes.keep(store, slurm.runner, now + 15).removed == ("wb-class-k7m2q",)
    assert "wb-class-k7m2q" not in shown(slurm)


def test_a_class_with_gpus_reserves_as_many_nodes_as_its_seats_need(store, slurm):
    now = int(time.time())
    a_class(store, now, profile="gpu-1", seats=10)  # two nodes with eight each
    assert classes.keep(store, slurm.runner, now).made
    assert "NodeCnt=2" in shown(slurm)


def test_more_than_there_is_is_refused_in_slurm_s_words_and_nothing_else_suffers(store, slurm):
    now = int(time.time())
    a_class(store, now, profile="gpu-1", seats=400)
    a_class(store, now, handle="small", seats=1)
    done = classes.keep(store, slurm.runner, now)
    assert done.made == ("wb-class-small",)
    ((name, said),) = done.refused
    assert name == "wb-class-k7m2q"
    assert said


def test_the_project_s_jobs_run_inside_while_the_class_is_on_and_others_do_not(store, slurm):
    now = int(time.time())
    a_class(store, now, starts_at=now, ends_at=now + 3600, lead_s=0)
    assert classes.keep(store, slurm.runner, now).made
    name, end_at = classes.open_for(store, "climate", now)
    assert (name, end_at) == ("wb-class-k7m2q", now + 3600)
    assert classes.open_for(store, "genome", now) is None
    assert classes.open_for(store, "climate", now + 3600) is None
    inside = slurm.sbatch("wb-ana", "climate", f"--reservation={name}", command="sleep 20")
    try:
        assert slurm.wait(inside, "RUNNING") == "RUNNING"
        with pytest.raises(AssertionError, match=r"(?i)reservation|access"):
            slurm.sbatch("wb-cy", "genome", f"--reservation={name}")
    finally:
        slurm.cancel(inside)
