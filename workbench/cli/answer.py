"""Rows on the screen: a table for a person, CSV or JSON for a program. The total belongs to the table alone."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from workbench.services.spreadsheet import inert

Row = Mapping[str, Any]

HEADINGS = {
    "gpu_hours": "GPU-hours",
    "gpu_seconds": "GPU-seconds",
    "capacity_gpu_seconds": "Capacity, GPU-seconds",
    "core_seconds": "Core-seconds",
    "wait_mean_s": "Mean wait, s",
    "busy_gpus": "Busy GPUs",
    "mean_busy_gpus": "Mean busy GPUs",
    "median_hour_gpus": "Median hour",
    "p95_hour_gpus": "95th percentile hour",
    "largest_hour_gpus": "Largest hour",
    "ours_gpu_seconds": "Ours, GPU-seconds",
    "slurm_gpu_seconds": "Slurm's, GPU-seconds",
    "used_gpu_seconds": "Used, GPU-seconds",
    "rated_gpu_seconds": "Rated, GPU-seconds",
    "occupancy": "Occupancy",
    "held_gpu_hours": "Held, GPU-hours",
    "active_gpu_hours": "Active",
    "idle_gpu_hours": "Idle",
    "unknown_gpu_hours": "Unknown",
    "unknown_share": "Unknown, share",
    "idle_subsidy": "Idle subsidy",
    "idle_user": "Idle user share",
}
SHARES = frozenset({"occupancy", "unknown_share"})
NUMBERS = frozenset({"capacity_gpu_seconds", "wait_mean_s", "occupancy", "unknown_share"})
"""Columns of numbers also where every row is unknown."""


def show(
    columns: Sequence[str],
    rows: Sequence[Row],
    form: str,
    *,
    total: Row | None = None,
    seen: Sequence[str] | None = None,
) -> None:
    """Print rows.

    Args:
        columns: names, in order; CSV has them as its header also where there are no rows.
        rows: values by name; None is unknown: empty in CSV, null in JSON, "unknown" in the table.
        form: table, csv or json. A spreadsheet runs nothing of the CSV.
        total: a last row of the table.
        seen: the columns that the table shows; default all.
    """
    if form == "json":
        sys.stdout.write(json.dumps([{name: row[name] for name in columns} for row in rows], indent=1) + "\n")
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if row[name] is None else inert(row[name]) for name in columns] for row in rows])
    elif rows:
        _table(seen or columns, rows, total)


def deliver(content: bytes, output: Path | None) -> None:
    """Write a made file where it was asked for; without a place, or with "-", on standard output."""
    if output is None or str(output) == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as problem:
        raise cannot_write(output, problem) from problem


def cannot_write(output: Path, problem: OSError) -> click.FileError:
    """The sentence about a place where nothing can be written."""
    return click.FileError(str(output), f"{problem.strerror}. Name a folder that is there and is yours.")


def _table(columns: Sequence[str], rows: Sequence[Row], total: Row | None) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_footer=total is not None)
    for name in columns:
        number = name in NUMBERS or any(isinstance(row[name], int | float) for row in rows)
        footer = "" if total is None or name not in total else _cell(total[name], name)
        heading = HEADINGS.get(name, name.replace("_", " ").capitalize())
        table.add_column(heading, footer, justify="right" if number else "left", no_wrap=number)
    for row in rows:
        table.add_row(*(_cell(row[name], name) for name in columns))
    # Into a file or a pipe there is no screen to fit.
    Console(highlight=False, width=None if sys.stdout.isatty() else 160).print(table)


def _cell(value: Any, name: str) -> str:
    if value is None:
        return "unknown"
    if name in SHARES:
        return f"{value:.1%}"
    if isinstance(value, float):
        return f"{value:,.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
