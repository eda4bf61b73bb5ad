"""The sentence and the tiles of the page of occupancy."""

import pandas as pd
from markupsafe import Markup

from dashboards._asked import Asked, mean_gpus
from dashboards._page import (
    Tile,
    linked,
    sentence,
    spark,
)
from dashboards.occupancy.data import Data, known_sum
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.periods import iso
from workbench.units import GPU_PARTS, HOUR_S


def say(asked: Asked, data: Data) -> Markup:
    """The sentence over the page."""
    if data.whole is None or not data.whole.gpu_hours:
        return sentence(_("Nothing was allocated {when}.").format(when=asked.period.when))
    change = words.points(data.whole.share, data.before.share if data.before else None, asked.period.before_when)
    share = linked(words.percent(data.whole.share), "#picture-trend")
    first = sentence(_("{share} of GPU time in service was allocated {when}")).format(
        share=share, when=asked.period.when
    )
    first = sentence(first + (f", {change.text}." if change.text else "."))
    parts = [first]
    if data.now and data.now.total.capacity:
        total = data.now.total
        busy = linked(
            _("{busy} of {capacity} GPUs").format(
                busy=words.gpus(round(total.busy)), capacity=words.count(total.capacity)
            ),
            "#table-places" if data.projects is None else "#table-projects",
        )
        parts.append(
            sentence(_("At {time}, {busy} were allocated.")).format(
                time=words.clock(data.now.at_s, asked.zone), busy=busy
            )
        )
        if total.out:
            parts.append(sentence(_("{n} were out of service.").format(n=words.count(total.out))))
    return sentence(*parts)


