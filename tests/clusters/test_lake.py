"""Files of the lake that were written before a column came are read beside those that have it."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import a_job
from workbench.analytics.schema import LAKE_COLUMNS, job_frame
from workbench.clusters.lake import LakePart, jobs
from workbench.store.lake import LAKE_SCHEMA, lake_table

LATER = ["kind", "qos"]


@pytest.fixture
def parts(tmp_path):
    """An old file and a new one."""
    old = lake_table(job_frame([a_job()])).drop_columns(LATER)
    new = lake_table(job_frame([a_job(job_id="2", kind="server", qos="interactive")]))
    for name, table in (("old", old), ("new", new)):
        pq.write_table(table, tmp_path / name)
    return [LakePart(str(tmp_path / name), "alpha", "vision") for name in ("old", "new")]


def test_what_an_old_file_lacks_is_not_known(parts):
    found = jobs(parts, LAKE_SCHEMA).compute()
    assert list(found.columns) == ["cluster", "project", *LAKE_SCHEMA.names]
    assert set(found.columns) == set(LAKE_COLUMNS)
    assert found["job_id"].tolist() == ["1", "2"]
    assert found["kind"].isna().tolist() == [True, False]
    assert found["qos"].tolist()[1] == "interactive"


@pytest.mark.parametrize("columns", [["kind"], ["kind", "project"], ["project"], ["qos", "gpus"]])
def test_some_columns_of_both(parts, columns):
    found = jobs(parts, LAKE_SCHEMA)[columns].compute()
    assert list(found.columns) == columns
    assert len(found) == 2


def test_a_file_that_lacks_a_column_is_filtered_as_the_others(parts):
    start = int(pd.Timestamp(job_frame([a_job()])["start_at"][0], unit="s").timestamp())
    assert len(jobs(parts, LAKE_SCHEMA, start_s=start + 1).compute()) == 0
    assert len(jobs(parts, LAKE_SCHEMA, end_s=start + 1)["kind"].compute()) == 2
    assert pa.types.is_string(LAKE_SCHEMA.field("kind").type)
