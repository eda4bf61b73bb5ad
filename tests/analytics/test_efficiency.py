"""Allocated against active: the sweep of samples over jobs, by hand, by brute force, in parts."""

from itertools import pairwise

import dask.dataframe as dd
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import OPENING_S, a_job
from workbench.analytics.efficiency import by_device, efficiency
from workbench.analytics.samples import PLACED_COLUMNS, SAMPLE_COLUMNS
from workbench.analytics.schema import job_frame
from workbench.periods import Window
from workbench.units import GPU_PARTS, HOUR_S

T = OPENING_S
GAP_S = 120


def samples_of(*rows):
    """Samples from mappings; what is left out is not said."""
    given = [{"node": "n1", "measure": "gpu_util", "source": "nvml", **row} for row in rows]
    return pd.DataFrame(given, columns=list(SAMPLE_COLUMNS)).astype(SAMPLE_COLUMNS)


def placed_of(*rows):
    given = [
        {"cluster": "alpha", "job_id": "1", "submit_at": T, "node": "n1", "gpu_parts": GPU_PARTS, **r} for r in rows
    ]
    return pd.DataFrame(given, columns=list(PLACED_COLUMNS)).astype(PLACED_COLUMNS)


def at(*pairs, index=0, **more):
    return [{"sampled_at": T + second, "active_bp": bp, "gpu_index": index, **more} for second, bp in pairs]


def one(jobs, placed, samples, window=None):
    rows = efficiency(job_frame(jobs), placed, samples, window or Window(T - 10_000, T + 100_000), GAP_S)
    assert len(rows) == 1
    row = rows.iloc[0]
    return (
        row["held_part_seconds"] / GPU_PARTS,
        row["known_part_seconds"] / GPU_PARTS,
        row["active_bp_part_seconds"] / GPU_PARTS,
    )


def test_a_sample_stands_until_the_next_one_and_for_the_gap_at_most():
    # 60 s at 100%, 60 s at 50%, then nothing more comes: 120 s at 20%, and the rest of the hour is unknown.
    samples = samples_of(*at((0, 10_000), (60, 5_000), (120, 2_000)))
    known = 60 + 60 + 120
    active = 60 * 10_000 + 60 * 5_000 + 120 * 2_000
    assert one([a_job()], placed_of({"gpu_index": 0}), samples) == (HOUR_S, known, active)


def test_a_sample_that_does_not_say_ends_what_stood_before_it_and_is_unknown():
    samples = samples_of(*at((0, 10_000), (60, None), (120, 2_000)))
    assert one([a_job()], placed_of({"gpu_index": 0}), samples) == (HOUR_S, 60 + 120, 60 * 10_000 + 120 * 2_000)


def test_two_jobs_one_after_the_other_on_one_device_each_get_their_own_part():
    jobs = [a_job(end_at=T + 100), a_job(job_id="2", submit_at=T, start_at=T + 100, end_at=T + 200)]
    placed = placed_of({"gpu_index": 0}, {"gpu_index": 0, "job_id": "2"})
    samples = samples_of(*at((0, 10_000), (60, 4_000), (130, 1_000)))
    rows = efficiency(job_frame(jobs), placed, samples, Window(T, T + 1000), GAP_S)
    # The sample of second 60 was taken before job 2 began: its seconds 100 to 130 are unknown.
    assert list(rows["known_part_seconds"] / GPU_PARTS) == [100, 70]
    assert list(rows["active_bp_part_seconds"] / GPU_PARTS) == [60 * 10_000 + 40 * 4_000, 70 * 1_000]


def test_a_device_is_found_by_uuid_where_both_sides_say_it_else_by_index():
    both = {"gpu_index": 3, "gpu_uuid": "GPU-a"}
    by_uuid = samples_of(*at((0, 5_000), index=7, gpu_uuid="GPU-a"))
    other = samples_of(*at((0, 5_000), index=3, gpu_uuid="GPU-b"))
    by_index = samples_of(*at((0, 5_000), index=3))
    found = (HOUR_S, 120, 120 * 5_000)
    assert one([a_job()], placed_of(both), by_uuid) == found
    assert one([a_job()], placed_of(both), other) == (HOUR_S, 0, 0)
    assert one([a_job()], placed_of(both), by_index) == found
    assert one([a_job()], placed_of({"gpu_uuid": "GPU-a"}), by_uuid) == found
    assert one([a_job()], placed_of({"gpu_index": 3}), other) == found


