"""`workbench awards ask | decide | appeal | withdraw`: what changes an award, asked by one, decided by another."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from workbench.cli.application_options import AMOUNT, DAY, NUMBER, as_option
from workbench.domain.award_actions import ASKED, KINDS
from workbench.settings import load

Command = Callable[..., Any]


def figure_options(command: Command) -> Command:
    """--amount, --rate, --until."""
    for name, kind, what in (
        ("until", DAY, "First day without the award, like 2027-06-01."),
        ("rate", AMOUNT, "Percent of the list price."),
        ("amount", AMOUNT, "Amount in the currency, like 250000 or 1200.50."),
    ):
        command = click.option(f"--{name}", type=kind, help=what)(command)
    return command


def _kinds() -> str:
    lines = "\n".join(f"{name:<16} {KINDS[name].says}" for name in ASKED)
    return f"\b\n{lines}"


@click.command(
    help="Ask for something that changes an award, or hand in a report. What cannot be granted is refused at once.\n\n"
    f"{_kinds()}\n\n"
    'Example: workbench awards ask supplement 12 --amount 250000 --as ana --reason "Two more languages"'
)
@click.argument("kind", type=click.Choice(ASKED))
@click.argument("award", type=NUMBER)
@as_option
@click.option("--reason", required=True, metavar="TEXT", help="Why; of a report, where it is.")
@figure_options
@click.option("--to", "other_award", type=NUMBER, metavar="AWARD", help="The award that takes a transfer.")
@click.option("--report", metavar="NAME", help='Which progress report, like "progress 3".')
def ask(
    kind: str,
    award: int,
    who: str,
    reason: str,
    amount: int | None,
    rate: int | None,
    until: datetime | None,
    other_award: int | None,
    report: str | None,
) -> None:
    from workbench.services.awards.actions import Ask
    from workbench.services.awards.actions import ask as write_down

    asked = Ask(kind, reason, _given(amount, rate, until), other_award, report)
    number = write_down(_store(), award, asked, who, int(time.time()))
    decides = " or ".join(sorted(KINDS[kind].decides))
    click.echo(f"Action {number}: " + (f"it waits for the decision of the {decides}." if decides else "it holds now."))


@click.command()
@click.argument("action", type=NUMBER)
@click.argument("decision", type=click.Choice(["approve", "decline"]))
@as_option
@click.option("--note", default="", metavar="TEXT", help="The reason; a declined action needs one.")
@figure_options
def decide(
    action: int,
    decision: str,
    who: str,
    note: str,
    amount: int | None,
    rate: int | None,
    until: datetime | None,
) -> None:
    """Decide what was asked, as asked or with other figures. It holds from today on.

    Example: workbench awards decide 7 approve --amount 200000 --as committee-01 --note "Half now."
    """
    from workbench.services.awards.actions import decide as settle

    given = _given(amount, rate, until)
    settle(_store(), action, decision, who, int(time.time()), note=note, given=given)  # type: ignore[arg-type]
    click.echo(f"Action {action} is {decision}d.")


@click.command()
@click.argument("against", metavar="ACTION|REFERENCE")
@as_option
@click.option("--reason", required=True, metavar="TEXT", help="Why it should be decided otherwise.")
def appeal(against: str, who: str, reason: str) -> None:
    """Appeal against a cut or a declined action (its number), or a declined application (its reference).

    Example: workbench awards appeal 9 --as ana --reason "The data came in March only"
    """
    from workbench.services.awards.appeals import appeal as write_down

    target = click.types.convert_type(NUMBER)(against) if against.isdecimal() else against
    number = write_down(_store(), target, who, reason, int(time.time()))
    click.echo(f"Action {number}: the appeal waits for the decision of the committee.")


@click.command()
@click.argument("action", type=NUMBER)
@as_option
@click.option("--note", default="", metavar="TEXT")
def withdraw(action: int, who: str, note: str) -> None:
    """Take back what one has asked, while it is open.

    Example: workbench awards withdraw 7 --as ana
    """
    from workbench.services.awards.actions import withdraw as take_back

    take_back(_store(), action, who, int(time.time()), note)
    click.echo(f"Action {action} is withdrawn.")


def _given(amount: int | None, rate: int | None, until: datetime | None) -> Any:
    from workbench.services.awards.effects import Given

    return Given(amount, rate, until.date() if until else None)


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
