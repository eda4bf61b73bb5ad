"""Reports of how busy held GPUs were, in a viewer's scope: by project, user, day, and one project's jobs with advice.

All in whole days of the centre. What was held is what the reports of usage say; what no sample covers is unknown, with
days before the first sample too: held = active + idle + unknown, exactly.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from workbench.analytics.efficiency_advice import Device, Facts, advice
from workbench.domain.access import Scope
from workbench.errors import BadQuestion
from workbench.periods import Window, day_of, day_start, day_window
from workbench.services.efficiency.words import advice_words
from workbench.services.filters import EVERYTHING, Only, wanted_rows
from workbench.services.project_usage import check_project
from workbench.services.usage import usage
from workbench.store import efficiency as kept
from workbench.store.engine import Store

BY = {"project": "project", "user": "user_name", "model": "gpu_model", "partition": "partition", "day": "day"}
"""What it can be asked by, beside job."""
KEY = ["cluster", "job_id", "submit_at"]
AMOUNTS = ["held_part_seconds", "active_part_seconds", "idle_part_seconds", "unknown_part_seconds"]
MONEY = ["idle_subsidy_minor", "idle_user_minor"]
SUMS = [*AMOUNTS, *MONEY]


@dataclass(frozen=True, slots=True)
class Sampled:
    """The days of which samples are kept, ISO dates ('' none); made_up: whether any of them are made up."""

    first: str
    last: str
    made_up: bool


def sampled(store: Store) -> Sampled:
    """From when to when there are samples at all."""
    with store.read() as conn:
        days, known = kept.days(conn), kept.known_days(conn)
    if not known:
        return Sampled("", "", made_up=False)
    return Sampled(known[0], known[-1], bool(days["made_up"].any()))


def sampled_window(store: Store, days: Sampled) -> Window:
    """From the first sampled day to the end of the last one; nothing at all where there is none."""
    if not days.first:
        return Window(0, 0)
    zone = store.settings.centre.zone
    first, last = (day_window(date.fromisoformat(day), zone) for day in (days.first, days.last))
    return Window(first.start_s, last.end_s)


def efficiency(
    store: Store, scope: Scope, start_s: int, end_s: int, by: str | None = "project", only: Only = EVERYTHING
) -> pd.DataFrame:
    """Held, active, idle and unknown GPU time in the days that a window touches.

    Args:
        store: the records.
        scope: who asks.
        start_s: window start, UTC epoch seconds.
        end_s: window end.
        by: of BY; None: one row in all.
        only: filters.

    Returns:
        One row per group that held GPUs, most idle time first (days in order): the group's column ('' unknown; day:
        ISO date), int64 AMOUNTS, MONEY (of the idle time, as charged; without what has no price).

    Raises:
        BadQuestion: by something else.
    """
    if by is not None and by not in BY:
        raise BadQuestion(f"efficiency by {by}", f"ask by one of {', '.join(BY)}, job")
    zone = store.settings.centre.zone
    window = whole_days(start_s, end_s, zone)
    name = None if by is None else BY[by]
    held = usage(store, scope, window.start_s, window.end_s, () if name is None else (name,), only)
    if name == "day":
        days_held = [day_of(int(at.timestamp()), zone).isoformat() for at in held["day"]]
        held["day"] = pd.Series(days_held, index=held.index, dtype=object)  # text also where there is none
    keys = [] if name is None else [name]
    with store.read() as conn:
        days = _days(window, zone)
        found = kept.sums(conn, keys, wanted_rows(conn, scope, only), *days)
    if keys:
        rows = held[[*keys, "gpu_part_seconds"]].merge(found.drop(columns="held_part_seconds"), on=keys, how="left")
    else:
        rows = held[["gpu_part_seconds"]].join(found.drop(columns="held_part_seconds"), how="left")
    rows = rows.rename(columns={"gpu_part_seconds": "held_part_seconds"})
    rows = _parted(rows[rows["held_part_seconds"] > 0])
    if name != "day" and keys:
        rows = rows.sort_values(["idle_part_seconds", *keys], ascending=[False, True], ignore_index=True)
    return rows[[*keys, *SUMS]].reset_index(drop=True)


def jobs(
    store: Store,
    scope: Scope,
    project: str | None,
    start_s: int,
    end_s: int,
    only: Only = EVERYTHING,
    *,
    in_money: bool = True,
) -> pd.DataFrame:
    """The jobs of the days with samples that a window touches, with advice.

    Args:
        store: the records.
        scope: who asks.
        project: of this one only.
        start_s: window start, UTC epoch seconds.
        end_s: window end.
        only: filters.
        in_money: whether the advice says what idled in money.

    Returns:
        One row per job that held GPUs, most idle money, then most idle time first: JOB_KEY, project, user_name,
        partition, gpu_model, int64 gpu_parts, AMOUNTS, MONEY, text `kind` of the advice, `advice` in words ('': none).

    Raises:
        UnknownProject: not a project of this viewer's.
    """
    if project is not None:
        check_project(store, scope, project)
        only = Only(only.cluster, only.partition, only.gpu_model, project)
    zone = store.settings.centre.zone
    window = whole_days(start_s, end_s, zone)
    about = ["project", "user_name", "partition", "gpu_model", "gpu_parts"]
    with store.read() as conn:
        wanted, days = wanted_rows(conn, scope, only), _days(window, zone)
        known = kept.known_days(conn)
        if known:  # a day at the edge of which samples know nothing would only add to what is unknown
            first, last = date.fromisoformat(known[0]), date.fromisoformat(known[-1])
            days = max(days[0], first), min(days[1], last)
        rows = kept.sums(conn, [*KEY, *about], wanted, *days)
        devices = kept.devices(conn, wanted, *days)
        times = kept.times(conn, wanted, *days)
    rows = _parted(rows.merge(times, on=KEY))
    by_job = {key: list(_devices(part)) for key, part in devices.groupby(KEY, sort=False)}
    symbol, said = store.settings.centre.symbol, []
    for row in rows.itertuples():
        facts = _facts(row, by_job.get((row.cluster, row.job_id, row.submit_at), []), window)
        found = advice(facts)
        subsidy, own = (row.idle_subsidy_minor, row.idle_user_minor) if in_money else (None, None)
        said.append((found.kind, advice_words(found, subsidy, own, symbol)))
    rows["kind"], rows["advice"] = [kind for kind, _ in said], [words for _, words in said]
    money = rows["idle_subsidy_minor"] + rows["idle_user_minor"]
    order = np.lexsort((rows["job_id"].to_numpy(object), -rows["idle_part_seconds"].to_numpy(), -money.to_numpy()))
    return rows.iloc[order][[*KEY, *about, *SUMS, "kind", "advice"]].reset_index(drop=True)


def whole_days(start_s: int, end_s: int, zone: ZoneInfo) -> Window:
    """The days of the centre that a window touches."""
    first, last = day_of(start_s, zone), day_of(max(start_s, end_s - 1), zone)
    return Window(day_start(first, zone), day_start(last + timedelta(days=1), zone))


def _days(window: Window, zone: ZoneInfo) -> tuple[date, date]:
    return day_of(window.start_s, zone), day_of(window.end_s - 1, zone)


def _parted(rows: pd.DataFrame) -> pd.DataFrame:
    """With idle and unknown; what is known can be no more than what was held (a job may have been corrected since)."""
    names = ["known_part_seconds", "active_part_seconds", *MONEY]
    rows = rows.assign(**{name: rows[name].fillna(0).astype("int64") for name in names})
    known = rows["known_part_seconds"].clip(upper=rows["held_part_seconds"])
    active = rows["active_part_seconds"].clip(upper=known)
    return rows.assign(
        active_part_seconds=active,
        idle_part_seconds=known - active,
        unknown_part_seconds=rows["held_part_seconds"] - known,
    ).reset_index(drop=True)


def _devices(rows: pd.DataFrame) -> list[Device]:
    names = ("gpu_parts", "known_s", "active_bp_s", "used_s", "last_used_at", "mem_peak_mib", "mem_total_mib")
    values = zip(*(rows[name].tolist() for name in names), strict=True)
    return [Device(*(None if pd.isna(v) else int(v) for v in row)) for row in values]  # type: ignore[arg-type]


def _facts(row: object, devices: list[Device], window: Window) -> Facts:
    get = lambda name: getattr(row, name)  # noqa: E731
    known = get("held_part_seconds") - get("unknown_part_seconds")
    return Facts(
        get("gpu_model"),
        get("gpu_parts"),
        get("held_part_seconds"),
        known,
        max(get("start_at"), window.start_s),
        min(get("seen_until_at"), window.end_s),
        not pd.isna(get("end_at")),
        devices,
    )
