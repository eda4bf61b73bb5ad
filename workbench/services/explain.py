"""What a job was charged, line by line, with the sentence and the arithmetic of each.

An award is drawn in the order in which a project's jobs started (that is when their cost is held), so the lines of one
job follow from those before it. A job that still runs is charged until its log saw it last: provisional.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from workbench.domain.charging import ChargeLine, charge_lines
from workbench.domain.charging_words import arithmetic, sentence
from workbench.domain.job_price import Metered
from workbench.domain.jobs import Job
from workbench.domain.pricelist import PriceList
from workbench.errors import UnknownJob
from workbench.periods import day_of, day_start
from workbench.services.award_versions import award_versions
from workbench.services.pricelist import stored_prices
from workbench.store.engine import Store

_job = Job.__table__.c
COLUMNS = [
    _job[name]
    for name in (
        "cluster", "job_id", "submit_at", "start_at", "end_at", "seen_until_at", "project", "partition", "gpu_model",
        "gpu_parts", "cpu_cores",
    )
]  # fmt: skip
ORDER = (_job.start_at, _job.cluster, _job.job_id, _job.submit_at)


@dataclass(frozen=True, slots=True)
class ChargedJob:
    """One attempt of a job with its lines. Amounts are minor units; None where a line of it has no price."""

    key: tuple[str, str, int]
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
        store: the centre's records.
        job_id: as Slurm or the log says it.
        cluster: only there.

    Raises:
        UnknownJob: there is none.
    """
    zone = store.settings.centre.zone
    found = []
    with store.read() as conn:
        ask = select(_job.project, _job.cluster, _job.job_id, _job.submit_at).where(_job.job_id == job_id)
        attempts = conn.execute(ask if cluster is None else ask.where(_job.cluster == cluster)).all()
        if not attempts:
            raise UnknownJob(job_id, cluster)
        prices = stored_prices(conn, zone)
        for project in {row.project for row in attempts}:
            wanted = {_key(row) for row in attempts if row.project == project}
            for charged in charged_jobs(conn, project, prices, zone):
                if charged.key in wanted:
                    found.append(charged)
                    wanted.remove(charged.key)
                if not wanted:
                    break
    return sorted(found, key=lambda charged: charged.key)


def charged_jobs(conn: Connection, project: str | None, prices: PriceList, zone: ZoneInfo) -> Iterator[ChargedJob]:
    """All jobs of a project in the order in which they draw on its awards; cut at the first of each month."""
    awards = [] if project is None else award_versions(conn, frozenset({project}), zone).get(project, [])
    months = _months(conn, project, zone)
    drawn: dict[int, int] = {}
    for row in conn.execute(select(*COLUMNS).where(_job.project == project).order_by(*ORDER)):
        start, end = _second(row.start_at), _second(row.seen_until_at if row.end_at is None else row.end_at)
        job = Metered(
            row.job_id, start, end, row.gpu_model, row.gpu_parts, row.cpu_cores, partition=row.partition or ""
        )
        cuts = months[bisect_right(months, start) : bisect_left(months, end)]
        lines = charge_lines(job, prices, awards, drawn, cuts)
        for line in lines:
            if line.award is not None:
                drawn[line.award] = drawn.get(line.award, 0) + (line.subsidy_minor or 0)
        yield ChargedJob(_key(row), row.project, row.end_at is None, lines)


def told(charged: ChargedJob, zone: ZoneInfo, symbol: str) -> list[tuple[str, list[str]]]:
    """Each line's sentence and its arithmetic."""
    return [(sentence(line, zone, symbol), arithmetic(line)) for line in charged.lines]


def _key(row: object) -> tuple[str, str, int]:
    return row.cluster, row.job_id, _second(row.submit_at)  # type: ignore[attr-defined]


def _second(moment: object) -> int:
    return int(moment.timestamp())  # type: ignore[attr-defined]


def _months(conn: Connection, project: str | None, zone: ZoneInfo) -> list[int]:
    """The seconds at which a month of the centre begins, from a project's first job to its last."""
    first, last = conn.execute(
        select(func.min(_job.start_at), func.max(_job.seen_until_at)).where(_job.project == project)
    ).one()
    if first is None:
        return []
    day, found = day_of(_second(first), zone).replace(day=1), []
    while (start := day_start(day, zone)) <= _second(last):
        found.append(start)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return found
