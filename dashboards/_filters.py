"""What a visitor chose, read from the address and written back to it: period, partition, GPU model, category, project.

The address is the only place where a choice is kept, so that it can be shared, bookmarked and gone back from. Windows
are half-open, in UTC epoch seconds, cut in the centre's zone, and end at the last whole hour for which there is data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from workbench.i18n import _
from workbench.pages import words
from workbench.periods import Window, day_of, day_start, hour_floor, moment
from workbench.units import DAY_S

KINDS = ("7days", "month", "quarter", "scheme")
DEFAULT_KIND = "month"


@dataclass(frozen=True)
class Period:
    """A stretch of the calendar.

    kind: one of KINDS. at: the month "2026-10" or quarter "2026-Q3" chosen, '' for the latest. window: what of it has
    data. label: "October 2026". when: "in October 2026". before: the stretch to compare with, as long as `window`;
    None where there is none. before_when: "in September". earlier, later: `at` of the neighbours, None at the ends.
    """

    kind: str
    at: str
    window: Window
    label: str
    when: str
    before: Window | None
    before_when: str
    earlier: str | None = None
    later: str | None = None


@dataclass(frozen=True)
class Filters:
    """What was chosen; '' is "all". `show` is a picture's own option."""

    period: str = DEFAULT_KIND
    at: str = ""
    partition: str = ""
    model: str = ""
    category: str = ""
    project: str = ""
    show: str = ""

    def url(self, **changes: str) -> str:
        """The query of an address with these changes: "?period=7days&model=H800"; the defaults are left out."""
        changed = replace(self, **changes)
        chosen = {f.name: getattr(changed, f.name) for f in fields(Filters) if getattr(changed, f.name) != f.default}
        return f"?{urlencode(chosen)}" if chosen else "?"


def filters_of(arguments: Mapping[str, str]) -> Filters:
    """The filters of an address; what it does not say, or says wrongly of the period, is the default."""
    known = {f.name for f in fields(Filters)}
    chosen = {name: value.strip()[:80] for name, value in arguments.items() if name in known}
    if chosen.get("period") not in KINDS:
        chosen.pop("period", None)
    return Filters(**chosen)


def period_of(filters: Filters, until_s: int, opened_on: date, zone: ZoneInfo) -> Period:
    """The period chosen, as far as there is data.

    Args:
        until_s: end of the data (or now, whichever is earlier), UTC epoch seconds.
        opened_on: first day of the centre; nothing lies before it.
    """
    end_s, first_s = hour_floor(until_s), day_start(opened_on, zone)
    end_s = max(end_s, first_s)
    if filters.period == "7days":
        # Whole days of the calendar and today so far, so that the rows of a day are never cut.
        start_s = max(first_s, day_start(day_of(max(end_s - 1, first_s), zone) - timedelta(days=6), zone))
        before = Window(start_s - 7 * DAY_S, end_s - 7 * DAY_S) if start_s - 7 * DAY_S >= first_s else None
        label = words.span(day_of(start_s, zone), day_of(max(end_s - 1, start_s), zone))
        when, than = _("in the last 7 days"), _("in the 7 days before")
        return Period("7days", "", Window(start_s, end_s), label, when, before, than)
    if filters.period == "scheme":
        label = _("since {day}").format(day=words.day(opened_on))
        return Period("scheme", "", Window(first_s, end_s), label, label, None, "")
    return _calendar_period(filters, first_s, end_s, zone)


def _calendar_period(filters: Filters, first_s: int, end_s: int, zone: ZoneInfo) -> Period:
    months = 3 if filters.period == "quarter" else 1
    latest = _first_day(moment(max(end_s - 1, first_s)).astimezone(zone).date(), months)
    oldest = _first_day(day_of(first_s, zone), months)
    wanted = _parse(filters.at, months) or latest
    first_day = min(max(wanted, oldest), latest)
    next_day, previous_day = _months_on(first_day, months), _months_on(first_day, -months)
    window = Window(max(first_s, day_start(first_day, zone)), min(end_s, day_start(next_day, zone)))
    whole = window.end_s == day_start(next_day, zone)
    before_start = day_start(previous_day, zone)
    # A month so far is compared with as much of the month before, so that totals can be compared at all.
    before_end = window.start_s if whole else min(before_start + window.seconds, day_start(first_day, zone))
    before = Window(before_start, before_end) if before_start >= first_s and window.seconds else None
    name, before_name = _name(first_day, months), _name(previous_day, months)
    if months == 1 and previous_day.year == first_day.year:
        before_name = f"{previous_day:%B}"
    return Period(
        kind=filters.period,
        at="" if first_day == latest else _key(first_day, months),
        window=window,
        label=name if whole else _("{name} so far").format(name=name),
        when=_("in {name}").format(name=name) if whole else _("so far in {name}").format(name=name),
        before=before,
        before_when=(_("in {name}") if whole else _("in the same days of {name}")).format(name=before_name),
        earlier=_key(previous_day, months) if first_day > oldest else None,
        later=(_key(next_day, months) if next_day < latest else "") if first_day < latest else None,
    )


def _first_day(day: date, months: int) -> date:
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _months_on(first_day: date, months: int) -> date:
    index = first_day.year * 12 + first_day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _key(first_day: date, months: int) -> str:
    return f"{first_day:%Y-%m}" if months == 1 else f"{first_day.year}-Q{(first_day.month + 2) // 3}"


def _parse(text: str, months: int) -> date | None:
    try:
        year, rest = text.split("-")
        month = int(rest.removeprefix("Q")) * 3 - 2 if rest.startswith("Q") else int(rest)
        return _first_day(date(int(year), month, 1), months)
    except ValueError:
        return None


def _name(first_day: date, months: int) -> str:
    if months == 1:
        return words.month(first_day)
    return _("Q{n} {year}").format(n=(first_day.month + 2) // 3, year=first_day.year)
