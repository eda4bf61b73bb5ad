"""What a job was charged, line by line, with the sentence and the arithmetic of each, and what of it is posted.

The lines come from the functions that rate (charging.rating.project_days): what an award had paid before the job's
first day is read from the charges, only the job's own days are gone through again. So charges must be up to date. A
job that still runs is charged until its log saw it last: provisional.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from workbench.analytics.schema import UNKNOWN
from workbench.domain.booking import DAILY
from workbench.domain.charging import ChargeLine, charge_lines
from workbench.domain.charging_words import arithmetic, sentence
from workbench.domain.jobs import Job
from workbench.errors import UnknownJob
from workbench.periods import Window, day_of, epoch
from workbench.services.awards.versions import award_versions
from workbench.services.charging.rating import ProjectDays, project_days
from workbench.services.charging.slice_prices import metered
from workbench.services.prices.stored import stored_prices
from workbench.store.engine import Store
from workbench.store.ledger_tables import ledger_transactions

Key = tuple[str, str, int]
"""Cluster, job id, submit time (UTC epoch seconds): one attempt of a job."""

REVERSAL = "reversal/"

_job = Job.__table__.c


@dataclass(frozen=True, slots=True)
class ChargedJob:
    """One attempt of a job with its lines. Amounts are minor units; None where a line of it has no price."""

    key: Key
    project: str | None
    running: bool
    lines: tuple[ChargeLine, ...]

    def total(self, name: str) -> int | None:
        """The sum of list_minor, subsidy_minor or user_minor over its lines."""
        amounts = [getattr(line, name) for line in self.lines]
        return None if None in amounts else sum(amounts)


def explain(store: Store, job_id: str, cluster: str | None = None) -> list[ChargedJob]:
    """The charges of every attempt of a job, by cluster and submit time.

    Args:
        store: the centre's records, its charges up to date.
        job_id: as Slurm or the log says it.
        cluster: only there.

    Raises:
        UnknownJob: there is none.
    """
    ask = _asked().where(_job.job_id == job_id)
    with store.read() as conn:
        attempts = conn.execute(ask if cluster is None else ask.where(_job.cluster == cluster)).all()
        if not attempts:
            raise UnknownJob(job_id, cluster)
        return _charged(conn, attempts, store.settings.centre.zone)


def charged_by_key(store: Store, project: str | None, keys: Collection[Key]) -> list[ChargedJob]:
    """The charges of some attempts of jobs of a project, ordered by key; keys that are not there are left out."""
    ask = _asked().where(_job.project == project if project else _job.project.is_(None))
    with store.read() as conn:
        ids = sorted({job_id for _, job_id, _ in keys})
        rows = [
            row
            for first in range(0, len(ids), 500)
            for row in conn.execute(ask.where(_job.job_id.in_(ids[first : first + 500])))
            if _key(row) in keys
        ]
        return _charged(conn, rows, store.settings.centre.zone)


def posted(store: Store, charged: ChargedJob) -> dict[str, int | None]:
    """Day of the job → number of the ledger's transaction that stands for the project's usage of it; None: not yet."""
    zone = store.settings.centre.zone
    if not charged.lines:
        return {}
    first, last = (charged.lines[0].window.start_s, charged.lines[-1].window.end_s - 1)
    days = pd.date_range(day_of(first, zone), day_of(last, zone))
    found: dict[str, int | None] = {day.date().isoformat(): None for day in days}
    mine, head = ledger_transactions.c, f"{DAILY}/{{}}/{quote(charged.key[0], safe='')}/"
    ask = select(mine.day, mine.key, mine.seq).where(
        mine.project == (charged.project or UNKNOWN), mine.day.between(min(found), max(found))
    )
    with store.read() as conn:
        for day, key, seq in conn.execute(ask.order_by(mine.seq)):
            if key.removeprefix(REVERSAL).startswith(head.format(day)):
                found[day] = None if key.startswith(REVERSAL) else int(seq)
    return found


def told(charged: ChargedJob, zone: ZoneInfo, symbol: str) -> list[tuple[str, list[str]]]:
    """Each line's sentence and its arithmetic."""
    return [(sentence(line, zone, symbol), arithmetic(line)) for line in charged.lines]


