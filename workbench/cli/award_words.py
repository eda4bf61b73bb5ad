"""Awards in rows for the screen: amounts in the currency, shares in percent, "–" for what there is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from workbench.units import BASIS_POINTS, money

if TYPE_CHECKING:
    from workbench.services.awards.history import ActionLine, QuarterLine, VersionLine
    from workbench.services.awards.underuse import Measured

NONE = "–"


def percent(basis_points: int | None) -> str:
    return NONE if basis_points is None else f"{basis_points / 100:g}%"


def amount(minor: int | None, symbol: str) -> str:
    return NONE if minor is None else money(minor, symbol)


def version_rows(versions: Sequence[VersionLine], symbol: str) -> list[dict[str, Any]]:
    return [
        {
            "version": version.version,
            "from": _day(version.from_on),
            "rate": percent(version.rate_bp),
            "ceiling": money(version.ceiling_minor, symbol),
            "term": f"{_day(version.starts_on)} up to {_day(version.ends_on)}",
            "by": f"{version.what}{f' {version.action}' if version.action else ''}, {version.by}",
            "why": version.why or NONE,
        }
        for version in versions
    ]


def action_rows(actions: Sequence[ActionLine], symbol: str) -> list[dict[str, Any]]:
    return [
        {
            "action": action.action,
            "asked": f"{action.asked_at:%Y-%m-%d} {action.asked_by}",
            "kind": action.kind,
            "what": _what(action, symbol),
            "reason": action.reason,
            "decision": _decision(action, symbol),
        }
        for action in actions
    ]


def quarter_rows(quarters: Sequence[QuarterLine], symbol: str) -> list[dict[str, Any]]:
    return [
        {
            "quarter": line.quarter,
            "planned": "no plan" if line.planned_minor is None else money(line.planned_minor, symbol),
            "used": money(line.used_minor, symbol),
            "share": percent(_share(line.used_minor, line.planned_minor)),
        }
        for line in quarters
    ]


def measured_rows(found: Sequence[Measured], symbol: str, *, exact: bool) -> list[dict[str, Any]]:
    """One row per award; exact: minor units and basis points, for programs."""
    if exact:
        return [
            {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(one).items()}
            for one in found
        ]
    return [
        {
            "project": one.project,
            "award": one.award,
            "planned": amount(one.planned_minor, symbol),
            "used": money(one.used_minor, symbol),
            "share": percent(one.used_bp),
            "unused": money(one.unused_minor, symbol) if one.planned_minor else NONE,
            "cut": f"{money(one.cut_minor, symbol)} ({percent(one.share_bp)})" if one.cut_minor else NONE,
            "state": one.state + (f", on {_day(one.takes_effect_on)}" if one.takes_effect_on else ""),
        }
        for one in found
    ]


def _what(action: ActionLine, symbol: str) -> str:
    said = [
        "" if action.amount_minor is None else money(action.amount_minor, symbol),
        "" if action.other_award is None else f"to award {action.other_award}",
        "" if action.rate_bp is None else percent(action.rate_bp),
        "" if action.ends_on is None else f"until {_day(action.ends_on)}",
        action.report or "",
        action.quarter or "",
        "" if action.appeal_of is None else f"against action {action.appeal_of}",
    ]
    return ", ".join(part for part in said if part) or NONE


def _decision(action: ActionLine, symbol: str) -> str:
    if not action.decision or action.decided_at is None:
        return "open"
    said = f"{action.decision} {action.decided_at:%Y-%m-%d} by {action.decided_by}"
    differs = action.decided_minor is not None and action.decided_minor != action.amount_minor
    said += f", {amount(action.decided_minor, symbol)}" if differs else ""
    return f"{said}: {action.decision_reason}" if action.decision_reason else said


def _share(used: int, planned: int | None) -> int | None:
    return used * BASIS_POINTS // planned if planned else None


def _day(day: date) -> str:
    return day.isoformat()
