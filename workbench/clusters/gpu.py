"""Which NVIDIA GPUs this process may use, asked of NVML once.

An import test proves nothing: without a GPU `import cudf` and `import dask_cuda` succeed and fail at the first
operation. So back end, cluster class, engine and kernels all follow from this one answer. Unit: whole devices or MIG
slices as listed in CUDA_VISIBLE_DEVICES.

Source: NVML API reference (nvmlInit, nvmlDeviceGetCount, nvmlDeviceGetMemoryInfo: of a MIG slice its own memory); CUDA
C++ programming guide, "CUDA Environment Variables": only devices listed before the first invalid entry are visible.
"""

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Gpus:
    """The GPUs this process may use; `reason` says why there are none, '' where there are.

    mem_bytes: of each, in their order; None where NVML does not say (memory shared with the processor).
    """

    count: int
    names: tuple[str, ...] = ()
    reason: str = ""
    mem_bytes: tuple[int | None, ...] = ()

    @property
    def least_bytes(self) -> int | None:
        """Memory of the smallest; None where that of one is not known."""
        known = [size for size in self.mem_bytes if size is not None]
        return min(known) if known and len(known) == self.count else None

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


def has_rapids_here() -> bool:
    """Whether this environment has what dataframes on a GPU need."""
    return all(importlib.util.find_spec(name) is not None for name in ("dask_cuda", "cudf", "rmm"))


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
        handles = _visible(nvml, environ.get("CUDA_VISIBLE_DEVICES"))
        names = tuple(_name(nvml, handle) for handle in handles)
        sizes = tuple(_mem_bytes(nvml, handle) for handle in handles)
    except nvml.NVMLError as problem:
        return Gpus(0, reason=f"the NVIDIA driver answers with an error ({problem})")
    finally:
        nvml.nvmlShutdown()
    if names:
        return Gpus(len(names), names, mem_bytes=sizes)
    if "CUDA_VISIBLE_DEVICES" in environ:
        return Gpus(0, reason="this server was started without a GPU")
    return Gpus(0, reason="the NVIDIA driver knows no GPU here")


def _visible(nvml: Any, listed: str | None) -> list[Any]:
    count = nvml.nvmlDeviceGetCount()
    if listed is None:
        return [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]
    handles = []
    for entry in filter(None, (part.strip() for part in listed.split(","))):
        handle = _handle(nvml, entry, count)
        if handle is None:
            break
        handles.append(handle)
    return handles


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


def _mem_bytes(nvml: Any, handle: Any) -> int | None:
    try:
        return int(nvml.nvmlDeviceGetMemoryInfo(handle).total)
    except nvml.NVMLError:
        return None
