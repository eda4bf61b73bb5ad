"""The pictures of the page of spend: frames into what is drawn."""

from datetime import date

import pandas as pd

from dashboards._asked import Asked
from dashboards._dress import LOOK, WIDE, Named, calendar, from_zero, names, rows_named, thousands, told, told_boxes
from dashboards._money import exact, short
from dashboards._page import (
    Cell,
    Column,
    Key,
    Picture,
    Row,
    Table,
)
from dashboards._pictures import area, bars, drawn, line, stepped
from dashboards.spend.data import MILLION, Data, at_the_end
from dashboards.spend.tables import categories_table
from workbench.i18n import _
from workbench.pages import words


def burn_up(asked: Asked, data: Data) -> Picture:
    """Drawn against the plan, what is committed and the envelope; carried on at today's pace."""
    close = asked.filters.show == "close"
    title = (
        _("Drawn, against the plan and what is committed") if close else _("Drawn, against the plan and the envelope")
    )
    options = (
        (_("Envelope"), asked.href(show="") + "#picture-burn-up", not close),
        (_("Close up"), asked.href(show="close") + "#picture-burn-up", close),
    )
    burn = data.burn
    if burn.empty or not burn["drawn_total_minor"].notna().any():
        return Picture(
            "burn-up",
            title,
            "",
            empty=_("Nothing is drawn yet."),
            empty_next=_("Charges appear when awarded projects use the centre."),
            options=options,
        )
    scheme = asked.store.settings.scheme
    rows = pd.DataFrame({"at": burn["day"]})
    for name, column in (
        ("drawn", "drawn_total_minor"),
        ("planned", "planned_total_minor"),
        ("committed", "committed_minor"),
    ):
        rows[name] = (burn[column].astype("Float64") / MILLION).to_numpy(float, na_value=float("nan")).round(4)
    past = rows[rows["drawn"].notna()]
    last_day, last = past["at"].iloc[-1], float(past["drawn"].iloc[-1])
    end = pd.Timestamp(scheme.ends_on)
    ahead = pd.DataFrame({"at": [last_day, end], "pace": [last, at_the_end(asked, data) / MILLION]})
    envelope = data.available_minor / MILLION
    top = (
        max(float(rows["planned"].max()), float(ahead["pace"].iloc[-1]), float(past["committed"].max()))
        if close
        else (data.envelope.budget_minor or 0) / MILLION
    )
    ink, muted, series = LOOK.light["ink"], LOOK.light["muted"], LOOK.series
    element = area(past, "at", "drawn", series[0]) * line(rows, "at", "planned", muted, width=1.5)
    element = (
        element * stepped(past, "at", "committed", colour=series[3]) * line(ahead, "at", "pace", series[0], dashed=True)
    )
    axis = pd.DataFrame({"at": [pd.Timestamp(scheme.starts_on), end]})
    labels = [
        Named(
            _("At today's pace {amount}").format(amount=short(asked, at_the_end(asked, data))),
            float(ahead["pace"].iloc[-1]),
            ink,
        ),
        Named(
            _("Plan {amount}").format(amount=short(asked, int(rows["planned"].max() * MILLION))),
            float(rows["planned"].max()),
            muted,
            above=False,
        ),
    ]
    if not close:
        edge = pd.DataFrame({"at": axis["at"], "envelope": [envelope, envelope]})
        element = element * line(edge, "at", "envelope", ink, width=2)
        labels.append(
            Named(
                _("Budget less reserve {amount}").format(amount=short(asked, data.available_minor)),
                envelope,
                ink,
                above=False,
            )
        )
    shown = {_("Drawn"): "@drawn{0,0.0}m", _("Plan"): "@planned{0,0.0}m", _("Committed"): "@committed{0,0.0}m"}
    y_title = _("{currency} million, cumulative").format(currency=asked.symbol)
    json = drawn(
        element,
        WIDE,
        from_zero(top, y_title, 1.08),
        calendar(axis, "at"),
        thousands(),
        names(end, labels),
        told(past, "at", "drawn", shown, "@at{%-d %b %Y}", "datetime"),
    )
    planned_now = float(past["planned"].iloc[-1])
    said = _("{drawn} is drawn; drawn evenly, the awards would be at {planned}. {committed} is committed.").format(
        drawn=short(asked, data.envelope.drawn_minor),
        planned=short(asked, int(planned_now * MILLION)),
        committed=short(asked, data.envelope.committed_minor),
    )
    key = (
        Key(_("Drawn"), "series-1", "", short(asked, data.envelope.drawn_minor)),
        Key(_("Plan"), "muted", "line", short(asked, int(planned_now * MILLION))),
        Key(_("Committed"), "series-4", "line", short(asked, data.envelope.committed_minor)),
        Key(_("At today's pace"), "series-1", "dash"),
    )
    table = burn_table(asked, burn[burn["drawn_total_minor"].notna()])
    return Picture("burn-up", title, said, WIDE, json, table, asked.csv("burn-up"), key, options)


