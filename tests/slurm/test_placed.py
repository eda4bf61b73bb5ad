"""Where jobs are, in scontrol's words."""

import pytest

from workbench.slurm.placed import Device, parse_places

HEAD = """JobId={number} JobName={name}
   UserId=ana(2001) GroupId=ana(2001) MCS_label=N/A
   JobState=RUNNING Reason=None Dependency=(null){more}
   SubmitTime=2026-09-22T00:00:05 EligibleTime=2026-09-22T00:00:05
   StartTime=2026-09-22T00:00:06 EndTime=2026-09-22T01:00:06 Deadline=N/A
   NodeList=gpu1
   JOB_GRES=gpu:h800:2
"""
SUBMITTED = 1_790_035_205


def job(*nodes, number=7, name="train", more=""):
    lines = "".join(f"     Nodes={where} CPU_IDs=0-3 Mem=1024 GRES={gres}\n" for where, gres in nodes)
    return f"{HEAD.format(number=number, name=name, more=more)}{lines}   MinCPUsNode=1 MinMemoryNode=0\n\n"


def devices(*nodes):
    (found,) = parse_places(job(*nodes)).jobs
    assert (found.job_id, found.submit_at) == ("7", SUBMITTED)
    return list(found.devices)


@pytest.mark.parametrize(
    ("gres", "indices"),
    [
        ("gpu:h800:2(IDX:0-1)", [0, 1]),
        ("gpu:h800:4(IDX:0-1,3,7)", [0, 1, 3, 7]),
        ("gpu:1(IDX:5)", [5]),
        ("gpu:a100:1(IDX:0),gpu:v100:2(IDX:1-2),shard:4(IDX:0)", [0, 1, 2]),
        ("gpu:h800:2(IDX:N/A)", [None, None]),
        ("gpu:h800:2", [None, None]),
        ("", []),
    ],
)
def test_the_indices_of_a_node(gres, indices):
    assert devices(("gpu1", gres)) == [Device("gpu1", index) for index in indices]


def test_several_nodes_folded_and_apart():
    found = devices(("gpu[001-002]", "gpu:h800:2(IDX:0-1)"), ("gpu7", "gpu:h800:1(IDX:3)"))
    assert [(one.node, one.index) for one in found] == [
        ("gpu001", 0), ("gpu001", 1), ("gpu002", 0), ("gpu002", 1), ("gpu7", 3),
    ]  # fmt: skip


def test_the_number_of_a_slice_is_not_that_of_a_gpu():
    assert devices(("gpu1", "gpu:h800_3g.40gb:1(IDX:5)")) == [Device("gpu1", None, "3g.40gb")]


def test_ids_as_sacct_writes_them():
    text = (
        job(number=13, more=" ArrayJobId=12 ArrayTaskId=3")
        + job(number=21, more=" HetJobId=20 HetJobOffset=1")
        + job(number=12, more=" ArrayJobId=12 ArrayTaskId=4-9%2")
    )
    assert [one.job_id for one in parse_places(text).jobs] == ["12_3", "20+1", "12"]


@pytest.mark.parametrize("gres", ["gpu:h800:2(IDX:0)", "gpu:two(IDX:0)", "gpu:h800:1(IDX:x)", "gpu:1(IDX:99999)"])
def test_what_cannot_be_read_is_rejected_and_the_other_jobs_are_read(gres):
    found = parse_places(job(("gpu1", gres)) + job(("gpu1", "gpu:1(IDX:1)"), number=8))
    assert [one.job_id for one in found.jobs] == ["8"]
    assert [(one.line, one.reason.split(":")[0]) for one in found.rejects] == [(1, "job 7")]


def test_a_name_that_looks_like_another_job_makes_nobody_known():
    forged = (
        "x\nJobId=8 JobName=y\n   SubmitTime=2026-09-22T00:00:05 z\n     Nodes=gpu9 CPU_IDs=0 Mem=1 GRES=gpu:1(IDX:0)"
    )
    found = parse_places(job(("gpu1", "gpu:1(IDX:1)"), name=forged) + job(("gpu1", "gpu:1(IDX:2)"), number=8))
    assert "8" not in [one.job_id for one in found.jobs]


def test_no_jobs_at_all():
    assert parse_places("No jobs in the system\n").jobs == ()
