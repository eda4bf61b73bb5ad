"""Charges beside usage: record one, once for all, and say who pays it.

`record` marks the project: where an award pays, its usage is rated again from the day on which the row was recorded, or
from the row's own day where that is earlier; the ledger is brought up.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from workbench.domain.awards import Award
from workbench.domain.ledger import refs_text
from workbench.domain.other_charges import OtherCharge, Split
from workbench.errors import ChargeTaken
from workbench.periods import day_start, moment
from workbench.services.awards.versions import award_versions
from workbench.services.charging.marks import POSTING, mark
from workbench.services.holds.balances import held_by_award, in_force
from workbench.store import other_charges as stored
from workbench.store.charges import drawn_by_award
from workbench.store.other_charges import by_key, rows_of
from workbench.units import BASIS_POINTS, divide_half_even


def record(conn: Connection, charge: OtherCharge) -> bool:
    """Write a charge; False where it is there already, word for word (whoever made it, and when).

    Raises:
        ChargeTaken: the key is there with another content.
    """
    if there := by_key(conn, charge.key):
        if replace(there, made_by=charge.made_by, made_at=charge.made_at) != charge:
            raise ChargeTaken(charge.key)
        return False
    row = asdict(charge) | {"day": charge.day.isoformat(), "refs": refs_text(charge.refs)}
    conn.execute(insert(stored.other_charges).values(row))
    if charge.subsidy_minor:
        # In no zone is it earlier than a day before UTC's.
        mark(conn, [charge.project], min(charge.day, moment(charge.made_at).date() - timedelta(days=1)))
    mark(conn, [charge.project], charge.day, POSTING)
    return True


def of_project(
    conn: Connection, project: str, first: date | None = None, last: date | None = None
) -> list[OtherCharge]:
    """The charges of a project whose day is in [first, last), by day and key."""
    return rows_of(conn, [project], first, last)


def drawn_elsewhere(conn: Connection, projects: Iterable[str] | None, until: date | None = None) -> dict[int, int]:
    """Award → subsidy of these charges before a day, minor units; None: of all days, also of those ahead."""
    return stored.drawn_elsewhere(conn, projects, until)


def split(conn: Connection, zone: ZoneInfo, project: str, day: date, list_minor: int) -> Split:
    """Who pays an amount that counts for a day, as usage of that day would be paid: rate, ceiling and term.

    Args:
        conn: the transaction that will record it; the awards stay locked until it ends.
        zone: of the centre.
        project: whose it is.
        day: that the amount counts for.
        list_minor: at list price, ≥ 0.

    Returns:
        Of the awards that hold on the day the one that began first and has money left pays, as far as it goes.
    """
    _lock(conn, project)
    used = _used(conn, zone, project)
    for version in in_force(conn, frozenset({project}), day_start(day, zone), zone).get(project, []):
        left = version.ceiling_minor - used[version.award]
        if left > 0:
            subsidy = min(left, divide_half_even(list_minor * version.rate_bp, BASIS_POINTS))
            return Split(subsidy, list_minor - subsidy, version.award)
    return Split(0, list_minor, None)


def at_most(conn: Connection, zone: ZoneInfo, project: str, award: int | None, subsidy_minor: int) -> int:
    """What of a subsidy that an award shall pay once more it still can; what it gets back (negative) always goes."""
    if award is None or subsidy_minor <= 0:
        return subsidy_minor
    _lock(conn, project)
    versions = award_versions(conn, frozenset({project}), zone).get(project, [])
    ceiling = max(
        (version for version in versions if version.award == award), key=lambda version: version.start_s
    ).ceiling_minor
    return max(0, min(subsidy_minor, ceiling - _used(conn, zone, project)[award]))


def _lock(conn: Connection, project: str) -> None:
    # Two that split at once would each see the award without the other; on SQLite there is one writer.
    conn.execute(select(Award.id).where(Award.project == project).order_by(Award.id).with_for_update())


def _used(conn: Connection, zone: ZoneInfo, project: str) -> Counter[int]:
    """Award → all that is taken of it: drawn by usage and these charges (also for days ahead), held for what runs."""
    mine = frozenset({project})
    return Counter(held_by_award(conn, zone, mine)) + Counter(drawn_by_award(conn, mine))
