"""`workbench usage`: GPU time by project, user, model, partition, category, hour, day, week, month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.asked import Filters, filter_options, format_option, operator, window_of, window_options
from workbench.settings import load
from workbench.units import gpu_hours, gpu_seconds

# the word on the command line → the column of the report
NAMES = {
    "project": "project",
    "category": "category",
    "organisation": "organisation",
    "user": "user_name",
    "model": "gpu_model",
    "partition": "partition",
    "cluster": "cluster",
    "hour": "hour",
    "day": "day",
    "week": "week",
    "month": "month",
}
GRAINS = ("hour", "day", "week", "month")
MEASURES = ("jobs", "gpu_seconds", "gpu_hours", "core_seconds", "jobs_with_wait", "wait_mean_s")


def _words(_context: click.Context, _option: click.Parameter, value: Sequence[str]) -> list[str]:
    words = [word.strip() for part in value for word in part.split(",") if word.strip()]
    if unknown := [word for word in words if word not in NAMES]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(NAMES)}")
    if sum(word in GRAINS for word in words) > 1 or len(set(words)) < len(words):
        raise click.BadParameter("each name once, and only one of hour, day, week, month")
    return words


@click.command()
@click.option(
    "--by",
    multiple=True,
    default=["project"],
    callback=_words,
    metavar="NAME",
    help=f"{', '.join(NAMES)}; several: project,month. Days, weeks, months: the centre's. Default: project.",
)
@window_options
@filter_options
@format_option
def usage(by: list[str], from_text: str | None, to_text: str | None, form: str, **filters: Any) -> None:
    """GPU time by project, user, model, partition, or time.

    A job counts with the part of it that lies in the window, to the second; `jobs` are those that started in it.

    Example: workbench usage --by project --from 2025-10-01 --to 2025-11-01 --format csv
    """
    from workbench.services import reports
    from workbench.store.engine import open_store

    store = open_store(load())
    only = Filters(**filters).only()
    columns = [*by, *MEASURES]
    window = window_of(store, only, from_text, to_text)
    if window is None:
        return show(columns, [], form)
    frame = reports.usage(store, operator(), window.start_s, window.end_s, [NAMES[word] for word in by], only)
    zone = store.settings.centre.zone
    rows = [_row(record, by, zone) for record in frame.to_dict("records")]
    total = int(frame["gpu_part_seconds"].sum())
    sums: dict[str, Any] = {
        "jobs": int(frame["jobs"].sum()),
        "gpu_seconds": gpu_seconds(total),
        "gpu_hours": gpu_hours(total),
        "core_seconds": int(frame["core_seconds"].sum()),
        "jobs_with_wait": int(frame["wait_known_jobs"].sum()),
    }
    if by:
        sums = {by[0]: "total", **sums}
    empty = {name for name in ("core_seconds", "jobs_with_wait", "wait_mean_s") if not any(row[name] for row in rows)}
    return show(columns, rows, form, total=sums, seen=[name for name in columns if name not in empty])


def _row(record: dict[str, Any], by: Sequence[str], zone: Any) -> dict[str, Any]:
    import pandas as pd

    from workbench.analytics.buckets import bucket_label

    parts, wait = int(record["gpu_part_seconds"]), record["wait_mean_s"]
    row: dict[str, Any] = {}
    for word in by:
        value = record[NAMES[word]]
        row[word] = bucket_label(int(value.timestamp()), word, zone) if word in GRAINS else value or None  # type: ignore[arg-type]
    return row | {
        "jobs": int(record["jobs"]),
        "gpu_seconds": gpu_seconds(parts),
        "gpu_hours": round(gpu_hours(parts), 6),
        "core_seconds": int(record["core_seconds"]) or None,  # no job runs on no core: the log does not say
        "jobs_with_wait": int(record["wait_known_jobs"]),
        "wait_mean_s": None if pd.isna(wait) else round(float(wait), 3),
    }
