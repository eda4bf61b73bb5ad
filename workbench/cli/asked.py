"""What `usage` and `occupancy` are asked in the same words: from, to, filters, format; and the window that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import click

from workbench.periods import Window, hour_ceil, hour_floor, parse_moment
from workbench.services import reports
from workbench.services.reports import Only
from workbench.store.engine import Store

Command = Callable[..., Any]
EMPTY = "No jobs yet. Bring in a log (workbench ingest joblog FILE --mapping MAP.toml) or the sample centre (make up)."


def window_options(command: Command) -> Command:
    """--from and --to, half-open, as texts `from_text` and `to_text`."""
    zone = "A date (midnight in the centre's zone) or a moment with its zone, like 2025-10-01T08:00Z."
    command = click.option("--to", "to_text", metavar="WHEN", help=f"End, not included. {zone}")(command)
    return click.option("--from", "from_text", metavar="WHEN", help=f"Start. {zone}")(command)


def filter_options(command: Command) -> Command:
    """--cluster, --partition, --model, --project, --category; the word `unknown` means rows that do not know it."""
    for name, what in (
        ("category", "kind of project"),
        ("project", "project"),
        ("model", "GPU model"),
        ("partition", "partition"),
        ("cluster", "cluster"),
    ):
        command = click.option(f"--{name}", metavar="NAME", help=f"Only this {what}.")(command)
    return command


def format_option(command: Command) -> Command:
    return click.option(
        "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", help="Default: table."
    )(command)


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters as they were typed."""

    cluster: str | None
    partition: str | None
    model: str | None
    project: str | None
    category: str | None

    def only(self) -> Only:
        known = {
            "cluster": self.cluster,
            "partition": self.partition,
            "gpu_model": self.model,
            "project": self.project,
            "category": self.category,
        }
        return Only(**{name: "" if value == "unknown" else value for name, value in known.items()})  # type: ignore[arg-type]


def window_of(store: Store, only: Only, from_text: str | None, to_text: str | None) -> Window | None:
    """The asked window inside the hours that have data; None (said on standard error) where they do not meet.

    Raises:
        click.BadParameter: not a date or moment, or an end before the start.
    """
    zone = store.settings.centre.zone
    start_s, end_s = moment_of(from_text, "--from", zone), moment_of(to_text, "--to", zone)
    if start_s is not None and end_s is not None and end_s < start_s:
        raise click.BadParameter(f"{to_text} is before --from {from_text}", param_hint="--to")
    data = reports.data_window(store, operator(), only)
    if data is None:
        click.echo(EMPTY if only == Only() else "No jobs match these filters.", err=True)
        return None
    # The edges are those of the data's hours: what lies outside is not idle, nobody knows it.
    start_s = data.start_s if start_s is None else max(start_s, hour_floor(data.start_s))
    end_s = data.end_s if end_s is None else min(end_s, hour_ceil(data.end_s))
    if start_s >= end_s:
        click.echo("No data in this window.", err=True)
        return None
    return Window(start_s, end_s)


def operator() -> reports.Scope:
    """Who can read the state folder sees the whole centre."""
    from workbench.domain.access import WholeCentre

    return WholeCentre("operator")


def moment_of(text: str | None, option: str, zone: ZoneInfo) -> int | None:
    """Epoch seconds of what was typed behind an option; None where nothing was."""
    try:
        return None if text is None else parse_moment(text, zone)
    except (ValueError, OverflowError) as problem:
        raise click.BadParameter(str(problem), param_hint=option) from problem
