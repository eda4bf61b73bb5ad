"""What was used, by any name and period."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.analytics.buckets import GRAINS, Grain, bucket_start, edges_of
from workbench.analytics.schema import UNKNOWN
from workbench.analytics.usage import usage as summed
from workbench.domain.access import Scope
from workbench.errors import BadQuestion
from workbench.periods import Window
from workbench.services.filters import EVERYTHING, Only, wanted_rows, zone_of
from workbench.store import facts, frames
from workbench.store.engine import Store

NAMES = ("cluster", "project", "category", "organisation", "user_name", "partition", "gpu_model")
"""What usage can be grouped by, beside the grains hour, day, week, month."""


def usage(
    store: Store, scope: Scope, start_s: int, end_s: int, by: Sequence[str] = ("project",), only: Only = EVERYTHING
) -> pd.DataFrame:
    """What was used, by any of NAMES and at most one grain.

    Args:
        store: the records.
        scope: who asks.
        start_s: window start, UTC epoch seconds.
        end_s: window end.
        by: names out of NAMES, and at most one of hour, day, week, month.
        only: filters.

    Returns:
        One row per group with anything in it, in order of `by` (by project alone: largest use first): `by` (a
        grain as a column of that name: when the whole hour, day, week or month begins, UTC timestamp), int64 `jobs`
        (those that *started* in the window, so that windows add up), `gpu_part_seconds`, `core_seconds` (of jobs whose
        cores are known), `wait_known_jobs`, float64 `gpu_hours`, Float64 `wait_mean_s` (NA: no submit time known).

    Raises:
        BadQuestion: an unknown name in `by`, or two grains.
    """
    grain = _grain(by)
    names = [name for name in by if name != grain]
    window = Window(start_s, end_s)
    with store.read() as conn:
        keys = list(dict.fromkeys("project" if n in ("category", "organisation") else n for n in names))
        rows = frames.used(conn, window, grain, keys, wanted_rows(conn, scope, only), zone_of(store))
        known = facts.project_rows(conn)
    for name in ("category", "organisation"):
        if name in names:
            rows[name] = rows["project"].map(dict(zip(known["slug"], known[name], strict=True))).fillna(UNKNOWN)
    if grain:
        edges = edges_of(window, grain, zone_of(store)) if window.seconds else np.array([start_s], dtype=np.int64)
        starts = np.array([bucket_start(int(edge), grain, zone_of(store)) for edge in edges], dtype=np.int64)
        rows[grain] = pd.to_datetime(starts[rows["bucket"].to_numpy(np.int64)], unit="s", utc=True).as_unit("us")
    return summed(rows, by)


def _grain(by: Sequence[str]) -> Grain | None:
    unknown = [name for name in by if name not in NAMES and name not in GRAINS]
    grains = [grain for grain in GRAINS if grain in by]
    if unknown or len(grains) > 1 or len(set(by)) < len(by):
        raise BadQuestion(
            f"usage by {', '.join(by)}", f"ask by any of {', '.join(NAMES)} and one of {', '.join(GRAINS)}"
        )
    return grains[0] if grains else None
