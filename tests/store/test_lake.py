"""The lake holds the jobs and nothing else, and only what changed is written again."""

from zoneinfo import ZoneInfo

import dask.dataframe as dd
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.builders import OPENING_S, a_job
from workbench.analytics.schema import LAKE_COLUMNS, job_frame
from workbench.store import lake
from workbench.store.jobs import upsert_jobs
from workbench.units import DAY_S, GPU_PARTS


def put(store, *jobs):
    with store.begin() as conn:
        upsert_jobs(conn, job_frame(list(jobs)), store.settings.centre.zone)
    return lake.refresh(store)


def files(store):
    return sorted(
        path.relative_to(store.settings.lake).as_posix() for path in store.settings.lake.rglob("*") if path.is_file()
    )


def test_a_job_lies_under_its_cluster_project_and_month_of_start_in_the_centres_zone(store):
    put(store, a_job(start_at=OPENING_S - 4 * DAY_S - 1), a_job(job_id="2"), a_job(job_id="3", project=None))
    assert files(store) == [
        "cluster=alpha/project=(unknown)/month=2026-01/part.parquet",
        "cluster=alpha/project=vision/month=2025-12/part.parquet",
        "cluster=alpha/project=vision/month=2026-01/part.parquet",
    ]


def test_a_file_says_what_is_known_and_leaves_the_rest_null(store):
    half = a_job(end_at=None, seen_until_at=OPENING_S + 60, gpu_parts=GPU_PARTS // 2, cpu_cores=None)
    put(store, half, a_job(job_id="2", submit_at=OPENING_S - 90, submit_known=True))
    [file] = files(store)
    frame = pd.read_parquet(store.settings.lake / file, partitioning=None)
    assert list(frame.columns) == [name for name in LAKE_COLUMNS if name not in ("cluster", "project")]
    one, two = frame.to_dict("records")
    unknown = [name for name in frame.columns if pd.isna(one[name])]
    assert unknown == ["submit_at", "end_at", "cpu_cores", "wait_s", "kind", "qos"]
    assert (one["gpus"], one["gpu_part_seconds"], one["gpu_hours"], one["duration_s"]) == (
        0.5,
        30 * GPU_PARTS,
        30 / 3600,
        60,
    )
    assert (two["wait_s"], two["end_at"], two["cpu_cores"]) == (
        90,
        pd.Timestamp(OPENING_S + 3600, unit="s", tz="UTC"),
        8,
    )


def test_only_files_of_changed_jobs_are_written_again(store):
    assert put(store, a_job(), a_job(job_id="2", project="speech")) == 2
    before = {name: (store.settings.lake / name).stat().st_mtime_ns for name in files(store)}
    assert put(store, a_job(), a_job(job_id="2", project="speech")) == 0
    assert put(store, a_job(job_id="3", project="speech")) == 1
    after = {name: (store.settings.lake / name).stat().st_mtime_ns for name in files(store)}
    assert [name for name in before if after[name] != before[name]] == [
        "cluster=alpha/project=speech/month=2026-01/part.parquet"
    ]


def test_a_file_without_jobs_goes_with_its_folders(store):
    put(store, a_job(project="a"))
    put(store, a_job(project="b"))
    assert files(store) == ["cluster=alpha/project=b/month=2026-01/part.parquet"]
    assert not (store.settings.lake / "cluster=alpha" / "project=a").exists()


def test_writing_everything_again_gives_the_same_files(store):
    put(store, a_job(), a_job(job_id="2", project="speech"), a_job(job_id="3", project=None))
    (store.settings.lake / "cluster=gone" / "project=x" / "month=2020-01").mkdir(parents=True)
    (store.settings.lake / "cluster=gone" / "project=x" / "month=2020-01" / lake.FILE).write_bytes(b"")
    expected = [name for name in files(store) if "gone" not in name]
    tables = [pq.read_table(store.settings.lake / name) for name in expected]
    assert lake.refresh(store, everything=True) == 3
    assert files(store) == expected
    assert [pq.read_table(store.settings.lake / name) for name in expected] == tables


@pytest.mark.parametrize("name", ["a/b", "..", "x=y", "100 %", "项目", "p" * 300, "长" * 120, "(unknown)"])
def test_any_project_name_has_a_folder_of_its_own_inside_the_lake(store, name):
    put(store, a_job(project=name), a_job(job_id="2", project=None), a_job(job_id="3"))
    assert len(files(store)) == 3
    frame = dd.read_parquet(str(store.settings.lake)).compute()
    assert len(frame) == 3
    if len(name) < 100:
        assert set(frame["project"].astype(str)) == {name, "vision", "(unknown)"}


def test_a_month_begins_at_the_centres_midnight(store):
    zone = store.settings.centre.zone
    assert zone == ZoneInfo("Asia/Hong_Kong")
    first = int(pd.Timestamp("2026-02-01", tz=zone).timestamp())
    put(store, a_job(job_id="1", start_at=first - 1), a_job(job_id="2", start_at=first))
    assert [name.split("/")[2] for name in files(store)] == ["month=2026-01", "month=2026-02"]
