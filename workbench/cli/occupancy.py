"""`workbench occupancy`: busy GPUs against capacity, by hour, day, week, month."""

from __future__ import annotations

from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.asked import Filters, filter_options, format_option, operator, window_of, window_options
from workbench.settings import load
from workbench.units import gpu_seconds

KINDS = ("capacity", "installed", "in_service", "allocatable", "out")
SPLITS = {
    "cluster": "cluster",
    "partition": "partition",
    "model": "gpu_model",
    "project": "project",
    "category": "category",
}
TABLE_ROWS = 48
"""Buckets a table shows: the last ones. CSV and JSON have all."""


@click.command()
@click.option("--by", type=click.Choice(["hour", "day", "week", "month"]), default="hour", help="Default: hour.")
@click.option(
    "--split", type=click.Choice(list(SPLITS)), multiple=True, help="A row for each of these in every bucket."
)
@click.option(
    "--summary", "summed", is_flag=True, help="Only the summary: mean, median, 95th percentile, largest hour."
)
@window_options
@filter_options
@format_option
def occupancy(
    by: str,
    split: tuple[str, ...],
    from_text: str | None,
    to_text: str | None,
    form: str,
    *,
    summed: bool,
    **filters: Any,
) -> None:
    """Busy GPUs against capacity: every bucket from the first to the last with data, idle ones too.

    `capacity_gpu_seconds` is what was in service less what was out, and empty where nobody stated it. Hours are UTC's;
    days, weeks and months are those of the centre's zone.

    Example: workbench occupancy --by hour --from 2025-10-01 --to 2025-10-08 --format csv
    """
    from workbench.services import reports
    from workbench.store.engine import open_store

    store = open_store(load())
    only = Filters(**filters).only()
    window = window_of(store, only, from_text, to_text)
    columns = [*split, f"{by}_start", *([by] if by != "hour" else []), "gpu_seconds"]
    columns += [f"{kind}_gpu_seconds" for kind in KINDS] + ["busy_gpus", "occupancy"]
    if window is None:
        return show(SUMMARY if summed else columns, [], form)
    asked = (store, operator(), window.start_s, window.end_s)
    if not summed:
        frame = reports.occupancy(*asked, by, [SPLITS[word] for word in split], only)  # type: ignore[arg-type]
        rows = [_row(record, split, by, store.settings.centre.zone) for record in frame.to_dict("records")]
        if form != "table":
            return show(columns, rows, form)
        if len(rows) > TABLE_ROWS:
            click.echo(f"The last {TABLE_ROWS} of {len(rows):,} rows; --format csv has all.")
        few = [name for name in columns if not name.endswith("_gpu_seconds") or name.startswith("capacity")]
        show(columns, rows[-TABLE_ROWS:], form, seen=few)
    whole = reports.occupancy_summary(*asked, only)
    return show(SUMMARY, [_summary(whole)] if whole else [], form)


SUMMARY = (
    "hours",
    "gpu_hours",
    "mean_busy_gpus",
    "median_hour_gpus",
    "p95_hour_gpus",
    "largest_hour_gpus",
    "occupancy",
)


def _summary(whole: Any) -> dict[str, Any]:
    values = (whole.gpu_hours, whole.mean_gpus, whole.median_gpus, whole.p95_gpus, whole.max_gpus)
    row = dict(zip(SUMMARY[1:], (round(value, 6) for value in values), strict=False))
    return {"hours": whole.buckets, **row, "occupancy": None if whole.share is None else round(whole.share, 6)}


def _row(record: dict[str, Any], split: tuple[str, ...], by: str, zone: Any) -> dict[str, Any]:
    import pandas as pd

    from workbench.analytics.buckets import bucket_label, bucket_start
    from workbench.periods import iso

    start_s = int(record["start_at"].timestamp())
    row: dict[str, Any] = {word: record[SPLITS[word]] or None for word in split}
    row[f"{by}_start"] = iso(bucket_start(start_s, by, zone))  # type: ignore[arg-type]
    if by != "hour":
        row[by] = bucket_label(start_s, by, zone)  # type: ignore[arg-type]
    row["gpu_seconds"] = gpu_seconds(record["gpu_part_seconds"])
    for kind in KINDS:
        parts = record[f"{kind}_part_seconds"]
        row[f"{kind}_gpu_seconds"] = None if pd.isna(parts) else gpu_seconds(int(parts))
    row["busy_gpus"] = round(float(record["busy_gpus"]), 6)
    row["occupancy"] = None if pd.isna(record["share"]) else round(float(record["share"]), 6)
    return row
