"""Project usage: what each project used, what it cost, who used it; and one project on its own (`?project=…`).

A viewer of own projects sees these and no other, whatever the address says; what it costs is shown to whoever leads the
project or sees the whole centre.
"""

from dataclasses import dataclass


import pandas as pd

from dashboards._asked import Asked, context, mean_gpus
from dashboards._page import (
    Cell,
    Column,
    Key,
    Note,
    Page,
    Picture,
    Row,
    Table,
    Tile,
    linked,
    sentence,
    spark,
    unknown_cell,
)
from dashboards._pictures import (
    HALF,
    LOOK,
    WIDE,
    Named,
    area,
    bars,
    calendar,
    drawn,
    from_zero,
    line,
    names,
    rows_named,
    stacked,
    thousands,
    told,
    told_boxes,
)
from dashboards.spend import MILLION, amount, award_words, exact, short
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.periods import Window, day_of, iso
from workbench.services import reports, spend
from workbench.services.reports import Only
from workbench.units import DAY_S, GPU_PARTS, gpu_hours

SHOWN = 15
"""So many projects have a bar of their own."""
LINES = 62
"""So many charge lines stand on the page; all of them are in the CSV."""


def build(asked: Asked) -> Page:
    """All projects of this viewer, or the one chosen, or the only one there is.

    Raises:
        UnknownProject: the one chosen is not there or not theirs.
    """
    chosen = asked.filters.project
    if chosen:
        reports.check_project(asked.store, asked.scope, chosen)
        return one(asked, chosen)
    mine = asked.choices.projects
    if isinstance(asked.scope, OwnProjects) and len(mine) == 1:
        return one(asked, mine[0][0])
    return every(asked)


def sees_money(asked: Asked, project: str = "") -> bool:
    """Whoever sees the centre sees what it costs; so does the lead of a project (of each, where none is named)."""
    scope = asked.scope
    if isinstance(scope, WholeCentre):
        return True
    return project in scope.leads if project else bool(scope.projects) and scope.projects <= scope.leads


# All projects ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AllData:
    """usage: services.reports.projects; money: services.spend.by_project, None for whom it is not; days: by day."""

    usage: pd.DataFrame
    money: pd.DataFrame | None
    before: pd.DataFrame | None
    days: pd.DataFrame


