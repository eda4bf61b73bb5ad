"""Times and durations of a job log to nanoseconds: Unix numbers, ISO texts, patterns, local times of a zone.

Everything is kept in whole nanoseconds until start and end are known, so that start + duration is exact; only then are
seconds made. Where clocks went back a local time has two readings: both are kept.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from workbench.services.joblog.cells import Amounts, Problems, Undecided, amounts, nearest, unreadable
from workbench.services.mapping import UNITS_NS
from workbench.wallclock import LATEST_S, Flags, Ints, utc_of

NS = 10**9
LATEST_NS = LATEST_S * NS

_NAIVE = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?$"
_AWARE = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-](0\d|1[0-5]):[0-5]\d)$"
_LOOSE = re.compile(
    r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})"
    r"(?:(?:T|\s+)(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,12}))?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(?:(\d+)(?:-|\s*d(?:ays?)?,?\s+))?(\d+):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?", re.IGNORECASE)
_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?", re.IGNORECASE)


@dataclass(frozen=True)
class Times:
    """UTC nanoseconds, one per row: `first` ≤ `second` where a local time came twice, equal elsewhere."""

    first: Ints
    second: Ints
    known: Flags


@dataclass(frozen=True)
class TimeForm:
    """How the log writes its times: see LogMapping.times."""

    form: str = "auto"
    zone: ZoneInfo | None = None
    origin_s: int | None = None
    nonexistent: str = "reject"


def moments(column: pa.Array, form: TimeForm, name: str, problems: Problems) -> Times:
    """The times of a column.

    Args:
        column: timestamps, dates, numbers, or texts (nulls are empty cells).
        form: how they are written, and in which zone.
        name: the field, for the reason of a rejected row.
        problems: where rows are noted whose cell is no time.

    Raises:
        Undecided: numbers without a unit, or times without a zone where the mapping names none.
    """
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _typed(column, form, name, problems)
    if form.form.startswith("unix"):
        return _unix(column, form, name, problems)
    if not pa.types.is_string(kind):
        raise Undecided(
            f'{name}: the column holds numbers; say what they count (times.format = "unix s", "unix ms", …)'
        )
    return _written(column, form, name, problems)


def durations(column: pa.Array, unit: str, name: str, problems: Problems) -> Amounts:
    """The durations of a column in nanoseconds: numbers of a unit, or 1-02:03:04, 26:03:04, PT26H3M4S."""
    if pa.types.is_duration(column.type):
        scale = UNITS_NS[column.type.unit]
        return amounts(column.cast(pa.int64()), Fraction(scale), nearest, name, problems)
    if pa.types.is_string(column.type):
        spelled = pc.fill_null(pc.match_substring_regex(column, "[:PpDd]"), False)
        if pc.any(spelled).as_py():
            rows = np.flatnonzero(np.asarray(spelled))
            texts = column.to_pylist()
            for row in rows:
                seconds = _clock_ns(texts[row])
                # Written back in the log's unit, so that one path reads all cells.
                texts[row] = texts[row] if seconds is None else str(Fraction(seconds, UNITS_NS[unit]))
            column = pa.array(texts, pa.string())
    return amounts(column, Fraction(UNITS_NS[unit]), nearest, name, problems)


def _unix(column: pa.Array, form: TimeForm, name: str, problems: Problems) -> Times:
    unit = UNITS_NS[form.form.removeprefix("unix ")]
    found = amounts(column, Fraction(unit), nearest, name, problems)
    values, known = found.values, found.known
    if form.origin_s is None:
        known = known & (values != 0)  # 0 is how databases write "not set"
    values = values + (form.origin_s or 0) * NS
    return _bounded(Times(values, values, known), column, name, problems)


def _typed(column: pa.Array, form: TimeForm, name: str, problems: Problems) -> Times:
    aware = pa.types.is_timestamp(column.type) and column.type.tz is not None
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s"))
    known = np.asarray(pc.is_valid(column))
    raw = np.asarray(pc.fill_null(column.cast(pa.int64()), 0))
    per_second = NS // UNITS_NS[column.type.unit]
    out = known & ((raw < 0) | (raw >= LATEST_S * per_second))
    for row in np.flatnonzero(out):
        problems.note(row, unreadable(name), f"{name} is beyond the years 1970 to 2100")
    known = known & ~out
    values = np.where(known, raw, 0) * UNITS_NS[column.type.unit]
    if aware:
        return Times(values, values, known)
    return _localised(values, known, column, form, name, problems)


def _written(column: pa.Array, form: TimeForm, name: str, problems: Problems) -> Times:
    values = np.zeros(len(column), dtype=np.int64)
    known = np.asarray(pc.is_valid(column)).copy()
    aware = np.zeros(len(column), dtype=bool)
    slow = known.copy()
    if form.form == "auto":
        for pattern, is_aware in ((_NAIVE, False), (_AWARE, True)):
            rows = np.flatnonzero(np.asarray(pc.fill_null(pc.match_substring_regex(column, pattern), False)))
            fast = _fast(column.take(pa.array(rows)), is_aware) if len(rows) else None
            if fast is not None:
                values[rows], aware[rows], slow[rows] = fast, is_aware, False
    elif (parsed := _by_pattern(column, form.form)) is not None:
        values, aware, done = parsed
        slow &= ~done
    seen: dict[str, tuple[int, bool] | str] = {}
    for row, text in zip(np.flatnonzero(slow), column.take(pa.array(np.flatnonzero(slow))).to_pylist(), strict=True):
        if text not in seen:
            try:
                seen[text] = _loose(text) if form.form == "auto" else _patterned(text, form.form)
            except ValueError as problem:
                seen[text] = str(problem)
        found = seen[text]
        if isinstance(found, str):
            problems.note(row, unreadable(name), f"{name}: {found}")
            known[row] = False
        else:
            values[row], aware[row] = found
    naive = known & ~aware
    read = _bounded(Times(values, values, known), column, name, problems)
    if not naive.any():
        return read
    local = _localised(read.first, read.known & naive, column, form, name, problems)
    return Times(
        np.where(naive, local.first, values),
        np.where(naive, local.second, values),
        np.where(naive, local.known, read.known),
    )


def _localised(local_ns: Ints, known: Flags, column: pa.Array, form: TimeForm, name: str, problems: Problems) -> Times:
    """UTC readings of wall-clock nanoseconds."""
    if form.zone is None:
        raise Undecided(
            f'{name}: its times carry no zone; say which clock wrote them (time_zone = "UTC", "Asia/Hong_Kong", …)'
        )
    seconds = np.where(known, local_ns // NS, 0)
    readings = utc_of(seconds, form.zone)
    parts = local_ns - seconds * NS
    first, second, gap = readings.first, readings.second, readings.gap & known
    if gap.any() and form.nonexistent == "forward":
        # 02:30 on a day without it is half an hour after 02:00, as the old clock would have gone on.
        first, gap = np.where(gap, second, first), np.zeros_like(gap)
    for row in np.flatnonzero(gap):
        problems.note(
            row,
            "a time that never was",
            f"{name} {column[int(row)].as_py()} was skipped by the clocks in {form.zone.key}",
        )
    second = np.where(readings.gap, first, second)
    return Times(first * NS + parts, second * NS + parts, known & ~gap)


def _bounded(times: Times, column: pa.Array, name: str, problems: Problems) -> Times:
    out = times.known & ((times.first < 0) | (times.first >= LATEST_NS))
    for row in np.flatnonzero(out):
        problems.note(
            row,
            unreadable(name),
            f"{name} {column[int(row)].as_py()} is beyond the years 1970 to 2100: is the unit right?",
        )
    return Times(np.where(out, 0, times.first), np.where(out, 0, times.second), times.known & ~out)


def _fast(column: pa.Array, aware: bool) -> Ints | None:  # noqa: FBT001
    """All texts at once; None where one of them names no day of the calendar."""
    try:
        return np.asarray(column.cast(pa.timestamp("ns", "UTC" if aware else None)).cast(pa.int64()))
    except pa.ArrowInvalid:
        return None


def _by_pattern(column: pa.Array, pattern: str) -> tuple[Ints, Flags, Flags] | None:
    if "%z" in pattern or "%Z" in pattern:
        return None
    found = pd.to_datetime(pd.Series(column.to_pylist(), dtype="object"), format=pattern, errors="coerce")
    read = found.notna().to_numpy()
    per_unit = UNITS_NS[np.datetime_data(found.dtype)[0]]
    units = np.where(read, found.to_numpy().astype(np.int64), 0)
    read = read & (units >= 0) & (units < LATEST_NS // per_unit)
    return np.where(read, units, 0) * per_unit, np.zeros(len(column), dtype=bool), read


def _patterned(text: str, pattern: str) -> tuple[int, bool]:
    try:
        found = datetime.strptime(text, pattern)  # noqa: DTZ007  (a zone is added where the text has none)
    except ValueError:
        raise ValueError(f"{text!r} is not written as {pattern}") from None
    return _nanoseconds(found, 0), found.tzinfo is not None


def _loose(text: str) -> tuple[int, bool]:
    """ISO 8601 and its near relatives: slashes, unpadded numbers, a comma before the fraction, +0800."""
    match = _LOOSE.fullmatch(text)
    if not match or (match[2] == "" and not (len(match[3]) == len(match[4]) == 2)):
        hint = '; if it is Unix time, set times.format = "unix s" (or ms)' if re.fullmatch(r"[\d.]+", text) else ""
        raise ValueError(f"{text!r} is no ISO time (2024-03-31 14:05:09){hint}")
    year, _, month, day, hour, minute, second, fraction, zone = match.groups()
    digits = (fraction or "").ljust(9, "0")
    if digits[9:].strip("0"):
        raise ValueError(f"{text!r} is finer than a nanosecond")
    try:
        wall = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    except ValueError as problem:
        raise ValueError(f"{text!r} is no time: {problem}") from None
    return _nanoseconds(wall - _offset(zone), int(digits[:9])), zone is not None


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone.upper() in ("Z", "UTC", "GMT"):
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 15 or int(digits[2:]) > 59:
        raise ValueError(f"{zone!r} is no offset from UTC")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -away if zone[0] == "-" else away


def _nanoseconds(moment: datetime, extra: int) -> int:
    whole = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = whole - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * NS + since.microseconds * 1000 + extra


def _clock_ns(text: str) -> int | None:
    """Nanoseconds of 1-02:03:04, 1 day, 2:03:04, PT26H3M4.5S; None for anything else (26:03 could be minutes)."""
    for pattern in (_CLOCK, _ISO_DURATION):
        match = pattern.fullmatch(text)
        if match and any(match.groups()):
            days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[:4])
            whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
            return whole * NS + int((match[5] or "").ljust(9, "0"))
    return None
