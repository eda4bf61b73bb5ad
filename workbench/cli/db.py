"""`workbench db`: make the rollups and the lake anew, check them against the jobs, move the tables between versions."""

from __future__ import annotations

import time

import click

from workbench.settings import load


@click.group()
def db() -> None:
    """Look after the database.

    Example: workbench db check
    """


@db.command()
def rebuild() -> None:
    """Make rollups, charges and lake anew from the jobs, the ledger's sums from its postings; figures stay the same.

    Example: workbench db rebuild
    """
    from workbench.services.charging import rating
    from workbench.services.ledger import months as ledger_months
    from workbench.store import lake, ledger, rollups
    from workbench.store.engine import open_store

    store = open_store(load())
    with store.begin() as conn:
        jobs = rollups.rebuild(conn, store.settings.centre.zone)
    click.echo(f"Rollups made anew from {jobs:,} jobs.")
    rating.rate(store, int(time.time()), everything=True)
    files = lake.refresh(store, everything=True)
    click.echo(f"Charges rated, {files:,} files of the lake written.")
    with store.begin() as conn:
        ledger.lock_head(conn)
        sums = ledger_months.sum_up(conn, store.settings.centre.zone)
    click.echo(f"The ledger's {sums:,} sums by month made anew.")


@db.command()
def check() -> None:
    """Compare the rollups with the jobs; exit status 1 where they differ.

    Example: workbench db check
    """
    from workbench.store import rollups
    from workbench.store.engine import open_store

    store = open_store(load())
    with store.read() as conn:
        differing = rollups.differences(conn, store.settings.centre.zone)
    for table, rows in differing.items():
        click.echo(f"{table}: {'equals the jobs' if not rows else f'{rows:,} rows differ from the jobs'}")
    if any(differing.values()):
        raise click.ClickException("The rollups differ from the jobs. Make them anew: workbench db rebuild")


@db.command()
@click.argument("revision", default="head")
def migrate(revision: str) -> None:
    """Move the tables to a revision, up or down; `head` is the newest, `base` none.

    Example: workbench db migrate head
    """
    from workbench.store import engine

    settings = load()
    if revision == "base":
        click.confirm("This removes every table with all it holds. Go on?", abort=True)
    engine.migrate(engine.make_engine(settings.database_url), revision, settings.centre)
    click.echo(f"The tables are at {revision}.")
