"""What each project's awards say, as dated versions that charging can draw on."""

from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from workbench.domain.awards import Award
from workbench.domain.charging import AwardVersion
from workbench.periods import day_start


def award_versions(conn: Connection, projects: frozenset[str] | None, zone: ZoneInfo) -> dict[str, list[AwardVersion]]:
    """Project → its award versions, in order of begin.

    Args:
        conn: any connection.
        projects: these alone; None: all.
        zone: the centre's; an award holds from the first second of its first day.

    Returns:
        A project without an award is not in it.
    """
    mine = Award.__table__.c
    ask = select(mine.id, mine.project, mine.decided_on, mine.starts_on, mine.ends_on, mine.rate_bp, mine.ceiling_minor)
    if projects is not None:
        ask = ask.where(mine.project.in_(sorted(projects)))
    found: dict[str, list[AwardVersion]] = {}
    for row in conn.execute(ask.order_by(mine.starts_on, mine.id)):
        version = AwardVersion(
            row.id,
            f"award {row.id} of {row.decided_on}",
            day_start(row.starts_on, zone),
            day_start(row.ends_on, zone),
            row.rate_bp,
            row.ceiling_minor,
        )
        found.setdefault(row.project, []).append(version)
    return found
