"""Capacity from a file: long and wide, changes only, the file the word on its own window."""

import pytest
from sqlalchemy import select

from tests.services.joblogs import NOW, written
from workbench.domain.capacity import CapacityChange
from workbench.errors import MappingError, NothingReadable
from workbench.services.capacity_log import ingest_capacity

LONG = """cluster = "alpha"
time_zone = "UTC"
[columns]
from = "day"
partition = "part"
gpus = "gpus"
"""
WIDE = """cluster = "alpha"
time_zone = "UTC"
[columns]
from = "day"
[partitions]
all_but = ["total"]
"""


def ingest(store, folder, log, mapping, **options):
    return ingest_capacity(store, *written(folder, log, mapping, "capacity.csv"), NOW, **options)


def steps(store):
    with store.db() as db:
        rows = db.scalars(select(CapacityChange).order_by(CapacityChange.partition, CapacityChange.from_at)).all()
        return [(r.partition, f"{r.from_at:%m-%d}", r.installed, r.in_service, r.allocatable) for r in rows]


def test_only_changes_are_kept(store, tmp_path):
    log = "day,part,gpus\n2024-01-01,a,8\n2024-01-02,a,8\n2024-01-03,a,16\n2024-01-01,b,4\n"
    report = ingest(store, tmp_path, log, LONG)
    assert (report.rows, report.changes, report.added) == (4, 3, 3)
    assert steps(store) == [("a", "01-01", 8, 8, 8), ("a", "01-03", 16, 16, 16), ("b", "01-01", 4, 4, 4)]


def test_a_column_per_partition(store, tmp_path):
    ingest(store, tmp_path, "day,a,b,total\n2024-01-01,8,4,12\n2024-01-02,8,0,8\n", WIDE)
    assert steps(store) == [("a", "01-01", 8, 8, 8), ("b", "01-01", 4, 4, 4), ("b", "01-02", 0, 0, 0)]


def test_three_numbers_are_kept_apart(store, tmp_path):
    mapping = LONG.replace('gpus = "gpus"', 'installed = "i"\nin_service = "s"').replace('partition = "part"\n', "")
    ingest(store, tmp_path, "day,i,s\n2024-01-01,10,8\n", mapping + '[constants]\npartition = "main"\n')
    assert steps(store) == [("main", "01-01", 10, 8, 8)]


def test_overlapping_files_change_nothing_that_was_known_and_a_corrected_one_corrects(store, tmp_path):
    first = "day,part,gpus\n2024-01-01,a,8\n2024-01-05,a,16\n"
    ingest(store, tmp_path, first, LONG)
    overlap = ingest(store, tmp_path, "day,part,gpus\n2024-01-05,a,16\n2024-01-06,a,16\n", LONG)
    assert (overlap.added, overlap.removed) == (0, 0)
    later = ingest(store, tmp_path, "day,part,gpus\n2024-01-06,a,16\n2024-01-07,a,24\n", LONG)
    assert (later.added, later.removed) == (1, 0)
    corrected = ingest(store, tmp_path, first.replace("2024-01-05", "2024-01-04").replace("16", "12"), LONG)
    assert (corrected.added, corrected.removed) == (1, 0)
    assert steps(store) == [
        ("a", "01-01", 8, 8, 8),
        ("a", "01-04", 12, 12, 12),
        ("a", "01-05", 16, 16, 16),
        ("a", "01-07", 24, 24, 24),
    ]


def test_rows_that_cannot_be_used_are_rejected_with_their_line(store, tmp_path):
    log = "day,part,gpus\n2024-01-01,a,8\nsoon,a,8\n2024-01-03,a,-1\n2024-01-04,a,1.5\n2024-01-05,a,\n"
    report = ingest(store, tmp_path, log, LONG)
    assert [r.line for r in report.rejects] == [3, 4, 5, 6]
    with pytest.raises(NothingReadable):
        ingest(store, tmp_path, "day,part,gpus\nsoon,a,8\n", LONG)


def test_problems_of_the_mapping_are_said(store, tmp_path):
    with pytest.raises(MappingError, match="gpus: missing"):
        ingest(store, tmp_path, "day,part,gpus\n", LONG.replace('gpus = "gpus"\n', ""))
    with pytest.raises(MappingError, match="did you mean 'from'"):
        ingest(store, tmp_path, "day,part,gpus\n", LONG.replace("from =", "form ="))
    with pytest.raises(MappingError, match="time_zone"):
        ingest(store, tmp_path, "day,part,gpus\n2024-01-01,a,8\n", LONG.replace('time_zone = "UTC"\n', ""))
