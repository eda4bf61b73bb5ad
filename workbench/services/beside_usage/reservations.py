"""Reservations of whole days: asked for by a project, approved by another person, cancelled with steps. Rule 10.

At the approval every day of the period is charged at list price × the price list's factor for reserved service, one row
a day: each day stands in its month and draws on the award that holds then. Cancelling writes a negative row beside it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.asked import ASKED, CANCELLED, GRANTED, Reservation
from workbench.domain.capacity import CapacityChange, Outage
from workbench.domain.other_charges import CANCELLATION, RESERVATION, OtherCharge
from workbench.domain.pricelist import PriceList, nano_text
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.reservations import check_period, reserved_minor, returned_bp, returned_minor
from workbench.errors import AskRefused, NoPrice
from workbench.periods import day_of, day_start, day_window, moment
from workbench.services.beside_usage.rows import record, split
from workbench.services.prices.stored import stored_prices
from workbench.services.two_people import check_asker, check_decider
from workbench.store.engine import Store
from workbench.store.other_charges import rows_of
from workbench.units import BASIS_POINTS, GPU_PARTS, HOUR_S

RESERVED = "reserved"
"""The price list's service."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a project asks for: GPUs of a model in a partition, for whole days of the centre from `starts_on` on."""

    project: str
    cluster: str
    partition: str
    gpu_model: str
    gpus: int
    starts_on: date
    days: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Sums of a reservation's rows, minor units."""

    list_minor: int
    subsidy_minor: int
    user_minor: int


def ask(store: Store, wanted: Wanted, who: str, now: int) -> tuple[Reservation, int]:
    """Ask for a reservation; it, and what it will cost at list price.

    Raises:
        RuleBroken: rule 10, too long. AskRefused: begins today or before, too many GPUs, not by this person.
        NoPrice: no price, or no factor for reserved service, on one of its days.
    """
    zone = store.settings.centre.zone
    try:
        ends_on = wanted.starts_on + timedelta(days=wanted.days)
    except OverflowError as beyond:
        raise AskRefused("A reservation", "it ends after the calendar does", "Choose an earlier day.") from beyond
    check_period(wanted.starts_on, ends_on, rules_on(store.settings.rules, wanted.starts_on))
    with store.db(writes=True) as db:
        check_asker(db, who, wanted.project)
        made = Reservation(
            wanted.project,
            wanted.cluster,
            wanted.partition,
            wanted.gpu_model,
            wanted.gpus,
            wanted.starts_on,
            ends_on,
            wanted.reason,
            who,
            moment(now),
        )
        _check_ahead(made, zone, now)
        _check_room(db, made, zone)
        prices = stored_prices(db.connection(), zone)
        listed = sum(_day_minor(made, prices, day, zone) for day in _days(made))
        db.add(made)
        db.flush()
        return made, listed


def approve(store: Store, number: int, who: str, now: int) -> Amounts:
    """Approve a reservation and charge each of its days; what was charged.

    Raises:
        AskRefused: no such one, decided before, not by this person, begun already, or too few GPUs are free now.
        NoPrice: as `ask`.
    """
    zone = store.settings.centre.zone
    with store.db(writes=True) as db:
        found = _found(db, number)
        what = f"Reservation {number}"
        if found.state != ASKED:
            raise AskRefused(what, f"it is {found.state}", "Ask for a new one.")
        check_decider(db, who, found.asked_by, what)
        _check_ahead(found, zone, now)
        _check_room(db, found, zone)
        found.state, found.decided_by, found.decided_at = GRANTED, who, moment(now)
        db.flush()
        conn = db.connection()
        prices = stored_prices(conn, zone)
        rows = []
        for day in _days(found):
            row = _charge(conn, found, prices, day, now, zone)
            record(conn, row)
            rows.append(row)
        return _sums(rows)


