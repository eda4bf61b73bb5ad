"""Numbers, times and changes in the words of the field: the one place where a page turns a value into text.

All of these are for reading; the exact figure stands in the table. Unknown is said, never shown as 0.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from workbench.i18n import _, ngettext
from workbench.periods import moment
from workbench.units import DAY_S, HOUR_S, gpu_hours

MINUS = "\N{MINUS SIGN}"
LATE_AFTER_S = 30 * 60
"""Data older than this is late; the page says so in amber."""


def percent(share: float | None) -> str:
    """0.9144 → "91.4%"."""
    return _("unknown") if share is None else f"{share * 100:.1f}%"


def hours(part_seconds: int | None) -> str:
    """Part-seconds as GPU-hours: 978,078; one decimal under 100."""
    if part_seconds is None:
        return _("unknown")
    value = gpu_hours(part_seconds)
    return f"{value:,.1f}" if 0 < abs(value) < 100 else f"{value:,.0f}"


def hours_short(part_seconds: int | None) -> str:
    """GPU-hours at a glance: 6.42m, 412k, 9,120."""
    if part_seconds is None:
        return _("unknown")
    value = gpu_hours(part_seconds)
    if value >= 9_995_000:
        return f"{value / 1e6:.1f}m"
    if value >= 999_500:
        return f"{value / 1e6:.2f}m"
    if value >= 99_950:
        return f"{value / 1e3:.0f}k"
    return hours(part_seconds)


def size(number: int) -> str:
    """Bytes: 45.2 MB, 3 kB; never 0 of something that is there."""
    return f"{number / 1e6:,.1f} MB" if number >= 1e6 else f"{math.ceil(number / 1e3):,d} kB"


def count(n: int | None) -> str:
    return _("unknown") if n is None else f"{n:,}"


def gpus(value: float | None) -> str:
    """A mean number of GPUs: 374.0; whole ones without decimals."""
    if value is None:
        return _("unknown")
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def category(name: str, *, many: bool = False) -> str:
    """A kind of applicant: "R&D institute"; many: "R&D institutes"."""
    known = {
        "university": (_("University"), _("universities")),
        "r-and-d institute": (_("R&D institute"), _("R&D institutes")),
        "government": (_("Government"), _("government departments")),
        "start-up": (_("Start-up"), _("start-ups")),
        "strategic enterprise": (_("Strategic enterprise"), _("strategic enterprises")),
        "": (_("Unknown"), _("unknown applicants")),
    }
    return known.get(name, (name.capitalize(), name))[many]


def day(d: date | None) -> str:
    """14 Oct 2026."""
    return _("unknown") if d is None else f"{d:%-d %b %Y}"


def month(d: date) -> str:
    """October 2026."""
    return f"{d:%B %Y}"


def span(first: date, last: date) -> str:
    """Both days included: 15 – 21 Nov 2026, 28 Oct – 3 Nov 2026."""
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"{day(first)} – {day(last)}"
    if first.month != last.month:
        return f"{first:%-d %b} – {day(last)}"
    return f"{first:%-d} – {day(last)}"


def clock(at_s: int, zone: ZoneInfo, today: date | None = None) -> str:
    """The centre's clock, with its zone: 14:32 HKT; with the day where it is not `today`."""
    local = moment(at_s).astimezone(zone)
    time = f"{local:%H:%M} {zone_name(local)}"
    return time if today is None or local.date() == today else f"{day(local.date())}, {time}"


def zone_name(local: datetime) -> str:
    """HKT, or UTC+08:00 where the zone has no letters of its own."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local:%z}"


def ago(seconds: int) -> str:
    """3 minutes ago."""
    seconds = max(0, seconds)
    if seconds < 60:
        return _("just now")
    if seconds < HOUR_S:
        n = seconds // 60
        return ngettext("{n} minute ago", "{n} minutes ago", n).format(n=n)
    if seconds < 2 * DAY_S:
        n = seconds // HOUR_S
        return ngettext("{n} hour ago", "{n} hours ago", n).format(n=n)
    n = seconds // DAY_S
    return ngettext("{n} day ago", "{n} days ago", n).format(n=n)


def duration(seconds: float | None) -> str:
    """How long somebody waited: 48 s, 12 min, 3.5 h, 2.1 days."""
    if seconds is None:
        return _("unknown")
    if seconds < 90:
        return _("{n} s").format(n=f"{seconds:.0f}")
    if seconds < 90 * 60:
        return _("{n} min").format(n=f"{seconds / 60:.0f}")
    if seconds < 2 * DAY_S:
        return _("{n} h").format(n=f"{seconds / HOUR_S:.1f}")
    return _("{n} days").format(n=f"{seconds / DAY_S:.1f}")


@dataclass(frozen=True, slots=True)
class Change:
    """A change against the period before, in words: "2.1 points more" "than in September".

    `direction`: 'up', 'down', 'same', or 'none' (nothing to compare with: both texts are '').
    """

    direction: str
    amount: str = ""
    than: str = ""

    @property
    def text(self) -> str:
        return f"{self.amount} {self.than}".strip()


NO_CHANGE = Change("none")


def points(now: float | None, before: float | None, when: str) -> Change:
    """The change of a share: "2.1 points more than in September"; `when` is "in September"."""
    if now is None or before is None:
        return NO_CHANGE
    difference = round((now - before) * 100, 1)
    if difference == 0:
        return Change("same", _("no more and no less"), _("than {when}").format(when=when))
    more = _("{n} points more") if difference > 0 else _("{n} points less")
    than = _("than {when}").format(when=when)
    return Change("up" if difference > 0 else "down", more.format(n=f"{abs(difference):.1f}"), than)


def relative(now: float | None, before: float | None, when: str) -> Change:
    """The change of an amount: "12% more than in September", "4 times as much as in September"."""
    if now is None or not before:
        return NO_CHANGE
    than, as_ = _("than {when}").format(when=when), _("as {when}").format(when=when)
    difference = round((now / before - 1) * 100)
    if difference == 0:
        return Change("same", _("as much"), as_)
    if difference >= 200:
        return Change("up", _("{n} times as much").format(n=f"{now / before:.0f}"), as_)
    more = _("{n}% more") if difference > 0 else _("{n}% less")
    return Change("up" if difference > 0 else "down", more.format(n=abs(difference)), than)


@dataclass(frozen=True, slots=True)
class Freshness:
    """What the stamp says. `late`: amber, and `why` says what is known of the reason."""

    until: str
    age: str
    late: bool
    why: str = ""


def freshness(data_until_s: int | None, now_s: int, zone: ZoneInfo, note: str = "") -> Freshness:
    """The stamp of data that goes up to a moment; None: there is no data yet."""
    if data_until_s is None:
        return Freshness(_("no data yet"), "", late=True, why=_("Load the sample centre or import a log."))
    today = moment(now_s).astimezone(zone).date()
    late = now_s - data_until_s > LATE_AFTER_S
    stale = _("Its source has sent nothing newer; the figures are of that time.") if late else ""
    why = " ".join(part for part in (stale, note) if part)
    return Freshness(clock(data_until_s, zone, today), ago(now_s - data_until_s), late, why)
