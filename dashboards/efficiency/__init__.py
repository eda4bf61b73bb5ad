"""Efficiency: of the GPU time that jobs held, how much was active, idle, unknown; and what the idle part cost.

Only days with samples count, so that "unknown" is what is missing among them and not the time before there were any.
"""

from markupsafe import Markup

from dashboards._asked import Asked, context
from dashboards._page import Note, Page
from dashboards.efficiency.data import Data, ask
from dashboards.efficiency.says import say, strip, tiles
from dashboards.efficiency.tables import jobs_table, projects_table
from dashboards.efficiency.views import by_day, by_project
from workbench.i18n import _
from workbench.pages import words


def build(asked: Asked) -> Page:
    """The page of these filters."""
    data = ask(asked)
    heading = _("Efficiency")
    if data.held_ps == 0:
        return Page(
            title=heading,
            heading=heading,
            kind=_("How busy the GPUs were that jobs held."),
            sentence=Markup(""),
            notes=(Note(_nothing(data)),),
            **context(asked, ("partition", "model", "category", "project")),  # type: ignore[arg-type]
        )
    pictures = (by_day(asked, data),) if data.jobs is not None else (by_project(asked, data), by_day(asked, data))
    table = jobs_table(asked, data) if data.jobs is not None else projects_table(asked, data)
    return Page(
        title=heading,
        heading=heading,
        kind=_("GPU time held by jobs, {days}: active, idle, unknown.").format(days=data.days_words),
        sentence=say(asked, data),
        strip=strip(data),
        strip_label=_("GPU time held, {hours} GPU-hours").format(hours=words.hours_short(data.held_ps)),
        tiles=tiles(asked, data),
        pictures=pictures,
        tables=(table,),
        notes=_notes(data),
        crumbs=_crumbs(asked),
        frames={table.id: table.frame} | {p.id: p.table.frame for p in pictures if p.table},
        **context(asked, ("partition", "model", "category", "project")),  # type: ignore[arg-type]
    )


def _nothing(data: Data) -> str:
    if data.sampled.first:
        return _("No job held a GPU in those days of this period of which there are samples: {days}.").format(
            days=data.sampled_words
        )
    return _(
        "There are no samples of GPUs yet, so nobody knows how busy they were. The operator collects them from DCGM "
        "exporters or with nvidia-smi: workbench telemetry collect; docs/telemetry.md says how."
    )


def _notes(data: Data) -> tuple[Note, ...]:
    made_up = _("The utilisation on this page is made up, for the sample centre; the jobs and what they held are not.")
    return (Note(made_up),) if data.sampled.made_up else ()


def _crumbs(asked: Asked) -> tuple[tuple[str, str], ...]:
    if not asked.filters.project:
        return ()
    chosen = dict(asked.choices.projects).get(asked.filters.project, asked.filters.project)
    return ((_("All projects"), asked.href(project="")), (chosen, ""))
