"""One project: sentence and tiles."""

from markupsafe import Markup

from dashboards._asked import Asked, context
from dashboards._money import award_words, exact, short
from dashboards._page import (
    Note,
    Page,
    Tile,
    linked,
    sentence,
    spark,
)
from dashboards.projects.scope import query_of, total_of, wait_tile
from dashboards.projects.single_award import award_tables
from dashboards.projects.single_data import OneData, ask_one
from dashboards.projects.single_tables import charges_table, users_table
from dashboards.projects.single_views import against_ceiling, by_user, gpus_over_time
from workbench.domain.access import WholeCentre
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.services import spend
from workbench.units import GPU_PARTS, gpu_hours


def one(asked: Asked, project: str) -> Page:
    """The page of one project, which this viewer may see."""
    data = ask_one(asked, project)
    title = data.row["title"] or project
    pictures = [gpus_over_time(asked, data)]
    if data.charges is not None:
        pictures.append(against_ceiling(asked, data))
    pictures.append(by_user(asked, data))
    tables = [users_table(asked, data)] + ([charges_table(asked, data)] if data.charges is not None else [])
    tables += award_tables(asked, data.awards)
    crumbs = (
        ((_("All projects"), asked.href(project="", show="")), (title, ""))
        if isinstance(asked.scope, WholeCentre) or len(asked.choices.projects) > 1
        else ()
    )
    hidden = Note(_("What this project's usage costs is shown to its lead."), "plain")
    notes = (hidden,) if data.charges is None else ()
    if data.warning:
        notes = (Note(data.warning),)
    kind = " · ".join(
        part
        for part in (data.row["organisation"], words.category(data.row["category"]), project, asked.period.label)
        if part
    )
    return Page(
        title=title,
        heading=title,
        kind=kind,
        sentence=say_one(asked, data),
        tiles=one_tiles(asked, data),
        pictures=tuple(pictures),
        tables=tuple(tables),
        notes=notes,
        crumbs=crumbs,
        frames={t.id: t.frame for t in tables} | {p.id: p.table.frame for p in pictures if p.table},
        **context(asked, ("project",)),  # type: ignore[arg-type]
    )


def say_one(asked: Asked, data: OneData) -> Markup:
    used, row, when = int(data.row["gpu_part_seconds"]), data.row, asked.period.when
    if not used:
        return sentence(_("This project used no GPU {when}.").format(when=when), _award_says(asked, data))
    change = words.relative(used, total_of(data.before, "gpu_part_seconds"), asked.period.before_when)
    people = ngettext("{n} person", "{n} people", int(row["users"])).format(n=words.count(int(row["users"])))
    first = sentence(_("{people} used {hours} in {jobs} {when}")).format(
        people=linked(people, "#table-users"),
        hours=linked(_("{n} GPU-hours").format(n=words.hours(used)), "#picture-gpus"),
        jobs=ngettext("{n} job", "{n} jobs", int(row["jobs"])).format(n=words.count(int(row["jobs"]))),
        when=when,
    ) + (f", {change.text}." if change.text else ".")
    if not row["users"]:
        first = sentence(_("{hours} were used {when}.")).format(
            hours=linked(_("{n} GPU-hours").format(n=words.hours(used)), "#picture-gpus"), when=when
        )
    return sentence(first, _award_says(asked, data))


def _award_says(asked: Asked, data: OneData) -> str | Markup:
    award = data.award
    if award is None:
        return _("It has no award: it pays the list price.") if data.charges is not None else ""
    left = linked(short(asked, award.left_minor), "#picture-ceiling")
    match award.state:
        case "exhausted":
            return _("Its award of {ceiling} is used up; it now pays the list price.").format(
                ceiling=short(asked, award.ceiling_minor)
            )
        case "lapsed":
            return _("Its award ended on {day}; it now pays the list price.").format(day=words.day(award.ends_on))
        case "ahead":
            return _("Its award of {ceiling} begins on {day}.").format(
                ceiling=short(asked, award.ceiling_minor), day=words.day(award.starts_on)
            )
    return sentence(_("Of its award of {ceiling}, {left} is left until {day}.")).format(
        ceiling=short(asked, award.ceiling_minor), left=left, day=words.day(award.ends_on)
    )


