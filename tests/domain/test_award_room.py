"""What usage may draw of an award leaves what charges beside it were promised."""

import pytest

from workbench.domain.award_room import with_room
from workbench.domain.charging import AwardVersion


def a_version(version=1, start_s=0, end_s=100, ceiling_minor=1000, award=1):
    return AwardVersion(award, f"{award}/{version}", start_s, end_s, 7000, ceiling_minor)


def rooms(*versions, beside):
    return [(v.version, v.start_s, v.end_s, v.ceiling_minor) for v in with_room(versions, {1: beside})]


THREE = (("1/1", 0, 20), ("1/1", 20, 30), ("1/1", 30, 100))
SUPPLEMENTED = (a_version(end_s=50), a_version(2, start_s=50, ceiling_minor=1200))


@pytest.mark.parametrize(
    ("versions", "beside", "room"),
    [
        ([a_version()], [], [("1/1", 0, 100, 1000)]),
        # What is taken on day 30 has to be left by usage before, too.
        ([a_version()], [(30, 400)], [("1/1", 0, 30, 600), ("1/1", 30, 100, 600)]),
        # What is given back can be drawn from then on.
        ([a_version()], [(30, -400)], [("1/1", 0, 30, 1000), ("1/1", 30, 100, 1400)]),
        ([a_version()], [(20, 400), (30, -400)], [("1/1", 0, 20, 600), ("1/1", 20, 30, 600), ("1/1", 30, 100, 1000)]),
        # What came back was promised anew later: usage between the two may not draw it.
        ([a_version()], [(20, -200), (30, 200)], [(n, a, b, 1000) for n, a, b in THREE]),
        # What a supplement brings is there for what is taken after it: usage before keeps the first ceiling.
        (SUPPLEMENTED, [(60, 200)], [("1/1", 0, 50, 1000), ("1/2", 50, 60, 1000), ("1/2", 60, 100, 1000)]),
        (SUPPLEMENTED, [(60, 300)], [("1/1", 0, 50, 900), ("1/2", 50, 60, 900), ("1/2", 60, 100, 900)]),
        # Recorded before the first day, or after the last.
        ([a_version(start_s=10)], [(5, 100)], [("1/1", 10, 100, 900)]),
        ([a_version()], [(200, 100)], [("1/1", 0, 100, 900)]),
        ([a_version()], [(30, 2000)], [("1/1", 0, 30, 0), ("1/1", 30, 100, 0)]),
    ],
)
def test_usage_leaves_room(versions, beside, room):
    assert rooms(*versions, beside=beside) == room


def test_each_award_has_its_own_room():
    found = with_room([a_version(), a_version(award=2)], {2: [(0, 10)]})
    assert [(v.award, v.ceiling_minor) for v in found] == [(1, 1000), (2, 990)]