def cancel(store: Store, number: int, who: str, now: int) -> Amounts:
    """Cancel a reservation; what comes back, negative. One that nobody has approved yet was not charged.

    Raises:
        AskRefused: no such one, cancelled before, begun already, or not by this person.
    """
    zone = store.settings.centre.zone
    with store.db(writes=True) as db:
        found = _found(db, number)
        what = f"Reservation {number}"
        check_asker(db, who, found.project)
        start_s = day_start(found.starts_on, zone)
        if found.state == CANCELLED:
            raise AskRefused(what, "it is cancelled", "Nothing is left to cancel.")
        if found.state == GRANTED and now >= start_s:
            raise AskRefused(what, "it has begun, and its whole period is charged", "Use it, or leave it unused.")
        charged = found.state == GRANTED
        found.state, found.cancelled_by, found.cancelled_at = CANCELLED, who, moment(now)
        db.flush()
        share_bp = returned_bp(now, start_s, rules_on(store.settings.rules, day_of(now, zone)))
        rows = [_back(row, number, share_bp, who, now) for row in _charged(db.connection(), found)] if charged else []
        for row in rows:
            if row.list_minor:
                record(db.connection(), row)
        return _sums(rows)


def reservations(store: Store, project: str | None = None) -> list[Reservation]:
    """Reservations by first day, the newest first."""
    ask_all = select(Reservation).order_by(Reservation.starts_on.desc(), Reservation.id.desc())
    with store.db() as db:
        return list(db.scalars(ask_all if project is None else ask_all.where(Reservation.project == project)))


def _found(db: Session, number: int) -> Reservation:
    there = db.get(Reservation, number)
    if there is None:
        raise AskRefused(f"Reservation {number}", "there is none of this number", "See: workbench reservations list.")
    # Who decides about a place waits for others who do: two approvals at once would each see it free.
    here = (
        Reservation.cluster == there.cluster,
        Reservation.partition == there.partition,
        Reservation.gpu_model == there.gpu_model,
    )
    locked = select(Reservation).where(*here).order_by(Reservation.id).with_for_update()
    db.scalars(locked.execution_options(populate_existing=True)).all()
    return there


def _check_ahead(wanted: Reservation, zone: ZoneInfo, now: int) -> None:
    if wanted.gpus < 1:
        raise AskRefused(wanted.project, "a reservation needs at least one GPU", "Give --gpus.")
    if day_start(wanted.starts_on, zone) <= now:
        said = f"{wanted.starts_on:%-d %b %Y} has begun"
        raise AskRefused(wanted.project, said, "A reservation begins on a later day.")


def _check_room(db: Session, wanted: Reservation, zone: ZoneInfo) -> None:
    """Refuse more than is in service and not reserved, at each moment of the period as it is planned now."""
    here = {"cluster": wanted.cluster, "partition": wanted.partition, "gpu_model": wanted.gpu_model}
    changes = db.scalars(select(CapacityChange).filter_by(**here).order_by(CapacityChange.from_at)).all()
    outages = db.scalars(select(Outage).filter_by(**here)).all()
    others = db.scalars(select(Reservation).filter_by(**here, state=GRANTED)).all()
    start, end = (moment(day_start(day, zone)) for day in (wanted.starts_on, wanted.ends_on))
    moments = {moment(day_start(day, zone)) for day in _days(wanted)}
    moments |= {at for at in (*(c.from_at for c in changes), *(o.start_at for o in outages)) if start <= at < end}
    for at in sorted(moments):
        day = at.astimezone(zone).date()
        in_service = next((change.in_service for change in reversed(changes) if change.from_at <= at), 0)
        out = sum(o.gpus for o in outages if o.start_at <= at and (o.end_at is None or at < o.end_at))
        taken = sum(other.gpus for other in others if other.starts_on <= day < other.ends_on)
        if wanted.gpus > max(0, in_service - out - taken):
            place = f"{wanted.gpu_model} of {wanted.partition} on {wanted.cluster}"
            why = f"of {place}, {in_service - out} are in service on {day:%-d %b %Y} and {taken} are reserved"
            raise AskRefused(f"{wanted.gpus} GPUs", why, "Ask for fewer, or for other days.")


