"""Slurm's accounting in JSON: the same jobs as in text, in all the ways in which versions 21 to 25 write them."""

import gzip
import json
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.slurm.read import read_any
from workbench.slurm.sacct_json import parse_sacct_json
from workbench.units import GPU_PARTS

UTC = ZoneInfo("UTC")
FIXTURES = Path(__file__).parent.parent / "fixtures" / "slurm"
OWN = FIXTURES / "own-22.05"


def a_job(**given):
    """One job as Slurm 24.11 writes it."""
    job = {
        "account": "vision", "association": {"account": "vision", "user": "ana"}, "cluster": "c", "user": "ana",
        "array": {"job_id": 0, "task_id": {"set": False, "infinite": False, "number": 0}, "task": ""},
        "comment": {"administrator": "", "job": "", "system": ""},
        "het": {"job_id": 0, "job_offset": {"set": False, "infinite": False, "number": 0}},
        "job_id": 7, "name": "train", "partition": "gpu", "qos": "normal", "reservation": {"id": 0, "name": ""},
        "state": {"current": ["COMPLETED"], "reason": "None"}, "steps": [],
        "time": {"elapsed": 3600, "start": 1704880800, "end": 1704884400, "submission": 1704877200, "suspended": 0},
        "tres": {
            "allocated": [
                {"type": "cpu", "name": "", "id": 1, "count": 8},
                {"type": "mem", "name": "", "id": 2, "count": 64000},
                {"type": "energy", "name": "", "id": 3, "count": -2},
                {"type": "gres", "name": "gpu", "id": 1001, "count": 2},
                {"type": "gres", "name": "gpu:h800", "id": 1002, "count": 2},
            ],
            "requested": [{"type": "gres", "name": "gpu", "id": 1001, "count": 2}],
        },
    }  # fmt: skip
    return job | given


def read(*jobs, **options):
    answer = {"meta": {}, "errors": [], "jobs": list(jobs)}
    return parse_sacct_json(json.dumps(answer), "c", **options)


def only(log):
    assert not log.rejects, log.rejects
    assert len(log.jobs) == 1
    return log.jobs.iloc[0]


def test_a_job_with_all_that_it_says():
    job = only(
        read(a_job(comment={"job": "wb=1;server=ana-1"}, reservation={"id": 3, "name": "course"}), models=str.upper)
    )
    assert (job.job_id, job.project, job.user_name, job.partition, job.qos) == ("7", "vision", "ana", "gpu", "normal")
    assert (job.gpu_parts, job.gpu_model, job.cpu_cores, job.mem_mib) == (2 * GPU_PARTS, "H800", 8, 64_000)
    assert (job.submit_at, job.start_at, job.end_at) == (1704877200, 1704880800, 1704884400)
    assert (job.kind, job.server_id, job.reservation, job.suspended_s) == ("server", "ana-1", "course", 0)


@pytest.mark.parametrize(
    ("said", "job_id"),
    [
        ({"array": {"job_id": 7, "task_id": {"set": True, "infinite": False, "number": 0}}}, "7_0"),
        ({"array": {"job_id": 5, "task_id": 3, "task": None}}, "5_3"),
        ({"het": {"job_id": 7, "job_offset": {"set": True, "infinite": False, "number": 1}}}, "7+1"),
        ({"het": {"job_id": 7, "job_offset": 0}}, "7+0"),
        ({"array": {"job_id": 0, "task_id": None}, "het": None}, "7"),
    ],
)
def test_tasks_and_components_have_the_ids_of_sacct(said, job_id):
    assert only(read(a_job(**said))).job_id == job_id


def test_tasks_that_wait_are_not_started():
    waits = a_job(
        array={"job_id": 7, "task_id": {"set": False, "infinite": False, "number": 0}, "task": "1-3"},
        state={"current": ["PENDING"]},
        time={"elapsed": 0, "start": 0, "end": 0, "submission": 1704877200, "suspended": 0},
    )
    log = read(waits)
    assert (len(log.jobs), log.not_started, log.rejects) == (0, 1, [])


@pytest.mark.parametrize("current", ["RUNNING", ["RUNNING"], ["RUNNING", "COMPLETING"]])
def test_a_running_job_is_seen_until_the_moment_of_asking(current):
    time = {"elapsed": 60, "start": 1704880800, "end": 0, "submission": 1704877200, "suspended": 5}
    job = only(read(a_job(state={"current": current}, time=time)))
    assert (pd.isna(job.end_at), job.seen_until_at - job.start_at, job.state) == (True, 65, "RUNNING")


