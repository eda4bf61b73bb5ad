"""What the year's report is made of: figures with their sources, and how a section asks for them.

Money is minor units, GPU time is part-seconds, days and months are the centre's calendar; None is unknown, never 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, TextClause, text

from workbench.periods import Window, day_start
from workbench.services.annual.queries import Query
from workbench.store.engine import Store

PRICES = "rests on placeholder list prices"

Value = int | float | str | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. unit: minor, count, share (0 to 1), days, part-seconds, text, category. source: id of its `Source`.

    placeholder: it rests on a number that is a placeholder (list prices, counts of cards of the sample centre).
    """

    what: str
    value: Value
    unit: str
    source: str
    note: str = ""
    placeholder: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: columns as (heading, unit); a total under it or None."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Value, ...], ...]
    source: str
    total: tuple[Value, ...] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from: SQL as it was run, a command, or a call; all of them can be asked again."""

    id: str
    what: str
    query: str


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    says: str
    figures: tuple[Figure, ...] = ()
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True)
class AnnualReport:
    """The report of [first, after). until: the first day that the ledger does not hold yet; `after` where it is whole.

    seal: number and hash of the ledger's last transaction. made_up: whether it tells of sample data.
    """

    year: str
    first: date
    after: date
    until: date
    closed: bool
    seal: tuple[int, str]
    made_up: bool
    sections: tuple[Section, ...]
    sources: tuple[Source, ...]


@dataclass(slots=True)
class Asking:
    """What the sections share: the connection, the year's bounds, and the sources asked so far."""

    conn: Connection
    store: Store
    first: date
    after: date
    until: date
    made_up: bool
    sources: list[Source] = field(default_factory=list)

    @property
    def window(self) -> Window:
        """The days that are in, UTC epoch seconds."""
        zone = self.store.settings.centre.zone
        return Window(day_start(self.first, zone), day_start(max(self.first, self.until), zone))

    def sql(self, template: str) -> str:
        """A question of annual_queries with the bounds of this year; they are our own days, months and seconds."""
        last = self.after - timedelta(days=1)
        return template.format(
            first=self.first,
            until=self.until,
            from_month=f"{self.first:%Y-%m}",
            to_month=f"{last:%Y-%m}",
            start_s=self.window.start_s,
            end_s=self.window.end_s,
        )

    def figures(self, queries: Iterable[Query]) -> list[Figure]:
        """What these questions answer."""
        found = []
        for query in queries:
            sql = self.sql(query.sql)
            value = self.conn.scalar(_as_text(sql))
            placeholder = query.priced and self.made_up
            note = " · ".join(part for part in (query.note, PRICES if placeholder else "") if part)
            known = 0 if value is None and query.zero else value
            number = None if known is None else int(known)
            found.append(Figure(query.what, number, query.unit, self.noted(query.what, sql), note, placeholder))
        return found

    def rows(self, what: str, template: str) -> tuple[Sequence[Any], str]:
        """The rows that a question answers, and the id of its source."""
        sql = self.sql(template)
        return self.conn.execute(_as_text(sql)).all(), self.noted(what, sql)

    def noted(self, what: str, query: str) -> str:
        """The id of a new source."""
        self.sources.append(Source(f"S{len(self.sources) + 1}", what, query))
        return self.sources[-1].id


def _as_text(sql: str) -> TextClause:
    """SQL as it is: a colon in it names no parameter."""
    return text(sql.replace(":", "\\:"))
