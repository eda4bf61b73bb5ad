"""Slurm's accounting, followed: each poll brings in what is new since the last one, and misses nothing.

What is known is in the books alone (the cluster's freshness), so a poll can be lost, repeated or made by another
process: the next one begins where the books end. Where Slurm is silent, freshness stays behind and says so on every
page; the next poll that is answered catches up. A poll that tells of nothing new writes nothing, but once in
SEEN_EVERY_S how far the running jobs were seen.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import select

from workbench.periods import Window, epoch
from workbench.services.charging.rating import rate
from workbench.services.slurm import looks
from workbench.services.slurm.answers import Accounting, Answer
from workbench.services.slurm.ends import close_ended
from workbench.services.slurm.servers import attributed
from workbench.services.slurm.taken import Taken, take, unheard
from workbench.slurm import ask
from workbench.slurm.runner import Runner
from workbench.store.engine import Store
from workbench.store.frames import JOBS
from workbench.store.jobs import told
from workbench.store.raw import note_freshness
from workbench.store.tables import freshness

SEEN_EVERY_S = 60
Progress = Callable[[Window, Taken], None]


@dataclass(frozen=True)
class Polled:
    """What a poll did.

    Args:
        window: what was asked, UTC epoch seconds.
        taken: what became of the rows of its answers; all 0 where there was nothing new.
        ended: ids of notebook servers whose end is in the books now.
        notices: sentences about what was read but looks odd.
    """

    window: Window
    taken: Taken
    ended: tuple[str, ...]
    notices: tuple[str, ...]


def poll(
    store: Store, runner: Runner, now: int, *, since: int | None = None, progress: Progress | None = None
) -> Polled:
    """Bring the books up to Slurm's accounting: jobs, rollups, ends of servers with their holds, charges.

    Args:
        store: of a centre whose settings name a Slurm.
        runner: of that Slurm.
        now: UTC epoch seconds of the asking.
        since: ask from this moment on, whatever is known; by default the first poll begins with Slurm's beginning.
        progress: told each window and what came of it.

    Raises:
        SlurmError: it did not answer. What was brought in before that stays.
    """
    accounting = Accounting(store.settings.slurm, runner, store.settings.secrets)
    known = known_until(store)
    may_rest = since is None and known is not None and now - known < SEEN_EVERY_S and not looks.is_wide(known, now)
    asked = _windows(accounting, known, now, since)
    taken, notices = Taken(), dict[str, None]()
    for window in asked:
        answer = accounting.window(window)
        jobs, part = _bring_in(store, answer, now, min(window.end_s, now), may_rest=may_rest)
        notices |= dict.fromkeys(answer.log.notices)
        taken += part
        if progress:
            progress(window, part)
    for answer in _not_mentioned(store, accounting, jobs, now):
        taken += _bring_in(store, answer, now, now, may_rest=True)[1]
    ended = close_ended(store, accounting, now)
    if taken.rows or ended:
        rate(store, now)
    return Polled(Window(asked[0].start_s, asked[-1].end_s), taken, ended, tuple(notices))


def preview(
    store: Store, runner: Runner, now: int, *, since: int | None = None, progress: Progress | None = None
) -> Polled:
    """What a poll would bring in; nothing is kept. Jobs that only run on are counted as unchanged."""
    accounting = Accounting(store.settings.slurm, runner, store.settings.secrets)
    asked = _windows(accounting, known_until(store), now, since)
    taken, notices = Taken(), dict[str, None]()
    for window in asked:
        answer = accounting.window(window)
        with store.read() as conn:
            new, other = told(conn, attributed(conn, answer.log.jobs, accounting.slurm.cluster))
        same = len(answer.log.jobs) - new - other
        part = Taken(answer.log.rows, new, other, same, len(answer.log.rejects))
        taken, notices = taken + part, notices | dict.fromkeys(answer.log.notices)
        if progress:
            progress(window, part)
    return Polled(Window(asked[0].start_s, asked[-1].end_s), taken, (), tuple(notices))


def known_until(store: Store) -> int | None:
    """Until when the books have the accounting of the settings' Slurm, UTC epoch seconds; None: nothing yet."""
    with store.read() as conn:
        until = select(freshness.c.data_until_at).where(freshness.c.cluster == store.settings.slurm.cluster)
        return conn.execute(until).scalar()


def _windows(accounting: Accounting, known: int | None, now: int, since: int | None) -> list[Window]:
    if since is None:
        since = ask.beginning(accounting.runner, now) if known is None else looks.begin(known, now)
    return looks.windows(since, now)


def _bring_in(store: Store, answer: Answer, now: int, until: int, *, may_rest: bool) -> tuple[pd.DataFrame, Taken]:
    """The jobs of an answer, and what it brought. `may_rest`: one that tells of nothing new is left alone."""
    slurm, jobs = store.settings.slurm, answer.log.jobs
    if not answer.log.rows and (may_rest or until < now):
        return jobs, Taken()  # a month before there was anything
    with store.read() as conn:
        jobs = attributed(conn, jobs, slurm.cluster)
        more = any(told(conn, jobs)) or bool(unheard(conn, answer.log.rejects, slurm.cluster))
    if may_rest and not more:
        return jobs, Taken()
    with store.begin() as conn:
        taken = take(store, conn, answer, jobs, now, keep=more)
        note_freshness(conn, slurm.cluster, until, now, "")
    return jobs, taken


def _not_mentioned(store: Store, accounting: Accounting, jobs: pd.DataFrame, now: int) -> list[Answer]:
    """What Slurm says of jobs that run by our books and that its last answer left out: it told of their ends late."""
    columns = (JOBS.c.job_id, JOBS.c.submit_at, JOBS.c.start_at)
    with store.read() as conn:
        of_ours = select(*columns).where(JOBS.c.cluster == accounting.slurm.cluster, JOBS.c.end_at.is_(None))
        running = [(row.job_id, epoch(row.submit_at), epoch(row.start_at)) for row in conn.execute(of_ours)]
    told = set(zip(jobs["job_id"], jobs["submit_at"], strict=True)) if running else set()
    left = [(job_id, start) for job_id, submit, start in running if (job_id, submit) not in told]
    if not left:
        return []
    since = min(start for _, start in left)
    return list(accounting.jobs((job_id for job_id, _ in left), Window(since, max(since, now) + looks.AHEAD_S)))
