"""Advice on one job from what its devices were doing: at most one piece, the one that saves most, or why there is none.

Thresholds, in the order in which the rules are tried (the first that holds is said):

  too little   held for less than SMALL_HOURS GPU-hours: nothing worth a word
  unknown      more than MOST_UNKNOWN of the held time is unknown: no advice, but that
  nothing      no device was ever used (activity of 5% or more): it held GPUs for nothing
  fewer        whole GPUs of which some were used for less than SELDOM of their known time: ask for those that were
  tail         nothing was used any more for TAIL_S and for TAIL of its time, until the end, not counting what is
               unknown of a device: end it sooner
  slice        whole GPUs of a model with MIG, on the mean no more active than a slice could be with ROOM to spare, and
               the most memory in use fits into the slice with ROOM to spare: ask for the slice
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from workbench.units import BASIS_POINTS, GPU_PARTS, HOUR_S

SMALL_HOURS = 1
MOST_UNKNOWN = Fraction(1, 4)
SELDOM = Fraction(1, 20)
TAIL_S, TAIL = HOUR_S, Fraction(1, 4)
ROOM = Fraction(1, 5)

MIG_MODELS = ("A30", "A100", "A800", "H20", "H100", "H200", "H800", "GH200", "B100", "B200", "GB200")
SLICES: dict[int, tuple[tuple[int, int], ...]] = {
    40: ((1, 5), (2, 10), (3, 20)),
    80: ((1, 10), (2, 20), (3, 40)),
    96: ((1, 12), (2, 24), (3, 48)),
    141: ((1, 18), (2, 35), (3, 71)),
}
"""Memory of a GPU in GB → its profiles with a GPU instance of their own: sevenths of the compute, GB of memory.
Source: NVIDIA, MIG User Guide, Supported MIG profiles."""
NEAR_GB = 2

Kind = Literal["too little", "unknown", "nothing", "fewer", "tail", "slice", "fine"]


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the job, as analytics.efficiency.by_device has it; None: not known."""

    gpu_parts: int
    known_s: int
    active_bp_s: int
    used_s: int
    last_used_at: int | None
    mem_peak_mib: int | None
    mem_total_mib: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """A job inside a window. start_at, end_at: of the part in the window; ended: whether it has ended there."""

    gpu_model: str
    gpu_parts: int
    held_part_seconds: int
    known_part_seconds: int
    start_at: int
    end_at: int
    ended: bool
    devices: Sequence[Device]


@dataclass(frozen=True, slots=True)
class Advice:
    """What to change. held, used: GPUs; used_s: the longest that one was used; seconds: the job's in the window;
    tail_s: unused at the end; slice: profile; unknown: share of the held time, 0…1.
    """

    kind: Kind
    held: float = 0
    used: int = 0
    used_s: int = 0
    seconds: int = 0
    tail_s: int = 0
    slice: str = ""
    unknown: float = 0


def advice(job: Facts) -> Advice:
    """See the module."""
    # Of the days that have samples alone: what was held before nobody looked is nothing to speak of.
    seconds, held = job.held_part_seconds // max(1, job.gpu_parts), job.gpu_parts / GPU_PARTS
    span = job.end_at - job.start_at
    unknown = Fraction(job.held_part_seconds - job.known_part_seconds, max(1, job.held_part_seconds))
    if job.held_part_seconds < SMALL_HOURS * HOUR_S * GPU_PARTS:
        return Advice("too little")
    if unknown > MOST_UNKNOWN:
        return Advice("unknown", held, unknown=float(unknown))
    busy = [device for device in job.devices if device.used_s > SELDOM * device.known_s]
    longest = max((device.used_s for device in job.devices), default=0)
    if longest == 0:
        return Advice("nothing", held, seconds=seconds)
    whole = all(device.gpu_parts == GPU_PARTS for device in job.devices)
    if whole and 0 < len(busy) < len(job.devices) and len(job.devices) * GPU_PARTS == job.gpu_parts:
        return Advice("fewer", held, len(busy), longest, seconds)
    last = max(device.last_used_at or 0 for device in job.devices)
    # What of a device is unknown may be of the end.
    tail_s = job.end_at - last - max(0, *(span - device.known_s for device in job.devices))
    if tail_s >= TAIL_S and tail_s >= TAIL * seconds:
        return Advice("tail", held, seconds=seconds, tail_s=tail_s)
    fits = slice_for(job) if whole else ""
    return Advice("slice", held, seconds=seconds, slice=fits) if fits else Advice("fine", held)


def slice_for(job: Facts) -> str:
    """The smallest slice of MIG in whose place each of the job's GPUs could have been; '' for none, or not known."""
    if not any(job.gpu_model.upper().startswith(model) for model in MIG_MODELS):
        return ""
    found = [_slice(device) for device in job.devices]
    if not found or None in found:
        return ""
    sevenths, memory = max(profile for profile in found if profile)
    return f"{sevenths}g.{memory}gb"


def _slice(device: Device) -> tuple[int, int] | None:
    if device.mem_peak_mib is None or device.mem_total_mib is None or not device.known_s:
        return None
    total = Fraction(device.mem_total_mib, 1024)
    profiles = next((SLICES[gb] for gb in SLICES if abs(gb - total) <= NEAR_GB), ())
    activity = Fraction(device.active_bp_s, device.known_s * BASIS_POINTS)
    for sevenths, gb in profiles:
        fits = Fraction(device.mem_peak_mib, 1024) <= gb * (1 - ROOM)
        if fits and activity <= Fraction(sevenths, 7) * (1 - ROOM):
            return sevenths, gb
    return None
