"""`workbench storage`: what projects store, what a month of it costs, what closed projects leave to be deleted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.asked import format_option
from workbench.settings import load
from workbench.units import money


@click.group()
def storage() -> None:
    """Storage: what is free, then a price by the TB-month; deletion 90 days after closing (rule 14).

    Example: workbench storage charge 2026-01 --dry-run
    """


@storage.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read it and keep nothing.")
@click.option("--rejects", "most", type=click.IntRange(min=0), default=10, help="Rejected rows to show. Default: 10.")
def ingest(file: Path, dry_run: bool, most: int) -> None:
    """Bring in a CSV with the columns date, project, bytes: what each project stored on each day.

    Rows that cannot be used are kept with their line and reason. A later measure of the same day takes the place of the
    earlier one.

    Example: workbench storage ingest january.csv
    """
    from workbench.services.beside_usage import storage_log as service

    report = service.ingest(_store(), file, int(time.time()), dry_run=dry_run)
    tried = "   (dry run: nothing was kept)" if dry_run else ""
    click.echo(f"{file}{tried}")
    counts = {"added": report.added, "changed": report.changed, "unchanged": report.unchanged}
    for name, count in (counts | {"rejected": len(report.rejects)}).items():
        click.echo(f"  {name:<12} {count:>9}")
    for reject in report.rejects[:most]:
        click.echo(f"    line {reject.line}: {reject.reason}")
    if 0 < most < len(report.rejects):
        click.echo(f"    … and {len(report.rejects) - most} more")
    if report.rejects and report.capture_id is not None:
        click.echo(f"  all of them: workbench ingest rejects --capture {report.capture_id}")


@storage.command()
@click.argument("month")
@click.option("--dry-run", is_flag=True, help="Say what would be charged, and write nothing.")
@format_option
def charge(month: str, dry_run: bool, form: str) -> None:
    """Charge each project for the mean of a month that is over; each project and month once.

    Days that were not measured are unknown and in no mean: `measured_days` says how many were.

    Example: workbench storage charge 2026-01
    """
    from workbench.services.beside_usage import storage as service

    store = _store()
    names = ["project", "month", "measured_days", "days", "mean_bytes", "list_minor", "state"]
    found = service.charge(store, month, int(time.time()), dry_run=dry_run)
    rows: list[dict[str, Any]] = [{name: getattr(one, name) for name in names} for one in found]
    if not rows:
        click.echo(f"Nothing was measured in {month}. Bring it in: workbench storage ingest FILE.csv", err=True)
    if form == "table":
        symbol = store.settings.centre.symbol
        rows = [
            row | {"mean_tb": row["mean_bytes"] / 10**12, "to_pay": money(row["list_minor"], symbol)} for row in rows
        ]
        names[4:6] = ["mean_tb", "to_pay"]
    show(names, rows, form)


@storage.command()
@click.option("--due", is_flag=True, help="Only what may be deleted today.")
@format_option
def deletions(due: bool, form: str) -> None:
    """Closed projects, and from which day on their files may be deleted. Nothing is deleted here.

    Example: workbench storage deletions --due
    """
    from workbench.services.beside_usage import storage as service

    names = ["project", "closed_on", "delete_on", "due", "stored_bytes", "measured_on"]
    found = [one for one in service.deletions(_store(), int(time.time())) if one.due or not due]
    rows = [{name: _plain(getattr(one, name)) for name in names} for one in found]
    if not rows:
        click.echo("No closed project.", err=True)
    show(names, rows, form)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if value is None or isinstance(value, int) else str(value)


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
