"""`workbench spend`: what was charged, and to whom."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.asked import format_option, moment_of, operator, window_options
from workbench.settings import load
from workbench.units import gpu_hours

BY = ("project", "category", "partition", "model", "day")
AMOUNTS = ("list", "subsidy", "user")


@click.command()
@click.option("--by", type=click.Choice(BY), default="project", help="Default: project.")
@window_options
@format_option
def spend(by: str, from_text: str | None, to_text: str | None, form: str) -> None:
    """Charges at list price, the subsidy's part and the users' part; by project also the award.

    The window is cut to whole days of the centre. The table is in whole units of the currency; csv and json are exact,
    in hundredths (`…_minor`). An amount is empty where usage has no price.

    Example: workbench spend --by category --from 2026-01-01 --to 2026-04-01 --format csv
    """
    from workbench.store.engine import open_store

    store = open_store(load())
    zone = store.settings.centre.zone
    window = (moment_of(from_text, "--from", zone), moment_of(to_text, "--to", zone))
    rows = _rows(store, by, window, int(time.time()))
    if not rows:
        click.echo("No charges in this window. Usage is charged once it has been brought in.", err=True)
    columns = list(rows[0]) if rows else [by, "gpu_hours", *(f"{name}_minor" for name in AMOUNTS)]
    if form != "table" or not rows:
        return show(columns, rows, form)
    click.echo(f"Amounts in {store.settings.centre.symbol}.")
    total = {"project": "total", by: "total", "gpu_hours": sum(row["gpu_hours"] for row in rows)}
    total |= {f"{name}_minor": sum(row[f"{name}_minor"] or 0 for row in rows) for name in AMOUNTS}
    show([_named(name) for name in columns], [_whole(row) for row in rows], form, total=_whole(total))
    return None


def _rows(store: Any, by: str, window: tuple[int | None, int | None], now: int) -> list[dict[str, Any]]:
    from workbench.services import spend as service

    start_s, end_s = window
    if by == "project":
        frame = service.by_project(store, operator(), now, start_s, end_s)
        extra: tuple[str, ...] = ("award_state", "ceiling_minor", "drawn_minor", "left_minor")
    elif by == "category":
        frame = service.by_category(store, operator(), now, start_s, end_s)
        extra = ("awards", "committed_minor", "drawn_minor")
    elif by == "day":
        frame, extra = service.daily(store, operator(), now, start_s, end_s), ()
    else:
        column = "gpu_model" if by == "model" else by
        daily = service.daily(store, operator(), now, start_s, end_s, by=column)  # type: ignore[arg-type]
        frame, extra = daily.drop(columns="day").groupby(column, as_index=False).sum().rename(columns={column: by}), ()
    return [_row(record, by, extra) for record in frame.to_dict("records")]


def _row(record: dict[str, Any], by: str, extra: tuple[str, ...]) -> dict[str, Any]:
    import pandas as pd

    key = record[by].date().isoformat() if by == "day" else record[by] or None
    row = {by: key, "gpu_hours": round(gpu_hours(record["gpu_part_seconds"]), 3)}
    amounts = {f"{name}_minor": record[f"{name}_minor"] for name in AMOUNTS}
    unpriced = {"unpriced_gpu_hours": round(gpu_hours(record["unpriced_gpu_part_seconds"]), 3)}
    more = {name: None if pd.isna(record[name]) else record[name] for name in extra}
    plain: Callable[[Any], Any] = lambda value: int(value) if hasattr(value, "__index__") else value  # noqa: E731
    return row | {name: plain(value) for name, value in (amounts | unpriced | more).items()}


def _named(name: str) -> str:
    return name.removesuffix("_minor")


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    """A row for people: whole units of the currency."""
    return {
        _named(name): round(value / 100) if name.endswith("_minor") and value is not None else value
        for name, value in row.items()
    }
