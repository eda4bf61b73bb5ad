"""Subsidy spend: what of the scheme's envelope is committed, drawn and left, how fast it goes, and to whom.

The envelope and the awards are to date; what was drawn in a period follows the period chosen. The plan is every award
drawn evenly over its term (services.spend.burn).
"""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from dashboards._asked import Asked, context
from dashboards._page import (
    Cell,
    Column,
    Key,
    Note,
    Page,
    Picture,
    Row,
    Segment,
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
    stepped,
    thousands,
    told,
    told_boxes,
)
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.periods import Window, day_of
from workbench.services import spend
from workbench.units import GPU_PARTS, HOUR_S, money, money_short

MILLION = 100_000_000
"""Minor units of a million: what the pictures' axes count in."""


@dataclass(frozen=True)
class Data:
    """All that the page shows. burn, projects, categories, applications: frames of services.spend."""

    envelope: spend.Envelope
    burn: pd.DataFrame
    projects: pd.DataFrame
    categories: pd.DataFrame
    applications: pd.DataFrame
    month: pd.DataFrame
    drawn_minor: int
    before_minor: int | None
    today: date

    @property
    def available_minor(self) -> int:
        return (self.envelope.budget_minor or 0) - (self.envelope.reserve_minor or 0)


def build(asked: Asked) -> Page:
    """The page of these filters."""
    data = ask(asked)
    pictures = (burn_up(asked, data), by_category(asked, data), received(asked, data))
    table = projects_table(asked, data)
    return Page(
        title=_("Subsidy spend"),
        heading=_("Subsidy spend"),
        kind=_("{scheme}, {start} to {end}. Amounts to date; the period chosen applies where it is named.").format(
            scheme=asked.store.settings.scheme.name,
            start=words.day(asked.store.settings.scheme.starts_on),
            end=words.day(asked.store.settings.scheme.ends_on),
        ),
        sentence=say(asked, data),
        strip=strip(asked, data),
        strip_label=_("The envelope of {amount}").format(amount=short(asked, data.envelope.budget_minor)),
        tiles=tiles(asked, data),
        pictures=pictures,
        tables=(table, categories_table(asked, data)),
        notes=notes(asked, data),
        frames={t.id: t.frame for t in (table, categories_table(asked, data))} | {p.id: p.table.frame for p in pictures if p.table},
        **context(asked, ()),  # type: ignore[arg-type]
    )  # fmt: skip


# Data --------------------------------------------------------------------------------------------------------------


def ask(asked: Asked) -> Data:
    """One question to the services for each thing shown."""
    store, scope, now, window, before = asked.store, asked.scope, asked.until_s, asked.window, asked.period.before

    def subsidy(of: Window | None) -> int | None:
        if of is None:
            return None
        rows = spend.daily(store, scope, now, of.start_s, of.end_s)
        return int(rows["subsidy_minor"].sum())

    return Data(
        envelope=spend.envelope(store, scope, now),
        burn=spend.burn(store, scope, now),
        projects=spend.by_project(store, scope, now, window.start_s, window.end_s),
        categories=spend.by_category(store, scope, now, window.start_s, window.end_s),
        applications=spend.applications(store, scope, now),
        month=spend.daily(store, scope, now, asked.last30.start_s, asked.last30.end_s),
        drawn_minor=subsidy(window) or 0,
        before_minor=subsidy(before),
        today=day_of(asked.until_s, asked.zone),
    )


# Words -------------------------------------------------------------------------------------------------------------


def short(asked: Asked, minor: int | None) -> str:
    return _("unknown") if minor is None else money_short(minor, asked.symbol)


def exact(asked: Asked, minor: int | None) -> str:
    return _("unknown") if minor is None else money(minor, asked.symbol)


def at_the_end(asked: Asked, data: Data) -> int:
    """What will have been drawn when the scheme ends, at the pace of the last 90 days, in minor units."""
    days_left = max(0, (asked.store.settings.scheme.ends_on - data.today).days)
    return data.envelope.drawn_minor + data.envelope.pace_minor_per_day * days_left


