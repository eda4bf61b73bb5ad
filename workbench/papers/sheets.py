"""Numbers and tables as papers print them: amounts with two decimals and a true minus sign, GPU-hours, rows."""

from collections.abc import Sequence
from typing import Any

from workbench.i18n import _
from workbench.pages import words
from workbench.units import gpu_hours

Heading = tuple[str, bool, int | None]
"""Of a column: its words, whether it holds numbers, its share of the width (None: as wide as its text)."""


def amount(minor: int | None) -> str:
    """1,234.56 with a true minus sign; unknown where it is."""
    if minor is None:
        return _("unknown")
    return f"{words.MINUS if minor < 0 else ''}{abs(minor) // 100:,}.{abs(minor) % 100:02d}"


def hours(part_seconds: int) -> str:
    return f"{gpu_hours(part_seconds):,.2f}"


def sheet(
    columns: Sequence[Heading], rows: Sequence[Sequence[str]], total: Sequence[str] | None = None
) -> dict[str, Any]:
    """A table as the templates take it."""
    heads = [{"label": label, "right": right, "width": width} for label, right, width in columns]
    return {"columns": heads, "rows": [list(row) for row in rows], "total": total and list(total)}
