"""The price list in versions: what an hour of each thing costs in a window of time, and by what it is multiplied.

A version is whole: every price, MIG share, factor and node size that holds in its window stands in it. Prices are
integers of 10⁻⁹ of the currency's major unit ("0.013" is 13,000,000), so that a published price of a tenth of a cent is
exact; shares are GPU parts (workbench.units); factors are basis points. Source: scheme rules 6 and 7.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from workbench.units import BASIS_POINTS, GPU_PARTS

NANO = 10**9
NANO_PER_MINOR = 10**7
ON_DEMAND, NORMAL = "on-demand", "normal"
"""Service and priority of a job of which nothing else is said."""

_PROFILE = re.compile(r"(?P<slices>\d+)g\.(?P<mem_gb>\d+)gb")
_SLICED = re.compile(r"(?P<board>.+?)[_:-](?P<profile>\d+g\.\d+gb)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a GPU model: its GPUs, cores and memory. Sizes > 0."""

    gpus: int
    cores: int
    mem_mib: int


@dataclass(frozen=True, slots=True)
class MigTable:
    """The share of a board that each MIG profile is charged for.

    shares: profile ("3g.40gb") → GPU parts. layouts: the mixed cuts of a board that the centre offers.
    """

    slices: int
    mem_gb: int
    shares: Mapping[str, int]
    layouts: tuple[tuple[str, ...], ...] = ()

    def most(self, profile: str) -> int:
        """How many slices of this profile fit on one board. Raises ValueError for a name that is no profile."""
        slices, mem_gb = profile_size(profile)
        return min(self.slices // slices, self.mem_gb // mem_gb)

    def overcharges(self) -> list[str]:
        """Every way of filling one board that would be charged more than the board; empty where there is none."""
        alone = [(name,) * self.most(name) for name in self.shares]
        found = []
        for layout in (*alone, *self.layouts):
            total = sum(self.shares[name] for name in layout)
            if total > GPU_PARTS:
                counted = " + ".join(f"{layout.count(name)} × {name}" for name in dict.fromkeys(layout))
                exact = Fraction(total, GPU_PARTS)
                found.append(f"{counted} would charge {exact} ({float(exact):.4f}) of a board")
        return found


@dataclass(frozen=True, slots=True)
class PriceVersion:
    """Prices in [start_s, end_s); end_s None: until further notice.

    gpu_hour: model → nano per GPU-hour. core_hour: nano per core-hour of a job without GPU, None: no price.
    storage_tb_month: nano per TB-month beyond `storage_free_tb`. service, priority: name → basis points. ways:
    partition → (service, priority) of its jobs.
    """

    name: str
    start_s: int
    end_s: int | None
    gpu_hour: Mapping[str, int]
    core_hour: int | None = None
    storage_tb_month: int | None = None
    storage_free_tb: int = 0
    mig: Mapping[str, MigTable] = field(default_factory=dict)
    service: Mapping[str, int] = field(default_factory=lambda: {ON_DEMAND: BASIS_POINTS})
    priority: Mapping[str, int] = field(default_factory=lambda: {NORMAL: BASIS_POINTS})
    ways: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    note: str = ""

    def hourly(self, model: str | None) -> int | None:
        """Nano per hour of a GPU model, of its board where it is a slice; without model per core-hour. None: none."""
        if not model:
            return self.core_hour
        return self.gpu_hour.get(model, self.gpu_hour.get(sliced(model)[0]))


@dataclass(frozen=True, slots=True)
class PriceList:
    """Versions in order of time, none overlapping another."""

    versions: tuple[PriceVersion, ...]

    def at(self, second: int) -> PriceVersion | None:
        """The version that holds at a second; None before the first and after the end of the last."""
        place = bisect_right(self.versions, second, key=lambda version: version.start_s) - 1
        if place < 0:
            return None
        found = self.versions[place]
        return found if found.end_s is None or second < found.end_s else None

    def edges(self, start_s: int, end_s: int) -> list[int]:
        """The seconds inside (start_s, end_s) at which another version, or none, begins to hold."""
        all_edges = {edge for v in self.versions for edge in (v.start_s, v.end_s) if edge is not None}
        return sorted(edge for edge in all_edges if start_s < edge < end_s)


def following(versions: Sequence[PriceVersion]) -> list[str]:
    """What is wrong with the order of versions in time: overlaps, gaps, a model that loses its price."""
    found = []
    ordered = sorted(versions, key=lambda version: version.start_s)
    for earlier, later in pairwise(ordered):
        pair = f"{later.name!r} begins"
        if earlier.end_s is None or earlier.end_s > later.start_s:
            found.append(f"{pair} before {earlier.name!r} has ended: the two overlap")
        elif earlier.end_s < later.start_s:
            found.append(
                f"{pair} {later.start_s - earlier.end_s:,} s after {earlier.name!r} has ended: a gap without prices"
            )
        found += [
            f"{later.name!r} has no price for {model}, which {earlier.name!r} has: its usage would wait unpriced"
            for model in sorted(set(earlier.gpu_hour) - set(later.gpu_hour))
        ]
        if earlier.core_hour is not None and later.core_hour is None:
            found.append(f"{later.name!r} has no core_hour, which {earlier.name!r} has: CPU jobs would wait unpriced")
    return found


def profile_size(profile: str) -> tuple[int, int]:
    """Compute slices and memory (GB) of a MIG profile: "3g.40gb" → (3, 40). Raises ValueError for any other text."""
    parts = _PROFILE.fullmatch(profile)
    if parts is None or not int(parts["slices"]) or not int(parts["mem_gb"]):
        raise ValueError(f"{profile!r} is no MIG profile (write one like 3g.40gb)")
    return int(parts["slices"]), int(parts["mem_gb"])


def sliced(model: str) -> tuple[str, str | None]:
    """Board and MIG profile of a model as Slurm types it: "H800_3g.40gb" → ("H800", "3g.40gb"); a whole one → None."""
    parts = _SLICED.fullmatch(model)
    return (parts["board"], parts["profile"].lower()) if parts else (model, None)


def nano_from_text(amount: object) -> int:
    """10⁻⁹ major units of an amount: "0.013" → 13000000.

    Raises:
        ValueError: no decimal number, negative, finer than 10⁻⁹, or a binary float (0.1 is not 0.1 there).
    """
    if isinstance(amount, bool | float) or not isinstance(amount, str | int | Decimal):
        raise ValueError(f"{amount!r} is no exact amount: write it in quotes")
    try:
        nano = Decimal(str(amount).strip()) * NANO
    except ArithmeticError as problem:
        raise ValueError(f"{amount!r} is not an amount of money") from problem
    if not nano.is_finite() or nano != nano.to_integral_value():
        raise ValueError(f"{amount!r} is not an amount with at most nine decimals")
    if nano < 0:
        raise ValueError(f"{amount!r} is negative")
    return int(nano)


def nano_text(nano: int) -> str:
    """The amount in major units with at least two decimals: 28000000000 → "28.00", 13000000 → "0.013"."""
    whole, rest = divmod(nano, NANO)
    return f"{whole:,}.{f'{rest:09d}'.rstrip('0').ljust(2, '0')}"
