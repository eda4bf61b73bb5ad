"""Devices as nvidia-smi's forms of output tell of them, and who they are: the list of `nvidia-smi -L`."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from workbench.analytics.parsed import Reject
from workbench.telemetry.parsed import rejected

_GPU = re.compile(r"GPU (\d+): (.+?) \(UUID: ([^)]+)\)")
_SLICE = re.compile(r"\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: ([^)]+)\)")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Known:
    """What `nvidia-smi -L` says: name and uuid by index of the GPU, profile by index of the GPU and of its slice."""

    boards: dict[int, tuple[str, str]] = field(default_factory=dict)
    slices: dict[tuple[int, int], str] = field(default_factory=dict)

    def index(self, uuid: str | None) -> int | None:
        """The index of the GPU of this uuid; None: it is not in the list, or more than one has it."""
        found = [index for index, (_, known) in self.boards.items() if known == uuid]
        return found[0] if len(found) == 1 else None


def known(lines: Iterable[str]) -> Known:
    """The devices that `nvidia-smi -L` lists."""
    found, index = Known(), None
    for line in lines:
        if board := _GPU.match(line):
            index = int(board[1])
            found.boards[index] = (board[2], board[3])
        elif (part := _SLICE.match(line)) and index is not None:
            found.slices[index, int(part[2])] = part[1]
    return found


@dataclass
class Cells:
    """Reads values; what cannot be read is unknown, and rejected with its line."""

    rejects: list[Reject] = field(default_factory=list)

    def read(self, reader: Callable[[str], Value | None], text: str | None, line: int) -> Value | None:
        """The value; None: unknown, or rejected."""
        if text is None:
            return None
        try:
            return reader(text)
        except ValueError as problem:
            self.rejects.append(rejected(line, "not readable", str(problem), text))
            return None


def board_row(devices: Known, at: int, node: str, index: int | None, **given: Any) -> dict[str, Any]:
    """A sample of a whole GPU. given: uuid, name, active_bp, mem_used_mib, mem_total_mib, power_mw."""
    index = index if index is not None else devices.index(given.get("uuid"))
    name, uuid = devices.boards.get(index, (None, None)) if index is not None else (None, None)
    active = given.get("active_bp")
    return {
        "sampled_at": at,
        "node": node,
        "gpu_index": index,
        "gpu_uuid": given.get("uuid") or uuid,
        "mig": None,
        "gpu_model": given.get("name") or name,
        "active_bp": active,
        "measure": None if active is None else "gpu_util",
        "mem_used_mib": given.get("mem_used_mib"),
        "mem_total_mib": given.get("mem_total_mib"),
        "power_mw": given.get("power_mw"),
        "source": "nvidia-smi",
    }


def slice_row(
    devices: Known, board: dict[str, Any], place: tuple[int | None, Any, Any], **given: Any
) -> dict[str, Any]:
    """A sample of a MIG slice, whose utilisation nvidia-smi does not know.

    Args:
        devices: who they are.
        board: the sample of its GPU.
        place: its index among the slices of its GPU; its GPU instance; its compute instance.
        given: mem_used_mib, mem_total_mib.
    """
    number, instance, compute = place
    profile = devices.slices.get((board["gpu_index"], number), "?") if number is not None else "?"
    unknown = {"active_bp": None, "measure": None, "power_mw": None}
    return board | unknown | given | {"mig": f"{profile}/{instance}/{compute}"}
