"""The scan of files gives the rows of the sweep, however the jobs lie in them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.analytics.equal_cases import MEASURES, cases, lake_of, log_edges, log_jobs, same
from tests.builders import OPENING_S, a_job
from workbench.analytics import scan as scanning
from workbench.analytics.kernel import cut
from workbench.analytics.scan import Question, scan
from workbench.analytics.schema import job_frame
from workbench.analytics.sweep import hour_edges, sweep
from workbench.store.lake import lake_table, path_of

EVERYTHING = tuple(MEASURES)


def written(frame, folder, files, row_group=3):
    """The frame in so many files of small row groups."""
    paths = []
    for number, part in enumerate(np.array_split(np.arange(len(frame)), files)):
        paths.append(folder / f"{number}.parquet")
        table = pa.Table.from_pandas(frame.iloc[part], preserve_index=False)
        pq.write_table(table, paths[-1], row_group_size=row_group)
    return paths


@given(case=cases(), files=st.integers(1, 3), threads=st.integers(1, 3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_give_what_the_sweep_gives(tmp_path, case, files, threads):
    asked = [Question(case.by, case.edges, EVERYTHING), Question(("project",), case.edges[[0, -1]], EVERYTHING)]
    expected = [sweep(case.jobs, question.by, question.edges) for question in asked]
    for frame in (case.jobs, lake_of(case.jobs)):
        for found, rows in zip(scan(written(frame, tmp_path, files), asked, threads=threads), expected, strict=True):
            same(found, rows)


@pytest.mark.parametrize("name", ["philly", "mit-supercloud"])
def test_real_logs_are_as_swept(tmp_path, name):
    jobs, (hours, days) = log_jobs(name), log_edges(name)
    paths = written(jobs, tmp_path, 2, 30_000)
    by_hour, by_day = scan(paths, [Question(("cluster",), hours), Question(("project", "user_name"), days, EVERYTHING)])
    same(by_hour, _of_gpus(sweep(jobs, ["cluster"], hours)))
    same(by_day, sweep(jobs, ["project", "user_name"], days))


def test_cluster_and_project_of_the_lake_are_read_from_its_paths(tmp_path):
    jobs = job_frame([a_job(job_id=str(n), project=p) for n, p in enumerate(["a/b", None, "(unknown)"])])
    paths = []
    for number, project in enumerate(["a/b", "", "(unknown)"]):
        paths.append(path_of(tmp_path, "alpha", project, "2026-01"))
        paths[-1].parent.mkdir(parents=True)
        pq.write_table(lake_table(jobs.iloc[[number]]), paths[-1])
    edges = hour_edges(OPENING_S, OPENING_S + 7200)
    same(
        scan(paths, [Question(("cluster", "project"), edges, EVERYTHING)])[0],
        sweep(jobs, ["cluster", "project"], edges),
    )


def test_columns_that_a_file_lacks_are_unknown(tmp_path):
    jobs = job_frame([a_job()])
    old = written(jobs.drop(columns=["kind", "cpu_cores"]), tmp_path, 1)
    edges = hour_edges(OPENING_S, OPENING_S + 7200)
    same(scan(old, [Question(("kind",), edges, EVERYTHING)])[0], sweep(jobs.assign(cpu_cores=pd.NA), ["kind"], edges))


def test_no_files_give_the_columns_and_no_row():
    found = scan([], [Question(("project",), hour_edges(0, 1), EVERYTHING)])[0]
    assert list(found.columns) == ["project", "bucket", *MEASURES]
    assert found.empty


def test_more_groups_than_memory_is_meant_for_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(scanning, "MOST_CELLS", 10)
    jobs = job_frame([a_job(job_id=str(n), project=str(n)) for n in range(9)])
    with pytest.raises(ValueError, match="groups in 2 buckets"):
        scan(written(jobs, tmp_path, 1, 100), [Question(("project",), hour_edges(OPENING_S, OPENING_S + 1))], threads=1)


@given(
    st.lists(st.integers(0, 10**6), min_size=2, max_size=30, unique=True), st.lists(st.integers(0, 10**6), max_size=30)
)
def test_a_cut_finds_the_bucket_of_a_moment_at_or_after_its_cells(edges, moments):
    cuts = cut(np.sort(np.array(edges)))
    for moment in (m for m in moments if cuts.edges[0] <= m < cuts.edges[-1]):
        cell = cuts.table[(moment - cuts.edges[0]) // cuts.cell]
        bucket = np.searchsorted(cuts.edges, moment, side="right") - 1
        assert cell <= bucket <= cell + 1


def test_workers_of_dask_give_the_same(tmp_path):
    from distributed import Client

    jobs, (hours, days) = log_jobs("mit-supercloud"), log_edges("mit-supercloud")
    paths = written(jobs, tmp_path, 2, 5_000)
    asked = [
        Question(("project",), days, EVERYTHING),
        Question(("user_name", "state"), days),
        Question(("kind",), hours),
    ]
    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as client:
        for found, alone in zip(scan(paths, asked, client=client), scan(paths, asked), strict=True):
            same(found, alone)
        assert scan([], asked, client=client)[0].empty
        assert len(scan(paths[:1], asked[2:], client=client)[0]) > 0


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_sum_can_be_asked_alone(tmp_path, name):
    jobs, (hours, _days) = log_jobs("mit-supercloud"), log_edges("mit-supercloud")
    found = scan(written(jobs, tmp_path, 1, 30_000), [Question(("project",), hours, (name,))])[0]
    assert list(found.columns) == ["project", "bucket", name]
    expected = sweep(jobs, ["project"], hours)
    same(found, expected.loc[expected[name] != 0, ["project", "bucket", name]].reset_index(drop=True))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ValueError, match=r"torn\.parquet is no Parquet"):
        scan([tmp_path / "torn.parquet"], [Question(("project",), hour_edges(0, 1))])


def test_a_file_without_a_span_is_named(tmp_path):
    paths = written(job_frame([a_job()]).drop(columns=["start_at"]), tmp_path, 1)
    with pytest.raises(ValueError, match="start_at"):
        scan(paths, [Question(("project",), hour_edges(0, 1))])


def _of_gpus(swept):
    kept = swept[swept["gpu_part_seconds"] != 0]
    return kept[[*[name for name in swept.columns if name not in MEASURES], "gpu_part_seconds"]].reset_index(drop=True)
