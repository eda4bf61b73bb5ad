"""What awards draw along many courses at once: domain.runway.drawn_ahead, for arrays. Minor units, float64."""

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.domain.charging import AwardVersion
from workbench.domain.runway import Pace
from workbench.services.forecast.days import Floats
from workbench.units import BASIS_POINTS


def drawn_paths(
    versions: Mapping[str, Sequence[AwardVersion]],
    paces: Mapping[str, Pace],
    drawn: Mapping[int, int],
    days: Sequence[tuple[str, int]],
    pace: Floats,
) -> Floats:
    """Subsidy drawn on each day of each course.

    Args:
        versions: project → what its awards say, in the order in which the awards begin.
        paces: project → how fast it goes.
        drawn: award → subsidy drawn before the first of the days.
        days: (month, when the day begins in UTC epoch seconds), in order.
        pace: [path, day]: how fast all projects go, over how fast they went.

    Returns:
        float64 [path, day]. A day is paid by the award that began first among those in force with money left; projects
        that have not begun draw as planned, on every course alike.
    """
    starts = np.array([start for _month, start in days], dtype=np.int64)
    total = np.zeros(pace.shape)
    for project, own in versions.items():
        going = paces.get(project)
        if going is None:
            continue
        planned = np.array([going.planned.get(month, 0) for month, _start in days], dtype=np.float64)
        unpaid = np.ones(pace.shape, dtype=bool)
        spent: dict[int, Floats] = {}
        for said in own:
            live = (said.start_s <= starts) & (starts < said.end_s)
            if not live.any():
                continue
            listed = going.list_minor * said.rate_bp / BASIS_POINTS
            wanted = np.where(live & unpaid, listed * pace if going.list_minor else planned, 0.0)
            before = spent.get(said.award, np.full(len(pace), float(drawn.get(said.award, 0))))
            left = np.maximum(0.0, said.ceiling_minor - before)[:, None]
            sums = np.minimum(left, wanted.cumsum(axis=1))
            amount = np.diff(sums, axis=1, prepend=0.0)
            # In force with money left when the day begins: it pays the day, be it only in part.
            unpaid &= ~(live & (sums - amount < left))
            spent[said.award] = before + sums[:, -1]
            total += amount
    return total
