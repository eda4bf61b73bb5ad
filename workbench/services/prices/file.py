"""A price list as a file (TOML or YAML), read whole: every problem at once, each with its line and its reason.

What may stand in it: docs/prices.md.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from workbench.domain.pricelist import (
    NORMAL,
    ON_DEMAND,
    MigTable,
    Node,
    PriceVersion,
    following,
    nano_from_text,
    profile_size,
)
from workbench.errors import FileUnreadable, PriceFileError
from workbench.periods import parse_moment
from workbench.services.checked_toml import nearest
from workbench.services.prices.located import Located, Place, located
from workbench.services.prices.values import count_of, factor_of, mebibytes_of, share_of, size_of
from workbench.units import BASIS_POINTS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PriceFile:
    """A good file: its versions in order of time, and the plain values that each was read from."""

    currency: str
    versions: tuple[PriceVersion, ...]
    contents: tuple[Mapping[str, Any], ...]


@dataclass
class _Reading:
    """One pass through a file; problems gather here."""

    source: Located
    zone: ZoneInfo
    models: Collection[str] | None
    problems: list[tuple[int, str]] = field(default_factory=list)

    def problem(self, place: Place, reason: str) -> None:
        self.problems.append((self.source.line(place), reason))

    def read(self, place: Place, reader: Callable[[Any], T], value: Any, what: str) -> T | None:
        """What the reader makes of a value; its ValueError becomes a problem and None."""
        try:
            return reader(value)
        except ValueError as problem:
            self.problem(place, f"{what}: {problem}")
            return None

    def table(self, place: Place, owner: Mapping[str, Any], what: str, known: Collection[str] = ()) -> dict[str, Any]:
        """A table inside another one, empty where it is left out; `known` limits its names."""
        found = owner.get(str(place[-1]), {}) if place else owner
        if not isinstance(found, dict):
            self.problem(place, f"{what}: it is no table of names and values")
            return {}
        for name in found if known else ():
            if name not in known:
                hint = nearest(name, known) or f"; known here: {', '.join(known)}"
                self.problem((*place, name), f"{what}: there is no {name!r} here{hint}")
        return found

    def model(self, place: Place, name: str, what: str) -> None:
        """Note a GPU model that the centre does not know."""
        if self.models is not None and name not in self.models:
            self.problem(place, f"{what}: GPU model {name!r} is not known{nearest(name, self.models)}")


def read_price_file(path: Path, zone: ZoneInfo, models: Collection[str] | None) -> PriceFile:
    """Read and check a price file.

    Args:
        path: .toml, .yaml or .yml.
        zone: the centre's; a day in the file begins at its midnight.
        models: GPU models that the centre knows; a list `models` in the file replaces it. None: any is taken.

    Raises:
        FileUnreadable: it cannot be opened, or is no text.
        PriceFileError: every problem, with line and reason.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise FileUnreadable(path, getattr(problem, "strerror", None) or str(problem)) from problem
    source = located(text, path)
    if source.problems:
        raise PriceFileError(path, source.problems)
    return price_file(source, path, zone, models)


def price_file(source: Located, path: Path | str, zone: ZoneInfo, models: Collection[str] | None) -> PriceFile:
    """The checked price list of these values; see `read_price_file`."""
    values = source.values
    listed = values.get("models", models)
    reading = _Reading(source, zone, None if listed is None else [str(model) for model in listed])
    reading.table((), values, "file", ("currency", "models", "version"))
    currency = values.get("currency")
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isupper()):
        reading.problem(("currency",), "currency: write its three letters, like HKD")
    contents = values.get("version", [])
    if not isinstance(contents, list) or not contents or not all(isinstance(part, dict) for part in contents):
        reading.problem(("version",), "there is no [[version]]: a price list has at least one")
        contents = []
    read = [_version(reading, ("version", number), part) for number, part in enumerate(contents)]
    versions = _closed([version for version in read if version is not None])
    for name in {v.name for v in versions if [w.name for w in versions].count(v.name) > 1}:
        reading.problem(("version",), f"two versions have the name {name!r}: a charge names its version")
    for reason in following(versions):
        number = next((n for n, v in enumerate(read) if v is not None and reason.startswith(repr(v.name))), 0)
        reading.problem(("version", number, "from"), reason)
    if reading.problems:
        told = [f"line {line}: {reason}" if source.lines else reason for line, reason in sorted(set(reading.problems))]
        raise PriceFileError(path, told)
    ordered = tuple(part for _, part in sorted(zip([v.start_s for v in read if v], contents, strict=True), key=_first))
    return PriceFile(str(currency), versions, ordered)


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]


