"""`workbench efficiency`: GPU time held, active, idle and unknown, what idled in money, and advice for each job."""

from __future__ import annotations

import click

from workbench.cli.answer import show
from workbench.cli.asked import Filters, filter_options, format_option, moment_of, operator, window_options
from workbench.settings import load

BY = ("project", "user", "model", "partition", "day", "job")
NONE = (
    "No samples of GPUs yet. Collect them (workbench telemetry collect) or bring them in (workbench telemetry ingest "
    "FILE); docs/telemetry.md says how."
)
PARTS = ("held", "active", "idle", "unknown")


@click.command()
@click.option("--by", type=click.Choice(BY), default="project", help="Default: project. By job: with advice.")
@window_options
@filter_options
@format_option
def efficiency(by: str, from_text: str | None, to_text: str | None, form: str, **filters: str | None) -> None:
    """How busy held GPUs were, in whole days of the centre; what no sample covers is unknown, not idle.

    Without --from and --to: the days that have samples. Idle money is the idle part of what jobs were charged.

    Example: workbench efficiency --by job --project vision --from 2026-10-01
    """
    from workbench.services.efficiency import report
    from workbench.store.engine import open_store
    from workbench.units import GPU_PARTS, HOUR_S

    store = open_store(load())
    centre = store.settings.centre
    group = "job_id" if by == "job" else report.BY[by]
    hours, idle = [f"{part}_gpu_hours" for part in PARTS], ("idle_subsidy", "idle_user")
    columns = [group, *(["project", "user_name", "gpus"] if by == "job" else []), *hours, "unknown_share", *idle]
    columns += ["advice"] if by == "job" else []
    sampled = report.sampled(store)
    if not sampled.first:
        click.echo(NONE, err=True)
        return show(columns, [], form)
    days = report.sampled_window(store, sampled)
    start, end = (moment_of(*given, centre.zone) for given in ((from_text, "--from"), (to_text, "--to")))
    start, end = days.start_s if start is None else start, days.end_s if end is None else end
    if end <= start:
        raise click.BadParameter(f"{to_text or 'the last sample'} is not after the start", param_hint="--to")
    only = Filters(**filters).only()
    if by == "job":
        frame = report.jobs(store, operator(), only.project, start, end, only)
    else:
        frame = report.efficiency(store, operator(), start, end, by, only)
    if sampled.made_up:
        click.echo("The utilisation is made up, for the sample centre.", err=True)
    rows = []
    for record in frame.to_dict("records"):
        held = record["held_part_seconds"]
        row = {name: record.get(name) or None for name in (group, "project", "user_name", "advice")}
        row["gpus"] = record["gpu_parts"] / GPU_PARTS if by == "job" else None
        row |= {f"{part}_gpu_hours": round(record[f"{part}_part_seconds"] / GPU_PARTS / HOUR_S, 3) for part in PARTS}
        row["unknown_share"] = record["unknown_part_seconds"] / held if held else None
        row |= {name: record[f"{name}_minor"] / 100 for name in idle}
        rows.append({name: row[name] for name in columns})
    sums = {name: round(sum(float(row[name] or 0) for row in rows), 3) for name in (*hours, *idle)}
    held, unknown = sums["held_gpu_hours"], sums["unknown_gpu_hours"]
    total = {group: "total", **sums, "unknown_share": unknown / held if held else None}
    less = {"active_gpu_hours", "unknown_gpu_hours", "idle_user"} if by == "job" else set()
    return show(columns, rows, form, total=total, seen=[name for name in columns if name not in less])