def say(asked: Asked, data: Data) -> str:
    """The sentence over the page."""
    e, scheme = data.envelope, asked.store.settings.scheme
    if not e.awards_decided:
        return sentence(_("Nothing is awarded yet; all of {amount} is open.").format(amount=short(asked, data.available_minor)))
    first = sentence(_("{committed} of the {budget} is committed and {drawn} drawn; {left} can still be awarded.")).format(
        committed=linked(short(asked, e.committed_minor), "#table-spend-by-project"),
        budget=short(asked, e.budget_minor),
        drawn=linked(short(asked, e.drawn_minor), "#picture-burn-up"),
        left=short(asked, e.left_minor),
    )
    change = words.relative(data.drawn_minor, data.before_minor, asked.period.before_when)
    second = sentence(_("{amount} of subsidy was drawn {when}")).format(
        amount=linked(short(asked, data.drawn_minor), "#table-spend-by-project"), when=asked.period.when
    ) + (f", {change.text}." if change.text else ".")
    third = sentence(_("At the pace of the last 90 days, {amount} will be drawn when the scheme ends on {day}.")).format(
        amount=linked(short(asked, at_the_end(asked, data)), "#picture-burn-up"), day=words.day(scheme.ends_on)
    )
    return sentence(first, second, third if e.pace_minor_per_day else "")


def notes(asked: Asked, data: Data) -> tuple[Note, ...]:
    e, found = data.envelope, []
    if e.unpriced_gpu_part_seconds:
        found.append(Note(_("{n} GPU-hours have no list price and are in none of these amounts.").format(n=words.hours(e.unpriced_gpu_part_seconds))))
    if e.suspense_minor:
        found.append(Note(_("Usage of {amount} at list price belongs to no known project and waits for an owner.").format(amount=exact(asked, e.suspense_minor))))
    if e.left_minor is not None and e.left_minor < 0:
        found.append(Note(_("More is committed than the budget less the reserve allows."), "act"))
    return tuple(found)


def strip(asked: Asked, data: Data) -> tuple[Segment, ...]:
    """The envelope as one bar: drawn, committed but not drawn, open, reserve."""
    e = data.envelope
    if not e.budget_minor:
        return ()
    parts = (
        (_("Drawn"), e.drawn_minor, "series-1", ""),
        (_("Committed, not drawn"), e.undrawn_minor, "series-6", ""),
        (_("Still to award"), max(0, e.left_minor or 0), "raised", "open"),
        (_("Reserve"), e.reserve_minor or 0, "muted", "hatch"),
    )
    return tuple(
        Segment(label, short(asked, minor), exact(asked, minor), minor / e.budget_minor, colour, shape)
        for label, minor, colour, shape in parts
    )


