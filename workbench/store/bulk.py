"""Many rows at once, on either database: what SQLAlchemy's own row objects would make several times slower."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection


def rows_of(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows as tuples of plain Python values, NA as None: what a driver takes."""
    return list(zip(*(_plain(frame[name]) for name in columns), strict=True))


def insert_rows(
    conn: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, then: str = ""
) -> None:
    """Insert rows; `then` is what follows VALUES (…), for instance an ON CONFLICT clause. No rows: nothing happens."""
    marks = ", ".join([_mark(conn)] * len(columns))
    _many(conn, f"INSERT INTO {table} ({_names(columns)}) VALUES ({marks}) {then}", rows)  # noqa: S608  (names of our own)


def add_rows(
    conn: Connection, table: str, keys: Sequence[str], sums: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Add whole numbers to the rows of these keys, making the rows that are not there. Row: keys, then sums."""
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in sums)
    insert_rows(conn, table, (*keys, *sums), rows, then=f"ON CONFLICT ({_names(keys)}) DO UPDATE SET {added}")


def update_rows(
    conn: Connection, table: str, columns: Sequence[str], key: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Set columns of single rows. Row: the columns, then the key."""
    mark = _mark(conn)
    assigned = ", ".join(f'"{name}" = {mark}' for name in columns)
    _many(conn, f"UPDATE {table} SET {assigned} WHERE {key} = {mark}", rows)  # noqa: S608


def _many(conn: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    listed = list(rows)
    if listed:
        conn.exec_driver_sql(statement, listed)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _mark(conn: Connection) -> str:
    return "?" if conn.dialect.paramstyle == "qmark" else "%s"


def _plain(column: pd.Series) -> list[Any]:
    if column.dtype.kind in "ib" and not isinstance(column.dtype, pd.api.extensions.ExtensionDtype):
        return column.to_numpy().tolist()
    return column.to_numpy(object, na_value=None).tolist()
