"""The detail behind a statement: usage by day and by user, and the awards that paid. Minor units, GPU part-seconds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from workbench.domain.awards import Award, award_state
from workbench.store.award_versions import awards_on
from workbench.store.charges import drawn_by_award
from workbench.store.tables import charges_daily, charges_user_daily


@dataclass(frozen=True, slots=True)
class DayLine:
    """Usage of one day on one GPU model at one price and award. Amounts None: it has no price.

    price: the price list's version. award: the award's version, '' where none paid.
    """

    day: date
    cluster: str
    partition: str
    gpu_model: str
    gpu_part_seconds: int
    core_seconds: int
    list_minor: int | None
    subsidy_minor: int | None
    user_minor: int | None
    price: str
    award: str
    award_id: int | None


@dataclass(frozen=True, slots=True)
class UserLine:
    """What one person's jobs came to in the month; '' is a user whom the log does not name."""

    user_name: str
    gpu_part_seconds: int
    core_seconds: int
    list_minor: int | None
    subsidy_minor: int | None
    user_minor: int | None


@dataclass(frozen=True, slots=True)
class AwardLine:
    """An award at the end of a month: [starts_on, ends_on), what is drawn of its ceiling before, in the month, left.

    state: 'live', 'exhausted', 'ahead', 'lapsed' (domain.awards.award_state) on the last of the days.
    """

    award: int
    decided_on: date
    rate_bp: int
    ceiling_minor: int
    starts_on: date
    ends_on: date
    drawn_before_minor: int
    drawn_minor: int
    state: str

    @property
    def left_minor(self) -> int:
        return self.ceiling_minor - self.drawn_before_minor - self.drawn_minor


_day, _user = charges_daily.c, charges_user_daily.c


def day_lines(conn: Connection, project: str, first: date, after: date) -> Iterator[DayLine]:
    """Usage of a project by day, GPU model, cluster, partition, in that order; days in [first, after)."""
    names = ("cluster", "partition", "gpu_model", "gpu_part_seconds", "core_seconds")
    names += ("list_minor", "subsidy_minor", "user_minor", "price_version", "award_version", "award_id")
    ask = select(_day.day, *(_day[name] for name in names)).where(
        _day.project == project, _day.day >= first.isoformat(), _day.day < after.isoformat()
    )
    order = (_day.day, _day.gpu_model, _day.cluster, _day.partition, _day.price_version, _day.award_version)
    for day, *values in conn.execute(ask.order_by(*order)):
        yield DayLine(date.fromisoformat(day), *values)


def user_lines(conn: Connection, project: str, first: date, after: date) -> list[UserLine]:
    """The same by user, most list cost first."""
    names = ("gpu_part_seconds", "core_seconds", "list_minor", "subsidy_minor", "user_minor")
    sums = [func.sum(_user[name]).label(name) for name in names]
    ask = select(_user.user_name, *sums).where(
        _user.project == project, _user.day >= first.isoformat(), _user.day < after.isoformat()
    )
    rows = conn.execute(ask.group_by(_user.user_name)).all()
    found = [UserLine(row[0], *(None if value is None else int(value) for value in row[1:])) for row in rows]
    return sorted(found, key=lambda line: (-(line.list_minor or 0), line.user_name))


def award_lines(conn: Connection, project: str, first: date, after: date) -> list[AwardLine]:
    """The project's awards whose term meets the days [first, after), as they stood on the last of these."""
    one, last = frozenset({project}), max(first, after - timedelta(days=1))
    awards = [award for award in awards_on(conn, one, last) if award.starts_on <= last and award.ends_on > first]
    before, until = drawn_by_award(conn, one, first), drawn_by_award(conn, one, last + timedelta(days=1))
    return [_award_line(award, before, until, last) for award in awards]


def _award_line(award: Award, before: Mapping[int, int], until: Mapping[int, int], last: date) -> AwardLine:
    drawn = until.get(award.id, 0)
    return AwardLine(
        award=award.id,
        decided_on=award.decided_on,
        rate_bp=award.rate_bp,
        ceiling_minor=award.ceiling_minor,
        starts_on=award.starts_on,
        ends_on=award.ends_on,
        drawn_before_minor=before.get(award.id, 0),
        drawn_minor=drawn - before.get(award.id, 0),
        state=award_state(award, last, drawn),
    )
