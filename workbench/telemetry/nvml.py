"""This machine's GPUs, asked of NVML once. MIG slices by GPU performance monitoring (GPM), where the driver has it.

GPM measures between two looks: slices are known for the time that this takes. What NVML refuses is unknown: utilisation
of a GPU with MIG, memory or slices without the right to see them, all of GPM before Hopper.
Source: NVML API reference (nvmlDeviceGetUtilizationRates; "GPM"; "Multi Instance GPU Management").
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from workbench.analytics.samples import sample_frame
from workbench.telemetry.parsed import ParsedSamples, rejected
from workbench.units import BASIS_POINTS

MIB = 2**20
_PROFILE = re.compile(r".* MIG (\S+)")


@dataclass
class _Slice:
    """A MIG device, with the look at its GPU instance that begins the measuring; None: there is no GPM."""

    handle: Any
    board: Any
    instance: int
    compute: int
    row: dict[str, Any] = field(default_factory=dict)
    first: Any = None


def sample(nvml: Any, node: str, now: int, wait: Callable[[], object]) -> ParsedSamples:
    """One round of samples.

    Args:
        nvml: the module pynvml, or something that answers like it.
        node: this machine's short name.
        now: UTC epoch seconds.
        wait: lets a moment pass (a tenth of a second or more); called once, where there is a slice to measure.
    """
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as problem:
        return _nothing(f"no NVIDIA driver answers on this machine ({problem})")
    try:
        rows, slices = [], []
        for index in range(nvml.nvmlDeviceGetCount()):
            board = nvml.nvmlDeviceGetHandleByIndex(index)
            row = _board(nvml, board, index, node, now)
            rows.append(row)
            slices += list(_slices(nvml, board, row))
        _measure(nvml, slices, wait)
        return ParsedSamples(sample_frame([*rows, *(one.row for one in slices)]))
    except nvml.NVMLError as problem:
        return _nothing(f"the NVIDIA driver answers with an error ({problem})")
    finally:
        nvml.nvmlShutdown()


def _nothing(reason: str) -> ParsedSamples:
    return ParsedSamples(sample_frame([]), (rejected(0, "no answer", reason, ""),))


def _board(nvml: Any, board: Any, index: int, node: str, now: int) -> dict[str, Any]:
    use = _told(nvml, nvml.nvmlDeviceGetUtilizationRates, board)
    active = None if use is None else int(use.gpu) * 100
    return {
        "sampled_at": now,
        "node": node,
        "gpu_index": index,
        "gpu_uuid": _text(nvml.nvmlDeviceGetUUID(board)),
        "mig": None,
        "gpu_model": _text(nvml.nvmlDeviceGetName(board)),
        "active_bp": active,
        "measure": None if active is None else "gpu_util",
        "power_mw": _told(nvml, nvml.nvmlDeviceGetPowerUsage, board),
        "source": "nvml",
        **_memory(nvml, board),
    }


def _memory(nvml: Any, device: Any) -> dict[str, int | None]:
    # The second form: the first one counts what the driver keeps for itself as used.
    memory = _told(nvml, lambda handle: nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2), device)
    used, total = (None, None) if memory is None else (int(memory.used) // MIB, int(memory.total) // MIB)
    return {"mem_used_mib": used, "mem_total_mib": total}


def _slices(nvml: Any, board: Any, row: dict[str, Any]) -> Iterator[_Slice]:
    mode = _told(nvml, nvml.nvmlDeviceGetMigMode, board)
    if mode is None or not mode[0]:
        return
    for number in range(_told(nvml, nvml.nvmlDeviceGetMaxMigDeviceCount, board) or 0):
        handle = _told(nvml, partial(_slice_at, nvml, number), board)
        if handle is None:
            continue  # room for a slice, and none there
        found = _Slice(
            handle, board, nvml.nvmlDeviceGetGpuInstanceId(handle), nvml.nvmlDeviceGetComputeInstanceId(handle)
        )
        profile = _PROFILE.fullmatch(_text(nvml.nvmlDeviceGetName(handle)))
        unknown = {"active_bp": None, "measure": None, "power_mw": None}
        mig = f"{profile[1] if profile else '?'}/{found.instance}/{found.compute}"
        found.row = row | unknown | {"mig": mig} | _memory(nvml, handle)
        yield found


def _slice_at(nvml: Any, number: int, board: Any) -> Any:
    return nvml.nvmlDeviceGetMigDeviceHandleByIndex(board, number)


def _measure(nvml: Any, slices: list[_Slice], wait: Callable[[], object]) -> None:
    """Put the share of time in which they were busy to the slices whose GPU has GPM."""
    for one in slices:
        support = _told(nvml, nvml.nvmlGpmQueryDeviceSupport, one.board)
        if support is not None and support.isSupportedDevice:
            one.first = _look(nvml, one)
    measured = [one for one in slices if one.first is not None]
    if measured:
        wait()
    for one in measured:
        second = _look(nvml, one)
        if second is not None:
            active = _told(nvml, partial(_share, nvml, second), one.first)
            one.row |= {"active_bp": active, "measure": None if active is None else "gr_engine_active"}
            nvml.nvmlGpmSampleFree(second)
        nvml.nvmlGpmSampleFree(one.first)


def _look(nvml: Any, one: _Slice) -> Any:
    look = _told(nvml, lambda _board: nvml.nvmlGpmSampleAlloc(), one.board)
    if look is None:
        return None
    if _told(nvml, lambda of: nvml.nvmlGpmMigSampleGet(of, one.instance, look) or look, one.board) is None:
        nvml.nvmlGpmSampleFree(look)
        return None
    return look


def _share(nvml: Any, second: Any, first: Any) -> int | None:
    ask = nvml.c_nvmlGpmMetricsGet_t()
    ask.version, ask.numMetrics = nvml.NVML_GPM_METRICS_GET_VERSION, 1
    ask.sample1, ask.sample2 = first, second
    ask.metrics[0].metricId = nvml.NVML_GPM_METRIC_GRAPHICS_UTIL
    answer = nvml.nvmlGpmMetricsGet(ask).metrics[0]
    if answer.nvmlReturn != nvml.NVML_SUCCESS or not 0 <= answer.value <= 100:
        return None
    return min(round(answer.value * 100), BASIS_POINTS)


def _told(nvml: Any, ask: Callable[[Any], Any], device: Any) -> Any:
    """The answer; None where NVML, or this version of it, refuses."""
    try:
        return ask(device)
    except nvml.NVMLError:
        return None


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
