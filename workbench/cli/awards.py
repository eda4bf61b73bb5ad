"""`workbench awards`: what awards say and how that changed, reports due, the review of under-use.

Who types here can read the state folder; `--as` says in whose name, and the rules hold for that person.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click

from workbench.cli.answer import show as show_rows
from workbench.cli.application_options import NUMBER
from workbench.cli.asked import format_option, operator
from workbench.cli.award_actions import appeal, ask, decide, withdraw
from workbench.cli.award_review import review
from workbench.cli.award_words import action_rows, percent, quarter_rows, version_rows
from workbench.settings import load
from workbench.units import money

COLUMNS = ("award", "project", "state", "rate_bp", "ceiling_minor", "drawn_minor", "held_minor", "free_minor")
DATES = ("starts_on", "ends_on")


@click.group()
def awards() -> None:
    """Awards of the scheme: what they say, what is asked for them, reports, under-use.

    Example: workbench awards list
    """


for _command in (ask, decide, appeal, withdraw, review):
    awards.add_command(_command)


@awards.command("list")
@click.option("--state", metavar="STATE", help="Only those: live, exhausted, ahead or lapsed.")
@format_option
def list_(state: str | None, form: str) -> None:
    """Every award as it holds today. csv and json are exact, in hundredths (`…_minor`).

    Example: workbench awards list --state live
    """
    from workbench.services.awards.history import listed

    store = _store()
    found = [line for line in listed(store, operator(), int(time.time())) if state in (None, line.state)]
    if not found:
        click.echo("No such awards. An approved application has one: workbench applications decide --help", err=True)
    names = [*COLUMNS, *DATES, "versions"]
    rows: list[dict[str, Any]] = [{name: _plain(getattr(line, name)) for name in names} for line in found]
    if form == "table":
        symbol = store.settings.centre.symbol
        names = [name.removesuffix("_minor").removesuffix("_bp") for name in names]
        for row in rows:
            row["rate"] = percent(row["rate_bp"])
            row |= {name.removesuffix("_minor"): money(row[name], symbol) for name in COLUMNS[4:]}
    show_rows(names, rows, form)


@awards.command("show")
@click.argument("award", type=NUMBER)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
def show_one(award: int, form: str) -> None:
    """All of one award: balance, versions with their dates, who and why, actions, plan against use, reports.

    Example: workbench awards show 12
    """
    from workbench.services.awards.history import file_of_award

    store = _store()
    found = file_of_award(store, operator(), award, int(time.time()))
    if form == "json":
        click.echo(json.dumps(asdict(found), default=_plain, indent=1, ensure_ascii=False))
        return
    symbol, line = store.settings.centre.symbol, found.line
    facts = {
        "award": f"{award} to {line.project} ({line.title})",
        "application": found.application,
        "state": line.state,
        "rate": percent(line.rate_bp),
        "term": f"{line.starts_on} up to {line.ends_on}, not included",
        "ceiling": money(line.ceiling_minor, symbol),
        "drawn": money(line.drawn_minor, symbol),
        "held": money(line.held_minor, symbol),
        "free": money(line.free_minor, symbol),
        "lapsed": money(line.lapsed_minor, symbol) if line.lapsed_minor else None,
        "past the ceiling": "goes on at list price (opted in)" if found.over_use else "stops",
        "conditions": found.conditions,
        "files deleted from": found.files_deleted_from,
    }
    for name, value in facts.items():
        if value not in (None, ""):
            click.echo(f"{name:<20} {value}")
    for title, rows in (
        ("Versions", version_rows(found.versions, symbol)),
        ("Actions", action_rows(found.actions, symbol)),
        ("Planned against used", quarter_rows(found.quarters, symbol)),
        ("Reports", [{"report": r.report, "due": _plain(r.due_on), "state": r.state} for r in found.reports]),
    ):
        if rows:
            click.echo(f"\n{title}")
            show_rows(list(rows[0]), rows, "table")


@awards.command()
@click.option("--late", is_flag=True, help="Only those that are late; they block supplements.")
@format_option
def reports(late: bool, form: str) -> None:
    """Reports of all awards, by the last day for each.

    Hand one in: workbench awards ask progress-report AWARD --report "progress 3" --as PERSON --reason TEXT

    Example: workbench awards reports --late
    """
    from workbench.services.awards.reports_due import reports as lines

    names = ("due_on", "project", "award", "report", "state", "action")
    found = [line for line in lines(_store(), operator(), int(time.time())) if line.state == "late" or not late]
    if not found:
        click.echo("No report is late." if late else "No award owes a report.", err=True)
    rows: list[dict[str, Any]] = [{name: _plain(getattr(line, name)) for name in names} for line in found]
    if form == "table":
        rows = [row | {"action": "–" if row["action"] is None else str(row["action"])} for row in rows]
    show_rows(list(names), rows, form)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
