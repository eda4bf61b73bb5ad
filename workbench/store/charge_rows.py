"""Sums of charge lines as rows of `charges_daily` and `charges_user_daily`, taken away and put in."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, delete, func, select

from workbench.periods import day_of, day_start
from workbench.store.bulk import insert_rows
from workbench.store.other_charges import other_charges
from workbench.store.tables import charges_daily, charges_user_daily

Int64s = npt.NDArray[np.int64]
Key = tuple[Int64s, Sequence[Any]]
"""One column of a key: for each line the place of its value, and the values."""

USED = ("gpu_part_seconds", "core_seconds")
PAID = ("list_minor", "subsidy_minor", "user_minor")
UNPRICED = "unpriced_gpu_part_seconds"


def drawn_before(conn: Connection, project: str, day: date) -> dict[int, int]:
    """Award → subsidy that usage of the project drew before a day, minor units."""
    mine = charges_daily.c
    ask = select(mine.award_id, func.sum(mine.subsidy_minor)).where(
        mine.project == project, mine.day < day.isoformat(), mine.award_id.is_not(None)
    )
    return {int(award): int(minor) for award, minor in conn.execute(ask.group_by(mine.award_id))}


def beside_usage(conn: Connection, project: str, zone: ZoneInfo) -> dict[int, list[tuple[int, int]]]:
    """Award → (start of the day on which it was recorded, subsidy) of the project's charges beside usage."""
    mine = other_charges.c
    ask = select(mine.award_id, mine.made_at, mine.subsidy_minor)
    found: dict[int, list[tuple[int, int]]] = {}
    for award, made_at, minor in conn.execute(ask.where(mine.project == project, mine.award_id.is_not(None))):
        found.setdefault(award, []).append((day_start(day_of(made_at, zone), zone), int(minor)))
    return found


def forget(conn: Connection, project: str, day: date) -> None:
    """Take the charges of a project away from a day on."""
    for table in (charges_daily, charges_user_daily):
        conn.execute(delete(table).where(table.c.project == project, table.c.day >= day.isoformat()))


def keep(
    conn: Connection,
    project: str,
    keys: Mapping[str, Key],
    amounts: Mapping[str, Int64s],
    awards: Mapping[str, int | None],
) -> tuple[int, int]:
    """Add lines up and store them.

    Args:
        conn: inside a transaction; what is stored of these days is gone.
        project: slug, '' nobody's.
        keys: cluster, day, user_name, partition, gpu_model, price_version ('' unpriced), award_version ('' none).
        amounts: of each line gpu_part_seconds, core_seconds, list_minor, subsidy_minor (0 where it is unpriced).
        awards: award version → its award.

    Returns:
        Rows of `charges_daily`, and how many of them have no price.
    """
    place = ("cluster", "day", "partition", "gpu_model")
    daily = _sums({name: keys[name] for name in (*place, "price_version", "award_version")}, amounts)
    daily["award_id"] = [awards.get(version) for version in daily["award_version"]]
    unpriced = [not version for version in daily["price_version"]]
    _store(conn, charges_daily.name, project, daily, unpriced)
    priced = np.array([bool(version) for version in keys["price_version"][1]])[keys["price_version"][0]]
    more = {UNPRICED: np.where(priced, 0, amounts["gpu_part_seconds"]), "priced_lines": priced.astype(np.int64)}
    by_user = _sums({name: keys[name] for name in (*place, "user_name")}, {**amounts, **more})
    _store(conn, charges_user_daily.name, project, by_user, [not lines for lines in by_user.pop("priced_lines")])
    return len(unpriced), sum(unpriced)


def _sums(keys: Mapping[str, Key], amounts: Mapping[str, Int64s]) -> dict[str, list[Any]]:
    """Columns of one row per key: the key, then the sums, exact in int64."""
    code = np.zeros(len(next(iter(amounts.values()))), dtype=np.int64)
    for codes, values in keys.values():
        # Made dense again each time, so that no product of counts can overflow.
        code = pd.factorize(code * len(values) + codes)[0].astype(np.int64)
    order = np.argsort(code, kind="stable")
    begins = np.flatnonzero(np.diff(code[order], prepend=-1))
    first = order[begins]
    rows: dict[str, list[Any]] = {
        name: [values[place] for place in codes[first].tolist()] for name, (codes, values) in keys.items()
    }
    return rows | {name: np.add.reduceat(values[order], begins).tolist() for name, values in amounts.items()}


def _store(conn: Connection, table: str, project: str, rows: dict[str, list[Any]], unpriced: list[bool]) -> None:
    count = len(unpriced)
    rows["user_minor"] = [listed - paid for listed, paid in zip(rows["list_minor"], rows["subsidy_minor"], strict=True)]
    for name in PAID:
        rows[name] = [None if without else minor for minor, without in zip(rows[name], unpriced, strict=True)]
    columns = ("project", *rows)
    insert_rows(conn, table, columns, list(zip([project] * count, *rows.values(), strict=True)))
