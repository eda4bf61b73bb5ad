"""`workbench holds`: what is set aside for running work, what each award has left, and when it will be gone."""

from __future__ import annotations

import time
from typing import Any
from zoneinfo import ZoneInfo

import click

from workbench.cli.answer import show
from workbench.cli.asked import format_option
from workbench.settings import load
from workbench.units import money

AMOUNTS = ("ceiling_minor", "drawn_minor", "held_minor", "free_minor")


@click.group()
def holds() -> None:
    """Subsidy set aside for running work.

    Example: workbench holds outlook
    """


@holds.command("list")
@click.option("--project", metavar="NAME", help="Only this project.")
@format_option
def list_(project: str | None, form: str) -> None:
    """What is held for running work, oldest first.

    Example: workbench holds list --project cantonese-speech
    """
    from workbench.services.holds.holds import running
    from workbench.services.holds.words import duration

    store = _store()
    columns = ["key", "project", "cluster", "requested_s", "amount_minor", "placed_at"]
    rows: list[dict[str, Any]] = [
        {name: getattr(hold, name) for name in columns} | {"placed_at": f"{hold.placed_at:%Y-%m-%dT%H:%M:%SZ}"}
        for hold in running(store, project)
    ]
    if not rows:
        click.echo("Nothing is held.", err=True)
    if form == "table":
        symbol = store.settings.centre.symbol
        shown = {"requested_s": "asked for", "amount_minor": "held"}
        rows = [
            row | {"asked for": duration(row["requested_s"]), "held": money(row["amount_minor"], symbol)}
            for row in rows
        ]
        columns = [shown.get(name, name) for name in columns]
    show(columns, rows, form)


@holds.command()
@format_option
def outlook(form: str) -> None:
    """Every award of today: what is drawn, held and free, its warnings, and when running work has used it up.

    Example: workbench holds outlook --format csv
    """
    from workbench.services.holds import outlook as service

    store = _store()
    settings = store.settings
    rows: list[dict[str, Any]] = []
    for found in service.outlook(store, int(time.time())):
        amounts = {name: getattr(found.balance, name) for name in AMOUNTS}
        if form == "table":
            short = {
                name.removesuffix("_minor"): money(value, settings.centre.symbol) for name, value in amounts.items()
            }
            left = f"{found.balance.left_bp / 100:.1f}% free" if found.reached_bp else ""
            rows.append({"project": found.project, **short, "warning": left, **_gone(found, settings.centre.zone)})
        else:
            gone_at = None if found.gone_at is None else f"{found.gone_at:%Y-%m-%dT%H:%M:%SZ}"
            burn = {"burn_minor_per_hour": found.burn_minor_per_hour, "rate_from": found.rate_from}
            reached = {"warning_left_bp": min(found.reached_bp, default=None)}
            rows.append({"project": found.project, **amounts, **reached, **burn, "gone_at": gone_at})
    if not rows:
        click.echo("No award is live today.", err=True)
    if form == "table":
        click.echo(f"Times are those of {settings.centre.zone.key}; gone '': not before the award ends.", err=True)
    columns = list(rows[0]) if rows else ["project", *AMOUNTS]
    show(columns, rows, form)


@holds.command()
@click.argument("key")
@click.option("--used-s", type=click.IntRange(min=0), required=True, help="Seconds that ran.")
def settle(key: str, used_s: int) -> None:
    """End a hold whose work has ended without anybody telling it.

    Example: workbench holds settle server-42 --used-s 3600
    """
    from workbench.services.holds.holds import settle as end

    store = _store()
    hold = end(store, key, used_s, int(time.time()))
    symbol = store.settings.centre.symbol
    free = money(hold.amount_minor - (hold.settled_minor or 0), symbol)
    click.echo(
        f"{key}: {money(hold.settled_minor or 0, symbol)} used of {money(hold.amount_minor, symbol)}; {free} freed."
    )


def _gone(found: Any, zone: ZoneInfo) -> dict[str, str]:
    if found.gone_at is None:
        return {"gone": "", "at the rate of": ""}
    rate = {"running": "what runs now", "week": "the last 7 days"}[found.rate_from]
    return {"gone": f"{found.gone_at.astimezone(zone):%a %-d %b %Y, %H:%M}", "at the rate of": rate}


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
