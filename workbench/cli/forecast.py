"""`workbench forecast`: occupancy or the fund in the months ahead, and how good such forecasts have been."""

from __future__ import annotations

import time
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.asked import format_option, operator
from workbench.settings import load

TEST = ("days_ahead", "mean_error", "mase", "coverage", "coverage_before", "days_tested")


@click.command()
@click.argument("of", type=click.Choice(["occupancy", "fund"]), default="occupancy")
@click.option("--days", type=click.IntRange(1, 365), help="A row for each of so many days. Default: a row a month.")
@click.option("--back-test", "tested", is_flag=True, help="Only the back-test, by how many days ahead.")
@format_option
def forecast(of: str, days: int | None, form: str, *, tested: bool) -> None:
    """GPUs allocated and wanted, or subsidy drawn, in the months ahead: the middle, and the range that holds 80%.

    `chance`: that the GPUs in service, or the fund, are used up by then. Every assumption is said below the table. csv
    and json are exact, in hundredths (`…_minor`); shares are 0 to 1. An error is in GPUs, or in hundredths of a day.

    Example: workbench forecast fund --days 90 --format csv
    """
    from workbench.services.forecast import fund_forecast, occupancy_forecast
    from workbench.services.forecast.told import facts, rows
    from workbench.store.engine import open_store

    store = open_store(load())
    ask = occupancy_forecast if of == "occupancy" else fund_forecast
    found: Any = ask(store, operator(), int(time.time()))
    known = facts(found)
    if tested:
        return show(TEST, [_tested(score) for score in known["back_test"]], form)
    frame = rows(found, "day" if days else "month")
    table = [_plain(record) for record in (frame.head(days) if days else frame).to_dict("records")]
    columns = list(frame.columns)
    if form != "table":
        return show(columns, table, form)
    few = [name for name in columns if not name.startswith(("list_", "demand_low", "demand_high", "capacity"))]
    if of == "fund":
        click.echo(f"Amounts in {store.settings.centre.symbol}.")
    show([_named(name) for name in columns], [_readable(row) for row in table], form, seen=[_named(n) for n in few])
    for line in (_tested_words(known), *known["says"]):
        click.echo(line)
    return None


def _tested(score: dict[str, Any]) -> dict[str, Any]:
    return {
        "days_ahead": f"{score['first']}-{score['last']}",
        "mean_error": round(score["error"], 3),
        "mase": _rounded(score["scaled"]),
        "coverage": _rounded(score["coverage"]),
        "coverage_before": _rounded(score["raw"]),
        "days_tested": score["tested"],
    }


def _tested_words(known: dict[str, Any]) -> str:
    if known["coverage"] is None:
        return "Back-test: too few days; how good the 80% range is, is unknown."
    said = f"Back-test: at {known['origins']} earlier moments the 80% range held {known['coverage']:.1%} of the days"
    return f"{said}." if 0.7 <= known["coverage"] <= 0.9 else f"{said}: outside of 70% to 90%."


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    import pandas as pd

    def value(found: Any) -> Any:
        if pd.isna(found):
            return None
        if isinstance(found, pd.Timestamp):
            return found.date().isoformat()
        return found if isinstance(found, str) else int(found) if hasattr(found, "__index__") else _rounded(found)

    return {name: value(found) for name, found in record.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _named(name: str) -> str:
    return name.removesuffix("_minor")


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """Whole GPUs, whole units of the currency, shares of three decimals."""
    return {
        _named(name): value
        if value is None or isinstance(value, str)
        else f"{round(value / 100):,}"
        if name.endswith("_minor")
        else f"{value:,.0f}"
        if name.endswith("_gpus")
        else f"{value:.1%}"
        for name, value in row.items()
    }