def test_a_slice_has_its_own_samples_and_a_part_of_a_gpu_without_a_slice_is_unknown():
    slices = {"gpu_index": 0, "mig": "1g.10gb/7/0", "gpu_parts": GPU_PARTS // 7}
    samples = samples_of(*at((0, 9_000)), *at((0, 5_000), mig="1g.10gb/7/0"), *at((0, 1_000), mig="1g.10gb/8/0"))
    job = a_job(gpu_parts=GPU_PARTS // 7)
    assert one([job], placed_of(slices), samples) == pytest.approx((HOUR_S / 7, 120 / 7, 120 * 5_000 / 7))
    shared = placed_of({"gpu_index": 0, "gpu_parts": GPU_PARTS // 7})
    assert one([job], shared, samples) == pytest.approx((HOUR_S / 7, 0, 0))


def test_a_label_joins_where_nobody_said_where_the_job_ran():
    label = samples_of(*at((0, 5_000), job_id="1"), *at((0, 2_000), index=1, job_id="other"))
    assert one([a_job()], placed_of(), label) == (HOUR_S, 120, 120 * 5_000)


def test_a_label_that_two_clusters_know_joins_neither():
    jobs = [a_job(), a_job(cluster="beta")]
    rows = efficiency(job_frame(jobs), placed_of(), samples_of(*at((0, 5_000), job_id="1")), Window(T, T + 99), GAP_S)
    assert list(rows["known_part_seconds"]) == [0, 0]


def test_places_that_add_up_to_more_than_the_job_had_are_not_believed():
    placed = placed_of({"gpu_index": 0}, {"gpu_index": 1})
    assert one([a_job()], placed, samples_of(*at((0, 5_000)))) == (HOUR_S, 0, 0)


def test_of_two_measures_at_one_moment_the_one_of_the_engines_counts():
    samples = samples_of(*at((0, 9_000)), *at((0, 4_000), measure="gr_engine_active"))
    assert one([a_job()], placed_of({"gpu_index": 0}), samples) == (HOUR_S, 120, 120 * 4_000)


def test_a_device_says_when_it_was_last_used_and_its_most_memory():
    job = a_job(gpu_parts=2 * GPU_PARTS)
    samples = samples_of(
        *at((0, 0), (60, 500), (120, 499), mem_used_mib=900, mem_total_mib=81_920),
        *at((60, 0), index=1, mem_used_mib=10, mem_total_mib=81_920),
    )
    placed = placed_of({"gpu_index": 0}, {"gpu_index": 1})
    rows = by_device(job_frame([job]), placed, samples, Window(T, T + HOUR_S), GAP_S)
    assert list(rows["device"]) == ["n1:0", "n1:1"]
    assert list(rows["used_s"]) == [60, 0]
    assert rows["last_used_at"].tolist() == [T + 120, pd.NA]
    assert rows["mem_peak_mib"].tolist() == [900, 10]
    assert rows["mem_total_mib"].tolist() == [81_920, 81_920]


SECONDS = st.integers(0, 400)


@st.composite
def days(draw):
    """Jobs of two GPUs one after the other, with holes between, and samples at any second."""
    cuts = sorted(draw(st.lists(SECONDS, min_size=2, max_size=6, unique=True)))
    jobs, placed = [], []
    for number, (start, end) in enumerate(pairwise(cuts)):
        gpus = draw(st.sets(st.integers(0, 1), max_size=2))
        name = f"j{number}"
        jobs.append(
            a_job(job_id=name, submit_at=T, start_at=T + start, end_at=T + end, gpu_parts=(len(gpus) or 1) * GPU_PARTS)
        )
        placed += [{"job_id": name, "gpu_index": gpu} for gpu in gpus]
    rows = draw(
        st.lists(
            st.tuples(SECONDS, st.integers(0, 1), st.one_of(st.none(), st.integers(0, 10_000))),
            max_size=25,
            unique_by=lambda row: row[:2],
        )
    )
    samples = samples_of(*({"sampled_at": T + s, "gpu_index": g, "active_bp": bp} for s, g, bp in sorted(rows)))
    return job_frame(jobs), placed_of(*placed), samples


def by_the_second(jobs, placed, samples, window, gap_s):
    """The same, second by second, as the rule says it."""
    found = {}
    for job in jobs.itertuples():
        known = active = 0
        for gpu in placed[placed["job_id"] == job.job_id]["gpu_index"]:
            mine = samples[samples["gpu_index"] == gpu]
            for second in range(max(job.start_at, window.start_s), min(job.seen_until_at, window.end_s)):
                before = mine[(mine["sampled_at"] <= second) & (mine["sampled_at"] >= job.start_at)]
                if len(before) and second - before["sampled_at"].iloc[-1] < gap_s:
                    bp = before["active_bp"].iloc[-1]
                    known += pd.notna(bp)
                    active += 0 if pd.isna(bp) else bp
        found[job.job_id] = (known * GPU_PARTS, active * GPU_PARTS)
    return found


def as_told(rows):
    return {r.job_id: (r.known_part_seconds, r.active_bp_part_seconds) for r in rows.itertuples()}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days(), st.integers(1, 150))
def test_it_is_what_the_rule_says_second_by_second(day, gap_s):
    jobs, placed, samples = day
    window = Window(T + 50, T + 350)
    told = as_told(efficiency(jobs, placed, samples, window, gap_s))
    assert told == {
        job: sums for job, sums in by_the_second(jobs, placed, samples, window, gap_s).items() if job in told
    }


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days(), st.integers(1, 150), st.lists(SECONDS, min_size=1, max_size=3, unique=True))
def test_windows_that_adjoin_add_up_and_so_do_parts_of_the_samples(day, gap_s, cuts):
    jobs, placed, samples = day
    edges = [T, *sorted(T + cut for cut in cuts if cut), T + 401]
    whole = efficiency(jobs, placed, samples, Window(T, T + 401), gap_s)
    pieces = pd.concat(efficiency(jobs, placed, samples, Window(a, b), gap_s) for a, b in pairwise(edges))
    names = ["held_part_seconds", "known_part_seconds", "active_bp_part_seconds"]
    sums = pieces.groupby("job_id")[names].sum()
    pd.testing.assert_frame_equal(sums, whole.set_index("job_id")[names], check_names=False)
    parts = [samples[(samples["sampled_at"] >= a) & (samples["sampled_at"] < b)] for a, b in pairwise(edges)]
    lazy = dd.concat([dd.from_pandas(part, npartitions=1) for part in parts])
    several = efficiency(dd.from_pandas(jobs, npartitions=2), placed, lazy, Window(T, T + 401), gap_s)
    pd.testing.assert_frame_equal(several, whole)
