"""The balances of awards: in force when, drawn, held by what runs or is not charged yet."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from workbench.domain.charging import AwardVersion
from workbench.domain.holds import Balance, Hold, still_held
from workbench.domain.jobs import SERVER, Job
from workbench.periods import day_start, moment
from workbench.services.awards.versions import award_versions
from workbench.services.charging.marks import CHARGES
from workbench.settings import Settings
from workbench.store.charges import drawn_by_award
from workbench.store.dask_tables import dask_clusters
from workbench.store.tables import dirty, freshness

OLDEST = date(1970, 1, 2)


def in_force(
    conn: Connection, projects: frozenset[str] | None, now: int, zone: ZoneInfo
) -> dict[str, list[AwardVersion]]:
    """Project → the award versions that hold at a second, in the order in which they are drawn."""
    found = {}
    for project, versions in award_versions(conn, projects, zone).items():
        begins = {version.award: version.start_s for version in reversed(versions)}
        live = [version for version in versions if version.start_s <= now < version.end_s]
        if live:
            found[project] = sorted(live, key=lambda version: (begins[version.award], version.award))
    return found


def balances(
    db: Session, settings: Settings, live: list[AwardVersion], projects: frozenset[str] | None
) -> list[Balance]:
    """The balance of each of these awards.

    Args:
        db: any session.
        settings: the centre's time zone.
        live: awards of these projects.
        projects: None: all.
    """
    # What is held is read first: a charge that comes in between is then counted twice for a moment, never not at all.
    held = held_by_award(db.connection(), settings.centre.zone, projects)
    drawn = drawn_by_award(db.connection(), projects)
    return [Balance(v.ceiling_minor, drawn.get(v.award, 0), held.get(v.award, 0)) for v in live]


def held_by_award(conn: Connection, zone: ZoneInfo, projects: frozenset[str] | None) -> dict[int, int]:
    """Award → what running work, and what accounting has not charged yet, takes of it; minor units."""
    until = _accounted(conn, zone, projects)
    oldest: dict[str, datetime] = {}
    for clusters in until.values():
        for cluster, at in clusters.items():
            oldest[cluster] = min(at, oldest.get(cluster, at))
    uncharged = [and_(Hold.cluster == cluster, Hold.ended_at > at) for cluster, at in oldest.items()]
    served = aliased(Job)
    began, seen_until = (
        func.coalesce(Job.start_at, served.start_at),
        func.coalesce(Job.seen_until_at, served.seen_until_at),
    )
    ask = select(Hold, began, seen_until).where(
        or_(Hold.ended_at.is_(None), Hold.cluster.not_in(list(oldest)), *uncharged)
    )
    ask = ask.outerjoin(Job, and_(Job.cluster == Hold.cluster, Job.job_id == Hold.key))
    # A server that is a job of Slurm is known by its own id; two joins, since one with OR finds no index.
    mine = and_(served.cluster == Hold.cluster, served.server_id == Hold.key, served.kind == SERVER)
    ask = ask.outerjoin(served, and_(mine, served.end_at.is_(None)))
    if projects is not None:
        ask = ask.where(Hold.project.in_(sorted(projects)))
    found: dict[int, int] = {}
    workers = _workers(conn)
    with Session(conn) as db:
        for hold, started, seen in db.execute(ask):
            accounted = until.get(hold.project, until[""])
            ran = workers.get(hold.key) or [(started, seen)]
            charged_s = sum(_charged_s(*times, accounted.get(hold.cluster)) for times in ran)
            found[hold.award] = found.get(hold.award, 0) + still_held([hold], accounted, {hold.key: charged_s})
    return found


def _workers(conn: Connection) -> dict[str, list[tuple[datetime, datetime]]]:
    """Id of a Dask cluster that is not settled → from when to when its workers ran, until now: they share a hold."""
    mine = and_(
        Job.cluster == dask_clusters.c.cluster,
        Job.dask_id == dask_clusters.c.id,
        Job.user_name == dask_clusters.c.user_name,
        Job.project == dask_clusters.c.project,
    )
    ask = select(dask_clusters.c.id, Job.start_at, Job.seen_until_at).join(Job, mine)
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for dask_id, started, seen in conn.execute(ask.where(dask_clusters.c.settled_at.is_(None))):
        found.setdefault(dask_id, []).append((started, seen))
    return found


def _charged_s(started: datetime | None, seen: datetime | None, accounted: datetime | None) -> int:
    """Seconds of a running job that are in the charges."""
    if started is None or seen is None or accounted is None:
        return 0
    return max(0, int((min(seen, accounted) - started).total_seconds()))


def _accounted(conn: Connection, zone: ZoneInfo, projects: frozenset[str] | None) -> dict[str, dict[str, datetime]]:
    """Project → cluster → until when its usage is charged; '' holds for projects that are not there."""
    fresh = {row.cluster: row.data_until_at for row in conn.execute(select(freshness))}
    # Usage that has come in and is not rated yet is in no charge either.
    waiting = select(dirty.c.project, dirty.c.cluster, func.min(dirty.c.period).label("day"))
    waiting = waiting.where(dirty.c.kind == CHARGES).group_by(dirty.c.project, dirty.c.cluster)
    if projects is not None:
        waiting = waiting.where(dirty.c.project.in_(sorted(projects)))
    found = {"": dict(fresh)}
    for row in conn.execute(waiting):
        # A mark may say "from the first day on", which lies before every moment.
        first = day_start(max(date.fromisoformat(row.day), OLDEST), zone)
        mine = found.setdefault(row.project, dict(fresh))
        for cluster in [row.cluster] if row.cluster else list(mine):  # '': a price or an award has changed
            mine[cluster] = min(first, mine.get(cluster, first))
    return {project: {cluster: moment(at) for cluster, at in mine.items()} for project, mine in found.items()}
