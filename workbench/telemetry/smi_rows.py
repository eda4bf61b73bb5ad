"""nvidia-smi's tables: --query-gpu as CSV, the ordinary table (with slices of MIG), dmon."""

import csv
import re
from typing import Any
from zoneinfo import ZoneInfo

from workbench.analytics.samples import sample_frame
from workbench.telemetry.parsed import ParsedSamples, rejected
from workbench.telemetry.readings import basis_points, mib, milliwatts, stamp, whole
from workbench.telemetry.smi_device import Cells, Known, board_row, slice_row

POWER = ("power.draw", "power.draw.average", "power.draw.instant")
_UNIT = re.compile(r"\s*\[[^\]]*\]$")
_FIRST = re.compile(r"\s*(\d+)\s+(.+?)\s+(On|Off|N/A)\s*")
_OF = re.compile(r".*?(\S+)\s*/\s*(\S+)\s*")
_SHARE = re.compile(r"\s*(\d+\s*%|\S+)\s")
_PLACE = re.compile(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*")
_DAY = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\s*")


def parse_query(
    text: str, node: str, taken_at: int | None, zone: ZoneInfo, devices: Known, first: int = 1
) -> ParsedSamples:
    """The samples of `nvidia-smi --query-gpu=… --format=csv`, with its header; arguments as in smi_log.parse_text."""
    cells, rows, lines = Cells(), [], text.split("\n")
    header = [_UNIT.sub("", name.strip()) for name in next(csv.reader(lines[:1]))]
    for line, content in enumerate(lines[1:], first + 1):
        if not content.strip():
            continue
        values = [value.strip() for value in next(csv.reader([content], skipinitialspace=True))]
        if len(values) != len(header):
            why = f"{len(values)} cells under {len(header)} names"
            cells.rejects.append(rejected(line, "not readable", why, content))
            continue
        row = dict(zip(header, values, strict=True))
        at = cells.read(lambda found: stamp(found, zone), row.get("timestamp"), line)
        at = taken_at if at is None else at
        if at is None:
            cells.rejects.append(rejected(line, "no moment", "it has no timestamp; add it to --query-gpu", content))
            continue
        told = [cells.read(milliwatts, row.get(name), line) for name in POWER]
        rows.append(
            board_row(
                devices, at, node, cells.read(whole, row.get("index"), line),
                uuid=row.get("uuid") or row.get("gpu_uuid"),
                name=row.get("name") or row.get("gpu_name"),
                active_bp=cells.read(basis_points, row.get("utilization.gpu"), line),
                mem_used_mib=cells.read(mib, row.get("memory.used"), line),
                mem_total_mib=cells.read(mib, row.get("memory.total"), line),
                power_mw=next((power for power in told if power is not None), None),
            )
        )  # fmt: skip
    return ParsedSamples(sample_frame(rows), tuple(cells.rejects))


def parse_table(
    text: str, node: str, taken_at: int | None, zone: ZoneInfo, devices: Known, first: int = 1
) -> ParsedSamples:
    """The samples of `nvidia-smi` alone; arguments as in smi_log.parse_text."""
    cells, rows = Cells(), []
    boards: dict[int, dict[str, Any]] = {}
    lines = list(enumerate(text.split("\n"), first))
    at, board = taken_at, None
    for line, content in lines:
        if _DAY.fullmatch(content.rstrip("\r")):
            at = cells.read(lambda found: stamp(found, zone), content, line)
        parts = content.strip().strip("|").split("|")
        if at is None or not content.startswith("|") or len(parts) < 3:
            continue
        if board is not None:
            row = _board(cells, devices, (at, node, *board), parts, line)
            rows.append(row)
            boards[board[0]], board = row, None
        elif (place := _PLACE.fullmatch(parts[0])) and int(place[1]) in boards:
            used, total = _of(cells, parts[1], line)
            where = (int(place[4]), int(place[2]), int(place[3]))
            of = boards[int(place[1])]
            rows.append(slice_row(devices, of, where, mem_used_mib=used, mem_total_mib=total))
        elif len(parts) == 3 and (begins := _FIRST.fullmatch(parts[0])):
            name = begins[2] if not begins[2].endswith("...") else None
            board = (int(begins[1]), name)
    if not rows:
        why = "no GPU was found in it, or it does not say when it was printed"
        cells.rejects.append(rejected(first, "no moment" if at is None else "not readable", why, lines[0][1]))
    return ParsedSamples(sample_frame(rows), tuple(cells.rejects))


def parse_dmon(
    text: str, node: str, taken_at: int | None, zone: ZoneInfo, devices: Known, first: int = 1
) -> ParsedSamples:
    """The samples of `nvidia-smi dmon`. Without its option -o DT it prints no moment: then rows come a second apart.

    Args as in smi_log.parse_text; taken_at: when the first row was printed.
    """
    cells, rows = Cells(), []
    header: list[str] = []
    seen: dict[str, int] = {}
    for line, content in enumerate(text.split("\n"), first):
        values = content.replace("#", " ", 1).split() if content.startswith("#") else content.split()
        if content.startswith("#"):
            if "gpu" in values:
                header = values
            continue
        if not values:
            continue
        if len(values) != len(header):
            cells.rejects.append(
                rejected(line, "not readable", f"{len(values)} cells under {len(header)} names", content)
            )
            continue
        row = dict(zip(header, values, strict=True))
        number = row["gpu"]
        at = (
            cells.read(lambda found: stamp(found, zone), f"{row['Date']} {row['Time']}", line)
            if "Date" in row
            else None
        )
        if at is None and taken_at is not None:
            at = taken_at + seen.get(number, 0)
        seen[number] = seen.get(number, 0) + 1
        index = cells.read(whole, number, line)
        if at is None or index is None:
            why = "it says no moment; print one with: nvidia-smi dmon -o DT" if at is None else "it names no GPU"
            cells.rejects.append(rejected(line, "no moment" if at is None else "not readable", why, content))
            continue
        told: dict[str, Any] = {
            "active_bp": cells.read(basis_points, row.get("sm"), line),
            "power_mw": cells.read(milliwatts, row.get("pwr"), line),
            "mem_used_mib": cells.read(mib, row.get("fb"), line),
        }
        rows.append(board_row(devices, at, node, index, **told))
    return ParsedSamples(sample_frame(rows), tuple(cells.rejects))


def _board(cells: Cells, devices: Known, who: tuple[Any, ...], parts: list[str], line: int) -> dict[str, Any]:
    at, node, index, name = who
    power, share = _OF.fullmatch(parts[0]), _SHARE.match(parts[2])
    used, total = _of(cells, parts[1], line)
    return board_row(
        devices, at, node, index,
        name=devices.boards.get(index, (name, ""))[0],
        active_bp=cells.read(basis_points, share[1] if share else parts[2], line),
        mem_used_mib=used,
        mem_total_mib=total,
        power_mw=cells.read(milliwatts, power[1] if power else parts[0], line),
    )  # fmt: skip


def _of(cells: Cells, text: str, line: int) -> tuple[int | None, int | None]:
    """Used and all memory of "26MiB / 40448MiB"."""
    found = _OF.fullmatch(text)
    return (
        (cells.read(mib, found[1], line), cells.read(mib, found[2], line))
        if found
        else (cells.read(mib, text, line), None)
    )
