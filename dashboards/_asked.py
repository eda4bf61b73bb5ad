"""The question behind a page: who asks, what they chose, of which moment; and what all pages make of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

import pandas as pd

from dashboards._filters import KINDS, Filters, Period, period_of
from dashboards._page import Pick
from workbench.analytics.buckets import Grain
from workbench.domain.access import Scope
from workbench.i18n import _
from workbench.pages import words
from workbench.pages.shell import SERVICE
from workbench.periods import Window, day_of, day_window
from workbench.services import reports
from workbench.services.reports import Only
from workbench.store.engine import Store
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

HOURLY_UP_TO_S, DAILY_UP_TO_S = 35 * DAY_S, 200 * DAY_S
"""Windows up to so long are drawn by the hour and by the day, longer ones by the week."""


@dataclass(frozen=True)
class Asked:
    """One viewer's question. `pages`: what they may open, so that nothing links to what is closed to them.

    now_s: the moment of asking; until_s: until when there are data (at most now); both UTC epoch seconds.
    """

    store: Store
    scope: Scope
    pages: tuple[str, ...]
    page: str
    filters: Filters
    now_s: int
    until_s: int

    @property
    def zone(self) -> ZoneInfo:
        return self.store.settings.centre.zone

    @property
    def symbol(self) -> str:
        return self.store.settings.centre.symbol

    @cached_property
    def period(self) -> Period:
        return period_of(self.filters, self.until_s, self.store.settings.centre.opened_on, self.zone)

    @property
    def window(self) -> Window:
        return self.period.window

    @property
    def days(self) -> Window:
        """The window to the end of its last day: the same usage in whole days, since no data lie after `until_s`.

        In the first hour after midnight that is the day before: the window and its name end there too.
        """
        end_s = self.window.end_s
        if end_s + HOUR_S > self.until_s:
            end_s = day_window(day_of(max(end_s - 1, self.window.start_s), self.zone), self.zone).end_s
        return Window(self.window.start_s, end_s)

    @property
    def elapsed_s(self) -> int:
        """Seconds of the window that have data."""
        return max(1, min(self.days.end_s, self.until_s) - self.window.start_s)

    @property
    def grain(self) -> Grain:
        """The buckets a picture of this window is drawn in."""
        return "hour" if self.window.seconds <= HOURLY_UP_TO_S else self.coarse_grain

    @property
    def coarse_grain(self) -> Grain:
        return "day" if self.window.seconds <= DAILY_UP_TO_S else "week"

    @property
    def bucket_format(self) -> str:
        """How a bucket's start is written."""
        return "%-d %b %Y, %H:%M" if self.grain == "hour" else "%-d %b %Y"

    @property
    def gpus_title(self) -> str:
        """The y axis of mean GPUs."""
        mean_of = {
            "hour": _("GPUs (mean of the hour)"),
            "day": _("GPUs (mean of the day)"),
            "week": _("GPUs (mean of the week)"),
        }
        return mean_of[self.grain]

    @property
    def last30(self) -> Window:
        """The 30 days before the end of the data, for the small lines of the tiles."""
        return Window(self.until_s - 30 * DAY_S, self.until_s)

    @cached_property
    def choices(self) -> reports.Choices:
        return reports.choices(self.store, self.scope)

    def only(self, **changes: object) -> Only:
        """The filters as the services take them."""
        chosen = {
            "partition": self.filters.partition or None,
            "gpu_model": self.filters.model or None,
            "category": self.filters.category or None,
            "project": self.filters.project or None,
        }
        return Only(**{**chosen, **changes})  # type: ignore[arg-type]

    def href(self, page: str = "", **changes: str) -> str:
        """The address of a page with these filters changed; '' where the viewer may not open it."""
        page = page or self.page
        return f"{SERVICE}/{page}{self.filters.url(**changes)}" if page in self.pages else ""

    def csv(self, name: str) -> str:
        """The address of a table's rows."""
        query = self.filters.url()
        return f"{SERVICE}/{self.page}/download/{name}.csv{query if len(query) > 1 else ''}"

    def local(self, moments: pd.Series) -> pd.Series:
        """UTC timestamps as the centre's wall clock without a zone, for an axis."""
        return moments.dt.tz_convert(self.zone).dt.tz_localize(None)

    def day(self, at: pd.Timestamp) -> date:
        return at.tz_convert(self.zone).date()


def context(asked: Asked, picks: Sequence[str]) -> dict[str, object]:
    """The fields of a `Page` that its context bar shows.

    Args:
        picks: filters that apply, out of partition, model, category, project.
    """
    filters, period, choices = asked.filters, asked.period, asked.choices
    labels = {"7days": _("7 days"), "month": _("Month"), "quarter": _("Quarter"), "scheme": _("Scheme to date")}
    every = {
        "partition": (_("Partition"), _("All partitions"), [(p, p) for p in choices.partitions]),
        "model": (_("GPU model"), _("All GPU models"), [(m, m) for m in choices.gpu_models]),
        "category": (_("Category"), _("All categories"), [(c, words.category(c)) for c in choices.categories]),
        "project": (_("Project"), _("All projects"), list(choices.projects)),
    }
    found = []
    for name in picks:
        label, everything, options = every[name]
        value = getattr(filters, name)
        if value and value not in dict(options):
            options = [*options, (value, value)]
        if len(options) > 1 or value:
            found.append(Pick(name, label, everything, value, tuple(options)))
    kept = {name: getattr(filters, name) for name in ("period", "at", "show") if getattr(filters, name)}
    return {
        "periods": tuple(
            (labels[kind], f"{SERVICE}/{asked.page}{filters.url(period=kind, at='')}", kind == filters.period)
            for kind in KINDS
        ),
        "period_label": period.label,
        "stepped": filters.period in ("month", "quarter"),
        "earlier": None if period.earlier is None else f"{SERVICE}/{asked.page}{filters.url(at=period.earlier)}",
        "later": None if period.later is None else f"{SERVICE}/{asked.page}{filters.url(at=period.later)}",
        "picks": tuple(found),
        "kept": tuple(kept.items()),
    }


def mean_gpus(part_seconds: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """Part-seconds of buckets (columns start_at, end_at) as mean GPUs; NaN where unknown."""
    seconds = (rows["end_at"] - rows["start_at"]).dt.total_seconds()
    return part_seconds.astype("Float64").to_numpy(float, na_value=float("nan")) / GPU_PARTS / seconds