def _closed(versions: list[PriceVersion]) -> tuple[PriceVersion, ...]:
    """In order of time; a version without an end ends where the next one begins."""
    ordered = sorted(versions, key=lambda version: version.start_s)
    ends = [*(version.start_s for version in ordered[1:]), None][: len(ordered)]
    return tuple(
        replace(version, end_s=end) if version.end_s is None and end != version.start_s else version
        for version, end in zip(ordered, ends, strict=True)
    )


def _version(reading: _Reading, place: Place, part: dict[str, Any]) -> PriceVersion | None:
    known = ("name", "from", "until", "note", "core_hour", "gpu_hour", "storage", "service", "priority")
    name = str(part.get("name", "")).strip()
    what = f"version {name!r}" if name else "a version without name"
    for key in part:
        if key not in (*known, "partitions", "nodes", "mig"):
            reading.problem((*place, key), f"{what}: there is no {key!r} here{nearest(key, (*known, 'mig', 'nodes'))}")
    if not name:
        reading.problem((*place, "name"), f"{what}: every version needs a name, charges name it")
    start, end = _window(reading, place, part, what)
    prices = {
        model: reading.read((*place, "gpu_hour", model), nano_from_text, amount, f"{what}: gpu_hour.{model}")
        for model, amount in reading.table((*place, "gpu_hour"), part, what).items()
    }
    for model in prices:
        reading.model((*place, "gpu_hour", model), model, what)
    core = part.get("core_hour")
    core_hour = (
        None if core is None else reading.read((*place, "core_hour"), nano_from_text, core, f"{what}: core_hour")
    )
    if not prices and core is None:
        reading.problem(place, f"{what}: it has no price at all")
    storage = reading.table((*place, "storage"), part, f"{what}: storage", ("tb_month", "free_tb"))
    month, free = storage.get("tb_month"), storage.get("free_tb", 0)
    at = (*place, "storage")
    tb_month = None if month is None else reading.read((*at, "tb_month"), nano_from_text, month, f"{what}: tb_month")
    free_tb = reading.read((*at, "free_tb"), count_of, free, f"{what}: free_tb") or 0
    service = _factors(reading, (*place, "service"), part, what, ON_DEMAND)
    priority = _factors(reading, (*place, "priority"), part, what, NORMAL)
    ways = _ways(reading, (*place, "partitions"), part, what, (service, priority))
    nodes = _nodes(reading, (*place, "nodes"), part, what)
    mig = _mig(reading, (*place, "mig"), part, what, prices)
    if start is None:
        return None
    good = {model: amount for model, amount in prices.items() if amount is not None}
    more = {"service": service, "priority": priority, "ways": ways, "nodes": nodes, "mig": mig}
    note = str(part.get("note", ""))
    return PriceVersion(name, start, end, good, core_hour, tb_month, free_tb, **more, note=note)  # type: ignore[arg-type]


def _window(reading: _Reading, place: Place, part: Mapping[str, Any], what: str) -> tuple[int | None, int | None]:
    def second(value: Any) -> int:
        return parse_moment(value.isoformat() if isinstance(value, date) else str(value), reading.zone)

    if "from" not in part:
        reading.problem(place, f"{what}: from is missing")
        return None, None
    start = reading.read((*place, "from"), second, part["from"], f"{what}: from")
    end = None if "until" not in part else reading.read((*place, "until"), second, part["until"], f"{what}: until")
    if start is not None and end is not None and end <= start:
        reading.problem((*place, "until"), f"{what}: it ends (until, not included) before it begins")
        end = None
    return start, end


