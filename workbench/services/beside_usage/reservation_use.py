"""Usage inside a reservation is not charged twice: what its project used there on a day is credited.

No job log says in which reservation a job ran. What a project used on a day of its own reservation, in the reserved
partition on the reserved model, counts as inside, up to the GPU-seconds reserved; what went beyond is charged as usual.
The credit mirrors what was charged for that usage, award by award. Late records change it by a further row.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from workbench.domain.asked import GRANTED, Reservation
from workbench.domain.other_charges import RESERVATION, OtherCharge
from workbench.periods import day_of, day_window
from workbench.services.beside_usage.rows import at_most, record
from workbench.store.engine import Store
from workbench.store.other_charges import rows_of
from workbench.store.tables import charges_daily
from workbench.units import GPU_PARTS, divide_half_even, gpu_hours

MADE_BY = "rule 10"
LATE_DAYS = 62
"""Reservations that ended so many days ago are no longer looked at."""
Place = tuple[str, str, str, str]
"""Project, cluster, partition, GPU model."""


@dataclass(frozen=True, slots=True)
class Used:
    """What one award (None: none) and the user paid for usage: GPU part-seconds, minor units."""

    award: int | None
    part_seconds: int
    list_minor: int
    subsidy_minor: int


def credit(store: Store, now: int) -> int:
    """Bring the credits up to the charges of days that are over; how many rows were written."""
    zone = store.settings.centre.zone
    today = day_of(now, zone)
    made = 0
    with store.db(writes=True) as db:
        held = select(Reservation).where(
            Reservation.state == GRANTED,
            Reservation.starts_on < today,
            Reservation.ends_on > today - timedelta(days=LATE_DAYS),
        )
        by_day: dict[tuple[date, Place], list[Reservation]] = defaultdict(list)
        for one in db.scalars(held.order_by(Reservation.id)):
            place = (one.project, one.cluster, one.partition, one.gpu_model)
            days = (one.starts_on + timedelta(days=n) for n in range((one.ends_on - one.starts_on).days))
            for day in days:
                if day < today:
                    by_day[day, place].append(one)
        for (day, place), reserved in sorted(by_day.items(), key=lambda item: item[0]):
            made += _credit_day(db.connection(), day, place, reserved, zone, now)
    return made


def inside(used: Iterable[Used], rooms: Iterable[int]) -> list[dict[int | None, Used]]:
    """What of a day's usage falls into each of some reservations, in their order.

    Args:
        used: a day's usage, one an award.
        rooms: GPU part-seconds that each has room for.

    Returns:
        One a reservation: award → its part, by running sums, so that the parts add up.
    """
    rows, found, before = list(used), [], 0
    whole = sum(row.part_seconds for row in rows)
    for room in rooms:
        after = min(whole, before + room)
        found.append({row.award: _between(row, before, after, whole) for row in rows} if after > before else {})
        before = after
    return found


def _between(row: Used, before: int, after: int, whole: int) -> Used:
    def part(amount: int) -> int:
        return divide_half_even(amount * after, whole) - divide_half_even(amount * before, whole)

    listed = part(row.list_minor)
    return Used(row.award, part(row.part_seconds), listed, min(listed, part(row.subsidy_minor)))


def _credit_day(
    conn: Connection, day: date, place: Place, reserved: list[Reservation], zone: ZoneInfo, now: int
) -> int:
    made, seconds = 0, day_window(day, zone).seconds
    parts = inside(_used(conn, day, place), [one.gpus * GPU_PARTS * seconds for one in reserved])
    there = _credited(conn, day, place[0])
    for one, wanted in zip(reserved, parts, strict=True):
        before = there.get(one.id, [])
        for award in sorted({*wanted, *(row.award_id for row in before)}, key=lambda award: award or 0):
            want = wanted.get(award, Used(award, 0, 0, 0))
            mine = [row for row in before if row.award_id == award]
            listed = -want.list_minor - sum(row.list_minor for row in mine)
            subsidy = -want.subsidy_minor - sum(row.subsidy_minor for row in mine)
            # Where less is credited than before, the award may have paid the difference for something else since.
            subsidy = at_most(conn, zone, one.project, award, subsidy)
            part_seconds = -want.part_seconds - sum(row.quantity or 0 for row in mine)
            if listed or subsidy:
                key = f"{RESERVATION}/{one.id}/{day}/inside/{len(before) + made + 1}"
                made += record(conn, _row(one, day, award, (listed, subsidy, part_seconds), key, now))
    return made


def _used(conn: Connection, day: date, place: Place) -> list[Used]:
    mine = charges_daily.c
    sums = (func.sum(mine.gpu_part_seconds), func.sum(mine.list_minor), func.sum(mine.subsidy_minor))
    ask = select(mine.award_id, *sums).where(
        mine.day == day.isoformat(),
        *(
            mine[name] == value
            for name, value in zip(("project", "cluster", "partition", "gpu_model"), place, strict=True)
        ),
        mine.list_minor.is_not(None),
        mine.gpu_part_seconds > 0,
    )
    rows = conn.execute(ask.group_by(mine.award_id).order_by(mine.award_id))
    return [Used(award, *(int(value) for value in values)) for award, *values in rows]


def _credited(conn: Connection, day: date, project: str) -> Mapping[int, list[OtherCharge]]:
    found: dict[int, list[OtherCharge]] = defaultdict(list)
    for row in rows_of(conn, [project], day, day + timedelta(days=1)):
        if row.kind == RESERVATION and "inside" in row.refs:
            found[int(row.refs["inside"] or 0)].append(row)
    return found


def _row(
    one: Reservation, day: date, award: int | None, missing: tuple[int, int, int], key: str, now: int
) -> OtherCharge:
    listed, subsidy, part_seconds = missing
    hours = f"{gpu_hours(-part_seconds):,.2f} GPU-hours credited"
    return OtherCharge(
        key=key,
        kind=RESERVATION,
        project=one.project,
        day=day,
        list_minor=listed,
        subsidy_minor=subsidy,
        user_minor=listed - subsidy,
        memo=f"Usage inside reservation {one.id} on {day:%-d %b %Y} is paid by it: {hours}",
        made_by=MADE_BY,
        made_at=now,
        award_id=award,
        quantity=part_seconds,
        unit="GPU part-seconds",
        refs={"inside": one.id, "reservation": one.id},
    )