def one_tiles(asked: Asked, data: OneData) -> tuple[Tile, ...]:
    row, period, award = data.row, asked.period, data.award
    used, jobs, query = int(row["gpu_part_seconds"]), int(row["jobs"]), query_of(asked, str(row["project"]))
    daily = data.days["gpu_part_seconds"] if len(data.days) else []
    found = [
        Tile(
            "gpu-hours",
            _("GPU time"),
            words.hours_short(used),
            unit=_("GPU-hours"),
            exact=f"{gpu_hours(used):.3f}",
            exact_text=_("{n} GPU-hours").format(n=f"{gpu_hours(used):,.3f}"),
            change=words.relative(used, total_of(data.before, "gpu_part_seconds"), period.before_when),
            spark=spark(daily),
            spark_says=_("GPU-hours by day, last 30 days"),
            of=_("{n} GPUs on average").format(n=words.gpus(round(used / GPU_PARTS / asked.elapsed_s, 1))),
            definition=_("GPUs × time held by this project's jobs, counted to the second."),
            query=query,
            rows=asked.csv("gpus"),
            rows_label=_("Take the rows as CSV"),
        ),
    ]
    if data.charges is not None:
        listed, subsidy, user = (int(data.charges[c].sum()) for c in ("list_minor", "subsidy_minor", "user_minor"))
        found += [
            Tile(
                "cost",
                _("At list price"),
                short(asked, listed),
                exact=str(listed),
                exact_text=exact(asked, listed),
                of=_("{subsidy} paid by the subsidy").format(subsidy=short(asked, subsidy)),
                change=words.Change("same", words.percent(subsidy / listed if listed else None), _("subsidised"))
                if listed
                else words.NO_CHANGE,
                definition=_("Each day's GPU time × the list price of its model on that day."),
                query=query,
                rows="#table-charges",
            ),
            Tile(
                "user-share",
                _("Your share"),
                short(asked, user),
                exact=str(user),
                exact_text=exact(asked, user),
                of=_("of {amount} at list price").format(amount=short(asked, listed)),
                definition=_(
                    "What the subsidy does not pay: the rest of each charge, and all of it without an award "
                    "or past its ceiling."
                ),
                query=query,
                rows="#table-charges",
            ),
            _award_tile(asked, award, query),
        ]
    users = int(row["users"])
    found += [
        Tile(
            "users",
            _("Users"),
            words.count(users) if users or not jobs else _("unknown"),
            words=bool(jobs and not users),
            exact=str(users),
            of=ngettext("in {n} job started", "in {n} jobs started", jobs).format(n=words.count(jobs)),
            definition=_("Different user names of this project's jobs in this period."),
            query=query,
            rows="#table-users",
        ),
        wait_tile(row.to_frame().T, jobs, query, "#table-users"),
    ]
    return tuple(found)


def _award_tile(asked: Asked, award: spend.AwardNow | None, query: str) -> Tile:
    definition = _(
        "Ceiling of the award less what its subsidy has paid. Past the ceiling the project pays the list price."
    )
    if award is None:
        return Tile(
            "award",
            _("Award"),
            _("none"),
            words=True,
            of=_("the project pays the list price"),
            definition=definition,
            query=query,
        )
    near = award.state == "live" and award.ceiling_minor and award.left_minor <= award.ceiling_minor / 10
    state = "watch" if near else {"live": "good", "exhausted": "act", "lapsed": "watch", "ahead": "watch"}[award.state]
    return Tile(
        "award",
        _("Left of the award"),
        short(asked, award.left_minor),
        exact=str(award.left_minor),
        exact_text=exact(asked, award.left_minor),
        state=state,
        state_text=_("nearly used up") if near else award_words(award.state),
        of=_("of {ceiling} at {rate}%, until {day}").format(
            ceiling=short(asked, award.ceiling_minor), rate=f"{award.rate_bp / 100:g}", day=words.day(award.ends_on)
        ),
        definition=definition,
        query=query,
        rows="#picture-ceiling",
        rows_label=_("See it over time"),
    )
