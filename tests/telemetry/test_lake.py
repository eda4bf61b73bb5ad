"""The lake of samples: by day, each sample once, whatever is written twice or merged."""

import pandas as pd
import pytest

from workbench.analytics.samples import SAMPLE_COLUMNS, sample_frame
from workbench.periods import Window
from workbench.telemetry import lake
from workbench.units import DAY_S

MIDNIGHT = 1_790_035_200
"""2026-09-22 00:00 UTC."""


def samples(start=MIDNIGHT, count=4, node="gpu1", **given):
    rows = [
        {"sampled_at": start + 60 * n, "node": node, "gpu_index": 0, "active_bp": 100 * n, "measure": "gpu_util",
         "source": "dcgm", **given}
        for n in range(count)
    ]  # fmt: skip
    return sample_frame(rows)


WHOLE = Window(0, 2**40)


def test_what_is_written_is_read_with_its_columns_and_unknowns(tmp_path):
    written = sample_frame(
        [
            {"sampled_at": MIDNIGHT, "node": "gpu1", "gpu_index": 0, "gpu_uuid": "GPU-a", "active_bp": 9_950,
             "measure": "gpu_util", "mem_used_mib": 5, "mem_total_mib": 80, "power_mw": 700_123, "source": "dcgm"},
            {"sampled_at": MIDNIGHT, "node": "gpu2", "gpu_uuid": "GPU-b", "mig": "1g.10gb/7/0", "source": "nvml"},
        ]
    )  # fmt: skip
    assert lake.write(tmp_path, written) == 2
    back = lake.read(tmp_path, Window(MIDNIGHT, MIDNIGHT + 1))
    assert back.dtypes.astype(str).to_dict() == written.dtypes.astype(str).to_dict()
    pd.testing.assert_frame_equal(back, written)
    assert back.loc[1, ["gpu_index", "active_bp", "power_mw"]].isna().all()


def test_a_sample_lies_in_the_file_of_its_utc_day(tmp_path):
    lake.write(tmp_path, samples(MIDNIGHT - 120))
    assert [day.day for day in lake.days(tmp_path)] == ["2026-09-21", "2026-09-22"]
    assert lake.read(tmp_path, Window(MIDNIGHT - 60, MIDNIGHT + 60))["sampled_at"].tolist() == [
        MIDNIGHT - 60,
        MIDNIGHT,
    ]


def test_the_same_sample_twice_is_one(tmp_path):
    lake.write(tmp_path, samples())
    lake.write(tmp_path, samples())
    assert [day.files for day in lake.days(tmp_path)] == [1]
    lake.write(tmp_path, samples(count=6))  # another file that holds the first four again
    lake.write(tmp_path, pd.concat([samples(count=2)] * 2))
    assert len(lake.read(tmp_path, WHOLE)) == 6


def test_of_two_that_differ_the_one_that_says_more_stays_in_either_order(tmp_path):
    less, more = samples(count=1, active_bp=None, measure="gpu_util"), samples(count=1, active_bp=7)
    for name, order in (("a", (less, more)), ("b", (more, less))):
        for frame in order:
            lake.write(tmp_path / name, frame)
        assert lake.read(tmp_path / name, WHOLE)["active_bp"].tolist() == [7]


def test_only_the_nodes_and_columns_asked_are_read(tmp_path):
    lake.write(tmp_path, pd.concat([samples(node="gpu1"), samples(node="gpu2", count=2)]))
    found = lake.read(tmp_path, WHOLE, nodes=["gpu2", "gpu9"], columns=["node", "active_bp"])
    assert list(found.columns) == ["node", "active_bp"]
    assert found["node"].tolist() == ["gpu2", "gpu2"]


def test_a_lake_that_is_not_there_holds_nothing(tmp_path):
    assert lake.read(tmp_path / "none", WHOLE).dtypes.astype(str).to_dict() == SAMPLE_COLUMNS
    assert lake.days(tmp_path / "none") == []
    assert lake.newest(tmp_path / "none") == {}


