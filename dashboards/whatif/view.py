"""An answer as what the templates need: sentence, facts, pictures, rows; the form's fields and quick scenarios."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dashboards.whatif import drawing, form, says
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.services.whatif.answer import Answer
from workbench.services.whatif.scenario import GROWTH_BP, MOST_APPROVED, MOST_HOURS, POLICIES
from workbench.settings import Settings
from workbench.units import BASIS_POINTS, money


@dataclass(frozen=True)
class Quick:
    """A scenario to be tried with one click."""

    label: str
    href: str
    title: str
    current: bool


def parts(settings: Settings, typed: form.Typed, found: Answer) -> dict[str, Any]:
    """What changes with the answer."""
    zone, symbol = settings.centre.zone, settings.centre.symbol
    values = [*found.base.fund_left_minor, *found.changed.fund_left_minor]
    return {
        "sentence": says.sentence(found, zone),
        "glance": says.glance(found),
        "facts": says.facts(found, symbol),
        "main": drawing.occupancy(found, zone),
        "pictures": [drawing.waits(found), drawing.fund(found, symbol)],
        "rows": says.rows(found, says.millions(values, symbol)),
        "says": found.says,
        "problems": {name: _sentence(typed.problems.get(name, "")) for name in typed.texts},
        "refused": bool(typed.problems),
        "csv": f"months.csv{form.query(typed.texts, found.first)}",
        "approved": [
            (one.reference, one.title, money(one.amount_minor, symbol), f"{one.gpu_hours:,}", one.here)
            for one in found.approved
        ],
    }


def form_parts(settings: Settings, typed: form.Typed, found: Answer) -> dict[str, Any]:
    """What stays while sliders are dragged: fields, their bounds, quick scenarios."""
    low, high = (round(share / BASIS_POINTS * 100) for share in GROWTH_BP)
    return {
        "texts": typed.texts,
        "pools": found.pools,
        "pool": found.pool,
        "gpu_model": found.gpu_model or _("GPUs"),
        "gpus": (-found.gpus, max(2 * found.gpus, 8), _step(found.gpus)),
        "first": found.first,
        "last": found.last,
        "policies": [(name, *says.policies()[name]) for name in POLICIES] if len(POLICIES) > 1 else [],
        "approve": min(MOST_APPROVED, found.waiting),
        "waiting": ngettext("{n} application waits", "{n} applications wait", found.waiting).format(n=found.waiting),
        "in_service": words.count(found.gpus) if found.pool else _("unknown"),
        "growth": (low, high),
        "most_hours": MOST_HOURS,
        "most_class": max(found.gpus, 1),
        "class_on": bool(typed.scenario.reservation) or typed.texts["class_gpus"] != "0",
        "quick": quick(settings, typed, found),
        "days": (found.last - found.first).days,
        "day": _days(typed.texts["from"], found.first),
    }


def quick(settings: Settings, typed: form.Typed, found: Answer) -> list[Quick]:
    """Planned capacity that the settings name, the next applications, a class; and back to nothing changed."""
    usual = {**form.defaults(found.first), "pool": typed.texts["pool"]}
    entries: list[tuple[str, str, dict[str, str]]] = []
    for plan in settings.plans:
        when = plan.from_on or _months_on(found.first, 3)
        if found.first <= when <= found.last:
            label = _("{name}: {n} more GPUs").format(name=plan.name, n=f"{plan.gpus:,}")
            entries.append((label, plan.note, {"gpus": str(plan.gpus), "from": when.isoformat()}))
    if found.waiting:
        n = min(MOST_APPROVED, found.waiting)
        label = ngettext("Approve the next application", "Approve the next {n}", n).format(n=n)
        entries.append((label, _("Those nearest to their decision, the longest waiting first"), {"approve": str(n)}))
    if found.gpus:
        n = _round(found.gpus / 10)
        note = _("Each Tuesday from 14:00 for {n} h").format(n=form.CLASS_HOURS)
        entries.append((_("A class with {n} GPUs").format(n=f"{n:,}"), note, {"class_gpus": str(n)}))
    entries.append((_("As it goes on"), _("Nothing changed"), {}))
    return [
        Quick(label, form.query(texts, found.first), note, texts == typed.texts)
        for label, note, texts in ((label, note, {**usual, **more}) for label, note, more in entries)
    ]


def exact(found: Answer) -> list[dict[str, Any]]:
    """A row of each month, for a program: shares in basis points, seconds, minor units; empty is unknown."""
    lines = []
    for place, month in enumerate(found.months):
        line: dict[str, Any] = {"month": month}
        for side, case in (("base", found.base), ("changed", found.changed)):
            one = case.months[place]
            line |= {
                f"occupancy_bp_{side}": one.occupancy_bp,
                f"wait_median_s_{side}": one.wait_median_s,
                f"wait_p95_s_{side}": one.wait_p95_s,
                f"jobs_{side}": one.submitted,
                f"fund_left_minor_{side}": case.fund_left_minor[place],
            }
        lines.append(line)
    return lines


def _sentence(problem: str) -> str:
    return f"{problem[:1].upper()}{problem[1:]}." if problem else ""


def _step(gpus: int) -> int:
    """Of the slider: about a hundred steps, each a number that reads well."""
    return max(1, _round(gpus / 60))


def _round(value: float) -> int:
    size = 1
    while size * 10 <= value:
        size *= 10
    return max(1, max(size * step for step in (1, 2, 4, 5, 8) if size * step <= max(value, 1)))


def _days(text: str, first: date) -> int:
    try:
        return max(0, (date.fromisoformat(text) - first).days)
    except ValueError:
        return 0


def _months_on(day: date, months: int) -> date:
    at = day
    for _turn in range(months):
        at = (at.replace(day=28) + timedelta(days=4)).replace(day=1)
    return at
