"""What DCGM-exporter answers (Prometheus text) as samples: one for each GPU, or each GPU instance of one with MIG.

Utilisation is DCGM_FI_PROF_GR_ENGINE_ACTIVE where the exporter gives it, else DCGM_FI_DEV_GPU_UTIL, of GPUs without MIG
only: with MIG the latter may be written 0, and is unknown. Power of an instance is not known either: the exporter
repeats its board's. DCGM counts a GPU instance as one; its compute instance is written 0.

Source: github.com/NVIDIA/dcgm-exporter, etc/default-counters.csv; dcgm_fields.h (blank values); NVIDIA/dcgm-exporter
issue 216 (0 for MIG instances).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from workbench.analytics.parsed import Reject
from workbench.analytics.samples import sample_frame
from workbench.telemetry.parsed import ParsedSamples, rejected
from workbench.units import BASIS_POINTS

ACTIVE, UTIL = "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_GPU_UTIL"
USED, FREE, RESERVED, TOTAL = (f"DCGM_FI_DEV_FB_{name}" for name in ("USED", "FREE", "RESERVED", "TOTAL"))
POWER = "DCGM_FI_DEV_POWER_USAGE"
BLANK = 0x7FFFFFF0
"""DCGM's values for "not there" are this (32 bits), 2^47 (floating) and 0x7ffffffffffffff0 (64 bits), or a little more:
nothing that is measured here is as large."""
SLACK = Fraction(1, 100)
"""A share may be above 1 by so much: the counters of its parts are read one after the other."""

Device = tuple[str, str, str, str]
"""Node, number of the GPU, profile and GPU instance of a MIG slice ('' for a whole GPU)."""


@dataclass
class _Seen:
    """What the text says of one device."""

    labels: dict[str, str]
    at: int
    values: dict[str, int] = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)


def parse(text: str, taken_at: int, node: str | None = None) -> ParsedSamples:
    """The samples of one answer.

    Args:
        text: as the exporter answers.
        taken_at: when, UTC epoch seconds; a line with its own moment says better.
        node: of which node, where the exporter's label Hostname does not say (in a container it may name that).
    """
    seen: dict[Device, _Seen] = {}
    rejects: list[Reject] = []
    passed: dict[str, int] = {}
    for line, row in _rows(text, rejects, passed):
        try:
            _take(row, seen, taken_at, node)
        except ValueError as problem:
            rejects.append(rejected(line, "not usable", str(problem), f"{row.name} {row.labels}"))
    found, shared = [], 0
    with_mig = {device[:2] for device in seen if device[3]}
    for device, one in seen.items():
        if device[:2] in with_mig:
            one.values.pop(UTIL, None)
        shared += len(one.jobs) > 1
        found.append(_sample(device, one))
    if shared:
        passed["devices of several jobs at once"] = shared
    return ParsedSamples(sample_frame(found), tuple(rejects), passed)


def _rows(text: str, rejects: list[Reject], passed: dict[str, int]) -> Iterator[tuple[int, Any]]:
    """Line and reading of each line that holds one of our measures; line by line, so that one broken line is one."""
    last = text.count("\n") + 1
    for line, content in enumerate(text.split("\n"), 1):
        name = content.lstrip().partition("{")[0].partition(" ")[0]
        if not content.strip() or content.startswith("#"):
            continue
        if name not in _MEASURES:
            passed["measures of something else"] = passed.get("measures of something else", 0) + 1
            continue
        try:
            if line == last:
                raise ValueError("the answer ends within this line")
            families = list(text_string_to_metric_families(content + "\n"))
            (row,) = families[0].samples
        except (ValueError, IndexError, KeyError) as problem:
            rejects.append(rejected(line, "no line of Prometheus text", str(problem) or "it has no value", content))
            continue
        yield line, row


def _take(row: Any, seen: dict[Device, _Seen], taken_at: int, node: str | None) -> None:
    """Put one reading to its device. Raises ValueError: it has none, or is out of range."""
    labels = row.labels
    where = (node or labels.get("Hostname", "")).split(".")[0]
    number = labels.get("gpu", "")
    if not where or not (number or labels.get("UUID")):
        raise ValueError("it does not say of which node and which GPU it is (labels Hostname, gpu, UUID)")
    if number and not number.isdecimal():
        raise ValueError(f"gpu={number!r} is no number of a GPU")
    device = (where, number or labels["UUID"], labels.get("GPU_I_PROFILE", ""), labels.get("GPU_I_ID", ""))
    at = taken_at if row.timestamp is None else int(row.timestamp)
    one = seen.setdefault(device, _Seen(labels, at))
    if job := labels.get("hpc_job", ""):
        one.jobs.add(job)
    if math.isnan(row.value) or row.value >= BLANK:
        return
    value = _MEASURES[row.name](row.value)
    one.values[row.name], one.at = value, max(one.at, at)


def _sample(device: Device, one: _Seen) -> dict[str, Any]:
    node, number, profile, instance = device
    values = one.values
    is_slice = bool(instance)
    active, measure = values.get(ACTIVE), "gr_engine_active"
    if active is None:
        active, measure = values.get(UTIL), "gpu_util"
    total = values.get(TOTAL)
    if total is None and USED in values and FREE in values:
        total = values[USED] + values[FREE] + values.get(RESERVED, 0)
    return {
        "sampled_at": one.at,
        "node": node,
        "gpu_index": int(number) if number.isdecimal() else None,
        "gpu_uuid": one.labels.get("UUID") or None,
        "mig": f"{profile or '?'}/{instance}/0" if is_slice else None,
        "gpu_model": one.labels.get("modelName") or None,
        "active_bp": active,
        "measure": None if active is None else measure,
        "mem_used_mib": values.get(USED),
        "mem_total_mib": total,
        "power_mw": None if is_slice else values.get(POWER),
        "job_id": next(iter(one.jobs)) if len(one.jobs) == 1 else None,
        "source": "dcgm",
    }


def _share(of: int) -> Callable[[float], int]:
    def bp(value: float) -> int:
        share = Fraction(value) / of
        if not 0 <= share <= 1 + SLACK:
            raise ValueError(f"{value:g} is no share of 0 to {of}")
        return round(min(share, Fraction(1)) * BASIS_POINTS)

    return bp


def _amount(times: int) -> Callable[[float], int]:
    def whole(value: float) -> int:
        if value < 0:
            raise ValueError(f"{value:g} is less than nothing")
        return round(Fraction(value) * times)

    return whole


_MEASURES: dict[str, Callable[[float], int]] = {
    ACTIVE: _share(1),
    UTIL: _share(100),
    USED: _amount(1),
    FREE: _amount(1),
    RESERVED: _amount(1),
    TOTAL: _amount(1),
    POWER: _amount(1000),
}
