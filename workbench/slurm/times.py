"""Slurm's written times: moments and elapsed times, as whole seconds.

Moments: 2024-03-31T02:30:00 (local time of the cluster, no zone), with an offset, or epoch seconds (SLURM_TIME_FORMAT
"%s"). Elapsed: [D-]HH:MM:SS, MM:SS, either with a fraction, or whole seconds. Source: sacct(1), "Submit", "Elapsed".
"""

import re
from datetime import datetime
from functools import lru_cache

from workbench.periods import epoch

NO_TIME = frozenset({"", "unknown", "none", "n/a", "(null)", "null", "-"})
"""What Slurm writes where there is no time (yet)."""

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d):(\d\d)")
_ELAPSED = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)(?:\.\d+)?")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (a clock on the wall, without a zone)


def wall_seconds(text: str) -> tuple[int, bool] | None:
    """Seconds of a Slurm moment, and whether they are UTC already (an offset or epoch seconds were given).

    Returns:
        (seconds, is_utc), or None where Slurm says there is no time. Without an offset the seconds are those of the
        cluster's wall clock, read as if it were UTC.

    Raises:
        ValueError: neither a time nor one of Slurm's words for none.
    """
    if text.lower() in NO_TIME:
        return None
    if match := _MOMENT.fullmatch(text):
        day, hour, minute, second = match.groups()
        if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
            raise ValueError(f"{text!r} is no time of a day")
        return _day_seconds(day) + int(hour) * 3600 + int(minute) * 60 + int(second), False
    if text.isdecimal() and len(text) <= 11:
        # 0 is how Slurm's database says "not set".
        return (int(text), True) if int(text) else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time as Slurm writes it (2024-03-31T14:05:09)") from None
    if moment.tzinfo is None:
        return int((moment - _EPOCH).total_seconds()), False
    return epoch(moment), True


def elapsed_seconds(text: str) -> int | None:
    """Whole seconds of an elapsed time (a fraction is dropped, as Slurm's own clock does); None where there is none.

    Raises:
        ValueError: no elapsed time.
    """
    if text.lower() in NO_TIME or text in ("INVALID", "UNLIMITED", "Partition_Limit"):
        return None
    if text.isdecimal():
        return int(text)
    match = _ELAPSED.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no elapsed time ([days-]hours:minutes:seconds)")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


@lru_cache(maxsize=4096)
def _day_seconds(day: str) -> int:
    return (datetime.fromisoformat(day) - _EPOCH).days * 86_400
