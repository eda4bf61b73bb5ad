"""How far usage may draw on an award at each moment, so that nothing promised of it beside usage is ever short.

A charge beside usage (a reservation, a refund) takes its subsidy from the award when it is recorded, also where late
records of earlier usage come afterwards. So usage until a moment may draw at most what, then and at every later moment,
is the ceiling of that moment less what was taken beside usage until then: the least of these. Money given back, or a
supplement, can be drawn from its own moment on. All of it in minor units and UTC epoch seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from workbench.domain.charging import AwardVersion


def with_room(versions: Sequence[AwardVersion], beside: Mapping[int, Iterable[tuple[int, int]]]) -> list[AwardVersion]:
    """The versions as usage may draw on them: cut where their room changes, `ceiling_minor` the room for usage.

    Args:
        versions: of one project.
        beside: award → (second recorded, subsidy; below 0: given back) of its charges beside usage.
    """
    found: list[AwardVersion] = []
    for award in dict.fromkeys(version.award for version in versions):
        mine = sorted((version for version in versions if version.award == award), key=lambda v: v.start_s)
        found += _cut(mine, sorted(beside.get(award, ())))
    return found


def _cut(versions: Sequence[AwardVersion], beside: Sequence[tuple[int, int]]) -> Iterable[AwardVersion]:
    """Versions of one award, in order of time."""
    begins = versions[0].start_s
    moments = sorted({begins, *(v.start_s for v in versions), *(second for second, _ in beside if second > begins)})
    rooms = []
    for moment in moments:
        ceiling = next(v.ceiling_minor for v in reversed(versions) if v.start_s <= moment)
        rooms.append(ceiling - sum(subsidy for second, subsidy in beside if second <= moment))
    for place in range(len(rooms) - 2, -1, -1):
        rooms[place] = min(rooms[place], rooms[place + 1])
    room = dict(zip(moments, rooms, strict=True))
    for version in versions:
        inside = [moment for moment in moments if version.start_s <= moment < version.end_s]
        for start, end in zip(inside, [*inside[1:], version.end_s], strict=True):
            yield replace(version, start_s=start, end_s=end, ceiling_minor=max(0, room[start]))