def tiles(asked: Asked, data: Data) -> tuple[Tile, ...]:
    e, scheme, period = data.envelope, asked.store.settings.scheme, asked.period
    ending = at_the_end(asked, data)
    daily = data.month["subsidy_minor"] if len(data.month) else []
    budget = _("of {budget} less {reserve} reserve").format(budget=short(asked, e.budget_minor), reserve=short(asked, e.reserve_minor))
    share = words.percent(e.drawn_minor / e.committed_minor if e.committed_minor else None)
    return (
        Tile(
            "committed", _("Committed"), short(asked, e.committed_minor), exact=str(e.committed_minor), exact_text=exact(asked, e.committed_minor),
            change=words.Change("same", ngettext("{n} award in force", "{n} awards in force", e.awards_live).format(n=e.awards_live), _("of {n} decided").format(n=e.awards_decided)),
            of=budget, spark=spark(data.applications["approved_total"]) if len(data.applications) else None, spark_says=_("Applications approved, month by month"),
            definition=_("Ceilings of all awards decided and not ended, and what ended ones drew. It can never exceed the budget less the reserve."),
            query="workbench spend --by project", rows="#table-spend-by-project",
        ),
        Tile(
            "drawn", _("Drawn"), short(asked, e.drawn_minor), exact=str(e.drawn_minor), exact_text=exact(asked, e.drawn_minor),
            spark=spark(daily), spark_says=_("Subsidy drawn by day, last 30 days"), of=_("{share} of what is committed").format(share=share),
            definition=_("The subsidy's part of every charge since the opening. A charge is GPU time × list price on its day; the award's rate says how much of it the subsidy pays, until its ceiling."),
            query="workbench spend --by project", rows="#picture-burn-up", rows_label=_("See it over time"),
        ),
        Tile(
            "left", _("Still to award"), short(asked, e.left_minor), exact=str(e.left_minor or 0), exact_text=exact(asked, e.left_minor), of=budget,
            state="act" if (e.left_minor or 0) < 0 else "", state_text=_("over-committed") if (e.left_minor or 0) < 0 else "",
            change=words.Change("same", words.percent((e.left_minor or 0) / data.available_minor if data.available_minor else None), _("of what can be awarded")),
            definition=_("Budget less reserve less committed. Ceilings that lapse unused come back to it."), query="workbench spend --by project",
        ),
        Tile(
            "period", _("Drawn, {period}").format(period=period.label), short(asked, data.drawn_minor), exact=str(data.drawn_minor), exact_text=exact(asked, data.drawn_minor),
            change=words.relative(data.drawn_minor, data.before_minor, period.before_when), spark=spark(daily), spark_says=_("Subsidy drawn by day, last 30 days"),
            of=_("of {amount} at list price").format(amount=short(asked, int(data.projects["list_minor"].sum()))),
            definition=_("The subsidy of the charges of this period, counted by the centre's days."), query="workbench spend --by project", rows="#table-spend-by-project",
        ),
        Tile(
            "user-share", _("Paid by users"), short(asked, e.user_minor), exact=str(e.user_minor), exact_text=exact(asked, e.user_minor),
            change=words.Change("same", words.percent(e.user_minor / (e.user_minor + e.drawn_minor) if e.user_minor + e.drawn_minor else None), _("of all charges")),
            of=_("to date, at list price {amount}").format(amount=short(asked, e.user_minor + e.drawn_minor)),
            definition=_("What the subsidy does not pay: the rest of each charge, all of it past a ceiling or without an award."), query="workbench spend --by project", rows="#table-spend-by-project",
        ),
        Tile(
            "pace", _("At today's pace, by {day}").format(day=words.day(scheme.ends_on)), short(asked, ending), exact=str(ending), exact_text=exact(asked, ending),
            state="watch" if ending > e.committed_minor else "good",
            state_text=_("more than is committed") if ending > e.committed_minor else _("within what is committed"),
            of=_("{amount} a day, mean of 90 days").format(amount=short(asked, e.pace_minor_per_day)),
            definition=_("Drawn to date and the mean of the last 90 days carried on to the scheme's end. It knows nothing of awards to come or to lapse. At this pace the whole envelope would last until {day}.").format(day=words.day(e.lasts_until)),
            query="workbench spend --by project", rows="#picture-burn-up", rows_label=_("See it over time"),
        ),
    )  # fmt: skip


# Views -------------------------------------------------------------------------------------------------------------


def burn_up(asked: Asked, data: Data) -> Picture:
    """Drawn against the plan, what is committed and the envelope; carried on at today's pace."""
    close = asked.filters.show == "close"
    title = _("Drawn, against the plan and what is committed") if close else _("Drawn, against the plan and the envelope")
    options = (
        (_("Envelope"), asked.href(show="") + "#picture-burn-up", not close),
        (_("Close up"), asked.href(show="close") + "#picture-burn-up", close),
    )
    burn = data.burn
    if burn.empty or not burn["drawn_total_minor"].notna().any():
        return Picture("burn-up", title, "", empty=_("Nothing is drawn yet."), empty_next=_("Charges appear when awarded projects use the centre."), options=options)
    scheme = asked.store.settings.scheme
    rows = pd.DataFrame({"at": burn["day"]})
    for name, column in (("drawn", "drawn_total_minor"), ("planned", "planned_total_minor"), ("committed", "committed_minor")):
        rows[name] = (burn[column].astype("Float64") / MILLION).to_numpy(float, na_value=float("nan")).round(4)
    past = rows[rows["drawn"].notna()]
    last_day, last = past["at"].iloc[-1], float(past["drawn"].iloc[-1])
    end = pd.Timestamp(scheme.ends_on)
    ahead = pd.DataFrame({"at": [last_day, end], "pace": [last, at_the_end(asked, data) / MILLION]})
    envelope = data.available_minor / MILLION
    top = max(float(rows["planned"].max()), float(ahead["pace"].iloc[-1]), float(past["committed"].max())) if close else (data.envelope.budget_minor or 0) / MILLION
    ink, muted, series = LOOK.light["ink"], LOOK.light["muted"], LOOK.series
    element = area(past, "at", "drawn", series[0]) * line(rows, "at", "planned", muted, width=1.5)
    element = element * stepped(past, "at", "committed", colour=series[3]) * line(ahead, "at", "pace", series[0], dashed=True)
    axis = pd.DataFrame({"at": [pd.Timestamp(scheme.starts_on), end]})
    labels = [
        Named(_("At today's pace {amount}").format(amount=short(asked, at_the_end(asked, data))), float(ahead["pace"].iloc[-1]), ink),
        Named(_("Plan {amount}").format(amount=short(asked, int(rows["planned"].max() * MILLION))), float(rows["planned"].max()), muted, above=False),
    ]
    if not close:
        edge = pd.DataFrame({"at": axis["at"], "envelope": [envelope, envelope]})
        element = element * line(edge, "at", "envelope", ink, width=2)
        labels.append(Named(_("Budget less reserve {amount}").format(amount=short(asked, data.available_minor)), envelope, ink, above=False))
    shown = {_("Drawn"): "@drawn{0,0.0}m", _("Plan"): "@planned{0,0.0}m", _("Committed"): "@committed{0,0.0}m"}
    y_title = _("{currency} million, cumulative").format(currency=asked.symbol)
    json = drawn(element, WIDE, from_zero(top, y_title, 1.08), calendar(axis, "at"), thousands(), names(end, labels), told(past, "at", "drawn", shown, "@at{%-d %b %Y}", "datetime"))
    planned_now = float(past["planned"].iloc[-1])
    said = _("{drawn} is drawn; drawn evenly, the awards would be at {planned}. {committed} is committed.").format(
        drawn=short(asked, data.envelope.drawn_minor), planned=short(asked, int(planned_now * MILLION)), committed=short(asked, data.envelope.committed_minor)
    )
    key = (
        Key(_("Drawn"), "series-1", "", short(asked, data.envelope.drawn_minor)), Key(_("Plan"), "muted", "line", short(asked, int(planned_now * MILLION))),
        Key(_("Committed"), "series-4", "line", short(asked, data.envelope.committed_minor)), Key(_("At today's pace"), "series-1", "dash"),
    )  # fmt: skip
    table = burn_table(asked, burn[burn["drawn_total_minor"].notna()])
    return Picture("burn-up", title, said, WIDE, json, table, asked.csv("burn-up"), key, options)


