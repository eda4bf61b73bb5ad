"""wb.verdict on a real GPU: measured, equal, and honest about what does not run there."""

import numpy as np
import pandas as pd
import pytest

import workbench.notebook as wb

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(300)]


def numbers(rows):
    random = np.random.default_rng(1)
    return pd.DataFrame({"group": random.integers(0, 1000, rows), "x": random.integers(0, 10**9, rows)})


def test_a_large_group_by_is_faster_there_and_says_the_same(centre):
    found = wb.verdict(lambda frame: frame.groupby("group")["x"].sum(), numbers(20_000_000))
    assert found.equal
    assert found.times > 1
    assert "on the GPU" in repr(found)


def test_a_tiny_one_is_for_the_cpu(centre):
    found = wb.verdict(lambda frame: frame["x"].sum(), numbers(10))
    assert found.equal
    assert found.times < 1
    assert "use the CPU card" in repr(found)


def test_what_cudf_lacks_is_told_not_raised(centre):
    found = wb.verdict(lambda frame: frame.apply(lambda row: str(row["x"]), axis=1).str.len().sum(), numbers(100))
    assert found.times is None
    assert "Use the CPU card." in repr(found)


def test_all_jobs_are_asked_by_default(centre):
    assert wb.verdict(lambda jobs: jobs.groupby("project")["duration_s"].sum()).equal
