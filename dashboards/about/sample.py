"""What is invented: how the sample data are made, their source and licence, and the made-up capacity."""

from markupsafe import Markup

from dashboards._asked import Asked
from workbench.i18n import _
from workbench.pages import words
from workbench.sample.definition import Definition, definition
from workbench.sample.description import facts


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
