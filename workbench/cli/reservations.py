"""`workbench reservations`: GPUs kept for a project on whole days; asked for, approved, cancelled."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.application_options import NUMBER
from workbench.cli.asked import format_option
from workbench.settings import load
from workbench.units import money

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def reservations() -> None:
    """Reserved GPUs: 1 to 30 whole days, the whole period charged at the price list's factor for reserved service.

    Cancelled more than 168 hours ahead all of it comes back, more than 24 hours 50%, later 20% (rule 10).

    Example: workbench reservations list --project vision
    """


@reservations.command()
@click.argument("project")
@click.option("--cluster", required=True, metavar="NAME")
@click.option("--partition", required=True, metavar="NAME")
@click.option("--model", "gpu_model", required=True, metavar="NAME", help="GPU model.")
@click.option("--gpus", type=NUMBER, required=True, help="So many of them.")
@click.option(
    "--first", "first", type=DAY, required=True, help="First day, in the centre's calendar; a later one than today."
)
@click.option("--days", type=click.IntRange(1, 366), required=True, help="So many whole days.")
@click.option("--by", "who", required=True, metavar="PERSON", help="One of the project, or of the secretariat.")
@click.option("--reason", default="", metavar="TEXT", help="What it is for.")
def ask(project: str, first: datetime, who: str, **given: Any) -> None:
    """Ask for a reservation. Nothing is charged before it is approved.

    Example: workbench reservations ask vision --cluster alpha --partition main --model H800 --gpus 4
    --first 2026-02-02 --days 5 --by ana
    """
    from workbench.services.beside_usage import reservations as service

    store = _store()
    wanted = service.Wanted(project, starts_on=first.date(), **given)
    made, listed = service.ask(store, wanted, who, int(time.time()))
    cost = money(listed, store.settings.centre.symbol)
    click.echo(
        f"Reservation {made.id} is asked for: {cost} at list price for the whole period. "
        f"Another person approves it: workbench reservations approve {made.id} --by PERSON"
    )


@reservations.command()
@click.argument("number", type=NUMBER)
@click.option("--by", "who", required=True, metavar="PERSON", help="Secretariat or operator, not who asked.")
def approve(number: int, who: str) -> None:
    """Approve a reservation: each of its days is charged now.

    Example: workbench reservations approve 3 --by secretariat-01
    """
    from workbench.services.beside_usage import reservations as service

    store = _store()
    done = service.approve(store, number, who, int(time.time()))
    click.echo(f"Reservation {number} is approved. Charged: {_said(done, store.settings.centre.symbol)}")


@reservations.command()
@click.argument("number", type=NUMBER)
@click.option("--by", "who", required=True, metavar="PERSON", help="One of the project, or of the secretariat.")
def cancel(number: int, who: str) -> None:
    """Cancel a reservation that has not begun; or decline one that was asked for.

    Example: workbench reservations cancel 3 --by ana
    """
    from workbench.services.beside_usage import reservations as service

    store = _store()
    back = service.cancel(store, number, who, int(time.time()))
    back = service.Amounts(-back.list_minor, -back.subsidy_minor, -back.user_minor)
    click.echo(f"Reservation {number} is cancelled. Back: {_said(back, store.settings.centre.symbol)}")


@reservations.command("list")
@click.option("--project", metavar="NAME", help="Only this project.")
@format_option
def list_(project: str | None, form: str) -> None:
    """Reservations, those of the latest days first. `ends_on` is the first day after.

    Example: workbench reservations list --format csv
    """
    from workbench.services.beside_usage import reservations as service

    names = ["id", "project", "cluster", "partition", "gpu_model", "gpus", "starts_on", "ends_on", "state"]
    names += ["asked_by", "decided_by", "reason"]
    found = service.reservations(_store(), project)
    rows = [{name: _plain(getattr(one, name)) for name in names} for one in found]
    if not rows:
        click.echo("No reservations.", err=True)
    show(names, rows, form)


def _said(amounts: Any, symbol: str) -> str:
    listed, subsidy, user = (
        money(amount, symbol) for amount in (amounts.list_minor, amounts.subsidy_minor, amounts.user_minor)
    )
    return f"{listed} at list price = subsidy {subsidy} + user {user}."


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else "" if value is None else str(value)


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
