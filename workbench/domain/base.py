"""The base of stored things: dataclasses that also know their table, usable without any database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


Amount = BigInteger().with_variant(Integer(), "sqlite")
"""Minor units: PostgreSQL's INTEGER ends at HK$21m; SQLite's is of 64 bits."""


class Stored(MappedAsDataclass, DeclarativeBase):
    """A thing with a row of its own."""

    metadata = MetaData(naming_convention=NAMES)


class UtcMoment(TypeDecorator[datetime]):
    """An aware UTC moment, kept as whole epoch seconds.

    `DateTime(timezone=True)` loses the zone on SQLite; an integer is the same on both databases, sorts, and subtracts.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> int | None:
        if value is None or isinstance(value, int):
            return value
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        return int(value.timestamp() // 1)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)