def _days(wanted: Reservation) -> list[date]:
    return [wanted.starts_on + number * ONE_DAY for number in range((wanted.ends_on - wanted.starts_on).days)]


def _price(wanted: Reservation, prices: PriceList, day: date, zone: ZoneInfo) -> tuple[str, int, int]:
    """Version, nano per GPU-hour and factor that hold when the day begins.

    Raises:
        NoPrice: one of them is missing.
    """
    version = prices.at(day_start(day, zone))
    nano = version.gpu_hour.get(wanted.gpu_model) if version else None
    factor = version.service.get(RESERVED) if version else None
    if version is None or nano is None:
        raise NoPrice(wanted.gpu_model, f"none holds on {day:%-d %b %Y}.")
    if factor is None:
        raise NoPrice(f"reserved {wanted.gpu_model}", f"{version.name!r} has no factor for the service {RESERVED!r}.")
    return version.name, nano, factor


def _day_minor(wanted: Reservation, prices: PriceList, day: date, zone: ZoneInfo) -> int:
    _, nano, factor = _price(wanted, prices, day, zone)
    return reserved_minor(day_window(day, zone).seconds, wanted.gpus, nano, factor)


def _charge(
    conn: Connection, wanted: Reservation, prices: PriceList, day: date, now: int, zone: ZoneInfo
) -> OtherCharge:
    version, nano, factor = _price(wanted, prices, day, zone)
    seconds, listed = day_window(day, zone).seconds, _day_minor(wanted, prices, day, zone)
    paid = split(conn, zone, wanted.project, day, listed)
    sums = f"{seconds / HOUR_S:g} h × {nano_text(nano)} × {factor / BASIS_POINTS:g}"
    return OtherCharge(
        key=f"{RESERVATION}/{wanted.id}/{day}",
        kind=RESERVATION,
        project=wanted.project,
        day=day,
        list_minor=listed,
        subsidy_minor=paid.subsidy_minor,
        user_minor=paid.user_minor,
        memo=f"Reservation {wanted.id}: {wanted.gpus} {wanted.gpu_model} on {day:%-d %b %Y}, {sums}",
        made_by=wanted.decided_by or "",
        made_at=now,
        award_id=paid.award_id,
        quantity=wanted.gpus * GPU_PARTS * seconds,
        unit="GPU part-seconds",
        refs={"reservation": wanted.id, "price": version, "gpus": wanted.gpus, "gpu_model": wanted.gpu_model},
    )


def _charged(conn: Connection, wanted: Reservation) -> list[OtherCharge]:
    keys = {f"{RESERVATION}/{wanted.id}/{day}" for day in _days(wanted)}
    return [row for row in rows_of(conn, [wanted.project], wanted.starts_on, wanted.ends_on) if row.key in keys]


def _back(row: OtherCharge, number: int, share_bp: int, who: str, now: int) -> OtherCharge:
    listed, subsidy = returned_minor((row.list_minor, row.subsidy_minor), share_bp)
    return OtherCharge(
        key=f"{CANCELLATION}/{number}/{row.day}",
        kind=CANCELLATION,
        project=row.project,
        day=row.day,
        list_minor=-listed,
        subsidy_minor=-subsidy,
        user_minor=subsidy - listed,
        memo=f"Reservation {number} cancelled: {share_bp / 100:g}% of {row.day:%-d %b %Y} comes back",
        made_by=who,
        made_at=now,
        award_id=row.award_id,
        refs={"reservation": number, "returns": row.key, "share_bp": share_bp},
    )


def _sums(rows: list[OtherCharge]) -> Amounts:
    return Amounts(*(sum(getattr(row, name) for row in rows) for name in Amounts.__dataclass_fields__))
