"""Money and awards on a page: at a glance, exact, and in a table."""

from typing import Any

import pandas as pd

from dashboards._asked import Asked
from dashboards._page import (
    Cell,
    unknown_cell,
)
from workbench.i18n import _
from workbench.units import money, money_short


def short(asked: Asked, minor: int | None) -> str:
    return _("unknown") if minor is None else money_short(minor, asked.symbol)


def exact(asked: Asked, minor: int | None) -> str:
    return _("unknown") if minor is None else money(minor, asked.symbol)


def award_words(state: str) -> str:
    return {
        "live": _("in force"),
        "exhausted": _("used up"),
        "ahead": _("begins later"),
        "lapsed": _("ended"),
        "none": _("no award"),
    }[state]


def amount(minor: Any) -> Cell:
    """An exact amount in a table; unknown where it is."""
    return unknown_cell() if pd.isna(minor) else Cell(f"{int(minor) / 100:,.2f}", order=int(minor))
