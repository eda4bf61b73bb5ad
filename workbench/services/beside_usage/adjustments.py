"""Adjustments and write-offs: a change of what a project owes, asked for by one person and approved by another.

An adjustment changes the user's part alone. Undoing a charge is a counter-adjustment that names it and takes back both
of its parts; nothing is ever changed or removed.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.domain import ledger
from workbench.domain.asked import ASKED, GRANTED, REFUSED, AskedAdjustment
from workbench.domain.other_charges import ADJUSTMENT, REFUND, WRITE_OFF, OtherCharge
from workbench.errors import AskRefused
from workbench.periods import day_of, moment
from workbench.services.beside_usage.rows import at_most, record
from workbench.services.two_people import check_asker, check_centre, check_decider
from workbench.store.engine import Store
from workbench.store.ledger_tables import ledger_postings
from workbench.store.other_charges import by_key, rows_of
from workbench.units import money

TAKEN_BACK = (ADJUSTMENT, REFUND, WRITE_OFF)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change of what a project owes: so much more, or less where negative. Minor units."""

    project: str
    amount_minor: int
    reason: str


def ask(store: Store, wanted: Wanted, who: str, now: int) -> AskedAdjustment:
    """Ask for an adjustment.

    Raises:
        AskRefused: of nothing, without a reason, or not by this person.
    """
    return _ask(store, ADJUSTMENT, wanted, who, now)


def ask_write_off(store: Store, wanted: Wanted, who: str, now: int) -> AskedAdjustment:
    """Ask that so much (> 0) of what a project owes be written off.

    Raises:
        AskRefused: as `ask`, or more than the ledger says that the project owes.
    """
    if wanted.amount_minor <= 0:
        raise AskRefused(wanted.project, "a write-off is of an amount above zero", "Give what is written off.")
    with store.db() as db:
        _check_owed(db, store, wanted.project, wanted.amount_minor, now)
    less = Wanted(wanted.project, -wanted.amount_minor, wanted.reason)
    return _ask(store, WRITE_OFF, less, who, now)


def ask_undo(store: Store, key: str, reason: str, who: str, now: int) -> AskedAdjustment:
    """Ask that a charge beside usage be taken back.

    Raises:
        AskRefused: no such charge, undone or asked to be undone before, or as `ask`.
    """
    with store.db() as db:
        row = by_key(db.connection(), key)
        if row is None:
            raise AskRefused(key, "there is no such charge", "Its key is in the ledger's journal.")
        again = select(AskedAdjustment.id).where(AskedAdjustment.undoes == key, AskedAdjustment.state != REFUSED)
        if (number := db.scalar(again)) is not None:
            raise AskRefused(key, f"adjustment {number} takes it back already", "See: workbench adjust list.")
    return _ask(store, ADJUSTMENT, Wanted(row.project, -row.list_minor, reason), who, now, key)


def decide(store: Store, number: int, who: str, now: int, *, grant: bool) -> OtherCharge | None:
    """Approve or refuse an adjustment; the charge that was recorded, None where it is refused.

    Raises:
        AskRefused: no such one, decided before, not by this person; a write-off of more than is owed now.
    """
    what = f"Adjustment {number}"
    with store.db(writes=True) as db:
        asked = db.get(AskedAdjustment, number, with_for_update=True)
        if asked is None:
            raise AskRefused(what, "there is none of this number", "See: workbench adjust list.")
        if asked.state != ASKED:
            raise AskRefused(what, f"it is {asked.state} already", "Nothing is left to decide.")
        check_decider(db, who, asked.asked_by, what)
        asked.decided_by, asked.decided_at = who, moment(now)
        asked.state = GRANTED if grant else REFUSED
        if not grant:
            return None
        if asked.kind == WRITE_OFF:
            _check_owed(db, store, asked.project, -asked.amount_minor, now)
        row = _row(db, store, asked, now)
        record(db.connection(), row)
        return row


def adjustments(store: Store, project: str | None = None, state: str | None = None) -> list[AskedAdjustment]:
    """What was asked for, the newest first."""
    ask_all = select(AskedAdjustment).order_by(AskedAdjustment.id.desc())
    if project is not None:
        ask_all = ask_all.where(AskedAdjustment.project == project)
    if state is not None:
        ask_all = ask_all.where(AskedAdjustment.state == state)
    with store.db() as db:
        return list(db.scalars(ask_all))


def _ask(store: Store, kind: str, wanted: Wanted, who: str, now: int, undoes: str | None = None) -> AskedAdjustment:
    if not wanted.amount_minor:
        raise AskRefused(wanted.project, "an adjustment of nothing changes nothing", "Give an amount.")
    if not wanted.reason.strip():
        raise AskRefused(wanted.project, "an adjustment needs its reason", "Say why: --reason TEXT.")
    with store.db(writes=True) as db:
        check_asker(db, who, wanted.project)
        # What a project owes is no matter of its own people, unlike what they claim or reserve.
        check_centre(db, who, wanted.project)
        made = AskedAdjustment(
            wanted.project, kind, wanted.amount_minor, wanted.reason, who, moment(now), undoes=undoes
        )
        db.add(made)
        db.flush()
        return made


def _check_owed(db: Session, store: Store, project: str, amount_minor: int, now: int) -> None:
    mine = ledger_postings.c.ledger_account == ledger.payable(project)
    posted = db.scalar(select(func.coalesce(func.sum(ledger_postings.c.amount_minor), 0)).where(mine))
    # Days that are not over are not posted yet: what was taken back on them counts already.
    ahead = rows_of(db.connection(), [project], day_of(now, store.settings.centre.zone))
    owed = int(posted or 0) + sum(row.user_minor for row in ahead if row.kind in TAKEN_BACK and row.user_minor < 0)
    if amount_minor > owed:
        symbol = store.settings.centre.symbol
        why = f"{money(amount_minor, symbol)} cannot be written off: {money(owed, symbol)} are owed in the ledger"
        raise AskRefused(project, why, "Write off less, or post first: workbench ledger post.")


def _row(db: Session, store: Store, asked: AskedAdjustment, now: int) -> OtherCharge:
    undone = by_key(db.connection(), asked.undoes) if asked.undoes else None
    conn, zone = db.connection(), store.settings.centre.zone
    # What the award has paid out since cannot be paid again: the user's part is the rest.
    subsidy = at_most(conn, zone, asked.project, undone.award_id, -undone.subsidy_minor) if undone else 0
    names = {WRITE_OFF: "Write-off", ADJUSTMENT: "Adjustment"}
    before = f" of {asked.undoes} ({undone.memo})" if undone else ""
    return OtherCharge(
        key=f"{asked.kind}/{asked.id}",
        kind=asked.kind,
        project=asked.project,
        day=day_of(now, zone),
        list_minor=asked.amount_minor,
        subsidy_minor=subsidy,
        user_minor=asked.amount_minor - subsidy,
        memo=f"{names[asked.kind]} {asked.id}{before}: {asked.reason}",
        made_by=asked.decided_by or "",
        made_at=now,
        award_id=undone.award_id if undone and subsidy else None,
        refs={"asked": asked.id, "asked_by": asked.asked_by, "undoes": asked.undoes},
    )
