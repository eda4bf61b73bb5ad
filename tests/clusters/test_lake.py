"""Files of the lake that were written before a column came are read beside those that have it."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import OPENING_S, a_job
from workbench.analytics.capacity import PLACE, steps
from workbench.analytics.occupancy import occupancy
from workbench.analytics.schema import LAKE_COLUMNS, job_frame
from workbench.analytics.sweep import hour_edges
from workbench.analytics.usage import usage_of
from workbench.analytics.wait import wait
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


def test_the_analyses_take_the_lake_as_it_is_old_files_and_new(parts):
    both = job_frame([a_job(), a_job(job_id="2", kind="server", qos="interactive")])
    lake, edges = jobs(parts, LAKE_SCHEMA), hour_edges(OPENING_S, OPENING_S + 7200)
    for by in (["project"], ["cluster", "kind"], ["qos"]):
        assert usage_of(lake, by, edges).to_dict("records") == usage_of(both, by, edges).to_dict("records")
    assert usage_of(lake, ["kind"], edges)["kind"].tolist() == ["", "server"]
    assert wait(lake, ["kind"])["known_jobs"].tolist() == [0, 0]
    pieces = steps(pd.DataFrame(columns=[*PLACE, "from_at"]), pd.DataFrame(columns=list(PLACE)))
    assert occupancy(lake, pieces, {}, edges, ["kind"])["busy_gpus"].tolist() == [1, 0, 1, 0]


def test_a_file_that_lacks_a_column_is_filtered_as_the_others(parts):
    start = int(pd.Timestamp(job_frame([a_job()])["start_at"][0], unit="s").timestamp())
    assert len(jobs(parts, LAKE_SCHEMA, start_s=start + 1).compute()) == 0
    assert len(jobs(parts, LAKE_SCHEMA, end_s=start + 1)["kind"].compute()) == 2
    assert pa.types.is_string(LAKE_SCHEMA.field("kind").type)