def tiles(asked: Asked, data: Data) -> tuple[Tile, ...]:
    whole, before, period = data.whole, data.before, asked.period
    if whole is None:
        return ()
    capacity_ps = known_sum(data.trend["capacity_part_seconds"])
    out_ps = known_sum(data.trend["out_part_seconds"])
    used_ps = int(data.trend["gpu_part_seconds"].sum())
    in_service_ps = known_sum(data.trend["in_service_part_seconds"])
    query = _query(asked)
    found = [
        Tile(
            "occupancy",
            _("Occupancy"),
            words.percent(whole.share),
            exact=_exact(whole.share),
            change=words.points(whole.share, before.share if before else None, period.before_when),
            spark=spark(data.month["share"]),
            spark_says=_("Occupancy by day, last 30 days"),
            of=_("of {hours} GPU-hours in service").format(hours=words.hours_short(capacity_ps)),
            definition=_(
                "Allocated GPU time ÷ GPU time in service, less GPUs that were out. Allocated is not the "
                "same as busy: a job may hold a GPU and leave it idle."
            ),
            query=query,
            rows=asked.csv("trend"),
            rows_label=_("Take the rows as CSV"),
        ),
        Tile(
            "gpu-hours",
            _("Allocated"),
            words.hours_short(used_ps),
            unit=_("GPU-hours"),
            exact=_exact(used_ps / GPU_PARTS / HOUR_S, 3),
            exact_text=_("{n} GPU-hours").format(n=f"{used_ps / GPU_PARTS / HOUR_S:,.3f}"),
            change=words.relative(whole.gpu_hours, before.gpu_hours if before else None, period.before_when),
            spark=spark(data.month["busy_gpus"]),
            spark_says=_("GPUs allocated by day, last 30 days"),
            of=ngettext("in {n} job started", "in {n} jobs started", data.jobs).format(n=words.count(data.jobs)),
            definition=_(
                "GPUs × time that jobs held them, counted to the second; the part of a job outside the "
                "period is left out."
            ),
            query=query,
            rows=asked.csv("trend"),
            rows_label=_("Take the rows as CSV"),
        ),
    ]
    if data.now:
        total = data.now.total
        found += [
            Tile(
                "now",
                _("Allocated now"),
                words.gpus(round(total.busy)),
                unit=_("GPUs"),
                exact=_exact(total.busy),
                of=_("{share} of {n} in service now").format(
                    share=words.percent(total.share), n=words.count(total.capacity)
                ),
                spark=spark(data.hours["busy_gpus"].tail(48)),
                spark_says=_("GPUs allocated by hour, last two days of this period"),
                definition=_("GPUs held by jobs at {time}, the moment until which the data reach.").format(
                    time=words.clock(data.now.at_s, asked.zone)
                ),
                query=f"at {words.clock(data.now.at_s, asked.zone)}; {query}",
                rows="#table-places" if data.projects is None else "",
            ),
            Tile(
                "in-service",
                _("In service"),
                words.count(total.in_service),
                unit=_("GPUs"),
                exact=_exact(total.in_service),
                of=_("{installed} installed, {allocatable} allocatable").format(
                    installed=words.count(total.installed), allocatable=words.count(total.allocatable)
                ),
                change=words.relative(total.in_service, _first_known(data.month), _("30 days ago")),
                spark=spark(mean_gpus(data.month["in_service_part_seconds"], data.month)),
                spark_says=_("GPUs in service by day, last 30 days"),
                definition=_(
                    "Installed: in the room. In service: offered to users, the denominator of occupancy. "
                    "Allocatable: could take a job now, outages taken off."
                ),
                query=_("capacity stated by the operator, at {time}").format(
                    time=words.clock(data.now.at_s, asked.zone)
                ),
                rows="#table-places" if data.projects is None else "",
            ),
        ]
    found += [
        Tile(
            "busiest",
            _("Busiest hour"),
            words.gpus(whole.max_gpus),
            unit=_("GPUs"),
            exact=_exact(whole.max_gpus),
            change=words.relative(whole.max_gpus, before.max_gpus if before else None, period.before_when),
            of=_("median hour {median}, mean {mean}").format(
                median=words.gpus(round(whole.median_gpus, 1)), mean=words.gpus(round(whole.mean_gpus, 1))
            ),
            definition=_(
                "Mean GPUs allocated in the fullest hour; the median and the time-weighted mean of all "
                "{n} hours beside it."
            ).format(n=words.count(whole.buckets)),
            query=query,
            rows=asked.csv("trend"),
            rows_label=_("Take the rows as CSV"),
        ),
        Tile(
            "out",
            _("Out of service"),
            words.hours_short(out_ps),
            unit=_("GPU-hours"),
            exact=_exact(None if out_ps is None else out_ps / GPU_PARTS / HOUR_S, 3),
            of=_("{share} of GPU time in service").format(
                share=words.percent(out_ps / in_service_ps if out_ps is not None and in_service_ps else None)
            ),
            state="good" if out_ps == 0 else "",
            state_text=_("no outage") if out_ps == 0 else "",
            change=words.Change(
                "same", ngettext("{n} outage", "{n} outages", len(data.outages)).format(n=len(data.outages))
            )
            if len(data.outages)
            else words.NO_CHANGE,
            definition=_(
                "GPU time that maintenance and faults took from service. Occupancy does not count it as capacity."
            ),
            query=_("outages noted by the operator; {query}").format(query=query),
            rows="#picture-trend",
            rows_label=_("See them in the picture"),
        ),
    ]
    return tuple(found)


def _query(asked: Asked) -> str:
    """What the figures were asked with, for whoever wants to ask again."""
    f, w = asked.filters, asked.window
    chosen = {"partition": f.partition, "gpu_model": f.model, "category": f.category, "project": f.project}
    filters = "".join(f" {name}={value}" for name, value in chosen.items() if value)
    return f"workbench occupancy --from {iso(w.start_s)} --to {iso(w.end_s)}{filters}"


def _exact(value: float | None, digits: int = 6) -> str:
    return "" if value is None else f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _first_known(month: pd.DataFrame) -> float | None:
    known = mean_gpus(month["in_service_part_seconds"], month).dropna()
    return float(known.iloc[0]) if len(known) else None
