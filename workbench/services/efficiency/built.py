"""The efficiency of a day, made of its samples, its jobs and their charges; again only when one of these has changed.

`build` costs the days that have changed and no more. What idled in money is the idle share of what the job was charged
for the day, rounded half to even, subsidy and user share each for itself; what has no price idles without an amount.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, func, select

from workbench.analytics.efficiency import GAPS, KEY, by_device, idle_bp_part_seconds, of_jobs
from workbench.analytics.schema import UNKNOWN
from workbench.periods import Window, day_of, day_window
from workbench.services.awards.versions import award_versions
from workbench.services.charging.rating import project_days
from workbench.services.prices.stored import stored_prices
from workbench.store import efficiency as kept
from workbench.store import frames, placed
from workbench.store.engine import Store
from workbench.store.tables import charges_daily, rollup_daily
from workbench.store.wanted import Wanted
from workbench.telemetry import lake
from workbench.units import BASIS_POINTS, DAY_S, divide_half_even

MADE_UP_INTERVAL_S = 1800
"""The sample centre's samples are half an hour apart; all others as far as the settings say."""
MADE_UP = "sample"
AGAIN_S = 900
"""A day that still changes is made again so long after the last time."""
TEXTS = ("project", "user_name", "partition", "gpu_model")
DEVICES = (
    *KEY, "device", "gpu_parts", "held_s", "known_s", "active_bp_s", "used_s", "last_used_at", "mem_peak_mib",
    "mem_total_mib",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Built:
    """Days made, or made again; days whose samples are gone and that were taken away."""

    made: int
    gone: int


def build(store: Store, now: int, *, everything: bool = False) -> Built:
    """Bring the days up to the samples, the jobs and the charges.

    Args:
        store: jobs rated.
        now: UTC epoch seconds.
        everything: every day, not only what changed.
    """
    zone, folder = store.settings.centre.zone, store.settings.telemetry_folder
    with store.read() as conn:
        there = _made_of(conn, folder, zone)
        known = kept.days(conn).set_index("day")
    gone = sorted(set(known.index) - set(there))
    due = [
        day
        for day, made_of in sorted(there.items())
        if everything
        or day not in known.index
        or (known["made_of"][day] != made_of and now - int(known["made_at"][day]) >= AGAIN_S)
    ]
    if gone:
        with store.begin() as conn:
            kept.forget(conn, gone)
    for days in _runs(due):
        with store.read() as conn:
            charged = _charges(conn, days, zone)
        for day in days:
            _make(store, day, {"made_of": there[day], "made_at": now}, charged)
    return Built(len(due), len(gone))


def _make(store: Store, day: str, noted: dict[str, Any], charged: Mapping[tuple[Any, ...], tuple[Any, Any]]) -> None:
    settings = store.settings
    window = day_window(date.fromisoformat(day), settings.centre.zone)
    longest = GAPS * max(MADE_UP_INTERVAL_S, settings.telemetry.interval_s)
    samples = lake.read(settings.telemetry_folder, Window(window.start_s - longest, window.end_s))
    made_up = bool((samples["source"] == MADE_UP).any())
    gap_s = GAPS * (MADE_UP_INTERVAL_S if made_up else settings.telemetry.interval_s)
    with store.read() as conn:
        jobs = frames.jobs_in(conn, window, Wanted())
        where = placed.read(conn, window)
    devices = by_device(jobs, where, samples, window, gap_s)
    rows = _idle(of_jobs(jobs, devices, window), day, charged)
    devices = devices[devices["known_s"] > 0][list(DEVICES)]
    with store.begin() as conn:
        kept.keep(conn, day, rows, devices, {**noted, "gap_s": gap_s, "made_up": made_up})


def _idle(rows: pd.DataFrame, day: str, charged: Mapping[tuple[Any, ...], tuple[Any, Any]]) -> pd.DataFrame:
    """What of each job's charges of the day idled, minor units; NA where it is unpriced."""
    idle, held = idle_bp_part_seconds(rows), rows["held_part_seconds"]
    subsidy, user = [], []
    for key, part, whole in zip(rows[KEY].itertuples(index=False, name=None), idle, held, strict=True):
        paid = charged.get((day, *key), (None, None))
        of_whole = [None if minor is None else divide_half_even(minor * part, whole * BASIS_POINTS) for minor in paid]
        subsidy.append(of_whole[0])
        user.append(of_whole[1])
    return rows.assign(
        active_part_seconds=[divide_half_even(bp, BASIS_POINTS) for bp in rows["active_bp_part_seconds"].tolist()],
        idle_subsidy_minor=pd.array(subsidy, dtype="Int64"),
        idle_user_minor=pd.array(user, dtype="Int64"),
        **{name: rows[name].fillna(UNKNOWN) for name in TEXTS},
    )


def _charges(conn: Connection, days: list[str], zone: ZoneInfo) -> dict[tuple[Any, ...], tuple[int | None, int | None]]:
    """(day, cluster, job id, submit time) → its subsidy and user share of that day; None: some of it has no price."""
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    mine = rollup_daily.c
    ran = select(mine.project).where(mine.day.between(days[0], days[-1]), mine.gpu_part_seconds > 0).distinct()
    projects = sorted(conn.scalars(ran))
    prices, awards = stored_prices(conn, zone), award_versions(conn, frozenset(projects), zone)
    found: dict[tuple[Any, ...], tuple[int | None, int | None]] = {}
    for project in projects:
        rated = project_days(conn, project, first, last, prices, awards.get(project, []), zone)
        jobs, slices, lines = rated.jobs, rated.slices, rated.lines
        for place, version, listed, subsidy in zip(
            lines.slice.tolist(), lines.version.tolist(), lines.listed.tolist(), lines.subsidy.tolist(), strict=True
        ):
            job = int(slices.job[place])
            key = (rated.days[int(slices.day[place])], jobs.cluster[job], jobs.job_id[job], int(jobs.submit[job]))
            paid, owed = found.get(key, (0, 0))
            known = version >= 0 and paid is not None and owed is not None
            found[key] = (paid + subsidy, owed + listed - subsidy) if known else (None, None)
    return found


def _made_of(conn: Connection, folder: Path, zone: ZoneInfo) -> dict[str, str]:
    """Each day of the centre with samples → a digest of what it is made of: files of samples, usage, charges."""
    files = _files(folder, zone)
    if not files:
        return {}
    sums: dict[str, list[Any]] = {day: [] for day in files}
    for table, names in (
        (rollup_daily, ("gpu_part_seconds", "jobs_started")),
        (charges_daily, ("list_minor", "subsidy_minor")),
    ):
        ask = select(table.c.day, *(func.sum(table.c[name]) for name in names)).where(table.c.day >= min(files))
        for day, *values in conn.execute(ask.group_by(table.c.day)):
            if day in sums:
                sums[day].append([None if value is None else int(value) for value in values])
    return {day: sha256(repr((files[day], sums[day])).encode()).hexdigest() for day in files}


def _files(folder: Path, zone: ZoneInfo) -> dict[str, list[str]]:
    """Day of the centre → the files of samples that may touch it: the lake is cut by days of UTC."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("day=????-??-??")):
        names = sorted(file.name for file in path.glob("*.parquet"))
        start_s = day_window(date.fromisoformat(path.name.removeprefix("day=")), ZoneInfo("UTC")).start_s
        for day in dict.fromkeys(day_of(at, zone).isoformat() for at in (start_s, start_s + DAY_S - 1)):
            if names:
                found.setdefault(day, []).extend(names)
    return found


def _runs(days: Iterable[str]) -> list[list[str]]:
    """The days in runs without a hole."""
    runs: list[list[str]] = []
    for day in days:
        before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
        if runs and runs[-1][-1] == before:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs
