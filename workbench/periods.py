"""Windows of time: half-open, UTC seconds inside, cut into hours, days and months of the centre's own zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.units import HOUR_S


@dataclass(frozen=True, slots=True)
class Window:
    """[start_s, end_s) in UTC epoch seconds."""

    start_s: int
    end_s: int

    def __post_init__(self) -> None:
        if self.end_s < self.start_s:
            raise ValueError(f"a window cannot end ({iso(self.end_s)}) before it starts ({iso(self.start_s)})")

    @property
    def seconds(self) -> int:
        return self.end_s - self.start_s


def epoch(moment: datetime) -> int:
    """UTC epoch seconds of an aware moment, its part of a second dropped. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return int(moment.timestamp() // 1)


def moment(epoch_s: int) -> datetime:
    """The aware UTC moment."""
    return datetime.fromtimestamp(int(epoch_s), UTC)


def iso(epoch_s: int) -> str:
    """ISO 8601 in UTC: 2026-10-14T08:00:00Z."""
    return moment(epoch_s).strftime("%Y-%m-%dT%H:%M:%SZ")


def hour_floor(epoch_s: int) -> int:
    return epoch_s - epoch_s % HOUR_S


def hour_ceil(epoch_s: int) -> int:
    return -(-epoch_s // HOUR_S) * HOUR_S


def day_start(day: date, zone: ZoneInfo) -> int:
    """Epoch second at which this day starts in the zone."""
    return epoch(datetime.combine(day, time(), zone))


def day_of(epoch_s: int, zone: ZoneInfo) -> date:
    """The centre's calendar day that holds this second."""
    return moment(epoch_s).astimezone(zone).date()


def day_window(day: date, zone: ZoneInfo) -> Window:
    return Window(day_start(day, zone), day_start(day + timedelta(days=1), zone))


def month_window(month: str, zone: ZoneInfo) -> Window:
    """The window of "2026-10" in the zone. Raises ValueError for anything that is not a month."""
    first = date.fromisoformat(f"{month}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return Window(day_start(first, zone), day_start(after, zone))


def parse_moment(text: str, zone: ZoneInfo) -> int:
    """Epoch seconds of a date, or of an ISO moment (without zone: the given zone).

    Raises:
        ValueError: neither of the two.
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as problem:
        raise ValueError(f"{text!r} is neither a date (2026-10-14) nor a moment (2026-10-14T08:00Z)") from problem
    return epoch(parsed if parsed.tzinfo else parsed.replace(tzinfo=zone))
