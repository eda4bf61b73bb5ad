"""What `workbench training` makes of words that were typed, and how it says what was found."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from workbench.domain.training import COPY, NO_COPY, phase
from workbench.periods import iso, parse_moment
from workbench.services.training.asked import Plan, names_of
from workbench.services.training.checks import Checked
from workbench.services.training.events import kind_in_words
from workbench.services.training.statement import Incident, Statement
from workbench.store.engine import Store
from workbench.units import HOUR_S, money

COLUMNS = ["handle", "title", "project", "instructor", "starts_at", "ends_at", "seats", "profile", "state", "phase"]


def plan_from(store: Store, title: str, who: str, start: str, minutes: int, given: dict[str, Any]) -> Plan:
    """The plan that was typed.

    Raises:
        click.BadParameter: the start is no moment.
    """
    try:
        starts_at = parse_moment(start, store.settings.centre.zone)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--start") from problem
    roster = _names_in(given["roster"]) if given["roster"] else ""
    return Plan(
        title=title,
        project=given["project"] or store.settings.training.project,
        instructor=given["instructor"] or who,
        starts_at=starts_at,
        ends_at=starts_at + minutes * 60,
        walk_ins=not given["no_walk_ins"],
        hand_in=NO_COPY if given["no_hand_in"] else COPY,
        roster=names_of(roster),
        environment=given["kernel"],
        lead_s=None if given["lead"] is None else given["lead"] * 60,
        keep_days=given["keep"],
        **{
            name: given[name] for name in ("seats", "profile", "warm", "materials", "branch", "first_page", "languages")
        },
    )


def _names_in(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise click.BadParameter(
            f"{file} is no UTF-8 text: {problem}. Save it as UTF-8.", param_hint="--roster"
        ) from problem


def found_words(checked: Checked, symbol: str) -> list[str]:
    """What the checks found, a line each."""
    said = []
    amounts = [checked.list_minor, checked.subsidy_minor, checked.user_minor]
    if None not in amounts:
        listed, subsidy, user = (money(amount or 0, symbol) for amount in amounts)
        said.append(f"{checked.seat_hours:,.1f} seat-hours: {listed} at list price = subsidy {subsidy} + user {user}.")
    if checked.award_free_minor is not None:
        said.append(f"Free of the award: {money(checked.award_free_minor, symbol)}.")
    said += [words for words in (checked.fits, checked.occupancy.says if checked.occupancy else "") if words]
    said += [f"At the same time: {other}" for other in checked.conflicts]
    said += [f"Warning: {warning}" for warning in checked.warnings]
    return said + [f"Not accepted: {problem}" for problem in checked.problems]


def statement_words(found: Statement, symbol: str) -> list[str]:
    """What stands above the rows of a statement."""
    listed, subsidy, user = (
        money(amount, symbol) for amount in (found.list_minor, found.subsidy_minor, found.user_minor)
    )
    said = [
        f"{found.session.title}: {found.seats} seats, {found.joined} joined, {found.no_shows} no-shows, "
        f"{found.gpu_seconds / HOUR_S:,.2f} GPU-hours, {found.core_seconds / HOUR_S:,.2f} core-hours.",
        f"{listed} at list price = subsidy {subsidy} + user {user}.",
    ]
    if found.elsewhere:
        said = [f"{found.session.title}: {found.seats} seats. {found.elsewhere_words}"]
    if found.unpriced:
        said.append("Some of it has no price and is not in these amounts.")
    if not found.final:
        said.append("Not final: it has not ended, or not all of it is charged yet.")
    return said + [f"{iso(one.at)} {_incident(one)}" for one in found.incidents]


def statement_rows(found: Statement, symbol: str) -> list[dict[str, Any]]:
    """The seats of a statement for the screen; an amount that is not known yet is None."""
    return [
        {
            "seat": line.number,
            "who": line.shown_name or line.roster,
            "joined": "no" if line.joined_at is None else iso(line.joined_at),
            "servers": line.servers,
            "core_seconds": line.core_seconds,
            **{
                name: None if amount is None else money(amount, symbol)
                for name, amount in zip(
                    ("list", "subsidy", "user"), (line.list_minor, line.subsidy_minor, line.user_minor), strict=True
                )
            },
        }
        for line in found.rows
    ]


def row(store: Store, one: Any, now: int) -> dict[str, Any]:
    """A class by COLUMNS, its times in the centre's zone."""
    values = {name: getattr(one, name) for name in COLUMNS if name != "phase"}
    times = {name: when(store, values[name]) for name in ("starts_at", "ends_at")}
    return values | times | {"phase": phase(one, now) or ""}


def when(store: Store, at: int) -> str:
    """A moment in the centre's zone."""
    return datetime.fromtimestamp(at, store.settings.centre.zone).isoformat(timespec="minutes")


def _incident(one: Incident) -> str:
    return f"{kind_in_words(one.kind)}{'' if one.seat is None else f', seat {one.seat}'}: {one.says}"
