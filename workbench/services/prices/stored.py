"""The price list that the store holds: its versions, as price files brought them in. Nothing else says a price.

A stored version is never changed (triggers); another price is another version, from its first second on. Charges from
then on are made anew (services.charging.rating.rate).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from workbench.domain.capacity import CapacityChange
from workbench.domain.pricelist import PriceList, PriceVersion, following
from workbench.errors import PriceFileError
from workbench.periods import day_of
from workbench.services.charging.marks import mark
from workbench.services.prices.file import PriceFile, price_file
from workbench.services.prices.located import Located
from workbench.settings import Centre
from workbench.store.charged_jobs import projects_with_jobs
from workbench.store.engine import Store
from workbench.store.tables import price_versions

CPU = "cpu"
"""The name of a core in a plain list of prices; every other name is a GPU model."""


@dataclass(frozen=True, slots=True)
class LoadedPrices:
    """Names of the versions that are new, and of those that were there already with the same content."""

    new: tuple[str, ...]
    repeated: tuple[str, ...]


def stored_prices(conn: Connection, zone: ZoneInfo) -> PriceList:
    """The whole price list, its versions in order of time; empty where no price is stored."""
    files = _stored(conn)
    return PriceList(_versions(tuple(row.content for row in files), files[0].currency, zone) if files else ())


def load_prices(store: Store, file: PriceFile, source: Path | str, now: int) -> LoadedPrices:
    """Bring in the versions of a checked file, all or none; call `services.charging.rating.rate` afterwards.

    Args:
        store: the centre's records.
        file: services.prices.file.read_price_file.
        source: its name, kept with the versions.
        now: UTC epoch seconds.

    Raises:
        PriceFileError: it does not fit what is stored: another currency, another content under a name that charges may
            have used, an overlap, a gap, a model that loses its price.
    """
    with store.begin() as conn:
        return add_versions(conn, file.contents, file.currency, store.settings.centre, source, now)


def add_versions(
    conn: Connection,
    contents: Iterable[Mapping[str, Any]],
    currency: str,
    centre: Centre,
    source: Path | str,
    now: int,
) -> LoadedPrices:
    """Add versions of the price list, given as in a price file, in the caller's transaction; see `load_prices`."""
    known = {row.name: row for row in _stored(conn)}
    texts = {str(part["name"]): _text(part) for part in contents}
    changed = [name for name in texts if name in known and known[name].content != texts[name]]
    problems = [f"{name!r} is stored with another content: give the change a name of its own" for name in changed]
    if currency != centre.currency:
        problems.append(f"its currency is {currency}, the centre's is {centre.currency}")
    if problems:
        raise PriceFileError(source, problems)
    new = [name for name in texts if name not in known]
    if not new:
        return LoadedPrices((), tuple(texts))
    versions = _versions(
        (*(row.content for row in known.values()), *(texts[name] for name in new)), currency, centre.zone, str(source)
    )
    if gone := following(versions):
        raise PriceFileError(source, gone)
    added = [version for version in versions if version.name in new]
    for version in added:
        text = texts[version.name]
        conn.execute(
            insert(price_versions).values(
                name=version.name,
                from_at=version.start_s,
                currency=currency,
                content=text,
                sha256=sha256(text.encode()).hexdigest(),
                source=str(source),
                loaded_at=now,
            )
        )
    mark(conn, projects_with_jobs(conn), day_of(min(version.start_s for version in added), centre.zone))
    return LoadedPrices(tuple(version.name for version in added), tuple(name for name in texts if name in known))


def plain_contents(changes: Mapping[date, tuple[Mapping[str, str], str]]) -> list[dict[str, Any]]:
    """A plain list of prices as versions of a price file.

    Args:
        changes: day from which on → (GPU model or CPU → price of an hour in major units as text, note); what a day does
            not name costs what it did before.
    """
    held: dict[str, str] = {}
    found = []
    for day, (prices, note) in sorted(changes.items()):
        held |= prices
        gpu_hour = {name: amount for name, amount in held.items() if name != CPU}
        version: dict[str, Any] = {"name": f"prices of {day}", "from": day, "note": note, "gpu_hour": gpu_hour}
        found.append(version | ({"core_hour": held[CPU]} if CPU in held else {}))
    return found


def known_models(store: Store) -> list[str]:
    """GPU models that the centre has, offers or has priced."""
    with store.read() as conn:
        found = set(conn.scalars(select(CapacityChange.gpu_model).distinct()))
        found |= {m for v in stored_prices(conn, store.settings.centre.zone).versions for m in v.gpu_hour}
    return sorted(found | {p.gpu_model for p in store.settings.profiles if p.gpu_model})


def _stored(conn: Connection) -> Sequence[Any]:
    return conn.execute(select(price_versions).order_by(price_versions.c.from_at)).all()


@lru_cache(maxsize=16)  # they never change, and each page of a server asks for them
def _versions(
    contents: tuple[str, ...], currency: str, zone: ZoneInfo, source: str = "the stored price list"
) -> tuple[PriceVersion, ...]:
    values = {"currency": currency, "version": [json.loads(content) for content in contents]}
    return price_file(Located(values), source, zone, None).versions


def _text(content: Any) -> str:
    def plain(value: Any) -> str:
        return value.isoformat() if isinstance(value, date) else str(value)

    return json.dumps(content, default=plain, sort_keys=True, ensure_ascii=False)