def burn_table(asked: Asked, burn: pd.DataFrame) -> Table:
    """The months' ends of the burn-up; the CSV holds every day."""
    ends = burn[burn["day"].dt.is_month_end | (burn["day"] == burn["day"].max())]
    columns = (
        Column(_("Day")),
        *(Column(name, right=True) for name in (_("Drawn"), _("Plan"), _("Committed"), _("Paid by users"))),
    )
    rows = tuple(
        Row(
            (
                Cell(words.day(r.day.date())),
                *(
                    Cell(exact(asked, int(v)))
                    for v in (r.drawn_total_minor, r.planned_total_minor, r.committed_minor, r.user_total_minor)
                ),
            )
        )
        for r in ends.itertuples()
    )
    return Table("burn-up", _("Drawn, month by month"), columns, rows, burn)


def by_category(asked: Asked, data: Data) -> Picture:
    title = _("Committed and drawn, by kind of applicant")
    frame = data.categories[data.categories["committed_minor"] > 0].sort_values(
        "committed_minor", ascending=False, ignore_index=True
    )
    if frame.empty:
        return Picture("by-category", title, "", empty=_("Nothing is awarded yet."))
    shown = pd.DataFrame(
        {
            "drawn": frame["drawn_minor"] / MILLION,
            "open": (frame["committed_minor"] - frame["drawn_minor"]).clip(lower=0) / MILLION,
        }
    )
    labels = [words.category(category) for category in frame["category"]]
    boxes = pd.DataFrame(
        {
            "left": 0,
            "right": (shown["drawn"] + shown["open"]).round(3),
            "bottom": [i - 0.4 for i in range(len(frame))],
            "top": [i + 0.4 for i in range(len(frame))],
            "name": labels,
            "drawn": shown["drawn"].round(1),
            "committed": (frame["committed_minor"] / MILLION).round(1),
            "projects": frame["projects"],
        }
    )
    told_rows = {
        _("Drawn"): f"{asked.symbol}@drawn{{0,0.0}}m",
        _("Committed"): f"{asked.symbol}@committed{{0,0.0}}m",
        _("Projects"): "@projects",
    }
    box = {"left": "left", "right": "right", "bottom": "bottom", "top": "top"}
    height = max(180, 44 * len(frame) + 64)
    json = drawn(
        bars(shown, ["drawn", "open"], [LOOK.series[0], LOOK.series[5]]),
        height,
        rows_named(labels, _("{currency} million").format(currency=asked.symbol)),
        thousands("x"),
        told_boxes(boxes, box, told_rows, "@name"),
    )
    most = frame.iloc[0]
    said = _("Most is committed to {category}: {amount}, {share} of all.").format(
        category=words.category(most["category"], many=True),
        amount=short(asked, int(most["committed_minor"])),
        share=words.percent(most["committed_minor"] / data.envelope.committed_minor),
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
    element = stepped(rows, "at", "received", colour=LOOK.series[4]) * stepped(
        rows, "at", "approved", colour=LOOK.series[2]
    )
    labels = [
        Named(
            _("Received {n}").format(n=rows["received"].iloc[-1]), float(rows["received"].iloc[-1]), LOOK.light["ink"]
        ),
        Named(
            _("Approved {n}").format(n=rows["approved"].iloc[-1]), float(rows["approved"].iloc[-1]), LOOK.light["ink"]
        ),
    ]
    top = float(rows["received"].max())
    shown = {_("Received"): "@received", _("Approved"): "@approved"}
    json = drawn(
        element,
        306,
        from_zero(top, _("Applications, cumulative"), 1.16),
        calendar(rows, "at"),
        names(rows["at"].iloc[-1], labels),
        told(rows, "at", "received", shown, "@at{%b %Y}", "datetime"),
    )
    said = _("{received} received, {approved} approved, {open} open.").format(
        received=words.count(int(frame["received_total"].iloc[-1])),
        approved=words.count(int(frame["approved_total"].iloc[-1])),
        open=words.count(int(frame["open_at_end"].iloc[-1])),
    )
    columns = (
        Column(_("Month")),
        *(
            Column(name, right=True)
            for name in (
                _("Received"),
                _("Approved"),
                _("Declined"),
                _("Received in all"),
                _("Approved in all"),
                _("Open"),
            )
        ),
    )
    table = Table(
        "applications",
        title,
        columns,
        tuple(
            Row(
                (
                    Cell(words.month(date.fromisoformat(f"{r.month}-01"))),
                    *(
                        Cell(words.count(int(v)))
                        for v in (r.received, r.approved, r.declined, r.received_total, r.approved_total, r.open_at_end)
                    ),
                )
            )
            for r in frame.itertuples()
        ),
        frame,
    )
    return Picture("applications", title, said, 306, json, table, asked.csv("applications"))
