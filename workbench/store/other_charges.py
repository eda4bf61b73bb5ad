"""Charges beside metered usage: reservations, storage, refunds, adjustments. One row each, never changed (triggers).

A row that takes money back is negative. list_minor = subsidy_minor + user_minor, in minor units. What an award paid of
a row counts as drawn from it, as the subsidy of usage does; a correction is a further row.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from workbench.domain.base import Stored

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
    Index("ix_other_charges_project", "project", "day"),
)