def burn_table(asked: Asked, burn: pd.DataFrame) -> Table:
    """The months' ends of the burn-up; the CSV holds every day."""
    ends = burn[burn["day"].dt.is_month_end | (burn["day"] == burn["day"].max())]
    columns = (Column(_("Day")), *(Column(name, right=True) for name in (_("Drawn"), _("Plan"), _("Committed"), _("Paid by users"))))
    rows = tuple(
        Row((Cell(words.day(r.day.date())), *(Cell(exact(asked, int(v))) for v in (r.drawn_total_minor, r.planned_total_minor, r.committed_minor, r.user_total_minor))))
        for r in ends.itertuples()
    )
    return Table("burn-up", _("Drawn, month by month"), columns, rows, burn)


def by_category(asked: Asked, data: Data) -> Picture:
    title = _("Committed and drawn, by kind of applicant")
    frame = data.categories[data.categories["committed_minor"] > 0].sort_values("committed_minor", ascending=False, ignore_index=True)
    if frame.empty:
        return Picture("by-category", title, "", empty=_("Nothing is awarded yet."))
    shown = pd.DataFrame({"drawn": frame["drawn_minor"] / MILLION, "open": (frame["committed_minor"] - frame["drawn_minor"]).clip(lower=0) / MILLION})
    labels = [words.category(category) for category in frame["category"]]
    boxes = pd.DataFrame(
        {"left": 0, "right": (shown["drawn"] + shown["open"]).round(3), "bottom": [i - 0.4 for i in range(len(frame))], "top": [i + 0.4 for i in range(len(frame))],
         "name": labels, "drawn": shown["drawn"].round(1), "committed": (frame["committed_minor"] / MILLION).round(1), "projects": frame["projects"]}
    )  # fmt: skip
    told_rows = {_("Drawn"): f"{asked.symbol}@drawn{{0,0.0}}m", _("Committed"): f"{asked.symbol}@committed{{0,0.0}}m", _("Projects"): "@projects"}
    box = {"left": "left", "right": "right", "bottom": "bottom", "top": "top"}
    height = max(180, 44 * len(frame) + 64)
    json = drawn(
        bars(shown, ["drawn", "open"], [LOOK.series[0], LOOK.series[5]]), height,
        rows_named(labels, _("{currency} million").format(currency=asked.symbol)), thousands("x"), told_boxes(boxes, box, told_rows, "@name"),
    )  # fmt: skip
    most = frame.iloc[0]
    said = _("Most is committed to {category}: {amount}, {share} of all.").format(
        category=words.category(most["category"], many=True), amount=short(asked, int(most["committed_minor"])), share=words.percent(most["committed_minor"] / data.envelope.committed_minor)
    )
    key = (Key(_("Drawn"), "series-1"), Key(_("Committed, not drawn"), "series-6"))
    table = categories_table(asked, data)
    return Picture("by-category", title, said, height, json, table, asked.csv("spend-by-category"), key)


