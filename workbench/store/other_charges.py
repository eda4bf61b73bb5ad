"""Charges beside metered usage: reservations, storage, refunds, adjustments. One row each, never changed (triggers).

A row that takes money back is negative. list_minor = subsidy_minor + user_minor, in minor units. What an award paid of
a row counts as drawn from it, as the subsidy of usage does; a correction is a further row.
"""

import json
from collections.abc import Iterable
from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Row,
    String,
    Table,
    Text,
    func,
    select,
)

from workbench.domain.base import Stored
from workbench.domain.other_charges import OtherCharge

other_charges = Table(
    "other_charges",
    Stored.metadata,
    Column("key", String(160), primary_key=True),  # "refund/<cluster>/<job>/<submit>", "reservation/12" …: once for all
    Column("kind", String(20), nullable=False),  # reservation, cancellation, storage, refund, adjustment, write-off …
    Column("project", ForeignKey("projects.slug"), nullable=False),
    Column("day", String(10), nullable=False),  # the centre's day that it counts for, in statements and for its award
    Column("award_id", ForeignKey("awards.id"), nullable=True),
    Column("list_minor", BigInteger, nullable=False),
    Column("subsidy_minor", BigInteger, nullable=False),
    Column("user_minor", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=True),
    Column("unit", String(30), nullable=False),  # of quantity: "GPU part-seconds", "milli-TB-months" …, '' without
    Column("memo", Text, nullable=False),  # a sentence for the statement
    Column("refs", Text, nullable=False),  # JSON object of plain values: what it comes from
    Column("made_by", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    CheckConstraint("list_minor = subsidy_minor + user_minor", name="adds_up"),
    Index("ix_other_charges_project", "project", "day"),
)

storage_daily = Table(
    "storage_daily",
    Stored.metadata,
    # What a project stored on a day; a day without a row was not measured, which is not nothing.
    Column("day", String(10), primary_key=True),
    Column("project", ForeignKey("projects.slug"), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    Column("noted_at", BigInteger, nullable=False),
    Index("ix_storage_daily_project", "project", "day"),
)

_row = other_charges.c


def rows_of(
    conn: Connection, projects: Iterable[str] | None, first: date | None = None, last: date | None = None
) -> list[OtherCharge]:
    """The rows of projects (None: of all) whose day is in [first, last), by day and key; None: no bound."""
    ask = select(other_charges).order_by(_row.day, _row.key)
    if projects is not None:
        ask = ask.where(_row.project.in_(sorted(projects)))
    if first is not None:
        ask = ask.where(_row.day >= first.isoformat())
    if last is not None:
        ask = ask.where(_row.day < last.isoformat())
    return [_charge(row) for row in conn.execute(ask)]


def by_key(conn: Connection, key: str) -> OtherCharge | None:
    """The row of this key."""
    found = conn.execute(select(other_charges).where(_row.key == key)).first()
    return _charge(found) if found else None


def drawn_elsewhere(conn: Connection, projects: Iterable[str] | None, until: date | None = None) -> dict[int, int]:
    """Award → what the rows before a day took of it, less what they gave back; None: all rows, also of days ahead."""
    ask = select(_row.award_id, func.sum(_row.subsidy_minor)).where(_row.award_id.is_not(None)).group_by(_row.award_id)
    if projects is not None:
        ask = ask.where(_row.project.in_(sorted(projects)))
    if until is not None:
        ask = ask.where(_row.day < until.isoformat())
    return {int(award): int(minor) for award, minor in conn.execute(ask)}


def _charge(row: Row[tuple[object, ...]]) -> OtherCharge:
    values = row._mapping
    day, refs = date.fromisoformat(values["day"]), json.loads(values["refs"])
    return OtherCharge(**{**values, "day": day, "refs": refs})
