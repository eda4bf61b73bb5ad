"""The pictures of the page of occupancy: frames into what is drawn."""

from collections.abc import Sequence

import pandas as pd

from dashboards._asked import Asked, mean_gpus
from dashboards._dress import (
    HALF,
    LOOK,
    WIDE,
    Band,
    Named,
    calendar,
    from_zero,
    hatched,
    names,
    thousands,
    told,
    weekdays,
)
from dashboards._page import (
    Cell,
    Column,
    Key,
    Picture,
    Row,
    Table,
)
from dashboards._pictures import drawn, heat, line, stacked, stepped
from dashboards.occupancy.data import Data
from workbench.i18n import _
from workbench.pages import words

NAMED = 4
"""Up to so many layers are named in the picture itself, more in a key."""


OTHER = 6
"""So many layers are told apart; what is more stands together."""


def trend(asked: Asked, data: Data) -> Picture:
    title = _("GPUs allocated, under GPUs in service")
    options = (
        (_("By partition"), asked.href(show="") + "#picture-trend", asked.filters.show != "category"),
        (_("By category"), asked.href(show="category") + "#picture-trend", asked.filters.show == "category"),
    )
    empty = Picture(
        "trend",
        title,
        "",
        empty=_("No GPU was allocated in this period."),
        empty_next=_("Choose an earlier one, or import a log."),
        options=options,
    )
    if data.trend.empty or not data.trend["gpu_part_seconds"].sum():
        return empty
    wide, layers = layered(asked, data)
    top = max(wide["total"].max(), wide["in_service"].max(skipna=True) if wide["in_service"].notna().any() else 0)
    element = stacked(wide, "at", layers)
    ink, muted = LOOK.light["ink"], LOOK.light["muted"]
    for name, dashed, colour in (("installed", True, muted), ("in_service", False, ink)):
        if wide[name].notna().any():
            element = element * stepped(wide, "at", name, dashed=dashed, colour=colour)
    bands = [
        Band(
            row.start_at.tz_convert(asked.zone).tz_localize(None),
            (row.end_at if pd.notna(row.end_at) else pd.Timestamp(asked.until_s, unit="s", tz="UTC"))
            .tz_convert(asked.zone)
            .tz_localize(None),
            row.reason,
        )
        for row in data.outages.itertuples()
    ]
    rows = {layer: f"@{{{layer}}}{{0,0.0}}" for layer in reversed(layers)}
    rows |= {_("Allocated"): "@total{0,0.0}", _("In service"): "@in_service{0,0}", _("Occupancy"): "@percent{0.0}%"}
    labels = direct_labels(wide, layers)
    json = drawn(
        element,
        WIDE,
        from_zero(top, asked.gpus_title, 1.12),
        calendar(wide, "at"),
        thousands(),
        hatched(bands),
        names(wide["at"].iloc[-1], labels),
        told(wide, "at", "total", rows, f"@at{{{asked.bucket_format}}}", "datetime"),
    )
    key = [Key(layer, f"series-{n}") for n, layer in enumerate(layers, 1)] if len(layers) > NAMED else []
    now = data.now.total if data.now else None
    key += [
        Key(_("In service"), "ink", "line", words.count(now.in_service) if now else ""),
        Key(_("Installed"), "muted", "dash", words.count(now.installed) if now else ""),
    ]
    if bands:
        key.append(Key(_("Outage"), "muted", "hatch"))
    return Picture(
        "trend",
        title,
        trend_says(data, bands),
        WIDE,
        json,
        trend_table(asked, wide, layers),
        asked.csv("trend"),
        tuple(key),
        options,
    )


def direct_labels(wide: pd.DataFrame, layers: list[str]) -> list[Named]:
    """Names at the right end: of the line, and of layers where they are few and thick enough to carry one."""
    last, ink, below, found = wide.iloc[-1], LOOK.light["ink"], 0.0, []
    if pd.notna(last["in_service"]):
        found.append(Named(_("In service"), float(last["in_service"]), ink))
    for layer in layers if len(layers) <= NAMED else ():
        found.append(Named(layer, below + float(last[layer]) / 2, ink, above=None))
        below += float(last[layer])
    return found


