"""All projects of a viewer: data, sentence, tiles."""

from markupsafe import Markup

from dashboards._asked import Asked, context
from dashboards._money import exact, short
from dashboards._page import (
    Page,
    Tile,
    linked,
    sentence,
    spark,
)
from dashboards.projects.many_data import AllData, _before
from dashboards.projects.many_views import all_table, used_bars
from dashboards.projects.scope import query_of, sees_money, total_of, wait_tile
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.services import reports, spend
from workbench.units import DAY_S, gpu_hours


def every(asked: Asked) -> Page:
    only = asked.only(project=None)
    data = AllData(
        usage=reports.projects(asked.store, asked.scope, asked.days.start_s, asked.days.end_s, only),
        money=spend.by_project(asked.store, asked.scope, asked.until_s, asked.days.start_s, asked.days.end_s)
        if sees_money(asked)
        else None,
        before=_before(asked, only),
        days=reports.usage(asked.store, asked.scope, asked.last30.start_s, asked.last30.end_s, ("day",), only),
    )
    picture, table = used_bars(asked, data), all_table(asked, data)
    return Page(
        title=_("Project usage"),
        heading=_("Project usage"),
        kind=_("What projects used, {period}.").format(period=asked.period.label),
        sentence=say_all(asked, data),
        tiles=all_tiles(asked, data),
        pictures=(picture,),
        tables=(table,),
        frames={table.id: table.frame} | ({picture.id: picture.table.frame} if picture.table else {}),
        **context(asked, ("partition", "model", "category")),  # type: ignore[arg-type]
    )


def say_all(asked: Asked, data: AllData) -> Markup:
    used = data.usage[data.usage["gpu_part_seconds"] > 0]
    if used.empty:
        return sentence(_("No project used a GPU {when}.").format(when=asked.period.when))
    total = int(used["gpu_part_seconds"].sum())
    change = words.relative(total, total_of(data.before, "gpu_part_seconds"), asked.period.before_when)
    first = sentence(ngettext("{n} project used {hours} {when}", "{n} projects used {hours} {when}", len(used))).format(
        n=linked(words.count(len(used)), "#table-usage-by-project"),
        hours=linked(_("{n} GPU-hours").format(n=words.hours_short(total)), "#picture-used"),
        when=asked.period.when,
    ) + (f", {change.text}." if change.text else ".")
    top = used.iloc[0]
    second = sentence(_("{project} used most: {share} of it.")).format(
        project=linked(
            top["title"] or top["project"] or _("Usage without a project"),
            asked.href(project=str(top["project"])) or "#table-usage-by-project",
        ),
        share=words.percent(top["gpu_part_seconds"] / total),
    )
    return sentence(first, second if len(used) > 1 else "")


def all_tiles(asked: Asked, data: AllData) -> tuple[Tile, ...]:
    usage, period, money = data.usage, asked.period, data.money
    total, jobs = int(usage["gpu_part_seconds"].sum()), int(usage["jobs"].sum())
    active = int((usage["gpu_part_seconds"] > 0).sum())
    daily = data.days["gpu_part_seconds"] if len(data.days) else []
    query, rows = query_of(asked), "#table-usage-by-project"
    before_jobs = total_of(data.before, "jobs")
    found = [
        Tile(
            "projects",
            _("Projects at work"),
            words.count(active),
            exact=str(active),
            of=_("of {n} known here").format(n=words.count(int((usage["project"] != "").sum()))),
            definition=_("Projects with GPU time in this period."),
            query=query,
            rows=rows,
        ),
        Tile(
            "gpu-hours",
            _("GPU time"),
            words.hours_short(total),
            unit=_("GPU-hours"),
            exact=f"{gpu_hours(total):.3f}",
            exact_text=_("{n} GPU-hours").format(n=f"{gpu_hours(total):,.3f}"),
            change=words.relative(total, total_of(data.before, "gpu_part_seconds"), period.before_when),
            spark=spark(daily),
            spark_says=_("GPU-hours by day, last 30 days"),
            of=_("{n} a day").format(n=words.hours_short(round(total / asked.elapsed_s * DAY_S))),
            definition=_(
                "GPUs × time held by jobs, counted to the second; the part of a job outside the period is left out."
            ),
            query=query,
            rows=rows,
        ),
        Tile(
            "jobs",
            _("Jobs started"),
            words.count(jobs),
            exact=str(jobs),
            change=words.relative(jobs, before_jobs, period.before_when),
            spark=spark(data.days["jobs"]) if len(data.days) else None,
            spark_says=_("Jobs started by day, last 30 days"),
            of=_("notebook servers count as jobs"),
            definition=_("Jobs whose start lies in this period."),
            query=query,
            rows=rows,
        ),
        Tile(
            "users",
            _("Users"),
            words.count(int(usage["users"].sum())),
            exact=str(int(usage["users"].sum())),
            of=_("places in projects: who is in two counts twice"),
            definition=_(
                "Different user names per project, of jobs in this period; jobs without a user name are not counted."
            ),
            query=query,
            rows=rows,
        ),
        wait_tile(usage, jobs, query, rows),
    ]
    if money is not None:
        listed, subsidy = int(money["list_minor"].sum()), int(money["subsidy_minor"].sum())
        found.append(
            Tile(
                "cost",
                _("At list price"),
                short(asked, listed),
                exact=str(listed),
                exact_text=exact(asked, listed),
                of=_("{subsidy} by subsidy, {user} by users").format(
                    subsidy=short(asked, subsidy), user=short(asked, int(money["user_minor"].sum()))
                ),
                definition=_(
                    "GPU time × the list price of its model on its day. The subsidy's part follows from each "
                    "award's rate and ceiling. All partitions and models."
                ),
                query="workbench spend --by project",
                rows=rows,
            )
        )
    return tuple(found)
