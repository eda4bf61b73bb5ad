"""GPUs in Slurm's words for resources: AllocTRES, AllocGRES, ReqGRES, node Gres, and the database's numbered TRES.

One reader for all spellings: `billing=8,cpu=8,gres/gpu:a100=2,gres/gpu=2,mem=32G`, `gpu:a100_1g.5gb:2`,
`gpu:h100-sxm:4(S:0-1)`, `gres:gpu:2`, `1=20,2=170000,1002=2`. Typed and untyped entries of one text are the same GPUs.
What cannot be read raises; it is never 0. Source: sacct(1), slurm.conf(5) AccountingStorageTRES, gres.conf(5).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from workbench.units import gpu_parts

NONE = frozenset({"", "n/a", "(null)"})
STANDARD_IDS = {
    "1": "cpu",
    "2": "mem",
    "3": "energy",
    "4": "node",
    "5": "billing",
    "6": "fs/disk",
    "7": "vmem",
    "8": "pages",
}
"""TRES numbers that mean the same at every site; those from 1001 on are the site's own. Source: slurm's slurmdb.h."""

MOST_GPUS = 1_000_000
"""More GPUs than this in one job is Slurm's mark for "no value", or a broken row."""

MOST_MIB = 2**40
"""More memory than this (an exbibyte) is Slurm's mark for "no value", or a broken row."""

_PLACE = re.compile(r"\([^)]*\)")  # (S:0-1), (IDX:0-3): where on the node the GPUs are
_COUNT = re.compile(r"(\d+)([KMGT]?)", re.IGNORECASE)
_SUFFIX = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_MEMORY = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)([KMGTP]?)", re.IGNORECASE)
_MIB: dict[str, Fraction | int] = {"": 1, "K": Fraction(1, 1024), "M": 1, "G": 1024, "T": 1024**2, "P": 1024**3}
_SHARES = ("shard", "mps")
"""Resources that are parts of a GPU; how many make one GPU is the site's own."""
_MEASURED = ("gpumem", "gpuutil")
_TYPE = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][\w.+-]*")


@dataclass(frozen=True, slots=True)
class Gpus:
    """GPUs that a text names: parts in all, and the model as Slurm's type (several joined by "+"), None if untyped."""

    parts: int
    model: str | None


NO_GPUS = Gpus(0, None)


def gpus_of(text: str, *, ids: Mapping[str, str] | None = None, weights: Mapping[str, Fraction] | None = None) -> Gpus:
    """The GPUs that a TRES or GRES text names.

    Args:
        text: as Slurm writes it; empty, N/A and (null) name no GPUs.
        ids: names of the site's own TRES numbers: {"1001": "gres/gpu", "1002": "gres/gpu:volta"}.
        weights: GPUs that one unit of a type counts for, e.g. {"a100_1g.5gb": 1/7, "shard": 1/4}; by default a typed
            GPU, be it a MIG slice, counts as the one device that Slurm allocates.

    Returns:
        Parts (workbench.units) in all, and the model.

    Raises:
        ValueError: a GPU entry that cannot be read, that contradicts another one, or that is an unknown part of a GPU.
    """
    if text.strip().lower() in NONE:
        return NO_GPUS
    weights = weights or {}
    untyped: int | None = None
    typed: dict[str, int] = {}
    shares: dict[str, int] = {}
    for entry in filter(None, map(str.strip, _PLACE.sub("", text).split(","))):
        name, count = _named_count(entry, ids or {}, text)
        if name == "gpu":
            untyped = count if untyped is None else untyped + count
        elif name.startswith("gpu:"):
            model = name.removeprefix("gpu:")
            typed[model] = typed.get(model, 0) + count
        elif name.split(":")[0] in _SHARES and count:
            shares[name.split(":")[0]] = count
    whole = _whole(untyped, {model: n for model, n in typed.items() if n}, weights, text)
    # Beside whole GPUs, shares are another count of the same ones.
    if whole.parts or not shares:
        return whole
    return Gpus(gpu_parts(sum((_share(name, n, weights, text) for name, n in shares.items()), Fraction(0))), None)


