"""`workbench awards review`: under-use by quarter, and what the scheme does to awards by itself."""

from __future__ import annotations

import time

import click

from workbench.cli.answer import show as show_rows
from workbench.cli.asked import format_option
from workbench.settings import load


@click.command()
@click.option("--quarter", metavar="QUARTER", help="Like 2026Q1; default the last one that is over.")
@click.option("--dry-run", is_flag=True, help="Only show the table.")
@format_option
def review(quarter: str | None, dry_run: bool, form: str) -> None:
    """Measure awards against their plan; give notice of cuts, make those that are due. The Hub does so each day.

    Example: workbench awards review --quarter 2026Q1 --dry-run
    """
    from workbench.cli.award_words import measured_rows
    from workbench.domain.award_versions import last_whole_quarter, quarter_days
    from workbench.services.awards import outage_extensions, underuse
    from workbench.services.spend_days import today_of
    from workbench.store.engine import open_store

    store, now = open_store(load()), int(time.time())
    asked = (quarter or last_whole_quarter(today_of(store, now))).upper()
    try:
        quarter_days(asked)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--quarter") from problem
    found = underuse.review(store, asked, now)
    if not found:
        click.echo(f"No award of today was in its term in {asked}.", err=True)
    rows = measured_rows(found, store.settings.centre.symbol, exact=form != "table")
    show_rows(list(rows[0]) if rows else ["project", "award"], rows, form)
    if dry_run:
        return
    longer = outage_extensions.extend(store, now)
    cut = underuse.carry_out(store, now)
    noticed = underuse.give_notice(store, asked, now)
    said = f"{len(noticed)} notice(s) given, {len(cut)} cut(s) decided, {len(longer)} term(s) longer by an outage."
    click.echo(said, err=form != "table")
