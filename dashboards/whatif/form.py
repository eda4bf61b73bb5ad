"""The form of a what-if: what was typed, read from the address and written back to it, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from workbench.errors import BadScenario
from workbench.i18n import _
from workbench.periods import day_start, epoch
from workbench.services.whatif.scenario import ClassReservation, Scenario

FIELDS = ("pool", "gpus", "from", "policy", "approve", "growth")
OF_CLASS = ("class_gpus", "class_at", "class_hours", "class_repeat")
CLASS_HOURS = 3


@dataclass(frozen=True)
class Typed:
    """The fields as texts, each with its default where nothing was sent; problems: field → sentence."""

    texts: Mapping[str, str]
    scenario: Scenario
    problems: Mapping[str, str] = field(default_factory=dict)


def defaults(first: date) -> dict[str, str]:
    """What the form shows at first; `first`: the first day that is answered for."""
    tuesday = first + timedelta(days=(1 - first.weekday()) % 7)
    return {
        "pool": "",
        "gpus": "0",
        "from": first.isoformat(),
        "policy": "as-now",
        "approve": "0",
        "growth": "0",
        "class_gpus": "0",
        "class_at": f"{tuesday.isoformat()}T14:00",
        "class_hours": str(CLASS_HOURS),
        "class_repeat": "weekly",
    }


def read(sent: Mapping[str, str], first: date, zone: ZoneInfo) -> Typed:
    """The scenario of what was sent; with problems: the one that changes nothing."""
    usual = defaults(first)
    texts = {name: sent.get(name, "").strip() or value for name, value in usual.items()}
    problems: dict[str, str] = {}

    def whole(name: str, what: str) -> int:
        try:
            return int(texts[name].replace(",", "").replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            problems[name] = _("{what} is a whole number").format(what=what)
            return 0

    gpus, approve = whole("gpus", _("GPUs")), whole("approve", _("How many applications"))
    class_gpus, hours = whole("class_gpus", _("GPUs")), whole("class_hours", _("Hours"))
    growth = 0
    try:
        growth = int(Decimal(texts["growth"].replace("\N{MINUS SIGN}", "-")) * 100)
    except (InvalidOperation, ValueError, OverflowError):
        problems["growth"] = _("Growth is a number of percent")
    try:
        day = date.fromisoformat(texts["from"])
    except ValueError:
        problems["from"] = _("Write the day like {day}").format(day=first.isoformat())
        day = first
    kept = None
    if class_gpus:
        try:
            at = epoch(datetime.fromisoformat(texts["class_at"]).replace(tzinfo=zone))
        except ValueError:
            problems["class_at"] = _("Write day and time like {at}").format(at=usual["class_at"])
            at = day_start(first, zone)
        kept = ClassReservation(class_gpus, at, hours, weekly=texts["class_repeat"] != "once")
    given: dict[str, Any] = {
        "pool": texts["pool"],
        "more_gpus": gpus,
        "from_on": day,
        "policy": texts["policy"],
        "approve": approve,
        "reservation": kept,
        "growth_bp": growth,
    }
    try:
        return Typed(texts, Scenario(**given), problems)
    except BadScenario as bad:
        # The fields that are fine in themselves are looked at further, so that every problem is said at once.
        fine = {name: value for name, value in given.items() if not _of(name) & set(bad.problems)}
        return Typed(texts, Scenario(**fine), {**bad.problems, **problems})


def _of(name: str) -> set[str]:
    """The fields of the form that a part of the scenario is made of."""
    parts = {"more_gpus": {"gpus"}, "growth_bp": {"growth"}, "from_on": {"from"}, "reservation": set(OF_CLASS)}
    return parts.get(name, {name})


def refused(typed: Typed, problems: Mapping[str, str], first: date) -> Typed:
    """The same with what the centre has no room for; what is tried in its place changes nothing."""
    found = {**problems, **typed.problems}
    pool = "" if "pool" in found else typed.texts["pool"]
    return replace(typed, scenario=Scenario(pool, from_on=first), problems=found)


def query(texts: Mapping[str, str], first: date) -> str:
    """The query of the address: what differs from the defaults."""
    usual = defaults(first)
    told = [name for name in FIELDS if texts[name] != usual[name]]
    if "gpus" not in told and "from" in told:
        told.remove("from")
    if texts["class_gpus"] != "0":
        told += [name for name in OF_CLASS if texts[name] != usual[name]]
    return f"?{urlencode({name: texts[name] for name in told})}" if told else "?"