def _factors(reading: _Reading, place: Place, part: Mapping[str, Any], what: str, usual: str) -> dict[str, int]:
    found = {usual: BASIS_POINTS}
    for name, value in reading.table(place, part, what).items():
        factor = reading.read((*place, name), factor_of, value, f"{what}: {place[-1]}.{name}")
        if factor is not None:
            found[name] = factor
    return found


def _ways(
    reading: _Reading, place: Place, part: Mapping[str, Any], what: str, known: tuple[dict[str, int], dict[str, int]]
) -> dict[str, tuple[str, str]]:
    found = {}
    for partition in reading.table(place, part, what):
        at = (*place, partition)
        given = reading.table(at, part[str(place[-1])], f"{what}: {partition}", ("service", "priority"))
        way = str(given.get("service", ON_DEMAND)), str(given.get("priority", NORMAL))
        for name, names, kind in zip(way, known, ("service", "priority"), strict=True):
            if name not in names:
                reading.problem(at, f"{what}: partition {partition!r}: no {kind} {name!r}{nearest(name, names)}")
        found[partition] = way
    return found


def _nodes(reading: _Reading, place: Place, part: Mapping[str, Any], what: str) -> dict[str, Node]:
    found = {}
    for model in reading.table(place, part, what):
        at = (*place, model)
        reading.model(at, model, what)
        readers = {"gpus": size_of, "cores": size_of, "mem_gib": mebibytes_of}
        given = reading.table(at, part["nodes"], f"{what}: nodes.{model}", tuple(readers))
        gpus, cores, mem_mib = (
            reading.read((*at, name), reader, given.get(name), f"{what}: nodes.{model}.{name}")
            for name, reader in readers.items()
        )
        if gpus and cores and mem_mib:
            found[model] = Node(gpus, cores, mem_mib)
    return found


def _mig(
    reading: _Reading, place: Place, part: Mapping[str, Any], what: str, prices: Collection[str]
) -> dict[str, MigTable]:
    found = {}
    for model in reading.table(place, part, what):
        at, where = (*place, model), f"{what}: mig.{model}"
        reading.model(at, model, what)
        if model not in prices:
            reading.problem(at, f"{where}: the version has no price for {model}")
        given = reading.table(at, part["mig"], where, ("slices", "mem_gb", "shares", "layouts"))
        slices = reading.read((*at, "slices"), size_of, given.get("slices"), f"{where}.slices")
        mem_gb = reading.read((*at, "mem_gb"), size_of, given.get("mem_gb"), f"{where}.mem_gb")
        shares: dict[str, int] = {}
        for profile, value in reading.table((*at, "shares"), given, where).items():
            spot = (*at, "shares", profile)
            size = reading.read(spot, profile_size, profile, where)
            share = reading.read(spot, share_of, value, f"{where}: {profile}")
            if size is not None and share is not None:
                shares[profile] = share
        layouts = _layouts(reading, (*at, "layouts"), given.get("layouts", []), shares, where)
        if slices and mem_gb:
            found[model] = table = MigTable(slices, mem_gb, shares, layouts)
            for reason in table.overcharges():
                reading.problem((*at, "shares"), f"{where}: {reason}")
    return found


def _layouts(
    reading: _Reading, place: Place, layouts: Any, shares: Collection[str], where: str
) -> tuple[tuple[str, ...], ...]:
    if not isinstance(layouts, list) or not all(isinstance(layout, list) for layout in layouts):
        reading.problem(place, f"{where}: layouts is a list of lists of profiles")
        return ()
    for name in sorted({str(name) for layout in layouts for name in layout} - set(shares)):
        reading.problem(place, f"{where}: a layout names {name!r}, which has no share{nearest(name, shares)}")
    good = (tuple(map(str, layout)) for layout in layouts)
    return tuple(layout for layout in good if set(layout) <= set(shares))
