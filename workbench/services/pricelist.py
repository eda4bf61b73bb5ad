"""The price list that the store holds: what price files brought in, and before them the plain list of `list_prices`.

One answer to "the price on this day": a file that is brought in also becomes the plain list from its first day on, from
which the charges by day are made. Charges of those days are made anew (services.rating.rate).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from workbench.domain.capacity import CapacityChange
from workbench.domain.pricelist import NANO_PER_MINOR, PriceList, PriceVersion, following, nano_text
from workbench.domain.pricing import CPU, ListPrice
from workbench.errors import PriceFileError
from workbench.periods import day_of, day_start
from workbench.services.located import Located
from workbench.services.pricefile import PriceFile, price_file
from workbench.services.rating import mark
from workbench.store.engine import Store
from workbench.store.tables import charges_daily, price_versions, rollup_daily


@dataclass(frozen=True, slots=True)
class LoadedPrices:
    """Names of the versions that are new, and of those that were there already with the same content."""

    new: tuple[str, ...]
    repeated: tuple[str, ...]


def stored_prices(conn: Connection, zone: ZoneInfo) -> PriceList:
    """The whole price list, its versions in order of time; empty where no price is stored."""
    files = _stored_files(conn)
    loaded = _from_contents([json.loads(row.content) for row in files], files[0].currency, zone) if files else ()
    return PriceList((*_plain(conn, zone, loaded[0].start_s if loaded else None), *loaded))


def load_prices(store: Store, file: PriceFile, source: Path | str, now: int) -> LoadedPrices:
    """Bring in the versions of a checked file, all or none; call `services.rating.rate` afterwards.

    Args:
        store: the centre's records.
        file: services.pricefile.read_price_file.
        source: its name, kept with the versions.
        now: UTC epoch seconds.

    Raises:
        PriceFileError: it does not fit what is stored: another currency, another content under a name that charges may
            have used, an overlap, a model that loses its price; or what charges by day cannot hold: a price in parts of
            a cent, a version that begins inside a day, an end without a successor.
    """
    zone = store.settings.centre.zone
    with store.begin() as conn:
        known = {row.name: row for row in _stored_files(conn)}
        texts = {str(part["name"]): _text(part) for part in file.contents}
        changed = [name for name in texts if name in known and known[name].content != texts[name]]
        problems = [f"{name!r} is stored with another content: give the change a name of its own" for name in changed]
        if file.currency != store.settings.centre.currency:
            problems.append(f"its currency is {file.currency}, the centre's is {store.settings.centre.currency}")
        new = [version for version in file.versions if version.name not in known]
        problems += [reason for version in new for reason in _not_by_day(version, zone)]
        if problems:
            raise PriceFileError(source, problems)
        if not new:
            return LoadedPrices((), tuple(texts))
        contents = [
            json.loads(text) for text in [*(row.content for row in known.values()), *(texts[v.name] for v in new)]
        ]
        versions = _from_contents(contents, file.currency, zone, source)
        if versions[-1].end_s is not None:
            raise PriceFileError(source, [f"{versions[-1].name!r} is the last one: leave its until out"])
        if gone := following((*_plain(conn, zone, versions[0].start_s), *versions)):
            raise PriceFileError(source, gone)
        for version in new:
            text = texts[version.name]
            conn.execute(
                insert(price_versions).values(
                    name=version.name,
                    from_at=version.start_s,
                    currency=file.currency,
                    content=text,
                    sha256=sha256(text.encode()).hexdigest(),
                    source=str(source),
                    loaded_at=now,
                )
            )
        _make_plain(conn, versions, day_of(min(v.start_s for v in new), zone), zone)
    return LoadedPrices(tuple(v.name for v in new), tuple(name for name in texts if name in known))


def known_models(store: Store) -> list[str]:
    """GPU models that the centre has, offers or has priced."""
    with store.read() as conn:
        found = set(conn.scalars(select(CapacityChange.gpu_model).distinct()))
        found |= set(conn.scalars(select(ListPrice.resource).distinct())) - {CPU}
    return sorted(found | {p.gpu_model for p in store.settings.profiles if p.gpu_model})


def _stored_files(conn: Connection) -> Sequence[Any]:
    return conn.execute(select(price_versions).order_by(price_versions.c.from_at)).all()


def _from_contents(
    contents: list[dict[str, Any]], currency: str, zone: ZoneInfo, source: Path | str = "the stored price list"
) -> tuple[PriceVersion, ...]:
    return price_file(Located({"currency": currency, "version": contents}), source, zone, None).versions


def _text(content: Any) -> str:
    def plain(value: Any) -> str:
        return value.isoformat() if isinstance(value, date) else str(value)

    return json.dumps(content, default=plain, sort_keys=True, ensure_ascii=False)


def _plain(conn: Connection, zone: ZoneInfo, until_s: int | None) -> list[PriceVersion]:
    """Versions made of the plain list: one begins with each day on which a price changes."""
    rows = conn.execute(select(ListPrice.__table__).order_by(ListPrice.from_on)).all()
    found: list[PriceVersion] = []
    held: dict[str, int] = {}
    for day in sorted({row.from_on for row in rows}):
        start = day_start(day, zone)
        if until_s is not None and start >= until_s:
            break
        held |= {row.resource: row.minor_per_hour * NANO_PER_MINOR for row in rows if row.from_on == day}
        gpus = {resource: nano for resource, nano in held.items() if resource != CPU}
        note = next((row.note for row in rows if row.from_on == day), "")
        found.append(PriceVersion(f"prices of {day}", start, None, gpus, held.get(CPU), note=note))
    ends = [*(version.start_s for version in found[1:]), until_s][: len(found)]
    return [replace(version, end_s=end) for version, end in zip(found, ends, strict=True)]


def _not_by_day(version: PriceVersion, zone: ZoneInfo) -> list[str]:
    amounts = {**version.gpu_hour, **({} if version.core_hour is None else {"core_hour": version.core_hour})}
    found = [
        f"{version.name!r}: {name} costs {nano_text(nano)}, and charges by day hold whole cents only"
        for name, nano in amounts.items()
        if nano % NANO_PER_MINOR
    ]
    if day_start(day_of(version.start_s, zone), zone) != version.start_s:
        found.append(f"{version.name!r} begins inside a day, and charges by day hold one price a day")
    return found


def _make_plain(conn: Connection, versions: Sequence[PriceVersion], first: date, zone: ZoneInfo) -> None:
    """The plain list from a day on as the versions say; charges from then on are taken away and marked to be made."""
    conn.execute(delete(charges_daily).where(charges_daily.c.day >= first.isoformat()))
    conn.execute(delete(ListPrice).where(ListPrice.from_on >= first))
    for version in versions:
        day = day_of(version.start_s, zone)
        prices = {**version.gpu_hour, **({} if version.core_hour is None else {CPU: version.core_hour})}
        rows = [
            {"resource": name, "from_on": day, "minor_per_hour": nano // NANO_PER_MINOR, "note": version.note}
            for name, nano in prices.items()
        ]
        if day >= first and rows:
            conn.execute(insert(ListPrice), rows)
    # Days ahead stay marked until they come.
    mark(conn, conn.scalars(select(rollup_daily.c.project).distinct()).all(), first)
