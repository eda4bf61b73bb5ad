"""`workbench applications pace|funnel|community`: days to decision, and from the community to users."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import click

from workbench.cli.answer import show as show_rows
from workbench.cli.application_options import store
from workbench.cli.asked import format_option

PACE = ("decided", "median_days", "p90_days", "worst_days", "open", "longest_open_days")
WAITING = ("reference", "stage", "category", "received_on", "days")
STEPS = ("name", "organisations", "members", "new_members", "on", "mark")


@click.command()
@click.option("--by", type=click.Choice(["category", "month", "waiting"]), help="Default: all in one row.")
@format_option
def pace(by: str | None, form: str) -> None:
    """Days from submission to decision: median, nine of ten within, the longest; and what waits. `waiting` lists that.

    Example: workbench applications pace --by category
    """
    from workbench.services.applications import pace as service

    centre, now = store(), int(time.time())
    rows: list[dict[str, Any]]
    if by == "waiting":
        rows = [asdict(row) | {"received_on": row.received_on.isoformat()} for row in service.waiting(centre, now)]
        show_rows(list(WAITING), rows, form)
        return
    name = by or "applications"
    found = service.pace(centre, now, cast(service.By | None, by))
    rows = [{name: row.group or "all", **{column: getattr(row, column) for column in PACE}} for row in found]
    if form == "table":
        rows = [{key: _plain(value) for key, value in row.items()} for row in rows]
    show_rows([name, *PACE], rows, form)


@click.command()
@format_option
def funnel(form: str) -> None:
    """From the community to users: members, applied, approved, active, using.

    Example: workbench applications funnel
    """
    from workbench.services.applications.community import funnel as steps

    found = steps(store(), int(time.time()))
    rows = [
        {**{name: getattr(step, name) for name in STEPS[:4]}, "on": step.on.isoformat() if step.on else None}
        | {"mark": "made up" if step.made_up else ""}
        for step in found
    ]
    show_rows(list(STEPS), rows, form)
    if not found[0].organisations:
        click.echo("No member is known: workbench applications community FILE", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def community(file: Path) -> None:
    """Bring in the members of the community: a CSV with the columns organisation, category, joined_on.

    Example: workbench applications community members.csv
    """
    from workbench.services.applications.community import bring_in

    done = bring_in(store(), file)
    click.echo(f"{done.new} new members, {done.known} that were there.")


def _plain(value: Any) -> Any:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else value
