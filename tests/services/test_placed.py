"""Where running jobs are, asked of Slurm: one question for all, kept once; what is not believed is unknown."""

from dataclasses import replace

import pytest
from builders import a_job

from workbench.analytics.schema import job_frame
from workbench.periods import Window
from workbench.services.slurm.placed import look
from workbench.settings import SlurmSettings
from workbench.slurm.runner import Runner
from workbench.store import placed
from workbench.store.jobs import upsert_jobs
from workbench.units import GPU_PARTS

START = 1_790_035_200
"""2026-09-22T00:00:00Z."""


class Says(Runner):
    """A Slurm that gives one answer, and counts how often it was asked."""

    def __init__(self, text):
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "asked", [])

    def run(self, *words, **_given):
        self.asked.append(words)
        return self.text


def told(job_id, gres):
    return (
        f"JobId={job_id} JobName=x\n   SubmitTime=2026-09-22T00:00:00 EligibleTime=Unknown\n"
        f"     Nodes=gpu1.hpc CPU_IDs=0 Mem=1 GRES={gres}\n\n"
    )


@pytest.fixture
def centre(store):
    store = replace(store, settings=store.settings.model_copy(update={"slurm": SlurmSettings(cluster="alpha")}))
    jobs = [
        a_job(job_id=job_id, submit_at=START, start_at=START, seen_until_at=START + 900, end_at=None, gpu_parts=parts)
        for job_id, parts in (("7", 2 * GPU_PARTS), ("8", GPU_PARTS), ("9", 0))
    ]
    with store.begin() as conn:
        upsert_jobs(conn, job_frame(jobs), store.settings.centre.zone)
    return store


def known(store):
    with store.read() as conn:
        rows = placed.read(conn, Window(START, START + 60))
    return rows[["job_id", "node", "gpu_index"]].values.tolist()


def test_all_are_asked_for_at_once_and_once(centre):
    slurm = Says(told(7, "gpu:h800:2(IDX:1,3)") + told(8, "gpu:h800:1(IDX:0)"))
    assert look(centre, slurm).placed == 2
    assert known(centre) == [["7", "gpu1", 1], ["7", "gpu1", 3], ["8", "gpu1", 0]]
    assert look(centre, slurm).placed == 0
    assert slurm.asked == [("scontrol", "show", "job", "--details", "--all")]


def test_a_job_that_has_just_ended_is_asked_for_again(centre):
    assert look(centre, Says(told(8, "gpu:h800:1(IDX:0)"))).placed == 1
    assert look(centre, Says(told(7, "gpu:h800:2(IDX:1,3)"))).placed == 1


def test_where_slurm_does_not_say_which_it_stays_unknown(centre):
    slurm = Says(told(7, "gpu:h800:2(IDX:N/A)") + told(8, ""))
    found = look(centre, slurm)
    assert (found.placed, found.unknown, found.rejects) == (0, 2, ())
    assert known(centre) == []
    look(centre, slurm)
    assert len(slurm.asked) == 1


def test_more_gpus_than_the_accounting_knows_are_not_believed(centre):
    forged = told(8, "gpu:h800:1(IDX:0)").replace(
        "JobName=x", "JobName=x\n     Nodes=gpu9 CPU_IDs=0 Mem=1 GRES=gpu:1(IDX:5)"
    )
    found = look(centre, Says(forged))
    assert (found.placed, found.unknown) == (0, 1)
    assert "more GPUs" in found.rejects[0].reason
    assert known(centre) == []
