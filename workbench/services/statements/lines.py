"""The detail behind a statement: usage by day and by user, charges beside it, the awards that paid.

Money is minor units, GPU time part-seconds, days are the centre's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from workbench.domain.awards import Award, award_state
from workbench.domain.correcting import ADJUSTMENT
from workbench.periods import Window
from workbench.store import ledger as stored
from workbench.store.award_versions import awards_on
from workbench.store.charges import drawn_by_award
from workbench.store.ledger_tables import ledger_transactions
from workbench.store.other_charges import rows_of
from workbench.store.tables import charges_daily, charges_user_daily
from workbench.units import DAY_S


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
class OtherLine:
    """A charge beside usage, a refund, an adjustment, a payment: list_minor = subsidy_minor + user_minor, back < 0.

    correction: it goes back to usage of an earlier month. quantity: whole, in `unit`; None without one.
    """

    day: date
    kind: str
    memo: str
    list_minor: int
    subsidy_minor: int
    user_minor: int
    correction: bool = False
    quantity: int | None = None
    unit: str = ""


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


_day, _user, _of = charges_daily.c, charges_user_daily.c, ledger_transactions.c


def day_lines(conn: Connection, project: str, first: date, after: date) -> Iterator[DayLine]:
    """Usage of a project by day, GPU model, cluster, partition, in that order; days in [first, after)."""
    amounts = (_day.list_minor, _day.subsidy_minor, _day.user_minor)
    place = (_day.cluster, _day.partition, _day.gpu_model, _day.gpu_part_seconds, _day.core_seconds)
    ask = select(_day.day, *place, *amounts, _day.price_version, _day.award_version, _day.award_id).where(
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
    found = [
        UserLine(name, int(parts), int(cores), *(None if minor is None else int(minor) for minor in amounts))
        for name, parts, cores, *amounts in rows
    ]
    return sorted(found, key=lambda line: (-(line.list_minor or 0), line.user_name))


def other_lines(conn: Connection, project: str, first: date, after: date, window: Window) -> list[OtherLine]:
    """Charges beside usage of the days [first, after), and what was adjusted of closed months in the window, by day.

    Args:
        conn: any connection.
        project: its slug.
        first: first day of the month.
        after: first day that is not in any more.
        window: of the whole month: adjustments of closed months count for the moment at which they were posted.
    """
    found = [
        OtherLine(
            row.day, row.kind, row.memo, row.list_minor, row.subsidy_minor, row.user_minor,
            _goes_back(row.refs, window), row.quantity, row.unit,
        )
        for row in rows_of(conn, [project], first, after)
    ]  # fmt: skip
    adjusted = posted_lines(conn, project, ADJUSTMENT, window, first)
    return sorted([*found, *adjusted], key=lambda line: (line.day, line.kind, line.memo))


def posted_lines(conn: Connection, project: str, kind: str, window: Window, first: date) -> list[OtherLine]:
    """Transactions of the ledger that are no row of other_charges: payments, adjustments of closed months.

    Args:
        conn: any connection.
        project: its slug.
        kind: of the transactions.
        window: of the moments that they count for.
        first: first day of that window.
    """
    rows = stored.rows(conn, _of.project == project, _of.kind == kind, _of.at >= window.start_s, _of.at < window.end_s)
    found = []
    for row in rows:
        if not row.key.startswith(f"{kind}/"):
            continue
        moved = {posting.ledger_account.rsplit(":", 1)[-1]: posting.amount_minor for posting in row.postings}
        subsidy, user = moved.get("subsidised", 0), moved.get("payable", 0)
        day = first + timedelta(days=(row.at - window.start_s) // DAY_S)
        found.append(OtherLine(day, kind, row.memo, subsidy + user, subsidy, user, correction=kind == ADJUSTMENT))
    return found


def _goes_back(refs: Mapping[str, object], window: Window) -> bool:
    submit_s = refs.get("submit_at")
    return isinstance(submit_s, int) and submit_s < window.start_s


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
