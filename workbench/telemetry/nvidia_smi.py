"""Whatever nvidia-smi printed, as samples: -q, -q -x, --query-gpu as CSV, the ordinary table, dmon, or a capture.

A capture is a text file of several outputs, each under a head between lines of #: a title, "$" and the command. Its
`nvidia-smi -L` says who the devices are that its other outputs tell of. Utilisation of MIG slices nvidia-smi does not
know; per process it is not the device's. Source: nvidia-smi(1); github.com/utkuozdemir/nvidia_gpu_exporter, captures.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from workbench.analytics.samples import sample_frame
from workbench.telemetry.parsed import ParsedSamples, joined, rejected
from workbench.telemetry.smi_device import Known, known
from workbench.telemetry.smi_log import parse_text, parse_xml
from workbench.telemetry.smi_rows import parse_dmon, parse_query, parse_table

RULE = "#" * 40
LIST = "nvidia-smi -L"
Reader = Callable[[str, str, int | None, ZoneInfo, Known, int], ParsedSamples]


@dataclass(frozen=True, slots=True)
class _Section:
    """One output of a capture: its title, its command, the line and text of what it printed."""

    title: str
    command: str
    line: int
    text: str


def parse(content: bytes, node: str, taken_at: int | None, zone: ZoneInfo) -> ParsedSamples:
    """The samples of one file or output.

    Args:
        content: as nvidia-smi printed it, or a capture.
        node: the machine's short name, which nvidia-smi does not print.
        taken_at: UTC epoch seconds, for an output without a moment of its own; None: that one is rejected.
        zone: of the machine's clock.
    """
    if content.lstrip().startswith((b"<?xml", b"<!DOCTYPE", b"<nvidia_smi_log")):
        return parse_xml(content.lstrip(), node, taken_at, zone, Known())
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    if text.startswith(RULE):
        return _capture(text, node, zone)
    reader = _reader_of(text)
    if reader is None:
        why = "it is neither nvidia-smi -q, -q -x, --query-gpu with --format=csv, dmon, nor nvidia-smi alone"
        return ParsedSamples(sample_frame([]), (rejected(1, "not of nvidia-smi", why, text[:80]),))
    return reader(text, node, taken_at, zone, Known(), 1)


def _reader_of(text: str) -> Reader | None:
    head = text[:4000]
    if "NVSMI LOG" in head:
        return parse_text
    if "NVIDIA-SMI" in head and "+---" in head:
        return parse_table
    names = text.partition("\n")[0]
    if names.startswith("#") and "gpu" in names.split():
        return parse_dmon
    return parse_query if "," in names and "pid" not in names and ("uuid" in names or "index" in names) else None


def _capture(text: str, node: str, zone: ZoneInfo) -> ParsedSamples:
    sections = list(_sections(text))
    devices = next((known(one.text.split("\n")) for one in sections if one.command == LIST), Known())
    parts: list[ParsedSamples] = []
    passed: dict[str, int] = {}
    last: int | None = None
    for one in sections:
        reader = _reader(one.command)
        if reader is None and one.command == LIST:
            continue
        if reader is None:
            passed[one.title] = passed.get(one.title, 0) + sum(1 for line in one.text.split("\n") if line.strip())
            continue
        # dmon prints no moment: it followed what was printed before it.
        part = reader(one.text, node, None if last is None else last + 1, zone, devices, one.line)
        last = int(part.samples["sampled_at"].max()) if len(part.samples) else last
        parts.append(part)
    return joined([*parts, ParsedSamples(sample_frame([]), (), passed)])


def _reader(command: str) -> Reader | None:
    """What reads the output of a command; None: it tells nothing of how busy a device is."""
    words = command.split()
    if not words or words[0] != "nvidia-smi":
        return None
    if len(words) == 1:
        return parse_table
    if words[1] == "-q":
        return _xml if "-x" in words else parse_text
    return parse_dmon if words[1] == "dmon" else parse_query if words[1].startswith("--query-gpu=") else None


def _xml(text: str, node: str, taken_at: int | None, zone: ZoneInfo, devices: Known, _first: int) -> ParsedSamples:
    return parse_xml(text.strip().encode(), node, taken_at, zone, devices)


def _sections(text: str) -> Iterator[_Section]:
    lines = text.split("\n")
    rules = [place for place, line in enumerate(lines) if line.startswith(RULE)]
    for top, bottom, after in zip(rules[::2], rules[1::2], [*rules[2::2], len(lines)], strict=True):
        head = [line.lstrip("# ").rstrip() for line in lines[top + 1 : bottom]]
        command = next((line.removeprefix("$").strip() for line in head if line.startswith("$")), "")
        body = "\n".join(lines[bottom + 1 : after]).rstrip("\n")
        yield _Section(head[0] if head else "", command, bottom + 2, body)