def every(asked: Asked) -> Page:
    only = asked.only(project=None)
    data = AllData(
        usage=reports.projects(asked.store, asked.scope, asked.days.start_s, asked.days.end_s, only),
        money=spend.by_project(asked.store, asked.scope, asked.until_s, asked.days.start_s, asked.days.end_s) if sees_money(asked) else None,
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


def _before(asked: Asked, only: Only) -> pd.DataFrame | None:
    before = asked.period.before
    return reports.usage(asked.store, asked.scope, before.start_s, before.end_s, (), only) if before else None


def _sum(frame: pd.DataFrame | None, column: str) -> int | None:
    return None if frame is None else int(frame[column].sum())


def say_all(asked: Asked, data: AllData) -> str:
    used = data.usage[data.usage["gpu_part_seconds"] > 0]
    if used.empty:
        return sentence(_("No project used a GPU {when}.").format(when=asked.period.when))
    total = int(used["gpu_part_seconds"].sum())
    change = words.relative(total, _sum(data.before, "gpu_part_seconds"), asked.period.before_when)
    first = sentence(ngettext("{n} project used {hours} {when}", "{n} projects used {hours} {when}", len(used))).format(
        n=linked(words.count(len(used)), "#table-usage-by-project"),
        hours=linked(_("{n} GPU-hours").format(n=words.hours_short(total)), "#picture-used"),
        when=asked.period.when,
    ) + (f", {change.text}." if change.text else ".")
    top = used.iloc[0]
    second = sentence(_("{project} used most: {share} of it.")).format(
        project=linked(top["title"] or top["project"] or _("Usage without a project"), asked.href(project=str(top["project"])) or "#table-usage-by-project"),
        share=words.percent(top["gpu_part_seconds"] / total),
    )
    return sentence(first, second if len(used) > 1 else "")


def all_tiles(asked: Asked, data: AllData) -> tuple[Tile, ...]:
    usage, period, money = data.usage, asked.period, data.money
    total, jobs = int(usage["gpu_part_seconds"].sum()), int(usage["jobs"].sum())
    active = int((usage["gpu_part_seconds"] > 0).sum())
    daily = data.days["gpu_part_seconds"] if len(data.days) else []
    query, rows = _query(asked), "#table-usage-by-project"
    before_jobs = _sum(data.before, "jobs")
    found = [
        Tile("projects", _("Projects at work"), words.count(active), exact=str(active), of=_("of {n} known here").format(n=words.count(int((usage["project"] != "").sum()))),
             definition=_("Projects with GPU time in this period."), query=query, rows=rows),
        Tile("gpu-hours", _("GPU time"), words.hours_short(total), unit=_("GPU-hours"), exact=f"{gpu_hours(total):.3f}", exact_text=_("{n} GPU-hours").format(n=f"{gpu_hours(total):,.3f}"),
             change=words.relative(total, _sum(data.before, "gpu_part_seconds"), period.before_when), spark=spark(daily), spark_says=_("GPU-hours by day, last 30 days"),
             of=_("{n} a day").format(n=words.hours_short(round(total / asked.elapsed_s * DAY_S))),
             definition=_("GPUs × time held by jobs, counted to the second; the part of a job outside the period is left out."), query=query, rows=rows),
        Tile("jobs", _("Jobs started"), words.count(jobs), exact=str(jobs), change=words.relative(jobs, before_jobs, period.before_when),
             spark=spark(data.days["jobs"]) if len(data.days) else None, spark_says=_("Jobs started by day, last 30 days"), of=_("notebook servers count as jobs"),
             definition=_("Jobs whose start lies in this period."), query=query, rows=rows),
        Tile("users", _("Users"), words.count(int(usage["users"].sum())), exact=str(int(usage["users"].sum())), of=_("places in projects: who is in two counts twice"),
             definition=_("Different user names per project, of jobs in this period; jobs without a user name are not counted."), query=query, rows=rows),
        wait_tile(usage, jobs, query, rows),
    ]  # fmt: skip
    if money is not None:
        listed, subsidy = int(money["list_minor"].sum()), int(money["subsidy_minor"].sum())
        found.append(
            Tile("cost", _("At list price"), short(asked, listed), exact=str(listed), exact_text=exact(asked, listed), of=_("{subsidy} by subsidy, {user} by users").format(subsidy=short(asked, subsidy), user=short(asked, int(money["user_minor"].sum()))),
                 definition=_("GPU time × the list price of its model on its day. The subsidy's part follows from each award's rate and ceiling. All partitions and models."), query="workbench spend --by project", rows=rows)
        )  # fmt: skip
    return tuple(found)


def wait_tile(usage: pd.DataFrame, jobs: int, query: str, rows: str) -> Tile:
    """Mean wait over the jobs whose submission is known; unknown where it is for none."""
    known = int(usage["wait_known_jobs"].sum())
    definition = _("Start less submission, mean over jobs of which both are known. Jobs of a log without submission times have an unknown wait, which is not 0.")
    of = _("known for {share} of jobs").format(share=words.percent(known / jobs if jobs else None))
    if not known:
        return Tile("wait", _("Mean wait"), _("unknown"), words=True, of=_("no job says when it was submitted"), definition=definition, query=query, rows=rows)
    total_s = float((usage["wait_mean_s"].astype("Float64") * usage["wait_known_jobs"]).sum())
    return Tile("wait", _("Mean wait"), words.duration(total_s / known), exact=f"{total_s / known:.0f}", of=of, definition=definition, query=query, rows=rows)


def used_bars(asked: Asked, data: AllData) -> Picture:
    title = _("GPU-hours by project")
    used = data.usage[data.usage["gpu_part_seconds"] > 0].reset_index(drop=True)
    if used.empty:
        return Picture("used", title, "", empty=_("No project used a GPU in this period."), empty_next=_("Start a server, import a log, or choose an earlier period."))
    top, rest = used.head(SHOWN), used.iloc[SHOWN:]
    labels = [_ellipsis(r.title or r.project or _("unknown project")) for r in top.itertuples()]
    values = list(top["gpu_hours"])
    if len(rest):
        labels.append(ngettext("{n} more project", "{n} more projects", len(rest)).format(n=len(rest)))
        values.append(float(rest["gpu_hours"].sum()))
    shown = pd.DataFrame({"hours": values})
    total = float(used["gpu_hours"].sum())
    n = len(shown)
    boxes = pd.DataFrame({"left": 0, "right": shown["hours"], "bottom": [i - 0.4 for i in range(n)], "top": [i + 0.4 for i in range(n)], "name": labels, "percent": shown["hours"] / total * 100})
    height = max(160, 26 * n + 64)
    told_rows = {_("GPU-hours"): "@right{0,0}", _("Share"): "@percent{0.0}%"}
    json = drawn(bars(shown, ["hours"], [LOOK.series[0]]), height, rows_named(labels, _("GPU-hours")), thousands("x"), told_boxes(boxes, {k: k for k in ("left", "right", "bottom", "top")}, told_rows, "@name"))
    three = float(used["gpu_hours"].head(3).sum()) / total
    said = _("The three largest used {share} of all GPU time.").format(share=words.percent(three)) if len(used) > 3 else ""
    columns = (Column(_("Project")), Column(_("GPU-hours"), right=True), Column(_("Share"), right=True))
    rows = tuple(Row((Cell(r.title or r.project or _("unknown project")), Cell(f"{r.gpu_hours:,.1f}"), Cell(words.percent(r.gpu_hours / total)))) for r in used.itertuples())
    frame = used[["project", "title", "category", "organisation", "gpu_hours", "share"]]
    return Picture("used", title, said, height, json, Table("used", title, columns, rows, frame), asked.csv("used"))


def _ellipsis(text: str, length: int = 34) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def all_table(asked: Asked, data: AllData) -> Table:
    usage, period = data.usage, asked.period.label
    with_money = data.money is not None
    money = data.money.set_index("project") if data.money is not None else pd.DataFrame()
    columns = [
        Column(_("Project")), Column(_("Category"), hidden=True), Column(_("GPU-hours"), right=True, sorted="descending"), Column(_("Share"), right=True),
        Column(_("Against before"), right=True, title=_("Against as long a time before this period")), Column(_("Jobs started"), right=True), Column(_("Users"), right=True), Column(_("Mean wait"), right=True),
    ]  # fmt: skip
    if with_money:
        columns += [Column(name.format(currency=asked.symbol), right=True, title=period) for name in (_("List cost, {currency}"), _("Subsidy, {currency}"), _("Users' share, {currency}"))]
    rows = tuple(_usage_row(asked, r, money if with_money else None) for r in usage.itertuples())
    total, jobs = int(usage["gpu_part_seconds"].sum()), int(usage["jobs"].sum())
    last = [Cell(_("All")), Cell(""), Cell(f"{gpu_hours(total):,.1f}"), Cell("100.0%" if total else ""), Cell(""), Cell(words.count(jobs)), Cell(words.count(int(usage["users"].sum()))), Cell("")]
    if with_money:
        shown = money.reindex(usage["project"]).fillna(0) if len(money) else money
        last += [amount(asked, int(shown[column].sum())) for column in ("list_minor", "subsidy_minor", "user_minor")]
    frame = usage.merge(data.money[["project", "list_minor", "subsidy_minor", "user_minor"]], how="left", on="project") if data.money is not None else usage
    return Table(
        "usage-by-project", _("By project"), tuple(columns), rows, frame, Row(tuple(last)), period, asked.csv("usage-by-project"),
        _("No project yet."), _("Projects come with an award or an import."),
    )  # fmt: skip


def _usage_row(asked: Asked, r: object, money: pd.DataFrame | None) -> Row:
    slug = r.project  # type: ignore[attr-defined]
    name = Cell(r.title or slug, href=asked.href(project=slug), sub=r.organisation) if slug else Cell(_("unknown project"), unknown=True, sub=_("usage that names no project"))  # type: ignore[attr-defined]
    wait = Cell(words.duration(r.wait_mean_s), order=float(r.wait_mean_s)) if r.wait_known_jobs else unknown_cell()  # type: ignore[attr-defined]
    before, ps = r.before_part_seconds, r.gpu_part_seconds  # type: ignore[attr-defined]
    change = ps / before - 1 if before else None
    share = None if pd.isna(r.share) else float(r.share)  # type: ignore[attr-defined]
    cells = [
        name, Cell(words.category(r.category)), Cell(f"{r.gpu_hours:,.1f}", order=r.gpu_hours), Cell(words.percent(share), order=share or 0.0, share=share),  # type: ignore[attr-defined]
        Cell("–", order="") if change is None else Cell(f"{change * 100:+,.0f}%".replace("-", words.MINUS), order=change), Cell(words.count(r.jobs), order=r.jobs), Cell(words.count(r.users), order=r.users), wait,  # type: ignore[attr-defined]
    ]  # fmt: skip
    if money is not None:
        mine = money.loc[slug] if slug in money.index else None
        cells += [amount(asked, 0 if mine is None else mine[column]) for column in ("list_minor", "subsidy_minor", "user_minor")]
    return Row(tuple(cells))


# One project -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OneData:
    """row: its line of services.reports.projects; trend: GPUs by bucket and model; charges: lines, None for whom they are not."""

    row: pd.Series
    before: pd.DataFrame | None
    trend: pd.DataFrame
    layers: pd.DataFrame
    users: pd.DataFrame
    days: pd.DataFrame
    award: spend.AwardNow | None
    charges: pd.DataFrame | None
    to_date: pd.DataFrame | None


def one(asked: Asked, project: str) -> Page:
    """The page of one project, which this viewer may see."""
    data = _ask_one(asked, project)
    title = data.row["title"] or project
    pictures = [gpus_over_time(asked, data)]
    if data.charges is not None:
        pictures.append(against_ceiling(asked, data))
    pictures.append(by_user(asked, data))
    tables = [users_table(asked, data)] + ([charges_table(asked, data)] if data.charges is not None else [])
    crumbs = ((_("All projects"), asked.href(project="", show="")), (title, "")) if isinstance(asked.scope, WholeCentre) or len(asked.choices.projects) > 1 else ()
    notes = () if data.charges is not None else (Note(_("What this project's usage costs is shown to its lead.")),)
    kind = " · ".join(part for part in (data.row["organisation"], words.category(data.row["category"]), project, asked.period.label) if part)
    return Page(
        title=title, heading=title, kind=kind, sentence=say_one(asked, data), tiles=one_tiles(asked, data), pictures=tuple(pictures), tables=tuple(tables), notes=notes, crumbs=crumbs,
        frames={t.id: t.frame for t in tables} | {p.id: p.table.frame for p in pictures if p.table},
        **context(asked, ("project",)),  # type: ignore[arg-type]
    )  # fmt: skip


def _ask_one(asked: Asked, project: str) -> OneData:
    store, scope, w, last, only = asked.store, asked.scope, asked.window, asked.last30, Only(project=project)
    rows = reports.projects(store, scope, asked.days.start_s, asked.days.end_s, only)
    before = asked.period.before
    paid = sees_money(asked, project)
    charges = spend.project_charges(store, scope, project, asked.until_s) if paid else None
    return OneData(
        row=rows[rows["project"] == project].iloc[0],
        before=reports.usage(store, scope, before.start_s, before.end_s, (), only) if before else None,
        trend=reports.occupancy(store, scope, w.start_s, w.end_s, asked.grain, (), only),
        layers=reports.occupancy(store, scope, w.start_s, w.end_s, asked.grain, ("partition", "gpu_model"), only),
        users=reports.project_users(store, scope, project, asked.days.start_s, asked.days.end_s),
        days=reports.usage(store, scope, last.start_s, last.end_s, ("day",), only),
        award=spend.award_now(store, scope, project, asked.until_s) if paid else None,
        charges=_lines_in(charges, asked.days, asked) if charges is not None else None,
        to_date=charges,
    )


def _lines_in(lines: pd.DataFrame, w: Window, asked: Asked) -> pd.DataFrame:
    """The charge lines of the days that the window touches."""
    first, last = pd.Timestamp(day_of(w.start_s, asked.zone)), pd.Timestamp(day_of(max(w.end_s - 1, w.start_s), asked.zone))
    return lines[(lines["day"] >= first) & (lines["day"] <= last)].reset_index(drop=True)


def say_one(asked: Asked, data: OneData) -> str:
    used, row, when = int(data.row["gpu_part_seconds"]), data.row, asked.period.when
    if not used:
        return sentence(_("This project used no GPU {when}.").format(when=when), _award_says(asked, data))
    change = words.relative(used, _sum(data.before, "gpu_part_seconds"), asked.period.before_when)
    people = ngettext("{n} person", "{n} people", int(row["users"])).format(n=words.count(int(row["users"])))
    first = sentence(_("{people} used {hours} in {jobs} {when}")).format(
        people=linked(people, "#table-users"), hours=linked(_("{n} GPU-hours").format(n=words.hours(used)), "#picture-gpus"),
        jobs=ngettext("{n} job", "{n} jobs", int(row["jobs"])).format(n=words.count(int(row["jobs"]))), when=when,
    ) + (f", {change.text}." if change.text else ".")  # fmt: skip
    if not row["users"]:
        first = sentence(_("{hours} were used {when}.")).format(hours=linked(_("{n} GPU-hours").format(n=words.hours(used)), "#picture-gpus"), when=when)
    return sentence(first, _award_says(asked, data))


def _award_says(asked: Asked, data: OneData) -> str:
    award = data.award
    if award is None:
        return _("It has no award: it pays the list price.") if data.charges is not None else ""
    left = linked(short(asked, award.left_minor), "#picture-ceiling")
    match award.state:
        case "exhausted":
            return _("Its award of {ceiling} is used up; it now pays the list price.").format(ceiling=short(asked, award.ceiling_minor))
        case "lapsed":
            return _("Its award ended on {day}; it now pays the list price.").format(day=words.day(award.ends_on))
        case "ahead":
            return _("Its award of {ceiling} begins on {day}.").format(ceiling=short(asked, award.ceiling_minor), day=words.day(award.starts_on))
    return sentence(_("Of its award of {ceiling}, {left} is left until {day}.")).format(ceiling=short(asked, award.ceiling_minor), left=left, day=words.day(award.ends_on))


def one_tiles(asked: Asked, data: OneData) -> tuple[Tile, ...]:
    row, period, award = data.row, asked.period, data.award
    used, jobs, query = int(row["gpu_part_seconds"]), int(row["jobs"]), _query(asked, str(row["project"]))
    daily = data.days["gpu_part_seconds"] if len(data.days) else []
    found = [
        Tile("gpu-hours", _("GPU time"), words.hours_short(used), unit=_("GPU-hours"), exact=f"{gpu_hours(used):.3f}", exact_text=_("{n} GPU-hours").format(n=f"{gpu_hours(used):,.3f}"),
             change=words.relative(used, _sum(data.before, "gpu_part_seconds"), period.before_when), spark=spark(daily), spark_says=_("GPU-hours by day, last 30 days"),
             of=_("{n} GPUs on average").format(n=words.gpus(round(used / GPU_PARTS / asked.elapsed_s, 1))),
             definition=_("GPUs × time held by this project's jobs, counted to the second."), query=query, rows=asked.csv("gpus"), rows_label=_("Take the rows as CSV")),
    ]  # fmt: skip
    if data.charges is not None:
        listed, subsidy, user = (int(data.charges[c].sum()) for c in ("list_minor", "subsidy_minor", "user_minor"))
        found += [
            Tile("cost", _("At list price"), short(asked, listed), exact=str(listed), exact_text=exact(asked, listed), of=_("{subsidy} paid by the subsidy").format(subsidy=short(asked, subsidy)),
                 change=words.Change("same", words.percent(subsidy / listed if listed else None), _("subsidised")) if listed else words.NO_CHANGE,
                 definition=_("Each day's GPU time × the list price of its model on that day."), query=query, rows="#table-charges"),
            Tile("user-share", _("Your share"), short(asked, user), exact=str(user), exact_text=exact(asked, user), of=_("of {amount} at list price").format(amount=short(asked, listed)),
                 definition=_("What the subsidy does not pay: the rest of each charge, and all of it without an award or past its ceiling."), query=query, rows="#table-charges"),
            _award_tile(asked, award, query),
        ]  # fmt: skip
    users = int(row["users"])
    found += [
        Tile("users", _("Users"), words.count(users) if users or not jobs else _("unknown"), words=bool(jobs and not users), exact=str(users), of=ngettext("in {n} job started", "in {n} jobs started", jobs).format(n=words.count(jobs)),
             definition=_("Different user names of this project's jobs in this period."), query=query, rows="#table-users"),
        wait_tile(row.to_frame().T, jobs, query, "#table-users"),
    ]  # fmt: skip
    return tuple(found)


def _award_tile(asked: Asked, award: spend.AwardNow | None, query: str) -> Tile:
    definition = _("Ceiling of the award less what its subsidy has paid. Past the ceiling the project pays the list price.")
    if award is None:
        return Tile("award", _("Award"), _("none"), words=True, of=_("the project pays the list price"), definition=definition, query=query)
    near = award.state == "live" and award.ceiling_minor and award.left_minor <= award.ceiling_minor / 10
    state = "watch" if near else {"live": "good", "exhausted": "act", "lapsed": "watch", "ahead": "watch"}[award.state]
    return Tile(
        "award", _("Left of the award"), short(asked, award.left_minor), exact=str(award.left_minor), exact_text=exact(asked, award.left_minor), state=state,
        state_text=_("nearly used up") if near else award_words(award.state), of=_("of {ceiling} at {rate}%, until {day}").format(ceiling=short(asked, award.ceiling_minor), rate=f"{award.rate_bp / 100:g}", day=words.day(award.ends_on)),
        definition=definition, query=query, rows="#picture-ceiling", rows_label=_("See it over time"),
    )  # fmt: skip


def gpus_over_time(asked: Asked, data: OneData) -> Picture:
    title = _("GPUs at work")
    rows = data.trend
    if rows.empty or not rows["gpu_part_seconds"].sum():
        return Picture("gpus", title, "", empty=_("No jobs of this project in this period."), empty_next=_("Start a server or import a log."))
    wide = pd.DataFrame({"at": asked.local(rows["start_at"])})
    layers = []
    for key in dict.fromkeys(data.layers[["partition", "gpu_model"]].itertuples(index=False, name=None)):
        mine = data.layers[(data.layers["partition"] == key[0]) & (data.layers["gpu_model"] == key[1])]
        if mine["gpu_part_seconds"].sum():
            label = " · ".join(part or _("unknown") for part in key)
            wide[label] = mine["busy_gpus"].round(4).to_numpy()
            layers.append(label)
    wide["total"] = mean_gpus(rows["gpu_part_seconds"], rows).round(4)
    layers = sorted(layers, key=lambda name: -wide[name].sum())[: len(LOOK.series)]
    told_rows = {layer: f"@{{{layer}}}{{0,0.0}}" for layer in reversed(layers)} | ({_("All"): "@total{0,0.0}"} if len(layers) > 1 else {})
    form = asked.bucket_format
    json = drawn(stacked(wide, "at", layers), WIDE, from_zero(float(wide["total"].max()), asked.gpus_title), calendar(wide, "at"), thousands(), told(wide, "at", "total", told_rows, f"@at{{{form}}}", "datetime"))
    said = _("{mean} GPUs on average, {top} at most.").format(mean=words.gpus(round(float(wide["total"].mean()), 1)), top=words.gpus(round(float(wide["total"].max()), 1)))
    columns = (Column(_("From")), *(Column(name, right=True) for name in (*layers, _("All"))))
    table = Table("gpus", title, columns, tuple(Row((Cell(f"{at:{form}}"), *(Cell(f"{v:,.1f}") for v in values))) for at, *values in wide[["at", *layers, "total"]].itertuples(index=False, name=None)), wide.rename(columns={"at": "from", "total": "gpus"}))
    return Picture("gpus", title, said, WIDE, json, table, asked.csv("gpus"), tuple(Key(layer, f"series-{n}") for n, layer in enumerate(layers, 1)))


def against_ceiling(asked: Asked, data: OneData) -> Picture:
    """Subsidy drawn, cumulative, under the award's ceiling."""
    title, lines, award = _("Subsidy drawn, against the ceiling"), data.to_date, data.award
    if award is None or lines is None or not lines["subsidy_minor"].fillna(0).sum():
        return Picture("ceiling", title, "", empty=_("No subsidy is drawn yet."), empty_next=_("It appears when the award has begun and the project uses the centre."))
    own = lines[lines["award_id"] == award.award_id].sort_values("day")
    rows = pd.DataFrame({"at": own["day"], "drawn": (own["subsidy_minor"].fillna(0).cumsum() / MILLION).astype(float).round(6)}).drop_duplicates("at", keep="last", ignore_index=True)
    if len(rows) < 2:
        return Picture("ceiling", title, "", empty=_("There is one day of charges so far: too little for a line."))
    start, end, ceiling = pd.Timestamp(award.starts_on), pd.Timestamp(award.ends_on), award.ceiling_minor / MILLION
    axis = pd.DataFrame({"at": [start, end], "ceiling": [ceiling, ceiling], "plan": [0.0, ceiling]})
    element = area(rows, "at", "drawn", LOOK.series[0]) * line(axis, "at", "ceiling", LOOK.light["ink"]) * line(axis, "at", "plan", LOOK.light["muted"], width=1.25, dashed=True)
    label = Named(_("Ceiling {amount}").format(amount=short(asked, award.ceiling_minor)), ceiling, LOOK.light["ink"], above=True)
    json = drawn(element, HALF, from_zero(ceiling, _("{currency} million, cumulative").format(currency=asked.symbol), 1.14), calendar(axis, "at"), names(end, [label]), told(rows, "at", "drawn", {_("Drawn"): f"{asked.symbol}@drawn{{0,0.000}}m"}, "@at{%-d %b %Y}", "datetime"))
    said = _("{drawn} of {ceiling} drawn, {share}.").format(drawn=short(asked, award.drawn_minor), ceiling=short(asked, award.ceiling_minor), share=words.percent(award.drawn_minor / award.ceiling_minor if award.ceiling_minor else None))
    columns = (Column(_("Day")), Column(_("Drawn to date, {currency}").format(currency=asked.symbol), right=True))
    ends = rows[rows["at"].dt.is_month_end | (rows["at"] == rows["at"].max())]
    table = Table("ceiling", title, columns, tuple(Row((Cell(words.day(r.at.date())), Cell(f"{r.drawn * 1e6:,.2f}"))) for r in ends.itertuples()), own[["day", "subsidy_minor"]])
    return Picture("ceiling", title, said, HALF, json, table, asked.csv("ceiling"), (Key(_("Drawn"), "series-1"), Key(_("Drawn evenly over the term"), "muted", "dash")))


def by_user(asked: Asked, data: OneData) -> Picture:
    title = _("GPU-hours by user")
    users = data.users[data.users["gpu_part_seconds"] > 0].reset_index(drop=True)
    if users.empty:
        return Picture("by-user", title, "", empty=_("Nobody used a GPU in this period."))
    top = users.head(10)
    labels = [name or _("unknown user") for name in top["user_name"]]
    shown = pd.DataFrame({"hours": top["gpu_hours"].astype(float)})
    n, total = len(shown), float(users["gpu_hours"].sum())
    boxes = pd.DataFrame({"left": 0, "right": shown["hours"], "bottom": [i - 0.4 for i in range(n)], "top": [i + 0.4 for i in range(n)], "name": labels, "jobs": top["jobs"]})
    height = max(HALF + 22, 26 * n + 64)
    json = drawn(bars(shown, ["hours"], [LOOK.series[0]]), height, rows_named(labels, _("GPU-hours")), thousands("x"), told_boxes(boxes, {k: k for k in ("left", "right", "bottom", "top")}, {_("GPU-hours"): "@right{0,0.0}", _("Jobs"): "@jobs{0,0}"}, "@name"))
    said = _("{name} used {share} of it.").format(name=labels[0], share=words.percent(float(top["gpu_hours"].iloc[0]) / total))
    columns = (Column(_("User")), Column(_("GPU-hours"), right=True))
    table = Table("by-user", title, columns, tuple(Row((Cell(r.user_name or _("unknown user")), Cell(f"{r.gpu_hours:,.1f}"))) for r in users.itertuples()), users[["user_name", "gpu_hours", "jobs"]])
    return Picture("by-user", title, said, height, json, table, asked.csv("by-user"))


def users_table(asked: Asked, data: OneData) -> Table:
    """One row per user; the total of GPU-hours is the tile."""
    users, total = data.users, int(data.users["gpu_part_seconds"].sum())
    columns = (Column(_("User")), Column(_("GPU-hours"), right=True, sorted="descending"), Column(_("Share"), right=True), Column(_("Jobs started"), right=True), Column(_("Mean wait"), right=True))
    rows = tuple(
        Row((
            Cell(r.user_name) if r.user_name else Cell(_("unknown user"), unknown=True), Cell(f"{r.gpu_hours:,.1f}", order=r.gpu_hours),
            Cell(words.percent(r.gpu_part_seconds / total if total else None), order=r.gpu_part_seconds, share=r.gpu_part_seconds / total if total else None),
            Cell(words.count(r.jobs), order=r.jobs), Cell(words.duration(r.wait_mean_s), order=float(r.wait_mean_s)) if r.wait_known_jobs else unknown_cell(),
        ))
        for r in users.itertuples()
    )  # fmt: skip
    last = Row((Cell(_("All")), Cell(f"{gpu_hours(total):,.1f}"), Cell("100.0%" if total else ""), Cell(words.count(int(users["jobs"].sum()))), Cell("")))
    return Table("users", _("By user"), columns, rows, users, last, asked.period.label, asked.csv("users"), _("No jobs yet for this project."), _("Start a server or import a log."))


def charges_table(asked: Asked, data: OneData) -> Table:
    """The charge lines behind the amounts, newest first; the total is of all lines of the period."""
    assert data.charges is not None
    lines = data.charges
    shown = lines.head(LINES)
    names_ = (_("Price per GPU-hour"), _("List cost, {currency}"), _("Subsidy, {currency}"), _("Your share, {currency}"))
    columns = (Column(_("Day"), sorted="descending"), Column(_("Partition and GPU model")), Column(_("GPU-hours"), right=True), *(Column(name.format(currency=asked.symbol), right=True) for name in names_))
    rows = tuple(
        Row((
            Cell(words.day(r.day.date()), order=str(r.day.date())), Cell(" · ".join(p or _("unknown") for p in (r.partition, r.gpu_model))), Cell(f"{gpu_hours(r.gpu_part_seconds):,.2f}", order=r.gpu_part_seconds),
            *(amount(asked, v) for v in (r.price_minor_per_hour, r.list_minor, r.subsidy_minor, r.user_minor)),
        ))
        for r in shown.itertuples()
    )  # fmt: skip
    sums = [Cell(f"{int(lines[c].sum()) / 100:,.2f}") for c in ("list_minor", "subsidy_minor", "user_minor")]
    last = Row((Cell(_("All")), Cell(""), Cell(f"{gpu_hours(int(lines['gpu_part_seconds'].sum())):,.2f}"), Cell(""), *sums))
    says = asked.period.label if len(shown) == len(lines) else _("{period}; the latest {n} of {all}, all in the CSV").format(period=asked.period.label, n=len(shown), all=words.count(len(lines)))
    return Table("charges", _("Charges"), columns, rows, lines, last if len(lines) else None, says, asked.csv("charges"), _("No charge in this period."), _("Charges follow from usage, day by day."))


def _query(asked: Asked, project: str = "") -> str:
    """What the figures were asked with, for whoever wants to ask again."""
    w = asked.window
    return f"workbench usage --by {'user' if project else 'project'} --from {iso(w.start_s)} --to {iso(w.end_s)}" + (f" project={project}" if project else "")


