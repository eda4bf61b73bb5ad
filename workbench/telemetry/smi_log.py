"""`nvidia-smi -q` and `nvidia-smi -q -x`: whole GPUs, and the slices of those with MIG.

Both say the same in a tree, one by indentation, one in XML. A document that declares entities is refused: nvidia-smi
writes a DOCTYPE and no entity, and one that does can grow without bounds or name other files.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from zoneinfo import ZoneInfo

from workbench.analytics.samples import sample_frame
from workbench.telemetry.parsed import ParsedSamples, rejected
from workbench.telemetry.readings import basis_points, mib, milliwatts, stamp, whole
from workbench.telemetry.smi_device import Cells, Known, board_row, slice_row

_PAIR = re.compile(r"(\s*)(.+?)\s+:\s(.*)")
Path = tuple[str, ...]
Leaf = tuple[int, Path, str | None]
"""Line, names from the outermost in lower case, value; None: something begins here."""


@dataclass(frozen=True)
class _Names:
    """Where the values are; of several the first that is known."""

    name: Sequence[Path]
    uuid: Sequence[Path]
    active: Sequence[Path]
    total: Sequence[Path]
    used: Sequence[Path]
    power: Sequence[Path]
    slice_index: Sequence[Path]
    instance: Sequence[Path]
    compute: Sequence[Path]


_TEXT = _Names(
    name=[("product name",)],
    uuid=[("gpu uuid",)],
    active=[("utilization", "gpu")],
    total=[("fb memory usage", "total"), ("shared fb memory usage", "total")],
    used=[("fb memory usage", "used"), ("shared fb memory usage", "used")],
    power=[
        ("gpu power readings", "average power draw"), ("gpu power readings", "power draw"),
        ("power readings", "power draw"), ("gpu power readings", "instantaneous power draw"),
    ],
    slice_index=[("index",)],
    instance=[("gpu instance id",)],
    compute=[("compute instance id",)],
)  # fmt: skip
_XML = _Names(
    name=[("product_name",)],
    uuid=[("uuid",)],
    active=[("utilization", "gpu_util")],
    total=[("fb_memory_usage", "total")],
    used=[("fb_memory_usage", "used")],
    power=[
        ("gpu_power_readings", "average_power_draw"), ("gpu_power_readings", "power_draw"),
        ("power_readings", "power_draw"), ("gpu_power_readings", "instant_power_draw"),
    ],
    slice_index=[("index",)],
    instance=[("gpu_instance_id",)],
    compute=[("compute_instance_id",)],
)  # fmt: skip


@dataclass
class _Device:
    """One GPU or slice: line and value by name."""

    line: int
    values: dict[Path, tuple[int, str]] = field(default_factory=dict)
    slices: list["_Device"] = field(default_factory=list)

    def first(self, names: Iterable[Path]) -> tuple[int, str | None]:
        """Line and value of the first that is there and not N/A; if all are, the first of them."""
        there = [self.values[name] for name in names if name in self.values]
        told = [one for one in there if one[1].strip("[] ").lower() != "n/a"]
        return next(iter(told or there), (self.line, None))


def parse_text(
    text: str, node: str, taken_at: int | None, zone: ZoneInfo, devices: Known, first: int = 1
) -> ParsedSamples:
    """The samples of `nvidia-smi -q`.

    Args:
        text: as it is printed.
        node: the machine's short name.
        taken_at: UTC epoch seconds, for a text that does not say; None: then it cannot be used.
        zone: of the machine's clock.
        devices: of `nvidia-smi -L`.
        first: the line at which the text begins in its file.
    """
    leaves = list(_lines(text, first))
    boards: list[_Device] = []
    for line, path, value in leaves:
        if path[0].startswith("gpu "):
            _put(boards, line, path, value, path[1:2] == ("mig device",), 2)
    return _samples(leaves, boards, _TEXT, ("timestamp",), ("attached gpus",), (node, taken_at, zone, devices))


def parse_xml(content: bytes, node: str, taken_at: int | None, zone: ZoneInfo, devices: Known) -> ParsedSamples:
    """The samples of `nvidia-smi -q -x`; arguments as in `parse_text`.

    A document that is no XML, ends too early or declares entities is one rejected row, and gives no sample.
    """
    try:
        leaves = [(line, path[1:], value) for line, path, value in _elements(content) if len(path) > 1]
    except (expat.ExpatError, ValueError) as problem:
        line = getattr(problem, "lineno", 0)
        return ParsedSamples(sample_frame([]), (rejected(line, "no XML of nvidia-smi", str(problem), ""),))
    boards: list[_Device] = []
    for line, path, value in leaves:
        if path[0] == "gpu":
            _put(boards, line, path, value, path[1:3] == ("mig_devices", "mig_device"), 3)
    return _samples(leaves, boards, _XML, ("timestamp",), ("attached_gpus",), (node, taken_at, zone, devices))


def _put(boards: list[_Device], line: int, path: Path, value: str | None, in_slice: bool, depth: int) -> None:  # noqa: FBT001
    if value is None:
        if len(path) == 1:
            boards.append(_Device(line))
        elif in_slice and len(path) == depth:
            boards[-1].slices.append(_Device(line))
        return
    device, name = (boards[-1].slices[-1], path[depth:]) if in_slice else (boards[-1], path[1:])
    device.values.setdefault(name, (line, value))


def _samples(
    leaves: list[Leaf], boards: list[_Device], names: _Names, when: Path, attached: Path, told: tuple[Any, ...]
) -> ParsedSamples:
    node, taken_at, zone, devices = told
    cells = Cells()
    said = {
        path: (line, value) for line, path, value in reversed(leaves) if value is not None and path in (when, attached)
    }
    line, text = said.get(when, (0, None))
    at = cells.read(lambda found: stamp(found, zone), text, line)
    at = taken_at if at is None else at
    line, text = said.get(attached, (0, None))
    count = cells.read(whole, text, line)
    if at is None:
        why = "it does not say when it was printed (Timestamp)"
        return ParsedSamples(sample_frame([]), (*cells.rejects, rejected(1, "no moment", why, "")))
    rows = []
    for place, board in enumerate(boards):

        def read(reader: Any, wanted: Sequence[Path], device: _Device = board) -> Any:
            line, text = device.first(wanted)
            return cells.read(reader, text, line)

        row = board_row(
            devices, at, node,
            # nvidia-smi lists by index; asked for some of them only it does not say which ones.
            devices.index(board.first(names.uuid)[1]) if devices.boards else place if count == len(boards) else None,
            uuid=board.first(names.uuid)[1],
            name=board.first(names.name)[1],
            active_bp=read(basis_points, names.active),
            mem_used_mib=read(mib, names.used),
            mem_total_mib=read(mib, names.total),
            power_mw=read(milliwatts, names.power),
        )  # fmt: skip
        rows.append(row)
        for part in board.slices:
            where = [read(whole, wanted, part) for wanted in (names.slice_index, names.instance, names.compute)]
            if where[1] is None or where[2] is None:
                why = "a slice without a GPU instance or compute instance"
                cells.rejects.append(rejected(part.line, "not readable", why, ""))
                continue
            used, total = read(mib, names.used, part), read(mib, names.total, part)
            rows.append(slice_row(devices, row, tuple(where), mem_used_mib=used, mem_total_mib=total))
    if count is not None and count != len(boards):
        why = f"{count} GPUs are attached, the text tells of {len(boards)}"
        cells.rejects.append(rejected(line, "GPUs missing", why, text or ""))
    return ParsedSamples(sample_frame(rows), tuple(cells.rejects))


def _lines(text: str, first: int) -> Iterator[Leaf]:
    outer: list[tuple[int, str]] = []
    for line, content in enumerate(text.split("\n"), first):
        if not content.strip() or content.startswith("="):
            continue
        pair = _PAIR.fullmatch(content.rstrip("\r"))
        name = pair[2] if pair else content.strip()
        indent = len(content) - len(content.lstrip())
        while outer and outer[-1][0] >= indent:
            outer.pop()
        outer.append((indent, name.strip().lower()))
        yield line, tuple(part for _, part in outer), pair[3].strip() if pair else None


def _elements(content: bytes) -> list[Leaf]:
    found: list[Leaf] = []
    path: list[str] = []
    text: list[str] = []
    parser = expat.ParserCreate()

    def begin(name: str, _attributes: object) -> None:
        path.append(name.lower())
        text.clear()
        found.append((parser.CurrentLineNumber, tuple(path), None))

    def end(_name: str) -> None:
        if value := "".join(text).strip():
            found.append((parser.CurrentLineNumber, tuple(path), value))
        text.clear()
        path.pop()

    def entity(*_declared: object) -> None:
        raise ValueError("it has an entity, which nvidia-smi never writes")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, text.append
    parser.EntityDeclHandler = parser.SkippedEntityHandler = entity
    parser.Parse(content, True)
    if not found or found[0][1] != ("nvidia_smi_log",):
        raise ValueError("it is not what nvidia-smi -q -x writes")
    return found
