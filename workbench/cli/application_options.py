"""What the commands about applications are asked in the same words: in whose name, why, amounts, days."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from workbench.settings import load
from workbench.units import minor_from_text

Command = Callable[..., Any]


def as_option(command: Command) -> Command:
    return click.option("--as", "who", required=True, metavar="PERSON", help="In whose name.")(command)


def note_option(command: Command) -> Command:
    return click.option("--note", default="", metavar="TEXT", help="The reason, kept in the history.")(command)


class AmountOfMoney(click.ParamType):
    """An amount in the currency's major units, like 250000 or 1200.50; in minor units inside."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return minor_from_text(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


AMOUNT = AmountOfMoney()
NUMBER = click.IntRange(1, 2**31 - 1)
"""The number of something that the database has numbered."""
MANY = click.IntRange(0, 10_000_000)
"""GPUs or GPU-hours of an application."""
DAY = click.DateTime(formats=["%Y-%m-%d"])


def store() -> Any:
    """The store of this state folder."""
    from workbench.store.engine import open_store

    return open_store(load())