def layered(asked: Asked, data: Data) -> tuple[pd.DataFrame, list[str]]:
    """One row per bucket: `at` (wall clock), a column of mean GPUs per layer, total, in_service, installed, percent."""
    total, split = data.trend, data.layers
    wide = pd.DataFrame({"at": asked.local(total["start_at"])})
    named = [name for name in ("partition", "gpu_model", "category") if name in split.columns]
    layers: dict[str, pd.Series] = {}
    for key in dict.fromkeys(split[named].itertuples(index=False, name=None)):
        mine = split[(split[named] == list(key)).all(axis=1)]
        label = " · ".join(part or _("unknown") for part in key)
        layers[words.category(key[0]) if named == ["category"] else label] = mine["busy_gpus"].reset_index(drop=True)
    ordered = sorted((name for name in layers if layers[name].sum() > 0), key=lambda name: -layers[name].sum())
    for name in ordered[:OTHER]:
        wide[name] = layers[name].round(4)
    shown = ordered[:OTHER]
    if len(ordered) > OTHER:
        wide[_("Other")] = sum(layers[name] for name in ordered[OTHER:])
        shown.append(_("Other"))
    wide["total"] = total["busy_gpus"].round(4)
    wide["in_service"] = mean_gpus(total["in_service_part_seconds"], total).round(4)
    wide["installed"] = mean_gpus(total["installed_part_seconds"], total).round(4)
    wide["percent"] = (total["share"] * 100).astype("Float64").to_numpy(float, na_value=float("nan"))
    return wide, shown


def trend_says(data: Data, bands: Sequence[Band]) -> str:
    whole = data.whole
    if whole is None:
        return ""
    said = _("On average {mean} GPUs were allocated; the median hour had {median}, the fullest {top}.").format(
        mean=words.gpus(round(whole.mean_gpus, 1)),
        median=words.gpus(round(whole.median_gpus, 1)),
        top=words.gpus(round(whole.max_gpus, 1)),
    )
    named = [
        f"{band.label} ({words.span(band.start.date(), (band.end - pd.Timedelta(1, 's')).date())})" for band in bands
    ]
    reasons = list(dict.fromkeys(named))[:3]
    return said + (" " + _("Out of service: {reasons}.").format(reasons="; ".join(reasons)) if reasons else "")


def trend_table(asked: Asked, wide: pd.DataFrame, layers: list[str]) -> Table:
    form = asked.bucket_format
    zone = words.zone_name(pd.Timestamp(asked.until_s, unit="s", tz="UTC").tz_convert(asked.zone).to_pydatetime())
    columns = (
        Column(_("From ({zone})").format(zone=zone)),
        *(Column(name, right=True) for name in (*layers, _("Allocated"), _("In service"), _("Occupancy"))),
    )
    rows = tuple(
        Row(
            (
                Cell(f"{at:{form}}"),
                *(Cell(f"{value:,.1f}") for value in values),
                *(
                    Cell(_("unknown") if pd.isna(v) else text)
                    for v, text in ((service, f"{service:,.0f}"), (percent, f"{percent:.1f}%"))
                ),
            )
        )
        for at, *values, service, percent in wide[["at", *layers, "total", "in_service", "percent"]].itertuples(
            index=False, name=None
        )
    )
    frame = wide.drop(columns=["installed"]).rename(
        columns={
            "at": f"from_{zone}",
            "total": "allocated_gpus",
            "in_service": "in_service_gpus",
            "percent": "occupancy_percent",
        }
    )
    return Table("trend", _("GPUs allocated"), columns, rows, frame)