def received(asked: Asked, data: Data) -> Picture:
    """Applications received and approved, cumulative."""
    title = _("Applications received and approved")
    frame = data.applications
    if len(frame) < 2:
        return Picture("applications", title, "", empty=_("There are too few applications for a picture."))
    ends = pd.to_datetime(frame["month"]) + pd.offsets.MonthEnd(0)
    rows = pd.DataFrame({"at": ends, "received": frame["received_total"], "approved": frame["approved_total"]})
    rows.loc[len(rows) - 1, "at"] = min(rows["at"].iloc[-1], pd.Timestamp(data.today))
    element = stepped(rows, "at", "received", colour=LOOK.series[4]) * stepped(rows, "at", "approved", colour=LOOK.series[2])
    labels = [Named(_("Received {n}").format(n=rows["received"].iloc[-1]), float(rows["received"].iloc[-1]), LOOK.light["ink"]), Named(_("Approved {n}").format(n=rows["approved"].iloc[-1]), float(rows["approved"].iloc[-1]), LOOK.light["ink"])]
    top = float(rows["received"].max())
    shown = {_("Received"): "@received", _("Approved"): "@approved"}
    json = drawn(element, 306, from_zero(top, _("Applications, cumulative"), 1.16), calendar(rows, "at"), names(rows["at"].iloc[-1], labels), told(rows, "at", "received", shown, "@at{%b %Y}", "datetime"))
    said = _("{received} received, {approved} approved, {open} open.").format(
        received=words.count(int(frame["received_total"].iloc[-1])), approved=words.count(int(frame["approved_total"].iloc[-1])), open=words.count(int(frame["open_at_end"].iloc[-1]))
    )
    columns = (Column(_("Month")), *(Column(name, right=True) for name in (_("Received"), _("Approved"), _("Declined"), _("Received in all"), _("Approved in all"), _("Open"))))
    table = Table("applications", title, columns, tuple(Row((Cell(words.month(date.fromisoformat(f"{r.month}-01"))), *(Cell(words.count(int(v))) for v in (r.received, r.approved, r.declined, r.received_total, r.approved_total, r.open_at_end)))) for r in frame.itertuples()), frame)
    return Picture("applications", title, said, 306, json, table, asked.csv("applications"))


AWARD_WORDS = {"live": "good", "exhausted": "act", "ahead": "", "lapsed": "", "none": ""}


def award_words(state: str) -> str:
    return {
        "live": _("in force"), "exhausted": _("used up"), "ahead": _("begins later"), "lapsed": _("ended"), "none": _("no award"),
    }[state]  # fmt: skip


def amount(asked: Asked, minor: object) -> Cell:
    """An exact amount in a table; unknown where it is."""
    return unknown_cell() if pd.isna(minor) else Cell(f"{int(minor) / 100:,.2f}", order=int(minor))  # type: ignore[call-overload]


def projects_table(asked: Asked, data: Data) -> Table:
    """Every project with an award or a charge; the total of *drawn in the period* is the tile."""
    frame, period = data.projects, asked.period.label
    columns = (
        Column(_("Project")), Column(_("Award")), Column(_("Rate"), right=True), Column(_("Ceiling, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Drawn, {currency}").format(currency=asked.symbol), right=True, title=_("Of this award, to date")), Column(_("Left, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Drawn in the period"), right=True, title=period, sorted="descending"), Column(_("Paid by users in the period"), right=True, title=period, hidden=True),
        Column(_("GPU-hours in the period"), right=True, title=period, hidden=True), Column(_("Last 30 days"), right=True, title=_("Subsidy drawn")), Column(_("At this pace until")),
    )  # fmt: skip
    ordered = frame.sort_values(["subsidy_minor", "list_minor", "project"], ascending=[False, False, True])
    rows = tuple(_project_row(asked, r, data.today) for r in ordered.itertuples())
    total = Row((
        Cell(_("All")), Cell(""), Cell(""), Cell(""), Cell(""), Cell(""), amount(asked, int(frame["subsidy_minor"].sum())), amount(asked, int(frame["user_minor"].sum())),
        Cell(words.hours(int(frame["gpu_part_seconds"].sum()))), amount(asked, int(frame["last30_subsidy_minor"].sum())), Cell(""),
    ))  # fmt: skip
    export = frame.assign(gpu_hours=frame["gpu_part_seconds"] / GPU_PARTS / HOUR_S)
    return Table(
        "spend-by-project", _("By project"), columns, rows, export, total, period, asked.csv("spend-by-project"),
        _("No project has an award or a charge yet."), _("Awards are entered by the secretariat; charges follow from usage."),
    )  # fmt: skip


