"""Which NVIDIA GPUs this process may use, asked of NVML once.

An import test proves nothing: without a GPU `import cudf` and `import dask_cuda` succeed and fail at the first
operation. So back end, cluster class and engine all follow from this one answer. Unit: whole devices or MIG slices as
listed in CUDA_VISIBLE_DEVICES.

Source: NVML API reference (nvmlInit, nvmlDeviceGetCount); CUDA C++ programming guide, "CUDA Environment Variables":
only devices listed before the first invalid entry are visible.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Gpus:
    """The GPUs this process may use; `reason` says why there are none, '' where there are."""

    count: int
    names: tuple[str, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        if not self.count:
            return self.reason
        kinds = ", ".join(sorted(set(self.names)))
        return f"{self.count} × {kinds}"


@cache
def gpus() -> Gpus:
    """The answer for this process, asked once."""
    import pynvml

    return ask(pynvml, os.environ)


def ask(nvml: Any, environ: Mapping[str, str]) -> Gpus:
    """The GPUs that NVML knows and CUDA_VISIBLE_DEVICES allows.

    Args:
        nvml: the module pynvml, or something that answers like it.
        environ: holds CUDA_VISIBLE_DEVICES or not; an empty one hides every GPU (that is how a CPU profile is started).
    """
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return Gpus(0, reason="no NVIDIA driver answers on this machine")
    try:
        names = _visible(nvml, environ.get("CUDA_VISIBLE_DEVICES"))
    except nvml.NVMLError as problem:
        return Gpus(0, reason=f"the NVIDIA driver answers with an error ({problem})")
    finally:
        nvml.nvmlShutdown()
    if names:
        return Gpus(len(names), tuple(names))
    if "CUDA_VISIBLE_DEVICES" in environ:
        return Gpus(0, reason="this server was started without a GPU")
    return Gpus(0, reason="the NVIDIA driver knows no GPU here")


def _visible(nvml: Any, listed: str | None) -> list[str]:
    count = nvml.nvmlDeviceGetCount()
    if listed is None:
        return [_name(nvml, nvml.nvmlDeviceGetHandleByIndex(i)) for i in range(count)]
    names = []
    for entry in filter(None, (part.strip() for part in listed.split(","))):
        handle = _handle(nvml, entry, count)
        if handle is None:
            break
        names.append(_name(nvml, handle))
    return names


def _handle(nvml: Any, entry: str, count: int) -> Any:
    """The device of one entry of CUDA_VISIBLE_DEVICES (index, GPU or MIG identifier), None where it is invalid."""
    if entry.lstrip("-").isdigit():
        return nvml.nvmlDeviceGetHandleByIndex(int(entry)) if 0 <= int(entry) < count else None
    try:
        return nvml.nvmlDeviceGetHandleByUUID(entry)
    except nvml.NVMLError:
        return None


def _name(nvml: Any, handle: Any) -> str:
    name = nvml.nvmlDeviceGetName(handle)
    return name.decode() if isinstance(name, bytes) else str(name)