def test_numbers_as_objects_are_numbers():
    def number(value):
        return {"set": True, "infinite": False, "number": value}

    time = {name: number(value) for name, value in a_job()["time"].items()}
    assert read(a_job(time=time)).jobs.equals(read(a_job()).jobs)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"job_id": "seven"}, "not as Slurm writes it"),
        ({"time": 5}, "not as Slurm writes it"),
        ({"user": ["ana"]}, "not as Slurm writes it"),
        ({"tres": {"allocated": [{"type": "gres", "name": "gpu", "count": None}]}}, "not as Slurm writes it"),
        ({"tres": {"allocated": [{"type": "gres", "name": "gpu=0,x", "count": 1}]}}, "not as Slurm writes it"),
        ({"tres": {"allocated": [{"type": "gres", "name": "ngpus", "count": 1}]}}, "GPUs not readable"),
        ({"tres": {"allocated": [], "requested": [{"type": "gres", "name": "gpu", "count": 1}]}}, "GPUs not known"),
        ({"time": {"start": 1704880800, "end": 1704880000, "elapsed": 0}}, "end before start"),
        ({"time": {"start": -5, "end": 5, "elapsed": 0}}, "no time"),
        ({"account": "v" * 81}, "too long a name"),
        ({"time": {"start": 5, "end": 0, "elapsed": 1, "suspended": 10**12}}, "no elapsed time"),
        ({"tres": {"allocated": [{"type": "cpu", "count": 10**30}]}}, "cores not readable"),
        ({"tres": {"allocated": [{"type": "mem", "count": 10**14}]}}, "memory not readable"),
    ],
)
def test_what_cannot_be_used_is_rejected_by_its_number(changed, kind):
    log = read(a_job(), a_job(job_id=8) | changed)
    assert [(r.line, r.kind) for r in log.rejects] == [(2, kind)]
    assert len(log.jobs) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON"),
        ("[1, 2]", "no answer of Slurm's"),
        ('{"nodes": []}', "tells of nodes"),
        ('{"meta": {}}', "no list of jobs"),
        ('{"errors": [{"error": "Unknown Query field"}]}', "Unknown Query field"),
        ('{"jobs": [], "errors": ["no connection"]}', "no connection"),
        ('{"jobs": [{"job_id": 1, "job_state": ["RUNNING"]}]}', "slurmdb"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_accounting_is_refused_with_what_it_is(text, says):
    with pytest.raises(ValueError, match=says):
        parse_sacct_json(text, "c")


def test_no_jobs_are_no_jobs():
    assert len(read().jobs) == 0


# A real Slurm's three answers to one question


def test_one_slurm_says_the_same_in_text_json_and_rest():
    text, as_json, rest = (
        read_any(source, "c", UTC)
        for source in (
            (OWN / "sacct.txt").read_bytes(),
            gzip.decompress((OWN / "sacct.json.gz").read_bytes()),
            gzip.decompress((OWN / "slurmdb-rest.json.gz").read_bytes()),
        )
    )
    assert (len(text.jobs), text.not_started, text.rejects) == (23, 1, [])

    # Slurm 22.05 prints an address in memory in place of a reservation's name.
    def comparable(log):
        jobs = log.jobs.drop(columns=["name", "reservation"])
        return jobs.sort_values(["submit_at", "job_id"], ignore_index=True)

    for other in (as_json, rest):
        assert (other.rejects, other.not_started, other.observed_until) == ([], 1, text.observed_until)
        pd.testing.assert_frame_equal(comparable(other), comparable(text))
    assert text.jobs["reservation"].dropna().tolist() == ["c-resv"]


def test_what_became_of_its_jobs():
    jobs = read_any((OWN / "sacct.txt").read_bytes(), "c", UTC).jobs.set_index("job_id")
    run = jobs["end_at"] - jobs["start_at"]
    assert jobs.loc["12", "state"].tolist() == ["REQUEUED", "COMPLETED"]
    assert jobs.loc["12", "submit_at"].is_unique
    assert (run["18"], jobs.loc["18", "suspended_s"]) == (25, 7)
    assert set(jobs.index) >= {"2_1", "2_2", "2_3", "14+0", "14+1", "19", "19/1795376647"}
    assert jobs.loc["11", ["kind", "user_name"]].tolist() == ["batch", "t-alice"]  # its comment holds a made-up row
    assert jobs.loc["21", ["kind", "server_id", "dask_id"]].tolist() == ["dask", "ana-1", "d-0123abcd"]
    assert jobs.loc["6", "state"] == "CANCELLED"


# Anything

anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(a_job())), anything)
def test_any_value_in_any_place_costs_its_own_job_only(place, value):
    with suppress(ValueError):  # it may look like an answer of another kind
        log = read(a_job(**{place: value}), a_job(job_id=8))
        assert "8" in set(log.jobs["job_id"])
        assert len(log.jobs) + len(log.rejects) + log.not_started == 2


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_a_comment_changes_nothing_but_what_a_job_was_for(comment):
    job = only(read(a_job(comment={"job": comment})))
    plain = only(read(a_job()))
    same = [name for name in job.index if name not in ("kind", "server_id", "dask_id")]
    assert job[same].equals(plain[same])


def test_nothing_found_is_an_answer_without_jobs():
    said = {"description": "Nothing found", "error_number": 9003, "error": "Nothing found with query"}
    log = parse_sacct_json(json.dumps({"errors": [said], "jobs": []}), "c")
    assert (len(log.jobs), log.rejects) == (0, [])
    with pytest.raises(ValueError, match="no connection"):
        parse_sacct_json(json.dumps({"errors": [said, "no connection"], "jobs": []}), "c")
