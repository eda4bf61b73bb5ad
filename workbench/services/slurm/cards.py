"""Cards of the start page out of a cluster's nodes: one for each GPU model and sensible number, and for cores alone.

A card's cores and memory are the share that its GPUs are of the smallest node that has so many; so every node of the
model has room for as many of them as it has GPUs.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from workbench.slurm.nodes import Node, Partition
from workbench.units import HOUR_S

NUMBERS = (1, 2, 4, 8)
CORES_OF_NODE = 16
"""A card without GPUs is this part of a node without GPUs, or of one GPU's share (a half) where all nodes have some."""
MIB_OF_GIB = 1024
ORDINARY_HOURS = 4
"""What the settings' [hub] default_hours is: a card that may run shorter needs a default of its own."""
_SLICE = re.compile(r"(\d+)g\.\d+gb", re.IGNORECASE)
SLICES_OF_GPU = 7
_INTERACTIVE = re.compile(r"interact|jupyter|notebook|debug", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_TYPE = re.compile(r"[A-Za-z0-9_.+-]*")


@dataclass(frozen=True, slots=True)
class Card:
    """One [[profiles]] of the settings. also: other partitions that have the same."""

    id: str
    title: str
    purpose: str
    cpu_cores: int
    mem_gib: int
    gpus: int = 0
    gpu_model: str = ""
    gres: str = ""
    partition: str = ""
    also: tuple[str, ...] = ()
    most_hours: int | None = None
    default_hours: int | None = None


def cards(nodes: Sequence[Node], partitions: Sequence[Partition]) -> tuple[Card, ...]:
    """Cards without GPUs first, then by GPU type and number."""
    parts = {part.name: part for part in partitions if part.up and _NAME.fullmatch(part.name)}
    known = [node for node in nodes if node.cpus and node.mem_mib and set(node.partitions) & parts.keys()]
    kinds = sorted({kind for node in known for kind, count in node.gpus.items() if count and _TYPE.fullmatch(kind)})
    found = [*_of_cores(known, parts), *(card for kind in kinds for card in _of_gpus(kind, known, parts))]
    return tuple(_named_apart(found))


def _of_cores(nodes: Sequence[Node], parts: dict[str, Partition]) -> Iterator[Card]:
    bare = [node for node in nodes if not node.gpus]
    base = bare or list(nodes)
    if not base:
        return
    part = CORES_OF_NODE if bare else max(2, *(2 * int(_devices(node)) for node in base))
    cores, mem = _share(base, lambda _node: Fraction(1, part))
    where = _placed(base, parts)
    yield Card("cpu", "Explore data", "Notebooks and tables, without a GPU", cores, mem, **where)


def _of_gpus(kind: str, nodes: Sequence[Node], parts: dict[str, Partition]) -> Iterator[Card]:
    sliced = _SLICE.search(kind)
    for number in NUMBERS[:1] if sliced else NUMBERS:
        having = [node for node in nodes if node.gpus.get(kind, 0) >= number]
        if not having:
            return
        devices = number * _weight(kind)
        cores, mem = _share(having, lambda node, asked=devices: asked / _devices(node))  # type: ignore[misc]
        model = kind.upper() or "GPU"
        title = f"{number} × {model}" if number > 1 else model
        yield Card(
            f"{kind or 'gpu'}-{number}", title, _purpose(number, part_of=bool(sliced)), cores, mem, number, model,
            f"gpu:{kind}" if kind else "gpu", **_placed(having, parts),
        )  # fmt: skip


def _purpose(number: int, *, part_of: bool) -> str:
    if part_of:
        return "A part of a GPU: for trying out and for courses"
    return "Train or compute on one GPU" if number == 1 else f"Train on {number} GPUs of one node"


def _weight(kind: str) -> Fraction:
    """What one of a type is of a whole card: a MIG slice of 1g is a seventh."""
    sliced = _SLICE.search(kind)
    return Fraction(min(int(sliced[1]), SLICES_OF_GPU), SLICES_OF_GPU) if sliced else Fraction(1)


def _devices(node: Node) -> Fraction:
    return sum((count * _weight(kind) for kind, count in node.gpus.items()), Fraction(0)) or Fraction(1)


def _share(nodes: Sequence[Node], part_of: Callable[[Node], Fraction]) -> tuple[int, int]:
    """Cores and GiB that fit on each of these nodes."""
    cores = min(int((node.cpus or 0) * part_of(node)) for node in nodes)
    mem = min(int(Fraction(node.mem_mib or 0, MIB_OF_GIB) * part_of(node)) for node in nodes)
    return max(1, cores), max(1, mem)


def _placed(nodes: Sequence[Node], parts: dict[str, Partition]) -> dict[str, Any]:
    """The partition for interactive work, else the default one, else the first that has any of these nodes."""
    names = [name for name in parts if any(name in node.partitions for node in nodes)]
    names.sort(key=lambda name: (not _INTERACTIVE.search(name), not parts[name].is_default))
    most = parts[names[0]].most_s
    hours = None if most is None else max(1, most // HOUR_S)
    default = None if hours is None or hours >= ORDINARY_HOURS else max(n for n in (1, 2) if n <= hours)
    return {"partition": names[0], "also": tuple(names[1:]), "most_hours": hours, "default_hours": default}


def _named_apart(found: Iterable[Card]) -> Iterator[Card]:
    """Ids as settings want them: small letters, digits and -, 31 at most, each once."""
    taken: set[str] = set()
    for card in found:
        plain = re.sub(r"[^a-z0-9]+", "-", card.id.lower()).strip("-")
        plain = plain if plain[:1].isalpha() else f"gpu-{plain}"
        name, number = plain[-31:].lstrip("-0123456789") if len(plain) > 31 else plain, 2
        while name in taken:
            name, number = f"{plain[:27]}-{number}", number + 1
        taken.add(name)
        yield replace(card, id=name)