def test_a_day_that_is_past_becomes_one_file_of_the_same_samples(tmp_path):
    for n in range(5):
        lake.write(tmp_path, samples(MIDNIGHT + 300 * n, node=f"gpu{n % 2}"))
    before = lake.read(tmp_path, WHOLE)
    assert lake.compact(tmp_path, MIDNIGHT + DAY_S) == 0  # late samples may still come
    assert lake.compact(tmp_path, MIDNIGHT + DAY_S + lake.LATE_S) == 1
    assert [(day.files, day.rows) for day in lake.days(tmp_path)] == [(1, 20)]
    pd.testing.assert_frame_equal(lake.read(tmp_path, WHOLE), before)
    assert lake.compact(tmp_path, MIDNIGHT + 2 * DAY_S) == 0


def test_merging_by_few_nodes_at_a_time_gives_the_same(tmp_path, monkeypatch):
    for n in range(6):
        lake.write(tmp_path, samples(MIDNIGHT + 60 * n, node=f"gpu{n % 3}"))
    before = lake.read(tmp_path, WHOLE)
    monkeypatch.setattr(lake, "AT_ONCE", 5)
    lake.compact(tmp_path, MIDNIGHT + 2 * DAY_S)
    pd.testing.assert_frame_equal(lake.read(tmp_path, WHOLE), before)


def test_many_files_of_today_are_merged(tmp_path, monkeypatch):
    monkeypatch.setattr(lake, "MANY", 3)
    for n in range(3):
        lake.write(tmp_path, samples(MIDNIGHT + 60 * n, count=1))
    assert lake.compact(tmp_path, MIDNIGHT + 600) == 1
    assert [(day.files, day.rows) for day in lake.days(tmp_path)] == [(1, 3)]


def test_a_late_sample_of_a_merged_day_is_merged_too(tmp_path):
    lake.write(tmp_path, samples())
    lake.compact(tmp_path, MIDNIGHT + 2 * DAY_S)
    lake.write(tmp_path, samples(count=5))
    assert lake.compact(tmp_path, MIDNIGHT + 3 * DAY_S) == 1
    assert [(day.files, day.rows) for day in lake.days(tmp_path)] == [(1, 5)]


def test_days_are_forgotten_whole(tmp_path):
    lake.write(tmp_path, pd.concat([samples(), samples(MIDNIGHT + DAY_S)]))
    assert lake.forget(tmp_path, MIDNIGHT + DAY_S) == 1
    assert [day.day for day in lake.days(tmp_path)] == ["2026-09-23"]


def test_the_newest_sample_of_each_node(tmp_path):
    lake.write(tmp_path, pd.concat([samples(), samples(node="gpu2", count=1)]))
    assert lake.newest(tmp_path) == {"gpu1": MIDNIGHT + 180, "gpu2": MIDNIGHT}


@pytest.mark.parametrize(
    "wrong",
    [
        {"active_bp": 10_001},
        {"active_bp": -1},
        {"measure": None},
        {"source": "rumour"},
        {"node": None},
        {"colour": "green"},
    ],
)
def test_what_is_no_sample_is_refused(wrong):
    with pytest.raises(ValueError):
        samples(count=2, **{"active_bp": 5, **wrong})


def test_a_file_that_is_merged_while_it_is_read_is_looked_for_again(tmp_path, monkeypatch):
    lake.write(tmp_path, samples())
    lake.write(tmp_path, samples(node="gpu2"))
    read_table, merged = lake.pq.read_table, []

    def merging_first(*args, **given):
        if not merged:
            merged.append(1)
            monkeypatch.setattr(lake.pq, "read_table", read_table)
            lake.compact(tmp_path, MIDNIGHT + 2 * DAY_S)
        return read_table(*args, **given)

    monkeypatch.setattr(lake.pq, "read_table", merging_first)
    assert len(lake.read(tmp_path, WHOLE)) == 8


def test_nothing_unfinished_is_left_or_read(tmp_path, monkeypatch):
    lake.write(tmp_path, samples())
    monkeypatch.setattr(lake, "file_digest", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lake.write(tmp_path, samples(node="gpu2"))
    assert [file.name[:4] for file in (tmp_path / "day=2026-09-22").iterdir()] == ["new-"]
    assert set(lake.read(tmp_path, WHOLE)["node"]) == {"gpu1"}
