"""Advice on a job: each rule on both sides of its thresholds, and the words it is said in."""

import pytest

from workbench.analytics.efficiency_advice import Device, Facts, advice
from workbench.services.efficiency.words import advice_words
from workbench.units import GPU_PARTS, HOUR_S

T = 1_700_000_000
HOURS = 12
"""The jobs of the cases held their GPUs for so long."""
GB = 1024


def gpu(used_h=11.0, active=0.9, last_h=12.0, peak_gb=70, total_gb=80, **given):
    """A whole GPU, known for all of its 12 hours, used for `used_h`, the last time at `last_h`."""
    facts = {
        "gpu_parts": GPU_PARTS,
        "known_s": HOURS * HOUR_S,
        "active_bp_s": round(active * HOURS * HOUR_S * 10_000),
        "used_s": round(used_h * HOUR_S),
        "last_used_at": T + round(last_h * HOUR_S) if used_h else None,
        "mem_peak_mib": None if peak_gb is None else round(peak_gb * GB),
        "mem_total_mib": None if total_gb is None else total_gb * GB,
    }
    return Device(**facts | given)


def unused(**given):
    return gpu(used_h=0, active=0, **given)


def job(*devices, **given):
    """A job of these devices that ended after 12 hours."""
    held = sum(device.gpu_parts for device in devices)
    seconds = given.pop("seconds", HOURS * HOUR_S)
    facts = {
        "gpu_model": "H800",
        "gpu_parts": held,
        "held_part_seconds": held * seconds,
        "known_part_seconds": held * seconds,
        "start_at": T,
        "end_at": T + seconds,
        "ended": True,
        "devices": devices,
    }
    return Facts(**facts | given)


def unknown_for(seconds, *devices):
    """A job of one GPU of which so many seconds of its 12 hours are unknown."""
    return job(*devices, known_part_seconds=(HOURS * HOUR_S - seconds) * GPU_PARTS)


QUARTER_S = HOURS * HOUR_S // 4
TWENTIETH_H = HOURS / 20
SMALL = {"peak_gb": 8, "active": 0.1}

