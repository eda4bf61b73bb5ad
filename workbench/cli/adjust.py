"""`workbench adjust`: change what a project owes; one person asks, another approves."""

from __future__ import annotations

import time
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.application_options import AMOUNT, NUMBER
from workbench.cli.asked import format_option
from workbench.domain.asked import ASKED, GRANTED, REFUSED
from workbench.settings import load
from workbench.units import money


def asking_options(command: Any) -> Any:
    """--by and --reason of whoever asks."""
    who = click.option("--by", "who", required=True, metavar="PERSON", help="Secretariat or operator.")
    why = click.option("--reason", required=True, metavar="TEXT", help="Why; it stands on the statement.")
    return who(why(command))


def number_and_by(command: Any) -> Any:
    """NUMBER and --by of whoever decides."""
    by = click.option("--by", "who", required=True, metavar="PERSON", help="Secretariat or operator, not who asked.")
    return click.argument("number", type=NUMBER)(by(command))


@click.group()
def adjust() -> None:
    """Adjustments and write-offs: nothing is changed, a further charge corrects. Always two people.

    Example: workbench adjust list --state asked
    """


# A negative amount looks like an option otherwise.
@adjust.command(context_settings={"ignore_unknown_options": True})
@click.argument("project")
@click.argument("amount", type=AMOUNT)
@asking_options
def ask(project: str, amount: int, who: str, reason: str) -> None:
    """Ask that a project owe so much more, or less where the amount is negative.

    Example: workbench adjust ask vision -120.50 --reason "Charged at the old price in May" --by secretariat-01
    """
    from workbench.services.beside_usage import adjustments as service

    store = _store()
    made = service.ask(store, service.Wanted(project, amount, reason), who, int(time.time()))
    _asked(made, store.settings.centre.symbol)


@adjust.command("write-off")
@click.argument("project")
@click.argument("amount", type=AMOUNT)
@asking_options
def write_off(project: str, amount: int, who: str, reason: str) -> None:
    """Ask that so much of what a project owes be written off.

    Example: workbench adjust write-off vision 800 --reason "The company was dissolved" --by secretariat-01
    """
    from workbench.services.beside_usage import adjustments as service

    store = _store()
    made = service.ask_write_off(store, service.Wanted(project, amount, reason), who, int(time.time()))
    _asked(made, store.settings.centre.symbol)


@adjust.command()
@click.argument("key")
@asking_options
def undo(key: str, who: str, reason: str) -> None:
    """Ask that a charge beside usage be taken back, both parts of it, by a counter-adjustment that names it.

    Example: workbench adjust undo adjustment/3 --reason "Entered twice" --by secretariat-01
    """
    from workbench.services.beside_usage import adjustments as service

    store = _store()
    _asked(service.ask_undo(store, key, reason, who, int(time.time())), store.settings.centre.symbol)


@adjust.command()
@number_and_by
def approve(number: int, who: str) -> None:
    """Approve an adjustment: it counts from today.

    Example: workbench adjust approve 3 --by operator-01
    """
    from workbench.services.beside_usage import adjustments as service

    store = _store()
    row = service.decide(store, number, who, int(time.time()), grant=True)
    assert row is not None
    amount = money(row.user_minor, store.settings.centre.symbol)
    click.echo(f"{row.memo}. What {row.project} owes changes by {amount} on {row.day:%-d %b %Y} ({row.key}).")


@adjust.command()
@number_and_by
def refuse(number: int, who: str) -> None:
    """Refuse an adjustment.

    Example: workbench adjust refuse 3 --by operator-01
    """
    from workbench.services.beside_usage import adjustments as service

    service.decide(_store(), number, who, int(time.time()), grant=False)
    click.echo(f"Adjustment {number} is refused.")


@adjust.command("list")
@click.option("--project", metavar="NAME", help="Only this project.")
@click.option("--state", type=click.Choice([ASKED, GRANTED, REFUSED]), help="Only those in this state.")
@format_option
def list_(project: str | None, state: str | None, form: str) -> None:
    """What was asked for, the newest first. csv and json are exact, in hundredths (`amount_minor`).

    Example: workbench adjust list --state asked
    """
    from workbench.services.beside_usage import adjustments as service

    names = ["id", "project", "kind", "amount_minor", "state", "asked_by", "decided_by", "undoes", "reason"]
    store = _store()
    rows: list[dict[str, Any]] = [
        {name: "" if (value := getattr(one, name)) is None else value for name in names}
        for one in service.adjustments(store, project, state)
    ]
    if not rows:
        click.echo("Nothing was asked for.", err=True)
    if form == "table":
        rows = [row | {"amount": money(row["amount_minor"], store.settings.centre.symbol)} for row in rows]
        names[names.index("amount_minor")] = "amount"
    show(names, rows, form)


def _asked(made: Any, symbol: str) -> None:
    click.echo(
        f"Adjustment {made.id} is asked for: {made.project} shall owe {money(abs(made.amount_minor), symbol)} "
        f"{'less' if made.amount_minor < 0 else 'more'}. "
        f"Another person approves it: workbench adjust approve {made.id} --by PERSON"
    )


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
