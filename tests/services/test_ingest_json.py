"""JSON of Slurm is brought in by the command for its text."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from workbench.errors import FileUnreadable
from workbench.services.ingest import SacctOptions, ingest_sacct

FIXTURES = Path(__file__).parent.parent / "fixtures" / "slurm"
NOW = 1_795_400_000


def sums(store):
    ask = "SELECT count(*), sum(gpu_parts * (seen_until_at - start_at)), sum(server_id IS NOT NULL) FROM jobs"
    with store.read() as conn:
        return tuple(conn.execute(text(ask)).one())


def test_json_after_the_same_jobs_as_text_brings_no_new_job(store):
    first = ingest_sacct(store, FIXTURES / "own-22.05" / "sacct.txt", "centre", NOW, SacctOptions(ZoneInfo("UTC")))
    known = sums(store)
    again = ingest_sacct(store, FIXTURES / "own-22.05" / "sacct.json.gz", "centre", NOW)
    assert (first.inserted, again.inserted, again.rejected, again.steps) == (23, 0, 0, 21)
    assert sums(store) == known


def test_what_is_no_accounting_says_so(store):
    with pytest.raises(FileUnreadable, match="squeue --json"):
        ingest_sacct(store, FIXTURES / "live-json-rivos" / "squeue_out.json", "centre", NOW)
