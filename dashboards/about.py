"""About the data: where the jobs come from, what is invented, until when it goes. The sample badge leads here."""

import pandas as pd
from markupsafe import Markup

from dashboards._asked import Asked
from dashboards._page import Cell, Column, Page, Row, Table
from workbench.i18n import _
from workbench.pages import words
from workbench.periods import day_of
from workbench.sample import is_loaded
from workbench.sample.definition import Definition, definition
from workbench.sample.description import LABEL, facts
from workbench.services import reports
from workbench.store.engine import Store


def label(store: Store) -> str:
    """What the badge says; '' where no sample data are loaded."""
    return _(LABEL) if is_loaded(store) else ""


def build(asked: Asked) -> Page:
    loaded = is_loaded(asked.store)
    table = sources(asked)
    return Page(
        title=_("About the data"),
        heading=_("About the data"),
        kind=_("Where the figures on these pages come from."),
        prose=sample(asked) if loaded else own(),
        tables=(table,),
        frames={table.id: table.frame},
    )


def own() -> Markup:
    """Without sample data there is only what somebody brought."""
    text = _("These figures come from job logs that the operator imported and from the notebook servers started here.")
    return Markup("<p>{}</p>").format(text)


def sample(asked: Asked) -> Markup:
    """The rule of the replay, the source, the licence, and what is made up."""
    plan, known = definition(), facts()
    rule = [
        _(
            "The log is real: {jobs} jobs of a GPU cluster for deep learning, September to December "
            "2017. It has no names of people, no end states and no submission time apart from the "
            "start."
        ).format(jobs=words.count(known.log_jobs)),
        _(
            "{weeks} whole weeks of it, from {start} ({jobs} jobs), are laid end to end from the "
            "centre's opening on {opened} until now; its wall clock is taken as {zone} time, so that "
            "Mondays stay Mondays."
        ).format(
            weeks=known.block_weeks,
            start=known.block_start,
            jobs=words.count(known.block_jobs),
            opened=known.opened_on,
            zone=asked.store.settings.centre.time_zone,
        ),
        _(
            "{clusters} virtual clusters of the log stand behind {projects} projects; {idle} more "
            "projects have no jobs yet. Some projects replay the same virtual cluster again, shifted "
            "by whole weeks."
        ).format(
            clusters=known.virtual_clusters,
            projects=known.projects_with_jobs,
            idle=known.projects - known.projects_with_jobs,
        ),
        _("A job starts when its partition has GPUs free: the waits are those of this replay, not of the log."),
        _(
            "Titles, organisations, people, awards and applications are made up with a fixed seed. "
            "Numbers of applications and approvals follow what was published; prices and numbers of "
            "cards are placeholders."
        ),
    ]
    items = Markup("").join(Markup("<li>{}</li>").format(line) for line in rule)
    return Markup(
        "<h2>{how}</h2><ul>{items}</ul><h2>{source}</h2>"
        '<dl class="facts"><dt>{log}</dt><dd>{title}</dd><dt>{from_}</dt><dd>{paper}</dd>'
        "<dt>{licence_}</dt><dd>{licence}</dd></dl>"
        "<h2>{capacity}</h2>{places}"
    ).format(
        how=_("How the sample data are made"),
        items=items,
        source=_("Source and licence"),
        log=_("Log"),
        title=known.log_title,
        from_=_("From"),
        paper=_(
            "Microsoft Philly, published with “Analysis of Large-Scale Multi-Tenant GPU Clusters for "
            "DNN Training Workloads”, USENIX ATC 2019"
        ),
        licence_=_("Licence"),
        licence=known.licence,
        capacity=_("Capacity, made up"),
        places=_capacity(plan),
    )


def _capacity(plan: Definition) -> Markup:
    head = Markup("").join(
        Markup('<th scope="col" class="{}">{}</th>').format(kind, text)
        for kind, text in (
            ("", _("Partition")),
            ("", _("GPU model")),
            ("", _("From")),
            ("r", _("Installed")),
            ("r", _("In service")),
            ("r", _("Allocatable")),
        )
    )
    rows = Markup("").join(
        Markup(
            '<tr><td>{}</td><td>{}</td><td>{}</td><td class="r">{}</td><td class="r">{}</td><td class="r">{}</td></tr>'
        ).format(
            c.partition,
            c.gpu_model,
            words.day(c.from_on),
            words.count(c.installed),
            words.count(c.in_service),
            words.count(c.allocatable),
        )
        for c in sorted(plan.capacity, key=lambda c: (c.partition, c.from_on))
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, rows)


def sources(asked: Asked) -> Table:
    """Until when each cluster's data reach."""
    fresh = reports.freshness(asked.store, asked.scope, asked.now_s)
    columns = (Column(_("Cluster")), Column(_("Data until")), Column(_("Age")), Column(_("Note")))
    rows = tuple(
        Row(
            (
                Cell(f.cluster),
                Cell(_when(asked, f.data_until_s), title=str(f.data_until_s)),
                Cell(words.ago(f.age_s)),
                Cell(f.note),
            )
        )
        for f in fresh
    )
    frame = pd.DataFrame(
        [
            {"cluster": f.cluster, "data_until": pd.Timestamp(f.data_until_s, unit="s", tz="UTC"), "note": f.note}
            for f in fresh
        ]
    )
    return Table(
        "sources",
        _("Sources, and until when they reach"),
        columns,
        rows,
        frame,
        csv=asked.csv("sources"),
        empty=_("No data yet."),
        empty_next=_("Load the sample centre (workbench sample load) or import a log (workbench ingest)."),
    )


def _when(asked: Asked, at_s: int) -> str:
    return f"{words.day(day_of(at_s, asked.zone))}, {words.clock(at_s, asked.zone)}"
