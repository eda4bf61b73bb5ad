"""`workbench applications preview`: what an award would do to the centre, before the vote."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import click

from workbench.cli.answer import show as show_rows
from workbench.cli.application_options import AMOUNT, DAY, store
from workbench.cli.asked import format_option
from workbench.units import money

FIGURES = (
    *("occupancy_bp_without", "occupancy_bp_with", "wait_median_s_without", "wait_median_s_with"),
    *("wait_p95_s_without", "wait_p95_s_with", "applicant_gpu_hours", "applicant_wait_median_s"),
    *("fund_left_minor_without", "fund_left_minor_with", "committed_minor_without", "committed_minor_with"),
)


@click.command()
@click.argument("reference")
@click.option("--ceiling", type=AMOUNT, help="Most subsidy; default what is recommended, else requested.")
@click.option("--rate", type=AMOUNT, help="Percent of the list price; default the scheme's.")
@click.option("--months", type=click.IntRange(1, 36), help="Of the award; default the scheme's usual term.")
@click.option("--from", "starts", type=DAY, help="First day; default the first of next month.")
@format_option
def preview(
    reference: str, ceiling: int | None, rate: int | None, months: int | None, starts: datetime | None, form: str
) -> None:
    """What an award would do over the next twelve months, beside the same without it: occupancy, waits, the fund.

    The job log is replayed against the capacity; every assumption is said below the table. csv and json are exact.

    Example: workbench applications preview A-2026-001 --ceiling 200000 --months 12
    """
    from workbench.domain.rules.terms import months_after
    from workbench.services.applications.awarding import Decided
    from workbench.services.preview.preview import preview as look
    from workbench.services.preview.preview import proposed

    centre, now = store(), int(time.time())
    usual = proposed(centre, reference, now)
    first = starts.date() if starts else usual.starts_on
    count = months or _months(usual.starts_on, usual.ends_on)
    asked = Decided(
        usual.rate_bp if rate is None else rate,
        usual.ceiling_minor if ceiling is None else ceiling,
        first,
        months_after(first, count),
    )
    found = look(centre, reference, asked, now, _say)
    rows: list[dict[str, Any]] = [
        {"month": row.month, **{name: getattr(row, name) for name in FIGURES}} for row in found.months
    ]
    if form != "table":
        show_rows(["month", *FIGURES], rows, form)
        return
    symbol = centre.settings.centre.symbol
    shown = [_readable(row, symbol) for row in rows]
    show_rows(list(shown[0]), shown, form)
    free, after = (money(value, symbol) for value in (found.fund_free_minor_without, found.fund_free_minor_with))
    lasts, shorter = (_day(day) for day in (found.fund_lasts_until_without, found.fund_lasts_until_with))
    click.echo(
        f"{reference}: {asked.rate_bp / 100:g}% up to {money(asked.ceiling_minor, symbol)}, from {first:%-d %b %Y} "
        f"until before {asked.ends_on:%-d %b %Y}.\nWithout / with it: still to award {free} / {after}; at this "
        f"pace the fund lasts until {lasts} / {shorter}.\n"
    )
    for said in found.says:
        click.echo(f"- {said}")


def _months(first: Any, last: Any) -> int:
    return int((last.year - first.year) * 12 + last.month - first.month)


def _day(day: Any) -> str:
    return f"{day:%-d %b %Y}" if day else "no day in this century"


def _readable(row: dict[str, Any], symbol: str) -> dict[str, Any]:
    """Without / with, in words a person reads; '–' is unknown."""
    return {
        "month": row["month"],
        "occupied": _pair(row, "occupancy_bp", lambda bp: f"{bp / 100:.1f}%"),
        "median_wait": _pair(row, "wait_median_s", _hours),
        "95%_wait_up_to": _pair(row, "wait_p95_s", _hours),
        "fund_left": _pair(row, "fund_left_minor", lambda minor: _millions(minor, symbol)),
        "committed": _pair(row, "committed_minor", lambda minor: _millions(minor, symbol)),
        "its_GPU-hours": row["applicant_gpu_hours"],
        "its_median_wait": "–" if row["applicant_wait_median_s"] is None else _hours(row["applicant_wait_median_s"]),
    }


def _pair(row: dict[str, Any], name: str, say: Any) -> str:
    values = [row[f"{name}_{case}"] for case in ("without", "with")]
    return " / ".join("–" if value is None else say(value) for value in values)


def _millions(minor: int, symbol: str) -> str:
    return f"{symbol}{minor / 10**8:,.0f}m"  # the same unit on both sides, so that a small award shows


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.1f} h"


def _say(_what: str, done: int, _total: int) -> None:
    if done == 0:
        click.echo("Replaying the job log …", err=True)