def by_place(asked: Asked, data: Data) -> Picture:
    """Occupancy of each partition and model as lines; with one place, how full the hours were."""
    title = _("Occupancy by partition and GPU model")
    rows = data.days
    wide, pieces = pd.DataFrame(), {}
    for partition, model in dict.fromkeys(rows[["partition", "gpu_model"]].itertuples(index=False, name=None)):
        mine = rows[(rows["partition"] == partition) & (rows["gpu_model"] == model)]
        pieces[partition, model] = mine.reset_index(drop=True)
    # In the order, and so in the colours, of the picture above.
    largest = sorted(pieces, key=lambda place: -pieces[place]["gpu_part_seconds"].sum())[: len(LOOK.series)]
    for partition, model in largest:
        mine = pieces[partition, model]
        if wide.empty:
            wide["at"] = asked.local(mine["start_at"])
        wide[f"{partition} · {model}"] = (mine["share"] * 100).to_numpy(float, na_value=float("nan")).round(3)
    series = [name for name in wide.columns if name != "at" and wide[name].notna().any()]
    if not series or len(wide) < 2:
        return Picture(
            "places",
            title,
            "",
            empty=_("There is too little here for a line."),
            empty_next=_("Choose a longer period."),
        )
    element = None
    for name, colour in zip(series, LOOK.series, strict=False):
        one = line(wide, "at", name, colour)
        element = one if element is None else element * one
    told_rows = {name: f"@{{{name}}}{{0.0}}%" for name in series}
    json = drawn(
        element,
        HALF,
        from_zero(
            100, _("Occupancy of the day (%)") if asked.coarse_grain == "day" else _("Occupancy of the week (%)")
        ),
        calendar(wide, "at"),
        told(wide, "at", series[0], told_rows, "@at{%-d %b %Y}", "datetime"),
    )
    shares = {f"{p.now.partition} · {p.now.gpu_model}": p.share for p in data.places}
    said = _("Over the whole period: {shares}.").format(
        shares=", ".join(f"{name} {words.percent(share)}" for name, share in shares.items())
    )
    key = tuple(
        Key(name, f"series-{n}", "line", words.percent(shares[name]) if name in shares else "")
        for n, name in enumerate(series, 1)
    )
    columns = (Column(_("Day")), *(Column(name, right=True) for name in series))
    table = Table(
        "places-by-day",
        title,
        columns,
        tuple(
            Row((Cell(f"{at:%-d %b %Y}"), *(Cell(_("unknown") if pd.isna(v) else f"{v:.1f}%") for v in values)))
            for at, *values in wide[["at", *series]].itertuples(index=False, name=None)
        ),
        wide.rename(columns={"at": "day"}),
    )
    return Picture("places-by-day", title, said, HALF, json, table, asked.csv("places-by-day"), key)


def by_hour(asked: Asked, data: Data) -> Picture:
    title = _("When the centre is full")
    frame = data.heat.copy()
    known = frame["share"].notna()
    value = "percent" if known.any() else "busy_gpus"
    frame["percent"] = (frame["share"] * 100).to_numpy(float, na_value=float("nan"))
    unit = _("Occupancy (%)") if value == "percent" else _("GPUs allocated (mean)")
    if not frame["busy_gpus"].fillna(0).sum():
        return Picture(
            "hours", title, "", empty=_("No GPU was allocated in this period."), empty_next=_("Choose an earlier one.")
        )
    top = max(100.0 if value == "percent" else 0.0, float(frame[value].max()))
    json = drawn(heat(frame[["hour", "weekday", value]], value, top), HALF + 22, weekdays(unit))
    days = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]
    fullest, emptiest = frame.loc[frame[value].idxmax()], frame.loc[frame[value].idxmin()]
    form = (lambda v: f"{v:.1f}%") if value == "percent" else (lambda v: _("{n} GPUs").format(n=f"{v:,.1f}"))
    said = _("Fullest on {day} from {hour}:00 ({most}), emptiest on {other} from {other_hour}:00 ({least}).").format(
        day=days[int(fullest["weekday"])],
        hour=f"{int(fullest['hour']):02d}",
        most=form(fullest[value]),
        other=days[int(emptiest["weekday"])],
        other_hour=f"{int(emptiest['hour']):02d}",
        least=form(emptiest[value]),
    )
    columns = (
        Column(_("Weekday")),
        Column(_("Hour"), right=True),
        Column(_("Occupancy"), right=True),
        Column(_("GPUs allocated"), right=True),
    )
    rows = tuple(
        Row(
            (
                Cell(days[int(r.weekday)]),
                Cell(f"{int(r.hour):02d}:00"),
                Cell(_("unknown") if pd.isna(r.percent) else f"{r.percent:.1f}%"),
                Cell(_("unknown") if pd.isna(r.busy_gpus) else f"{r.busy_gpus:,.1f}"),
            )
        )
        for r in frame.itertuples()
    )
    table = Table("hours", title, columns, rows, frame[["weekday", "hour", "busy_gpus", "share", "hours"]])
    return Picture("hours", title, said, HALF + 22, json, table, asked.csv("hours"))
