"""Centre occupancy: how much of the GPU time in service is allocated, now and over time, and where.

Occupancy is allocated ÷ capacity; capacity is GPUs in service less those out, never "installed". Clusters whose capacity
nobody stated (notebook servers of this machine, say) have no occupancy and are not in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    Band,
    Named,
    calendar,
    drawn,
    from_zero,
    hatched,
    heat,
    line,
    names,
    stacked,
    stepped,
    thousands,
    told,
    weekdays,
)
from workbench.analytics import occupancy as occupancy_
from workbench.analytics.heat import heat_map
from workbench.analytics.occupancy import Summary
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.periods import iso
from workbench.services import reports
from workbench.services.reports import CentreNow, PlaceNow
from workbench.units import GPU_PARTS, HOUR_S, gpu_hours

PLACE = ("partition", "gpu_model")
NAMED = 4
"""Up to so many layers are named in the picture itself, more in a key."""
OTHER = 6
"""So many layers are told apart; what is more stands together."""


@dataclass(frozen=True)
class PlaceTotal:
    """One partition and GPU model: GPUs now, and part-seconds of the whole window (None: capacity unknown in part of it)."""

    now: PlaceNow
    used_ps: int
    capacity_ps: int | None

    @property
    def share(self) -> float | None:
        return self.used_ps / self.capacity_ps if self.capacity_ps else None


@dataclass(frozen=True)
class Data:
    """All that the page shows, asked of the services once.

    hours: every hour of the window; trend: the buckets drawn; layers: the same, split; days: by place and day; month:
    the last 30 days. All as services.reports.occupancy gives them.
    """

    now: CentreNow | None
    hours: pd.DataFrame
    whole: Summary | None
    before: Summary | None
    jobs: int
    trend: pd.DataFrame
    layers: pd.DataFrame
    days: pd.DataFrame
    month: pd.DataFrame
    heat: pd.DataFrame
    outages: pd.DataFrame
    places: tuple[PlaceTotal, ...]
    projects: pd.DataFrame | None


def build(asked: Asked) -> Page:
    """The page of these filters."""
    data = ask(asked)
    pictures = (trend(asked, data), by_place(asked, data), by_hour(asked, data))
    table = projects_table(asked, data) if data.projects is not None else places_table(asked, data)
    unknown = data.whole is not None and data.whole.share is None
    note = Note(_("For part of this period nobody stated the capacity, so there is no share to show."))
    return Page(
        title=_("Centre occupancy"),
        heading=_("Centre occupancy"),
        kind=_("Allocated GPU time as a share of GPU time in service, {period}.").format(period=asked.period.label),
        sentence=say(asked, data),
        tiles=tiles(asked, data),
        pictures=pictures,
        tables=(table,),
        notes=(note,) if unknown else (),
        crumbs=crumbs(asked),
        frames={table.id: table.frame} | {p.id: p.table.frame for p in pictures if p.table},
        **context(asked, ("partition", "model", "category", "project")),  # type: ignore[arg-type]
    )


# Data --------------------------------------------------------------------------------------------------------------


def ask(asked: Asked) -> Data:
    """One question to the services for each thing shown; what is drawn twice is asked once."""
    store, scope, window, before = asked.store, asked.scope, asked.window, asked.period.before
    only, last = asked.only(measured=True), asked.last30
    hours = reports.occupancy(store, scope, window.start_s, window.end_s, "hour", (), only)
    days = reports.occupancy(store, scope, window.start_s, window.end_s, asked.coarse_grain, PLACE, only)
    by_category = asked.filters.show == "category"
    if asked.grain == asked.coarse_grain and not by_category:
        layers = days
    else:
        split = ("category",) if by_category else PLACE
        layers = reports.occupancy(store, scope, window.start_s, window.end_s, asked.grain, split, only)
    now = reports.centre_now(store, scope, asked.now_s, only)
    chosen = bool(asked.filters.partition or asked.filters.model)
    whole = occupancy_.summary(hours) if len(hours) else None
    return Data(
        now=now,
        hours=hours,
        whole=whole,
        before=reports.occupancy_summary(store, scope, before.start_s, before.end_s, only) if before else None,
        jobs=int(reports.usage(store, scope, window.start_s, window.end_s, (), only)["jobs"].sum()),
        trend=hours
        if asked.grain == "hour"
        else reports.occupancy(store, scope, window.start_s, window.end_s, asked.grain, (), only),
        layers=layers,
        days=days,
        month=reports.occupancy(store, scope, last.start_s, last.end_s, "day", (), only),
        heat=heat_map(hours, asked.zone),
        outages=reports.outages(store, window.start_s, window.end_s, only),
        places=tuple(_total(days, place) for place in (now.places if now else ()) if place.installed is not None),
        projects=reports.usage(store, scope, window.start_s, window.end_s, ("project",), only) if chosen else None,
    )


def _total(days: pd.DataFrame, place: PlaceNow) -> PlaceTotal:
    mine = days[(days["partition"] == place.partition) & (days["gpu_model"] == place.gpu_model)]
    return PlaceTotal(place, int(mine["gpu_part_seconds"].sum()), _known_sum(mine["capacity_part_seconds"]))


# Words -------------------------------------------------------------------------------------------------------------


def say(asked: Asked, data: Data) -> str:
    """The sentence over the page."""
    if data.whole is None or not data.whole.gpu_hours:
        return sentence(_("Nothing was allocated {when}.").format(when=asked.period.when))
    change = words.points(data.whole.share, data.before.share if data.before else None, asked.period.before_when)
    share = linked(words.percent(data.whole.share), "#picture-trend")
    first = sentence(_("{share} of GPU time in service was allocated {when}")).format(share=share, when=asked.period.when)
    first = sentence(first + (f", {change.text}." if change.text else "."))
    parts = [first]
    if data.now and data.now.total.capacity:
        total = data.now.total
        busy = linked(_("{busy} of {capacity} GPUs").format(busy=words.gpus(round(total.busy)), capacity=words.count(total.capacity)), "#table-places" if data.projects is None else "#table-projects")
        parts.append(
            sentence(_("At {time}, {busy} were allocated.")).format(time=words.clock(data.now.at_s, asked.zone), busy=busy)
        )
        if total.out:
            parts.append(_("{n} were out of service.").format(n=words.count(total.out)))
    return sentence(*parts)


def tiles(asked: Asked, data: Data) -> tuple[Tile, ...]:
    whole, before, period = data.whole, data.before, asked.period
    if whole is None:
        return ()
    capacity_ps = _known_sum(data.trend["capacity_part_seconds"])
    out_ps = _known_sum(data.trend["out_part_seconds"])
    used_ps = int(data.trend["gpu_part_seconds"].sum())
    in_service_ps = _known_sum(data.trend["in_service_part_seconds"])
    query = _query(asked)
    found = [
        Tile(
            "occupancy", _("Occupancy"), words.percent(whole.share), exact=_exact(whole.share),
            change=words.points(whole.share, before.share if before else None, period.before_when),
            spark=spark(data.month["share"]), spark_says=_("Occupancy by day, last 30 days"),
            of=_("of {hours} GPU-hours in service").format(hours=words.hours_short(capacity_ps)),
            definition=_("Allocated GPU time ÷ GPU time in service, less GPUs that were out. Allocated is not the same as busy: a job may hold a GPU and leave it idle."),
            query=query, rows=asked.csv("trend"), rows_label=_("Take the rows as CSV"),
        ),
        Tile(
            "gpu-hours", _("Allocated"), words.hours_short(used_ps), unit=_("GPU-hours"), exact=_exact(used_ps / GPU_PARTS / HOUR_S, 3),
            exact_text=_("{n} GPU-hours").format(n=f"{used_ps / GPU_PARTS / HOUR_S:,.3f}"),
            change=words.relative(whole.gpu_hours, before.gpu_hours if before else None, period.before_when),
            spark=spark(data.month["busy_gpus"]), spark_says=_("GPUs allocated by day, last 30 days"),
            of=ngettext("in {n} job started", "in {n} jobs started", data.jobs).format(n=words.count(data.jobs)),
            definition=_("GPUs × time that jobs held them, counted to the second; the part of a job outside the period is left out."),
            query=query, rows=asked.csv("trend"), rows_label=_("Take the rows as CSV"),
        ),
    ]  # fmt: skip
    if data.now:
        total = data.now.total
        found += [
            Tile(
                "now", _("Allocated now"), words.gpus(round(total.busy)), unit=_("GPUs"), exact=_exact(total.busy),
                of=_("{share} of {n} in service now").format(share=words.percent(total.share), n=words.count(total.capacity)),
                spark=spark(data.hours["busy_gpus"].tail(48)), spark_says=_("GPUs allocated by hour, last two days of this period"),
                definition=_("GPUs held by jobs at {time}, the moment until which the data reach.").format(time=words.clock(data.now.at_s, asked.zone)),
                query=f"at {words.clock(data.now.at_s, asked.zone)}; {query}", rows="#table-places" if data.projects is None else "",
            ),
            Tile(
                "in-service", _("In service"), words.count(total.in_service), unit=_("GPUs"), exact=_exact(total.in_service),
                of=_("{installed} installed, {allocatable} allocatable").format(installed=words.count(total.installed), allocatable=words.count(total.allocatable)),
                change=words.relative(total.in_service, _first_known(data.month), _("30 days ago")),
                spark=spark(mean_gpus(data.month["in_service_part_seconds"], data.month)), spark_says=_("GPUs in service by day, last 30 days"),
                definition=_("Installed: in the room. In service: offered to users, the denominator of occupancy. Allocatable: could take a job now, outages taken off."),
                query=_("capacity stated by the operator, at {time}").format(time=words.clock(data.now.at_s, asked.zone)), rows="#table-places" if data.projects is None else "",
            ),
        ]  # fmt: skip
    found += [
        Tile(
            "busiest", _("Busiest hour"), words.gpus(whole.max_gpus), unit=_("GPUs"), exact=_exact(whole.max_gpus),
            change=words.relative(whole.max_gpus, before.max_gpus if before else None, period.before_when),
            of=_("median hour {median}, mean {mean}").format(median=words.gpus(round(whole.median_gpus, 1)), mean=words.gpus(round(whole.mean_gpus, 1))),
            definition=_("Mean GPUs allocated in the fullest hour; the median and the time-weighted mean of all {n} hours beside it.").format(n=words.count(whole.buckets)),
            query=query, rows=asked.csv("trend"), rows_label=_("Take the rows as CSV"),
        ),
        Tile(
            "out", _("Out of service"), words.hours_short(out_ps), unit=_("GPU-hours"), exact=_exact(None if out_ps is None else out_ps / GPU_PARTS / HOUR_S, 3),
            of=_("{share} of GPU time in service").format(share=words.percent(out_ps / in_service_ps if out_ps is not None and in_service_ps else None)),
            state="good" if out_ps == 0 else "", state_text=_("no outage") if out_ps == 0 else "",
            change=words.Change("same", ngettext("{n} outage", "{n} outages", len(data.outages)).format(n=len(data.outages))) if len(data.outages) else words.NO_CHANGE,
            definition=_("GPU time that maintenance and faults took from service. Occupancy does not count it as capacity."),
            query=_("outages noted by the operator; {query}").format(query=query), rows="#picture-trend", rows_label=_("See them in the picture"),
        ),
    ]  # fmt: skip
    return tuple(found)


def crumbs(asked: Asked) -> tuple[tuple[str, str], ...]:
    place = " · ".join(part for part in (asked.filters.partition, asked.filters.model) if part)
    return ((_("Centre"), asked.href(partition="", model="")), (place, "")) if place else ()


# Views -------------------------------------------------------------------------------------------------------------


def trend(asked: Asked, data: Data) -> Picture:
    title = _("GPUs allocated, under GPUs in service")
    options = (
        (_("By partition"), asked.href(show="") + "#picture-trend", asked.filters.show != "category"),
        (_("By category"), asked.href(show="category") + "#picture-trend", asked.filters.show == "category"),
    )
    empty = Picture("trend", title, "", empty=_("No GPU was allocated in this period."), empty_next=_("Choose an earlier one, or import a log."), options=options)
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
        Band(row.start_at.tz_convert(asked.zone).tz_localize(None), (row.end_at if pd.notna(row.end_at) else pd.Timestamp(asked.until_s, unit="s", tz="UTC")).tz_convert(asked.zone).tz_localize(None), row.reason)
        for row in data.outages.itertuples()
    ]
    rows = {layer: f"@{{{layer}}}{{0,0.0}}" for layer in reversed(layers)}
    rows |= {_("Allocated"): "@total{0,0.0}", _("In service"): "@in_service{0,0}", _("Occupancy"): "@percent{0.0}%"}
    labels = direct_labels(wide, layers, top)
    json = drawn(element, WIDE, from_zero(top, asked.gpus_title, 1.12), calendar(wide, "at"), thousands(), hatched(bands), names(wide["at"].iloc[-1], labels), told(wide, "at", "total", rows, f"@at{{{asked.bucket_format}}}", "datetime"))
    key = [Key(layer, f"series-{n}") for n, layer in enumerate(layers, 1)] if len(layers) > NAMED else []
    now = data.now.total if data.now else None
    key += [Key(_("In service"), "ink", "line", words.count(now.in_service) if now else ""), Key(_("Installed"), "muted", "dash", words.count(now.installed) if now else "")]
    if bands:
        key.append(Key(_("Outage"), "muted", "hatch"))
    return Picture("trend", title, trend_says(asked, data, bands), WIDE, json, trend_table(asked, wide, layers), asked.csv("trend"), tuple(key), options)


def direct_labels(wide: pd.DataFrame, layers: list[str], top: float) -> list[Named]:
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


def trend_says(asked: Asked, data: Data, bands: Sequence[Band]) -> str:
    whole = data.whole
    if whole is None:
        return ""
    said = _("On average {mean} GPUs were allocated; the median hour had {median}, the fullest {top}.").format(
        mean=words.gpus(round(whole.mean_gpus, 1)), median=words.gpus(round(whole.median_gpus, 1)), top=words.gpus(round(whole.max_gpus, 1))
    )
    named = [f"{band.label} ({words.span(band.start.date(), (band.end - pd.Timedelta(1, 's')).date())})" for band in bands]
    reasons = list(dict.fromkeys(named))[:3]
    return said + (" " + _("Out of service: {reasons}.").format(reasons="; ".join(reasons)) if reasons else "")


def trend_table(asked: Asked, wide: pd.DataFrame, layers: list[str]) -> Table:
    form = asked.bucket_format
    zone = words.zone_name(pd.Timestamp(asked.until_s, unit="s", tz="UTC").tz_convert(asked.zone).to_pydatetime())
    columns = (Column(_("From ({zone})").format(zone=zone)), *(Column(name, right=True) for name in (*layers, _("Allocated"), _("In service"), _("Occupancy"))))
    rows = tuple(
        Row((Cell(f"{at:{form}}"), *(Cell(f"{value:,.1f}") for value in values), *(Cell(_("unknown") if pd.isna(v) else text) for v, text in ((service, f"{service:,.0f}"), (percent, f"{percent:.1f}%")))))
        for at, *values, service, percent in wide[["at", *layers, "total", "in_service", "percent"]].itertuples(index=False, name=None)
    )
    frame = wide.drop(columns=["installed"]).rename(columns={"at": f"from_{zone}", "total": "allocated_gpus", "in_service": "in_service_gpus", "percent": "occupancy_percent"})
    return Table("trend", _("GPUs allocated"), columns, rows, frame)


def by_place(asked: Asked, data: Data) -> Picture:
    """Occupancy of each partition and model as lines; with one place, how full the hours were."""
    title = _("Occupancy by partition and GPU model")
    rows = data.days
    named = list(dict.fromkeys(rows[["partition", "gpu_model"]].itertuples(index=False, name=None)))[: len(LOOK.series)]
    wide = pd.DataFrame()
    for partition, model in named:
        mine = rows[(rows["partition"] == partition) & (rows["gpu_model"] == model)].reset_index(drop=True)
        if wide.empty:
            wide["at"] = asked.local(mine["start_at"])
        wide[f"{partition} · {model}"] = (mine["share"] * 100).to_numpy(float, na_value=float("nan")).round(3)
    series = [name for name in wide.columns if name != "at" and wide[name].notna().any()]
    if not series or len(wide) < 2:
        return Picture("places", title, "", empty=_("There is too little here for a line."), empty_next=_("Choose a longer period."))
    element = None
    for name, colour in zip(series, LOOK.series, strict=False):
        one = line(wide, "at", name, colour)
        element = one if element is None else element * one
    told_rows = {name: f"@{{{name}}}{{0.0}}%" for name in series}
    json = drawn(element, HALF, from_zero(100, _("Occupancy of the day (%)") if asked.coarse_grain == "day" else _("Occupancy of the week (%)")), calendar(wide, "at"), told(wide, "at", series[0], told_rows, "@at{%-d %b %Y}", "datetime"))
    shares = {f"{p.now.partition} · {p.now.gpu_model}": p.share for p in data.places}
    said = _("Over the whole period: {shares}.").format(shares=", ".join(f"{name} {words.percent(share)}" for name, share in shares.items()))
    key = tuple(Key(name, f"series-{n}", "line", words.percent(shares[name]) if name in shares else "") for n, name in enumerate(series, 1))
    columns = (Column(_("Day")), *(Column(name, right=True) for name in series))
    table = Table(
        "places-by-day", title, columns,
        tuple(Row((Cell(f"{at:%-d %b %Y}"), *(Cell(_("unknown") if pd.isna(v) else f"{v:.1f}%") for v in values))) for at, *values in wide[["at", *series]].itertuples(index=False, name=None)),
        wide.rename(columns={"at": "day"}),
    )  # fmt: skip
    return Picture("places-by-day", title, said, HALF, json, table, asked.csv("places-by-day"), key)


def by_hour(asked: Asked, data: Data) -> Picture:
    title = _("When the centre is full")
    frame = data.heat.copy()
    known = frame["share"].notna()
    value = "percent" if known.any() else "busy_gpus"
    frame["percent"] = (frame["share"] * 100).to_numpy(float, na_value=float("nan"))
    unit = _("Occupancy (%)") if value == "percent" else _("GPUs allocated (mean)")
    if not frame["busy_gpus"].fillna(0).sum():
        return Picture("hours", title, "", empty=_("No GPU was allocated in this period."), empty_next=_("Choose an earlier one."))
    top = max(100.0 if value == "percent" else 0.0, float(frame[value].max()))
    json = drawn(heat(frame[["hour", "weekday", value]], value, top), HALF + 22, weekdays(unit))
    days = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]
    fullest, emptiest = frame.loc[frame[value].idxmax()], frame.loc[frame[value].idxmin()]
    form = (lambda v: f"{v:.1f}%") if value == "percent" else (lambda v: _("{n} GPUs").format(n=f"{v:,.1f}"))
    said = _("Fullest on {day} from {hour}:00 ({most}), emptiest on {other} from {other_hour}:00 ({least}).").format(
        day=days[int(fullest["weekday"])], hour=f"{int(fullest['hour']):02d}", most=form(fullest[value]),
        other=days[int(emptiest["weekday"])], other_hour=f"{int(emptiest['hour']):02d}", least=form(emptiest[value]),
    )  # fmt: skip
    columns = (Column(_("Weekday")), Column(_("Hour"), right=True), Column(_("Occupancy"), right=True), Column(_("GPUs allocated"), right=True))
    rows = tuple(
        Row((Cell(days[int(r.weekday)]), Cell(f"{int(r.hour):02d}:00"), Cell(_("unknown") if pd.isna(r.percent) else f"{r.percent:.1f}%"), Cell(_("unknown") if pd.isna(r.busy_gpus) else f"{r.busy_gpus:,.1f}")))
        for r in frame.itertuples()
    )
    table = Table("hours", title, columns, rows, frame[["weekday", "hour", "busy_gpus", "share", "hours"]])
    return Picture("hours", title, said, HALF + 22, json, table, asked.csv("hours"))


def places_table(asked: Asked, data: Data) -> Table:
    """One row per partition and model; the total is the tile *Allocated*."""
    columns = (
        Column(_("Partition and GPU model")),
        Column(_("GPU-hours allocated"), right=True, sorted="descending"),
        Column(_("Occupancy"), right=True, title=_("Allocated GPU time ÷ GPU time in service, less outages")),
        Column(_("Mean GPUs"), right=True),
        Column(_("Allocated now"), right=True),
        Column(_("In service"), right=True),
        Column(_("Installed"), right=True),
        Column(_("Allocatable"), right=True),
        Column(_("Out now"), right=True),
    )
    ordered = sorted(data.places, key=lambda place: -place.used_ps)
    rows = tuple(_place_row(asked, place, _place_name(place.now)) for place in ordered)
    total = None
    if data.now and len(data.hours):
        capacity_ps = _known_sum(data.hours["capacity_part_seconds"])
        every = PlaceTotal(data.now.total, int(data.hours["gpu_part_seconds"].sum()), capacity_ps)
        total = _place_row(asked, every, Cell(_("All")))
    seconds = max(asked.window.seconds, 1)
    frame = pd.DataFrame(
        {
            "partition": p.now.partition, "gpu_model": p.now.gpu_model, "gpu_hours": gpu_hours(p.used_ps), "occupancy": p.share,
            "mean_gpus": p.used_ps / GPU_PARTS / seconds, "allocated_now": p.now.busy, "in_service": p.now.in_service,
            "installed": p.now.installed, "allocatable": p.now.allocatable, "out": p.now.out,
        }
        for p in ordered
    )  # fmt: skip
    return Table(
        "places", _("By partition and GPU model"), columns, rows, frame, total, asked.period.label, asked.csv("places"),
        _("No partition has a stated capacity yet."), _("The operator states it, or the sample centre brings it."),
    )  # fmt: skip

def _place_name(place: PlaceNow) -> Cell:
    return Cell(f"{place.partition} · {place.gpu_model}")


def _place_row(asked: Asked, place: PlaceTotal, name: Cell) -> Row:
    now, mean = place.now, place.used_ps / GPU_PARTS / max(asked.window.seconds, 1)
    href = asked.href(partition=now.partition, model=now.gpu_model) if now.partition else ""
    share = Cell(words.percent(place.share), order=place.share, share=place.share) if place.share is not None else unknown_cell()
    return Row(
        (
            replace(name, href=href),
            Cell(f"{gpu_hours(place.used_ps):,.0f}", order=place.used_ps),
            share,
            Cell(f"{mean:,.1f}", order=mean),
            Cell(f"{now.busy:,.1f}", order=now.busy),
            *(
                unknown_cell() if value is None else Cell(words.count(value), order=value)
                for value in (now.in_service, now.installed, now.allocatable, now.out)
            ),
        )
    )


def projects_table(asked: Asked, data: Data) -> Table:
    """The level below a partition: whose jobs they were."""
    assert data.projects is not None
    frame = data.projects[data.projects["gpu_part_seconds"] > 0]
    titles, total_ps = dict(asked.choices.projects), int(frame["gpu_part_seconds"].sum())
    columns = (
        Column(_("Project")),
        Column(_("GPU-hours allocated"), right=True, sorted="descending"),
        Column(_("Share"), right=True),
        Column(_("Jobs started"), right=True),
    )
    rows = tuple(
        Row(
            (
                project_cell(asked, row.project, titles),
                Cell(f"{row.gpu_hours:,.0f}", order=row.gpu_hours),
                Cell(words.percent(part := row.gpu_part_seconds / total_ps), order=part, share=part),
                Cell(words.count(row.jobs), order=row.jobs),
            )
        )
        for row in frame.itertuples()
    )
    jobs = Cell(words.count(int(frame["jobs"].sum())))
    total = Row((Cell(_("All")), Cell(f"{gpu_hours(total_ps):,.0f}"), Cell("100.0%" if total_ps else ""), jobs))
    return Table(
        "projects", _("Projects on it"), columns, rows, frame, total, asked.period.label, asked.csv("projects"),
        _("No project used it in this period."), _("Choose an earlier period."),
    )  # fmt: skip


def project_cell(asked: Asked, slug: str, titles: dict[str, str], sub: str = "") -> Cell:
    """A project's name, which opens the project."""
    if not slug:
        return Cell(_("unknown project"), unknown=True, sub=sub)
    href = asked.href("projects", project=slug, partition="", model="", category="", show="")
    return Cell(titles.get(slug, slug), href=href, sub=sub)


def _query(asked: Asked) -> str:
    """What the figures were asked with, for whoever wants to ask again."""
    f, w = asked.filters, asked.window
    chosen = {"partition": f.partition, "gpu_model": f.model, "category": f.category, "project": f.project}
    filters = "".join(f" {name}={value}" for name, value in chosen.items() if value)
    return f"workbench occupancy --from {iso(w.start_s)} --to {iso(w.end_s)}{filters}"


def _exact(value: float | None, digits: int = 6) -> str:
    return "" if value is None else f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _known_sum(values: pd.Series) -> int | None:
    return None if values.isna().any() else int(values.sum())


def _first_known(month: pd.DataFrame) -> float | None:
    known = mean_gpus(month["in_service_part_seconds"], month).dropna()
    return float(known.iloc[0]) if len(known) else None
