"""What of the GPU benchmark needs no GPU: the log, the peers, chunks, the table; pandas in place of cuDF."""

import subprocess
import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks import gpu, peers, resampled
from benchmarks.gpu import ASKED, COLUMNS, Result, by_chunks, by_dask, chunks, table, write
from workbench.settings import ROOT

JOBS = 5_000


def read_pandas(chunk):
    return pq.ParquetFile(chunk.path).read_row_groups(list(chunk.row_groups), columns=COLUMNS).to_pandas()


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Three files of four row groups or fewer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resampled, "A_FILE", 2_000)
        patch.setattr(resampled, "ROW_GROUP", 500)
        yield resampled.make(JOBS, tmp_path_factory.mktemp("jobs"))


def test_the_same_number_of_jobs_is_the_same_files(paths, tmp_path, monkeypatch):
    monkeypatch.setattr(resampled, "A_FILE", 2_000)
    monkeypatch.setattr(resampled, "ROW_GROUP", 500)
    again = resampled.make(JOBS, tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]
    frame = pd.read_parquet(paths[0].parent)
    assert len(frame) == JOBS
    assert (frame["seen_until_at"] >= frame["start_at"]).all()
    assert frame["seen_until_at"].max() < resampled.LAST_S


def test_chunks_hold_every_row_group_once_and_no_more_than_allowed(paths):
    found = chunks(paths, 1_000 * gpu.PER_ROW)
    assert [len(chunk.row_groups) for chunk in found] == [2, 2, 2, 2, 2]
    assert len(chunks(paths, 1)) == 10  # a row group at least
    assert sum(len(read_pandas(chunk)) for chunk in found) == JOBS


def test_chunk_by_chunk_dask_and_the_peers_say_the_same(paths):
    import dask

    frame = pd.concat([pd.read_parquet(path) for path in paths])
    whole = [gpu._plain(gpu.sweep(frame, [by], edges)) for by, edges in ASKED]
    with dask.config.set(scheduler="sync"):
        answers = {
            "chunks": by_chunks(chunks(paths, 1), read_pandas),
            "dask": by_dask(chunks(paths, 1), read_pandas),
            **{name: engine(paths) for name, engine in peers.ENGINES.items()},
        }
    assert {name: peers.same(whole, answer) for name, answer in answers.items()} == dict.fromkeys(answers, True)
    wrong = [whole[0], whole[1].assign(gpu_part_seconds=whole[1]["gpu_part_seconds"] + 1)]
    assert not peers.same(whole, wrong)
    assert not peers.same(whole, [whole[0], whole[1].head(3)])


def result(engine, median_s, peak=None):
    return Result("both", engine, 10**8, median_s, True, "1 × NVIDIA H100", 16, peak, 0.5, 1_100, "2026-11-22")


def test_the_table_says_how_often_as_fast_and_how_near_the_floor(tmp_path):
    text = table([result("cudf, one GPU", 1.0, 4_096), result("polars", 25.0), result("duckdb", 30.0)])
    assert "| 100,000,000 | cudf, one GPU | 1 | 25.0 | 2.0 | 4,096 | yes |" in text
    assert "1 × NVIDIA H100, 16 cores, 2026-11-22. Floor: 100,000,000: 0.5 s for 1,100 MiB." in text
    doc = tmp_path / "performance.md"
    doc.write_text(f"# A\n{gpu.FROM}\nold\n{gpu.TO}\nafter\n")
    write(doc, text)
    assert doc.read_text() == f"# A\n{gpu.FROM}\n{text}\n{gpu.TO}\nafter\n"


def test_without_a_gpu_it_says_so_and_ends_with_two():
    ask = [sys.executable, "-m", "benchmarks.gpu"]
    import os

    env = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(ask, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("Nothing was measured: ")
    assert done.stdout == ""
