"""Slurm's written times."""

import pytest

from workbench.slurm.times import elapsed_seconds, wall_seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-02T00:00:01", (86_401, False)),
        ("2024-02-29T23:59:59", (1_709_251_199, False)),
        ("2024-03-31T02:30:00+01:00", (1_711_848_600, True)),
        ("2024-03-31T01:30:00Z", (1_711_848_600, True)),
        ("1711848600", (1_711_848_600, True)),
        ("0", None),
        ("Unknown", None),
        ("None", None),
        ("N/A", None),
        ("", None),
    ],
)
def test_moments_say_whether_they_are_utc_already(text, expected):
    assert wall_seconds(text) == expected


@pytest.mark.parametrize(
    "text", ["2023-02-29T10:00:00", "2024-01-01T24:00:00", "2024-01-01T10:61:00", "soon", "30000-01-01"]
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError):
        wall_seconds(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:00", 0),
        ("03:34:13", 12_853),
        ("1-04:37:26", 103_046),
        ("10-00:00:27", 864_027),
        ("00:15.057", 15),
        ("706-08:54:56", 61_030_496),
        ("186100", 186_100),
        ("", None),
        ("Unknown", None),
        ("INVALID", None),
    ],
)
def test_elapsed_times(text, seconds):
    assert elapsed_seconds(text) == seconds


@pytest.mark.parametrize("text", ["1:2:3:4", "-00:00:05", "one hour"])
def test_what_is_no_elapsed_time_is_refused(text):
    with pytest.raises(ValueError):
        elapsed_seconds(text)