def _asked() -> Any:
    return select(
        *(_job[name] for name in ("cluster", "job_id", "submit_at", "start_at", "end_at", "seen_until_at", "project"))
    )


def _key(row: Any) -> Key:
    return row.cluster, row.job_id, epoch(row.submit_at)


def _charged(conn: Connection, rows: Collection[Any], zone: ZoneInfo) -> list[ChargedJob]:
    prices = stored_prices(conn, zone)
    found = []
    for project in {row.project for row in rows}:
        mine = [row for row in rows if row.project == project]
        ran = [row for row in mine if row.seen_until_at > row.start_at]
        lines: dict[Key, tuple[ChargeLine, ...]] = {}
        if ran:
            first, last = min(row.start_at for row in ran), max(row.seen_until_at for row in ran)
            awards = award_versions(conn, frozenset({project}), zone).get(project, []) if project else []
            days = (day_of(epoch(first), zone), day_of(epoch(last) - 1, zone))
            rated = project_days(conn, project or UNKNOWN, *days, prices, awards, zone)
            lines = dict(_lines(rated, {_key(row) for row in ran}, zone))
        found += [ChargedJob(_key(row), project, row.end_at is None, lines.get(_key(row), ())) for row in mine]
    return sorted(found, key=lambda charged: charged.key)


def _lines(rated: ProjectDays, keys: Collection[Key], zone: ZoneInfo) -> Iterator[tuple[Key, tuple[ChargeLine, ...]]]:
    jobs = rated.jobs
    for place in range(len(jobs.start)):
        key = jobs.cluster[place], jobs.job_id[place], int(jobs.submit[place])
        if key in keys:
            slices = np.flatnonzero(rated.slices.job == place)
            yield key, _joined([line for number in slices for line in _slice_lines(rated, int(number))], rated, zone)


def _slice_lines(rated: ProjectDays, number: int) -> tuple[ChargeLine, ...]:
    """The lines of a slice after what was drawn before it: until its first day, on days before, earlier on its day."""
    spent = dict(rated.drawn)
    before = int(np.searchsorted(rated.lines.slice, number))
    for place, version in enumerate(rated.awards):
        paid = rated.lines.subsidy[:before][rated.lines.award[:before] == place]
        spent[version.award] = spent.get(version.award, 0) + int(paid.sum())
    within = Window(int(rated.slices.start[number]), int(rated.slices.end[number]))
    job = metered(rated.jobs, int(rated.slices.job[number]))
    return charge_lines(job, rated.prices, rated.awards, spent, within=within)


def _joined(lines: list[ChargeLine], rated: ProjectDays, zone: ZoneInfo) -> tuple[ChargeLine, ...]:
    """Lines that only midnight parts are one, but for the first of a month; each says with what it ends."""
    if not lines:
        return ()
    made = [lines[0]]
    for line in lines[1:]:
        made[-1] = replace(made[-1], ends_with=_end(made[-1], line, rated, zone))
        if made[-1].ends_with == "day":
            amounts: dict[str, Any] = {
                name: None if getattr(line, name) is None else getattr(made[-1], name) + getattr(line, name)
                for name in ("list_minor", "subsidy_minor", "user_minor")
            }
            window = Window(made[-1].window.start_s, line.window.end_s)
            line = replace(line, window=window, before_exact=made[-1].before_exact, **amounts)
            made.pop()
        made.append(line)
    return tuple(made)


def _end(line: ChargeLine, after: ChargeLine, rated: ProjectDays, zone: ZoneInfo) -> str:
    if line.ends_with != "cut":
        return line.ends_with
    at = line.window.end_s
    if rated.prices.at(at - 1) != rated.prices.at(at):
        return "price"
    if any(at in (award.start_s, award.end_s) for award in rated.awards):
        return "award"
    if line.award != after.award:
        return "drawn"
    return "cut" if day_of(at, zone).day == 1 else "day"
