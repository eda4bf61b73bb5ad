"""The sentence, the bar and the tiles of the page of efficiency."""

from markupsafe import Markup

from dashboards._asked import Asked
from dashboards._money import exact, short
from dashboards._page import Segment, Tile, linked, sentence
from dashboards.efficiency.data import Data
from workbench.i18n import _
from workbench.pages import words
from workbench.periods import iso
from workbench.units import GPU_PARTS, HOUR_S


def say(asked: Asked, data: Data) -> Markup:
    """The sentence over the page."""
    active, idle, unknown = (words.percent(data.share(part)) for part in ("active", "idle", "unknown"))
    drawn = "#picture-by-day" if data.jobs is not None else "#picture-by-project"
    held = sentence(_("Of the GPU time that jobs held ({days}), {active} was active and {idle} idle.")).format(
        days=data.days_words, active=linked(active, drawn), idle=linked(idle, drawn)
    )
    parts: list[str | Markup] = [held]
    if data.sum_of("unknown_part_seconds"):
        parts.append(_("Of {unknown} nobody knows: no sample covers it.").format(unknown=unknown))
    money = data.sum_of("idle_subsidy_minor"), data.sum_of("idle_user_minor")
    if any(money) and data.money:
        table = "#table-jobs" if data.jobs is not None else "#table-projects"
        subsidy, own = (linked(short(asked, minor), table) for minor in money)
        paid = _("{subsidy} of subsidy and {own} of the projects' own money paid for idle time.")
        parts.append(sentence(paid).format(subsidy=subsidy, own=own))
    return sentence(*parts)


def strip(data: Data) -> tuple[Segment, ...]:
    """The held time as one bar."""
    looks = (
        ("active", _("Active"), "series-1", ""),
        ("idle", _("Idle"), "series-2", ""),
        ("unknown", _("Unknown"), "muted", "hatch"),
    )
    return tuple(
        Segment(label, _short_hours(data, part), _hours(data, part), data.share(part), colour, shape)
        for part, label, colour, shape in looks
    )


def tiles(asked: Asked, data: Data) -> tuple[Tile, ...]:
    query = f"workbench efficiency --from {iso(data.window.start_s)} --to {iso(data.window.end_s)}"
    query += f" --project {asked.filters.project}" if asked.filters.project else ""
    rows, rows_label = asked.csv("projects" if data.jobs is None else "jobs"), _("Take the rows as CSV")
    parts = (
        (
            "active",
            _("Active"),
            _("The time that GPUs were held × how busy their samples say they were; a sample stands until the next."),
        ),
        (
            "idle",
            _("Idle"),
            _("What is known and was not active. A GPU that is held and does nothing is idle all the time."),
        ),
        (
            "unknown",
            _("Unknown"),
            _(
                "Held time that no sample covers: a node without an exporter, a slice without counters, a gap between "
                "samples. It is neither active nor idle, and no money of it is counted as idle."
            ),
        ),
    )
    money = (
        (
            "idle_subsidy_minor",
            _("Subsidy idle"),
            _("The idle part of what the subsidy paid for these jobs, job by job and day by day."),
        ),
        (
            "idle_user_minor",
            _("Own money idle"),
            _("The idle part of what projects paid themselves for these jobs."),
        ),
    )
    shares = [
        Tile(
            part,
            label,
            words.percent(data.share(part)),
            exact=f"{data.share(part):.6f}",
            exact_text=_hours(data, part),
            of=_("of {hours} GPU-hours held").format(hours=words.hours_short(data.held_ps)),
            definition=definition,
            query=query,
            rows=rows,
            rows_label=rows_label,
        )
        for part, label, definition in parts
    ]
    amounts = [
        Tile(
            name.removesuffix("_minor").replace("_", "-"),
            label,
            short(asked, data.sum_of(name)),
            exact=str(data.sum_of(name)),
            exact_text=exact(asked, data.sum_of(name)),
            of=_("without GPU time that has no price"),
            definition=definition,
            query=query,
            rows=rows,
            rows_label=rows_label,
        )
        for name, label, definition in money
    ]
    return (*shares, *(amounts if data.money else ()))


def _short_hours(data: Data, part: str) -> str:
    return _("{n} GPU-hours").format(n=words.hours_short(data.sum_of(f"{part}_part_seconds")))


def _hours(data: Data, part: str) -> str:
    hours = data.sum_of(f"{part}_part_seconds") / GPU_PARTS / HOUR_S
    return _("{n} GPU-hours").format(n=f"{hours:,.1f}")
