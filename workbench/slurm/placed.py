"""Which GPUs Slurm gave its jobs: `scontrol show job --details`, the lines Nodes=… GRES=gpu:h800:2(IDX:0-1).

The index of a MIG slice counts slices as gres.conf lists them, not GPUs: which GPU it is on stays unknown. What people
write into a job (its name) may look like other lines: a job that is told of twice is told of by nobody.
Source: scontrol(1) "--details"; gres.conf(5).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from workbench.analytics.parsed import Reject, shortened
from workbench.slurm.nodes import unfolded
from workbench.slurm.runner import Runner
from workbench.slurm.times import wall_seconds

_JOB = re.compile(r"JobId=(\d+) ")
_FIELD = re.compile(r"(?:^|\s)(ArrayJobId|ArrayTaskId|HetJobId|HetJobOffset|SubmitTime)=(\S+)")
_NODES = re.compile(r"\s+Nodes=(\S+) CPU_IDs=\S* Mem=\S* GRES=(\S*)\s*")
_ENTRY = re.compile(r"gpu(?::(?P<type>[^:()]+))?:(?P<count>\d{1,6})(?:\(IDX:(?P<index>[^)]*)\))?")
_BETWEEN = re.compile(r",(?![^(]*\))")
_SLICE = re.compile(r"(?:^|.*[_:])(\d+g\.\d+gb)")
MOST_INDEX = 4096


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU of a job. index: on its node, None: Slurm does not say; profile: of a MIG slice."""

    node: str
    index: int | None
    profile: str | None = None


@dataclass(frozen=True)
class JobPlace:
    """Where a job is; job_id as sacct writes it, submit_at in UTC epoch seconds. devices: none without GRES gpu."""

    job_id: str
    submit_at: int
    devices: tuple[Device, ...]


@dataclass(frozen=True)
class Places:
    """What was read: jobs, and what could not be."""

    jobs: tuple[JobPlace, ...]
    rejects: tuple[Reject, ...] = ()


@dataclass
class _Block:
    """The lines of one job."""

    number: str
    line: int
    lines: list[str] = field(default_factory=list)


def places(runner: Runner) -> Places:
    """Where all jobs are that Slurm knows now.

    Raises:
        SlurmError: no answer.
    """
    return parse_places(runner.run("scontrol", "show", "job", "--details", "--all"))


def parse_places(text: str) -> Places:
    """The jobs of a text of `scontrol show job --details` whose times are in UTC."""
    blocks = list(_blocks(text))
    twice = {one.number for n, one in enumerate(blocks) if one.number in {other.number for other in blocks[:n]}}
    jobs, rejects = [], []
    for one in blocks:
        try:
            if one.number in twice:
                raise ValueError("Slurm's answer tells of this job twice")
            jobs.append(_job(one))
        except ValueError as problem:
            rejects.append(Reject(one.line, "place of a job", f"job {one.number}: {problem}", shortened(one.lines[0])))
    return Places(tuple(jobs), tuple(rejects))


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    for line, content in enumerate(text.split("\n"), 1):
        if begins := _JOB.match(content):
            if block:
                yield block
            block = _Block(begins[1], line)
        if block:
            block.lines.append(content)
    if block:
        yield block


def _job(block: _Block) -> JobPlace:
    said: dict[str, str] = {}
    for content in block.lines:
        for name, value in _FIELD.findall(content):
            said.setdefault(name, value)
    moment = wall_seconds(said.get("SubmitTime", ""))
    if not moment:
        raise ValueError("no SubmitTime")
    devices: list[Device] = []
    for content in block.lines:
        if content.lstrip().startswith("Nodes="):
            found = _NODES.fullmatch(content)
            if not found:
                raise ValueError(f"cannot read {content.strip()!r}")
            devices += [device for node in unfolded(found[1]) for device in _devices(node, found[2])]
    whole = [device for device in devices if device.index is not None]
    if len(whole) != len(set(whole)):
        raise ValueError("it has a GPU twice")
    return JobPlace(_job_id(block.number, said), moment[0], tuple(devices))


def _job_id(number: str, said: dict[str, str]) -> str:
    """As sacct writes it: 12_3 for a task of an array, 12+1 for a component of a heterogeneous job."""
    if said.get("ArrayTaskId", "").isdecimal():
        return f"{said.get('ArrayJobId', number)}_{said['ArrayTaskId']}"
    if "HetJobOffset" in said:
        return f"{said.get('HetJobId', number)}+{said['HetJobOffset']}"
    return number


def _devices(node: str, gres: str) -> Iterator[Device]:
    for text in _BETWEEN.split(gres):
        if text.partition(":")[0].partition("(")[0] != "gpu":
            continue
        entry = _ENTRY.fullmatch(text)
        if not entry:
            raise ValueError(f"cannot read {text!r}")
        count, profile = int(entry["count"]), _SLICE.fullmatch(entry["type"] or "")
        index = entry["index"]
        if profile or index is None or index.upper() == "N/A":
            yield from [Device(node, None, profile[1] if profile else None)] * min(count, MOST_INDEX)
            continue
        listed = list(_indices(index))
        if len(listed) != count:
            raise ValueError(f"{text!r} names {len(listed)} of its {count} GPUs")
        yield from (Device(node, number) for number in listed)


def _indices(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or int(last or first) > MOST_INDEX:
            raise ValueError(f"cannot read the indices {text!r}")
        yield from range(int(first), int(last or first) + 1)