def _project_row(asked: Asked, r: object, today: date) -> Row:
    slug, ceiling, drawn_minor = r.project, r.ceiling_minor, r.drawn_minor  # type: ignore[attr-defined]
    known = not pd.isna(ceiling)
    used = int(drawn_minor) / int(ceiling) if known and int(ceiling) else None
    name = Cell(r.title or slug, href=asked.href("projects", project=slug), sub=" · ".join(p for p in (r.organisation, words.category(r.category)) if p)) if slug else Cell(_("unknown project"), unknown=True)  # type: ignore[attr-defined]
    state = r.award_state  # type: ignore[attr-defined]
    near = used is not None and used >= 0.9 and state == "live"
    until = r.lasts_until  # type: ignore[attr-defined]
    ends = "" if pd.isna(r.ends_on) else _("until {day}").format(day=words.day(r.ends_on.date()))  # type: ignore[attr-defined]
    return Row((
        name,
        Cell(_("nearly used up") if near else award_words(state), state="watch" if near else AWARD_WORDS[state], sub=ends),
        Cell("" if pd.isna(r.rate_bp) else f"{r.rate_bp / 100:g}%", order="" if pd.isna(r.rate_bp) else int(r.rate_bp)),  # type: ignore[attr-defined]
        amount(asked, ceiling) if known else Cell("–", order=""),
        Cell(f"{int(drawn_minor) / 100:,.2f}", order=int(drawn_minor), share=used, share_state="act" if state == "exhausted" else "watch" if near else "") if known else Cell("–", order=""),
        amount(asked, r.left_minor) if known else Cell("–", order=""),  # type: ignore[attr-defined]
        amount(asked, r.subsidy_minor), amount(asked, r.user_minor),  # type: ignore[attr-defined]
        Cell(words.hours(r.gpu_part_seconds), order=r.gpu_part_seconds),  # type: ignore[attr-defined]
        amount(asked, r.last30_subsidy_minor),  # type: ignore[attr-defined]
        Cell("–" if pd.isna(until) else words.day(until.date()), order="" if pd.isna(until) else str(until.date()), state="" if pd.isna(until) else "watch", title="" if pd.isna(until) else _("Nothing is left then, before the term ends")),
    ))  # fmt: skip


def categories_table(asked: Asked, data: Data) -> Table:
    """By kind of applicant; the totals are the tiles *Committed* and *Drawn*."""
    frame = data.categories
    names_ = (_("Projects"), _("Awards"), _("Committed, {currency}"), _("Drawn, {currency}"), _("Drawn in the period"), _("Paid by users in the period"), _("GPU-hours in the period"))
    columns = (Column(_("Category")), *(Column(name.format(currency=asked.symbol), right=True) for name in names_))
    def cells(r: pd.Series) -> tuple[Cell, ...]:
        return (
            Cell(words.count(int(r["projects"])), order=int(r["projects"])), Cell(words.count(int(r["awards"])), order=int(r["awards"])), amount(asked, r["committed_minor"]),
            amount(asked, r["drawn_minor"]), amount(asked, r["subsidy_minor"]), amount(asked, r["user_minor"]), Cell(words.hours(int(r["gpu_part_seconds"])), order=int(r["gpu_part_seconds"])),
        )  # fmt: skip
    rows = tuple(Row((Cell(words.category(str(r["category"]))), *cells(r))) for _i, r in frame.iterrows())
    total = Row((Cell(_("All")), *cells(frame.select_dtypes("number").sum()))) if len(frame) else None
    return Table("spend-by-category", _("By kind of applicant"), columns, rows, frame, total, asked.period.label, asked.csv("spend-by-category"), _("No project is known yet."))


