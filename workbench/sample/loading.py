"""Load the sample centre into an empty store, and bring it up to now later."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.orm import Session

from workbench.domain.rules.terms import months_after
from workbench.periods import day_of, day_start
from workbench.sample import logins, telemetry
from workbench.sample.definition import Definition, definition, digest
from workbench.sample.payments import pay
from workbench.sample.records import add_records, login_list
from workbench.sample.replay import SOURCE, schedule, seen_at
from workbench.services.charging.rating import rate
from workbench.services.efficiency import built as efficiency
from workbench.services.ledger.closing import close, months_to_close
from workbench.services.ledger.posting import bring_up
from workbench.settings import Settings
from workbench.store import lake
from workbench.store.engine import Store
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import captures, freshness
from workbench.units import DAY_S

Progress = Callable[[str, int, int], None]
"""Told of (what, done, total) while it works; total is the number of rows or steps of this stage."""

CHUNK_ROWS = 400_000
OTHER_RULE = "The sample centre was made by another version of its rule and does not go on: make reset, then make up."
STEP_S = 300
"""The replay goes on in steps of five minutes: the same few running jobs need no new row each minute."""
AHEAD_S = 7 * DAY_S
"""How far beyond now the schedule is worked out and kept, so that a step reads a small file and no log."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Jobs new to the store, jobs that went on or ended, and until when the sample's data goes (epoch seconds)."""

    inserted: int
    updated: int
    until: int


def is_loaded(store: Store) -> bool:
    """Whether the store holds the sample centre."""
    with store.read() as conn:
        return _capture(conn) is not None


def load(store: Store, settings: Settings, now: int, progress: Progress | None = None) -> Loaded:
    """The sample centre with its history until now; where it is loaded already, `top_up`.

    All of it is stored in one transaction: a load that is cut short leaves nothing behind. Charges and the lake follow.

    Args:
        store: any store; what else is in it stays.
        settings: the centre's time zone; the folder for the sample logins.
        now: UTC epoch seconds.
        progress: told how far it is.
    """
    if is_loaded(store):
        return top_up(store, settings, now)
    with _uncollected():
        return _load(store, settings, now, progress or _silent)


def _load(store: Store, settings: Settings, now: int, say: Progress) -> Loaded:
    plan = definition()
    say("replay the log", 0, 1)
    ahead = schedule(plan, settings.centre, now + AHEAD_S)
    jobs = seen_at(ahead, now)
    say("replay the log", 1, 1)
    with store.begin() as conn:
        capture = _note_capture(conn, plan, settings, len(jobs), now)
        with Session(conn) as db:
            add_records(db, plan, settings, now)
        for first in range(0, len(jobs), CHUNK_ROWS):
            say("store jobs", first, len(jobs))
            chunk = jobs.iloc[first : first + CHUNK_ROWS].assign(capture_id=capture)
            upsert_jobs(conn, chunk, settings.centre.zone)
        say("store jobs", len(jobs), len(jobs))
        _note_freshness(conn, plan, now)
    _keep(settings, ahead, now, now + AHEAD_S)
    if not logins.exist(settings):
        logins.make(store, settings, login_list(plan))
    say("price the usage", 0, 1)
    rate(store, now)
    say("price the usage", 1, 1)
    say("post the ledger", 0, 1)
    bring_up(store, now)
    pay(store, plan, settings, now)
    _close_months(store, settings, now)
    say("post the ledger", 1, 1)
    say("write the lake", 0, 1)
    lake.refresh(store)
    say("write the lake", 1, 1)
    say("sample the GPUs", 0, 1)
    telemetry.add(store, now)
    efficiency.build(store, now)
    say("sample the GPUs", 1, 1)
    return Loaded(len(jobs), 0, now)


