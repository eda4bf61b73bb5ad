"""What awards say, as dated versions: for charging, for a day, and as movements of the fund's money."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import aliased

from workbench.domain.award_actions import Action
from workbench.domain.award_versions import Version, in_force, spans
from workbench.domain.awards import Award
from workbench.domain.charging import AwardVersion
from workbench.periods import day_start
from workbench.store.award_versions import stored_awards, versions_of
from workbench.store.charges import drawn_by_award


@dataclass(frozen=True, slots=True)
class FundMovement:
    """A change of what the fund has promised to a project's award, signed, in minor units.

    subject: its name once for all. kind: 'award', 'supplement', 'transfer' (given −, taken +), 'cut' or 'lapse'.
    """

    subject: str
    project: str
    award: int
    kind: str
    day: date
    amount_minor: int
    memo: str


def award_versions(conn: Connection, projects: frozenset[str] | None, zone: ZoneInfo) -> dict[str, list[AwardVersion]]:
    """Project → its award versions, in the order in which their awards begin.

    Args:
        conn: any connection.
        projects: these alone; None: all.
        zone: the centre's; a version holds from the first second of its first day.

    Returns:
        Of one award at most one version holds at a time. A project without an award is not in it.
    """
    awards = stored_awards(conn, projects)
    versions = versions_of(conn, (award.id for award in awards))
    found: dict[str, list[AwardVersion]] = {}
    for award in awards:
        for version, first, after in spans(versions[award.id]):
            start_s, end_s = day_start(first, zone), day_start(after, zone)
            name = version_name(award, version)
            one = AwardVersion(award.id, name, start_s, end_s, version.rate_bp, version.ceiling_minor)
            found.setdefault(award.project, []).append(one)
    return found


def version_name(award: Award, version: Version) -> str:
    """How a charge names the version that paid."""
    if version.version == 1:
        return f"award {award.id} of {award.decided_on}"
    return f"award {award.id} version {version.version} of {version.from_on}"


def fund_movements(conn: Connection, today: date) -> list[FundMovement]:
    """How the fund's promises changed up to today: award, supplement, transfer, cut, lapse; by day and subject.

    A lapse is the ceiling at the end of the term less what was drawn before today. It is negative, or positive where
    usage that came in late had drawn more than a cut left; it changes when such usage comes in: same subject, new
    amount. A movement of 0 is none.

    Args:
        conn: any connection.
        today: the centre's day; what was drawn counts until yesterday.
    """
    awards = [award for award in stored_awards(conn, None) if award.decided_on <= today]
    versions = versions_of(conn, (award.id for award in awards))
    kinds = _kinds(conn)
    over = [award for award in awards if in_force(versions[award.id], today).ends_on <= today]
    drawn = drawn_by_award(conn, frozenset(award.project for award in over), today) if over else {}
    found = [
        *(movement for award in awards for movement in _changes(award, versions[award.id], kinds, today)),
        *(_lapse(award, in_force(versions[award.id], today), drawn) for award in over),
    ]
    return sorted((one for one in found if one.amount_minor), key=lambda one: (one.day, one.subject))


def _changes(
    award: Award, versions: Sequence[Version], kinds: Mapping[int | None, str], today: date
) -> Iterator[FundMovement]:
    first, project = versions[0], award.project
    said = f"Award {award.id} to {project}: {first.rate_bp / 100:g}% of list price up to a ceiling"
    yield FundMovement(f"award/{award.id}", project, award.id, "award", award.decided_on, first.ceiling_minor, said)
    for before, version in pairwise(versions):
        if version.from_on > today:
            continue
        more = version.ceiling_minor - before.ceiling_minor
        kind, words = _kind(kinds[version.action], more)
        memo = f"Award {award.id} to {project}: {words} (action {version.action})"
        yield FundMovement(f"{kind}/{award.id}/{version.version}", project, award.id, kind, version.from_on, more, memo)


def _kinds(conn: Connection) -> dict[int | None, str]:
    """Action that made a version → what kind it was; a granted appeal is of the kind that it is about."""
    about = aliased(Action)
    ask = select(Action.id, func.coalesce(about.kind, Action.kind)).outerjoin(about, about.id == Action.appeal_of)
    rows = conn.execute(ask.where(Action.id.in_(select(Version.action)))).all()
    return {row[0]: row[1] for row in rows}


def _kind(action: str, more_minor: int) -> tuple[str, str]:
    if action == "transfer":
        return "transfer", "transferred to it" if more_minor > 0 else "transferred to another award"
    return ("supplement", "the ceiling rises") if more_minor > 0 else ("cut", "cut for under-use")


def _lapse(award: Award, last: Version, drawn: Mapping[int, int]) -> FundMovement:
    left = last.ceiling_minor - drawn.get(award.id, 0)
    memo = f"Award {award.id} to {award.project} has ended: the rest lapses"
    return FundMovement(f"lapse/{award.id}", award.project, award.id, "lapse", last.ends_on, -left, memo)
