"""Wall clock to UTC, against the standard library one second at a time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.wallclock import Clock, utc_of

ZONES = ["UTC", "Asia/Hong_Kong", "Europe/Berlin", "America/St_Johns", "America/New_York", "Australia/Lord_Howe",
         "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia"]  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def readings(local_s: int, zone: ZoneInfo) -> list[int]:
    """All UTC seconds at which a clock in the zone shows this, found by looking at the clock."""
    wall = (EPOCH + timedelta(seconds=local_s)).replace(tzinfo=None)
    found = []
    for fold in (0, 1):
        moment = wall.replace(tzinfo=zone, fold=fold)
        if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall:
            found.append(int(moment.timestamp()))
    return sorted(set(found))


@given(st.sampled_from(ZONES), st.lists(st.integers(86_400, 4_000_000_000), min_size=1, max_size=20))
def test_every_second_has_the_readings_that_the_clock_has(name, seconds):
    check(name, seconds)


@pytest.mark.parametrize("name", ZONES)
def test_so_have_the_seconds_around_every_change_of_clocks(name):
    zone = ZoneInfo(name)
    days = [int(datetime(2011, 1, 1, tzinfo=UTC).timestamp()) + 86_400 * day for day in range(366)]
    changes = [d for d in days if utc_offset(d, zone) != utc_offset(d + 86_400, zone)]
    seconds = [day + offset for day in changes for offset in range(-43_200, 129_600, 301)]
    check(name, seconds or days)


def check(name, seconds):
    zone = ZoneInfo(name)
    found = utc_of(np.array(seconds, dtype=np.int64), zone)
    clock = Clock(zone)
    for row, second in enumerate(seconds):
        expected = readings(second, zone)
        ours = [] if found.gap[row] else sorted({int(found.first[row]), int(found.second[row])})
        assert ours == expected
        assert sorted(clock.readings(second)) == expected
        assert bool(found.ambiguous[row]) == (len(expected) == 2)


def utc_offset(at: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(at, zone).utcoffset()