CASES = {
    "a second less than a GPU-hour is too little": (job(unused(), seconds=HOUR_S - 1), "too little"),
    "a GPU-hour is enough": (job(unused(), seconds=HOUR_S), "nothing"),
    "half a GPU for two hours is a GPU-hour": (job(unused(gpu_parts=GPU_PARTS // 2), seconds=2 * HOUR_S), "nothing"),
    "more than a quarter unknown": (unknown_for(QUARTER_S + 1, unused()), "unknown"),
    "a quarter unknown still leaves advice": (unknown_for(QUARTER_S, unused()), "nothing"),
    "no device at all is unknown": (job(gpu_parts=GPU_PARTS, held_part_seconds=10**12), "unknown"),
    "no GPU was ever used": (job(unused(), unused()), "nothing"),
    "one second of use is not nothing": (job(gpu(used_h=1 / HOUR_S)), "fine"),
    "one of four was used": (job(gpu(), unused(), unused(), unused()), "fewer"),
    "used for a twentieth of the time is seldom": (job(gpu(), gpu(used_h=TWENTIETH_H)), "fewer"),
    "used for a second more is not": (job(gpu(), gpu(used_h=TWENTIETH_H + 1 / HOUR_S)), "fine"),
    "all of them were used": (job(gpu(), gpu()), "fine"),
    "not all of its GPUs are known by device": (job(gpu(), unused(), gpu_parts=4 * GPU_PARTS), "fine"),
    "slices are not counted as GPUs": (job(gpu(gpu_parts=GPU_PARTS // 7), unused(gpu_parts=GPU_PARTS // 7)), "fine"),
    "a quarter of the time unused at its end": (job(gpu(last_h=9)), "tail"),
    "a second less than a quarter": (job(gpu(last_h=9 + 1 / HOUR_S)), "fine"),
    "an hour unused at its end": (job(gpu(last_h=1), seconds=2 * HOUR_S), "tail"),
    "a second less than an hour": (job(gpu(last_h=1 + 1 / HOUR_S), seconds=2 * HOUR_S), "fine"),
    "an end that may be unknown is not idle": (job(gpu(last_h=8.5, known_s=9 * HOUR_S)), "fine"),
    "an end of which enough is known": (job(gpu(last_h=8.5, known_s=round(11.5 * HOUR_S))), "tail"),
    "one GPU was used until the end": (job(gpu(last_h=3), gpu(last_h=12)), "fine"),
    "little work and memory": (job(gpu(**SMALL)), "slice"),
    "little work and memory unknown": (job(gpu(active=0.1, peak_gb=None)), "fine"),
    "little work and the size of the GPU unknown": (job(gpu(active=0.1, peak_gb=8, total_gb=None)), "fine"),
    "little work of a model without MIG": (job(gpu(**SMALL), gpu_model="V100"), "fine"),
    "little work of an unknown model": (job(gpu(**SMALL), gpu_model=""), "fine"),
    "one of its GPUs needs all of it": (job(gpu(**SMALL), gpu()), "fine"),
    "memory for no slice": (job(gpu(active=0.1, peak_gb=32.1)), "fine"),
    "work for no slice": (job(gpu(active=0.35, peak_gb=8)), "fine"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_rule_holds_up_to_its_threshold_and_not_beyond(name):
    facts, kind = CASES[name]
    assert advice(facts).kind == kind


@pytest.mark.parametrize(
    ("peak_gb", "active", "total_gb", "slice_"),
    [
        # Of 80 GB: 1g.10gb holds 8 GB and 1/7 × 0.8 = 11.4% of work with a fifth to spare, 2g.20gb 16 GB and 22.8%,
        # 3g.40gb 32 GB and 34.2%.
        (8, 0.114, 80, "1g.10gb"),
        (8.1, 0.114, 80, "2g.20gb"),
        (8, 0.115, 80, "2g.20gb"),
        (16, 0.228, 80, "2g.20gb"),
        (16.1, 0.228, 80, "3g.40gb"),
        (16, 0.229, 80, "3g.40gb"),
        (32, 0.342, 80, "3g.40gb"),
        (4, 0.1, 40, "1g.5gb"),
        (4, 0.1, 64, ""),
    ],
)
def test_the_smallest_slice_with_a_fifth_to_spare_is_advised(peak_gb, active, total_gb, slice_):
    said = advice(job(gpu(peak_gb=peak_gb, active=active, total_gb=total_gb)))
    assert (said.kind, said.slice) == ("slice" if slice_ else "fine", slice_)


def test_the_slice_fits_the_gpu_that_needs_most():
    assert advice(job(gpu(**SMALL), gpu(peak_gb=20, active=0.1))).slice == "3g.40gb"


def words(*devices, subsidy=92_400, user=0, **given):
    return advice_words(advice(job(*devices, **given)), subsidy, user, "HK$")


def test_advice_says_what_was_held_what_was_used_what_to_ask_for_and_what_idled():
    one = words(gpu(), unused(), unused(), unused())
    assert one == "4 GPUs held, 1 used for 11 of 12 h: ask for 1; HK$924 of subsidy idle."
    two = words(gpu(used_h=9.5), gpu(), unused(), unused(), user=39_600)
    assert two == (
        "4 GPUs held, 2 used, the longest for 11 of 12 h: ask for 2; HK$924 of subsidy idle; "
        "HK$396 of the user's own money idle."
    )


def test_advice_to_end_a_job_says_for_how_long_nothing_ran():
    ending = "never used: end such a job, or find why it waits; HK$924 of subsidy idle."
    assert words(unused()) == f"1 GPU held for 12 h and {ending}"
    assert words(unused(), unused()) == f"2 GPUs held for 12 h and {ending}"
    tail = words(gpu(last_h=8.5), subsidy=None, user=None)
    assert tail == "Nothing ran in its last 3.5 of 12 h: end it sooner, or set an idle timeout."


def test_advice_on_a_slice_names_it():
    assert words(gpu(**SMALL), subsidy=0) == "Little work and memory on a whole GPU: a slice 1g.10gb is enough."


def test_no_advice_names_no_money():
    unknown = advice(unknown_for(HOURS * HOUR_S // 2, unused()))
    assert advice_words(unknown, 92_400, 1, "HK$") == "No advice: what its GPUs did is unknown for 50% of the time."
    assert words(gpu()) == ""
    assert words(unused(), seconds=60) == ""