def mib_of(text: str) -> int | None:
    """MiB of an amount of memory as Slurm writes it (62.50G, 4000M, 1T; without a suffix MiB); None for any other text.

    sacct without --noconvert rounds to hundredths of the next larger unit.
    """
    match = _MEMORY.fullmatch(text)
    found = int(Fraction(match[1]) * _MIB[match[2].upper()]) if match else None
    return None if found is None or found > MOST_MIB else found


def _whole(untyped: int | None, typed: dict[str, int], weights: Mapping[str, Fraction], text: str) -> Gpus:
    known = sum(typed.values())
    # A site may track some types only: then the untyped entry is the whole and the typed ones a part of it.
    if untyped is not None and untyped < known:
        raise ValueError(f"{text!r} contradicts itself: {known} GPUs by type, {untyped} in all")
    devices = max(untyped or 0, known)
    if devices > MOST_GPUS:
        raise ValueError(f"{text!r} is no number of GPUs one job could have")
    weighed = sum((n * weights.get(model, Fraction(1)) for model, n in typed.items()), Fraction(devices - known))
    return Gpus(gpu_parts(weighed), "+".join(sorted(typed)) or None)


def _share(name: str, count: int, weights: Mapping[str, Fraction], text: str) -> Fraction:
    if name not in weights:
        raise ValueError(f"{text!r} has {count} of {name}, parts of a GPU: say how large one is (weight of {name!r})")
    return count * weights[name]


def _named_count(entry: str, ids: Mapping[str, str], text: str) -> tuple[str, int]:
    """("gpu" | "gpu:<type>" | "shard" | …, count) of one entry; counts of what is no GPU are not read (0)."""
    name, equals, count = entry.partition("=")
    if equals and name.isdecimal():
        name = _name_of_id(name, ids, text)
    name = re.sub(r"^gres[/:]", "", name.strip(), flags=re.IGNORECASE)
    family, colon, kind = name.partition(":")
    family = family.lower()
    if family not in ("gpu", *_SHARES):
        _check_other(family, text, counted=bool(equals or colon))
        return family, 0
    if not equals:
        name, count = _gres_count(name)
        kind = name.partition(":")[2]
    if kind and not _TYPE.fullmatch(kind):
        raise ValueError(f"{text!r}: {entry!r} names no type of GPU and no whole number of them")
    match = _COUNT.fullmatch(count.strip())
    if not match:
        raise ValueError(f"{text!r}: {entry!r} has no whole number of GPUs")
    return f"{family}:{kind}" if kind else family, int(match[1]) * _SUFFIX[match[2].upper()]


def _check_other(family: str, text: str, *, counted: bool) -> None:
    """Another resource's name is fine; what is no resource, or GPUs by another name, must not pass as no GPUs."""
    if "gpu" in family and family not in _MEASURED and not family.startswith("license/"):
        raise ValueError(f"{text!r}: {family!r} looks like GPUs, but is no name that Slurm gives them")
    if not (counted and family):
        raise ValueError(f"{text!r} is no list of resources as Slurm writes it (gres/gpu:a100=2 or gpu:a100:2)")


def _gres_count(name: str) -> tuple[str, str]:
    """gpu:a100:2 → ("gpu:a100", "2"), gpu:2 → ("gpu", "2"), gpu:tesla and gpu → one, as Slurm reads a request."""
    head, colon, last = name.rpartition(":")
    return (head, last) if colon and (not last or _COUNT.fullmatch(last)) else (name, "1")


def _name_of_id(number: str, ids: Mapping[str, str], text: str) -> str:
    name = ids.get(number) or STANDARD_IDS.get(number)
    if name is None:
        raise ValueError(f"{text!r}: what TRES {number} is, nobody said; it may be GPUs")
    return name