def top_up(store: Store, settings: Settings, now: int) -> Loaded:
    """What the replay has produced since: new jobs, running ones longer or ended. Charges and samples follow, the
    lake does not.

    Nothing happens where the sample is not loaded or its data is less than five minutes old. Nor where it was loaded
    from another log or by another rule (its history would not fit): the pages then say so beside their time.

    Args:
        store: the same as for `load`.
        settings: as for `load`.
        now: UTC epoch seconds.
    """
    plan = definition()
    with store.read() as conn:
        capture, until = _capture(conn), _until(conn, plan)
    if capture is None or until is None or now - until < STEP_S:
        return Loaded(0, 0, until or 0)
    if capture.mapping_sha256 != digest():
        with store.begin() as conn:
            conn.execute(update(freshness).where(freshness.c.cluster == plan.cluster).values(note=OTHER_RULE))
        return Loaded(0, 0, until)
    jobs = seen_at(_ahead(settings, plan, until, now), now, since=until).assign(capture_id=capture.id)
    with store.begin() as conn:
        _note_freshness(conn, plan, now)
        done = upsert_jobs(conn, jobs, settings.centre.zone)
    rate(store, now)
    telemetry.add(store, now)
    return Loaded(done.inserted, done.updated, now)


def _close_months(store: Store, settings: Settings, now: int) -> None:
    """Close the months up to the one before the last whole one, as a centre's finance would have by now."""
    today = day_of(now, settings.centre.zone)
    last = f"{months_after(today.replace(day=1), -2):%Y-%m}"
    with store.read() as conn:
        waiting = months_to_close(conn, last)
    for month in waiting:
        if month >= f"{settings.scheme.starts_on:%Y-%m}":
            close(store, month, SOURCE, now)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of unreachable cycles: millions of rows pass, and to look through them costs a sixth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _silent(_what: str, _done: int, _total: int) -> None: ...


def _capture(conn: Connection) -> Row[Any] | None:
    return conn.execute(select(captures).where(captures.c.source == SOURCE)).first()


def _until(conn: Connection, plan: Definition) -> int | None:
    return conn.execute(select(freshness.c.data_until_at).where(freshness.c.cluster == plan.cluster)).scalar()


def _note_capture(conn: Connection, plan: Definition, settings: Settings, accepted: int, now: int) -> int:
    log = plan.log.path.read_bytes()
    noted = conn.execute(
        insert(captures).values(
            source=SOURCE,
            cluster=plan.cluster,
            name=plan.log.path.name,
            sha256=sha256(log).hexdigest(),
            bytes=len(log),
            mapping_sha256=digest(),
            window_start_at=day_start(plan.calendar.opened_on, settings.centre.zone),
            window_end_at=now,
            taken_at=now,
            accepted=accepted,
            rejected=0,
            unchanged=0,
        )
    )
    key = noted.inserted_primary_key
    assert key is not None
    return int(key[0])


def _note_freshness(conn: Connection, plan: Definition, now: int) -> None:
    # Written first in its transaction: that takes the write lock before anything is read.
    conn.execute(delete(freshness).where(freshness.c.cluster == plan.cluster))
    conn.execute(insert(freshness).values(cluster=plan.cluster, data_until_at=now, noted_at=now, note=""))


def _file(settings: Settings) -> Path:
    return settings.home / "sample" / "ahead.parquet"


def _keep(settings: Settings, jobs: pd.DataFrame, since: int, until: int) -> None:
    """Keep the schedule from a moment on, with what it is good for."""
    kept = jobs[jobs["seen_until_at"] > since]
    kept.attrs = {"digest": digest(), "since": since, "until": until}
    file = _file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    kept.to_parquet(fresh, index=False)
    fresh.replace(file)


def _ahead(settings: Settings, plan: Definition, since: int, now: int) -> pd.DataFrame:
    """The schedule between two moments: the kept one where it reaches so far, else worked out anew and kept."""
    try:
        kept = pd.read_parquet(_file(settings))
    except (OSError, ValueError):  # not there, or cut short: it can always be made again
        kept = pd.DataFrame()
    good = kept.attrs
    if good.get("digest") == digest() and good["since"] <= since and now <= good["until"]:
        return kept
    jobs = schedule(plan, settings.centre, now + AHEAD_S, since=since)
    _keep(settings, jobs, since, now + AHEAD_S)
    return jobs
