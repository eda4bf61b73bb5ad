"""Capacity in its pieces, and occupancy against it: net of outages, unknown where nobody stated it."""

from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from workbench.analytics.buckets import bucket_label, bucket_start, edges_of
from workbench.analytics.capacity import FOREVER_S, capacity_in, steps
from workbench.analytics.heat import heat_map
from workbench.analytics.occupancy import occupancy, summary
from workbench.analytics.sweep import hour_edges
from workbench.periods import Window
from workbench.units import GPU_PARTS

HONG_KONG = ZoneInfo("Asia/Hong_Kong")
T = 1_767_542_400  # Monday 5 January 2026, 00:00 in Hong Kong
H = 3600


def changes(*rows):
    columns = ["cluster", "partition", "gpu_model", "from_at", "installed", "in_service", "allocatable"]
    return pd.DataFrame(rows, columns=columns)


def outages(*rows):
    frame = pd.DataFrame(rows, columns=["cluster", "partition", "gpu_model", "start_at", "end_at", "gpus"])
    return frame.astype({"end_at": "Int64", "start_at": "int64", "gpus": "int64"})


def busy(*rows):
    return pd.DataFrame(rows, columns=["cluster", "partition", "gpu_model", "bucket", "gpu_part_seconds"])


MAIN = ("alpha", "main", "H800")
GROWN = changes((*MAIN, T, 10, 8, 8), (*MAIN, T + 5 * H, 20, 16, 15))
KNOWN = {"alpha": Window(T, T + 1000 * H)}
OUT = outages((*MAIN, T + H, T + 2 * H, 3), (*MAIN, T + H, None, 1))


def test_capacity_comes_in_constant_pieces_net_of_outages():
    pieces = steps(GROWN, OUT)
    columns = ["from_at", "to_at", "installed", "in_service", "allocatable", "out", "capacity"]
    assert pieces[columns].values.tolist() == [
        [T, T + H, 10, 8, 8, 0, 8],
        [T + H, T + 2 * H, 10, 8, 4, 4, 4],
        [T + 2 * H, T + 5 * H, 10, 8, 7, 1, 7],
        [T + 5 * H, FOREVER_S, 20, 16, 14, 1, 15],
    ]


def test_an_outage_larger_than_what_is_in_service_leaves_nothing_not_less():
    pieces = steps(GROWN[:1], outages((*MAIN, T - 50, T + H, 99)))
    assert pieces[["from_at", "out", "capacity", "allocatable"]].values.tolist() == [[T, 8, 0, 0], [T + H, 0, 8, 8]]


def test_capacity_inside_a_bucket_is_exact_to_the_second():
    edges = hour_edges(T + H, T + 3 * H)
    pieces = steps(GROWN, outages((*MAIN, T + H + 100, T + H + 160, 2)))
    groups, inside = capacity_in(pieces, edges)
    assert groups == [MAIN]
    assert inside[-1, 0].tolist() == [(8 * H - 2 * 60) * GPU_PARTS, 8 * H * GPU_PARTS]


def test_occupancy_is_busy_over_capacity_and_idle_hours_are_there():
    pieces, edges = steps(GROWN, OUT), hour_edges(T, T + 3 * H)
    frame = occupancy(busy((*MAIN, 1, 2 * H * GPU_PARTS)), pieces, KNOWN, edges)
    assert frame["share"].tolist() == [0.0, 0.5, 0.0]
    assert frame["capacity_gpus"].tolist() == [8.0, 4.0, 7.0]
    assert frame["busy_gpus"].tolist() == [0.0, 2.0, 0.0]


def test_capacity_before_the_first_statement_is_unknown_not_zero():
    frame = occupancy(busy(), steps(GROWN, OUT), KNOWN, hour_edges(T - H, T + H))
    assert frame["capacity_part_seconds"].isna().tolist() == [True, False]
    assert frame["share"].isna().tolist() == [True, False]


def test_time_after_the_data_end_is_unknown_not_idle():
    frame = occupancy(busy(), steps(GROWN, OUT), {"alpha": Window(T, T + H)}, hour_edges(T, T + 2 * H))
    assert frame["capacity_part_seconds"].isna().tolist() == [False, True]


def test_time_on_a_cluster_without_stated_capacity_makes_the_hour_unknown():
    rows = busy((*MAIN, 0, H * GPU_PARTS), ("beta", "x", "A100", 0, 5), (*MAIN, 1, 5), ("beta", "x", "A100", 1, 0))
    frame = occupancy(rows, steps(GROWN, OUT), KNOWN, hour_edges(T, T + 2 * H))
    assert frame["share"].isna().tolist() == [True, False]
    assert frame["gpu_part_seconds"].tolist() == [H * GPU_PARTS + 5, 5]


def test_a_partition_that_came_later_was_zero_until_then():
    both = changes((*MAIN, T, 10, 8, 8), ("alpha", "new", "L40S", T + H, 4, 4, 4))
    frame = occupancy(busy(), steps(both, outages()), KNOWN, hour_edges(T, T + 2 * H))
    assert frame["capacity_gpus"].tolist() == [8.0, 12.0]


def test_split_by_partition_gives_each_its_own_capacity():
    both = changes((*MAIN, T, 10, 8, 8), ("alpha", "new", "L40S", T, 4, 4, 4))
    rows = busy((*MAIN, 0, 4 * H * GPU_PARTS), ("alpha", "odd", "X", 0, 1))
    frame = occupancy(rows, steps(both, outages()), KNOWN, hour_edges(T, T + H), ["partition"])
    assert frame[["partition", "share"]].astype(object).where(frame.notna(), None).values.tolist() == [
        ["main", 0.5],
        ["new", 0.0],
        ["odd", None],
    ]


def test_split_by_project_repeats_the_capacity_it_is_part_of():
    rows = busy((*MAIN, 0, 2 * H * GPU_PARTS), (*MAIN, 0, 4 * H * GPU_PARTS)).assign(project=["a", "b"])
    frame = occupancy(rows, steps(GROWN, OUT), KNOWN, hour_edges(T, T + H), ["project"])
    assert frame[["project", "share"]].values.tolist() == [["a", 0.25], ["b", 0.5]]


def test_without_any_capacity_everything_else_is_still_said():
    frame = occupancy(busy((*MAIN, 0, H * GPU_PARTS)), steps(changes(), outages()), {}, hour_edges(T, T + 2 * H))
    assert frame["busy_gpus"].tolist() == [1.0, 0.0]
    assert frame["share"].isna().all()


def test_summary_weighs_the_mean_by_time():
    edges = edges_of(Window(T, T + H + 1800), "hour", HONG_KONG)
    pieces = steps(changes((*MAIN, T, 4, 4, 4)), outages())
    rows = busy((*MAIN, 0, 2 * H * GPU_PARTS), (*MAIN, 1, 4 * 1800 * GPU_PARTS))
    whole = summary(occupancy(rows, pieces, KNOWN, edges))
    assert (whole.mean_gpus, whole.median_gpus, whole.max_gpus) == (pytest.approx(8 / 3), 3.0, 4.0)
    assert whole.share == pytest.approx(2 / 3)


def test_heat_folds_hours_into_the_week_of_the_centres_clock():
    edges = hour_edges(T, T + 8 * 24 * H)
    rows = busy((*MAIN, 2, 2 * H * GPU_PARTS), (*MAIN, 2 + 168, 4 * H * GPU_PARTS))
    folded = heat_map(occupancy(rows, steps(GROWN[:1], outages()), KNOWN, edges), HONG_KONG)
    assert len(folded) == 168
    monday_at_two = folded[(folded["weekday"] == 0) & (folded["hour"] == 2)].iloc[0]
    assert (monday_at_two["hours"], monday_at_two["busy_gpus"], monday_at_two["share"]) == (2, 3.0, 3 / 8)


def test_heat_says_nothing_of_hours_that_the_window_does_not_hold():
    folded = heat_map(occupancy(busy(), steps(GROWN, OUT), KNOWN, hour_edges(T, T + H)), HONG_KONG)
    assert (folded["hours"] > 0).sum() == 1
    assert folded["busy_gpus"].notna().sum() == 1
    assert folded["share"].notna().sum() == 1


@pytest.mark.parametrize(
    ("grain", "starts"),
    [
        ("hour", ["2026-01-31T14:30:00Z", "2026-01-31T15:00:00Z", "2026-01-31T16:00:00Z"]),
        ("day", ["2026-01-31T14:30:00Z", "2026-01-31T16:00:00Z"]),
        ("week", ["2026-01-31T14:30:00Z"]),
        ("month", ["2026-01-31T14:30:00Z", "2026-01-31T16:00:00Z"]),
    ],
)
def test_buckets_begin_at_the_window_and_at_the_grains_own_edges(grain, starts):
    start = int(pd.Timestamp("2026-01-31T14:30Z").timestamp())
    edges = edges_of(Window(start, start + 2 * H), grain, HONG_KONG)
    assert [pd.Timestamp(e, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ") for e in edges[:-1]] == starts
    assert edges[-1] == start + 2 * H


def test_labels_and_starts_are_those_of_the_centres_calendar():
    inside = int(pd.Timestamp("2026-01-31T17:30Z").timestamp())  # 1 February, 01:30 in Hong Kong, a Sunday
    labels = [bucket_label(inside, grain, HONG_KONG) for grain in ("hour", "day", "week", "month")]
    assert labels == ["2026-01-31T17", "2026-02-01", "2026-W05", "2026-02"]
    starts = [pd.Timestamp(bucket_start(inside, g, HONG_KONG), unit="s").isoformat() for g in ("day", "week", "month")]
    assert starts == ["2026-01-31T16:00:00", "2026-01-25T16:00:00", "2026-01-31T16:00:00"]
