"""Under-use: each quarter awards are measured against their own plan; notice, two weeks, then the cut. Scheme rule 12.

A cut is an action of the scheme itself, one for each award and quarter. An appeal stops it until it is decided. What is
cut is never more than was said in the notice, nor more than is neither drawn nor held on the day of the cut.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.orm import Session

from workbench.domain.award_actions import APPROVED, DECLINED, SCHEME, Action, Decision
from workbench.domain.award_versions import in_force, planned, quarter_days, quarter_plan
from workbench.domain.awards import Award
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.underuse import Cut, takes_effect_on, underuse_cut
from workbench.errors import RuleBroken
from workbench.periods import day_of, day_start, moment
from workbench.services.awards.effects import Deed, Given, versions_made
from workbench.services.awards.records import lock_awards, write
from workbench.services.charging.marks import CHARGES
from workbench.services.spend_days import ONE_DAY, today_of
from workbench.settings import Settings
from workbench.store.award_versions import awards_on, first_plans, versions_of
from workbench.store.charges import drawn_by_award
from workbench.store.engine import Store
from workbench.store.tables import dirty, freshness
from workbench.units import BASIS_POINTS, money

KIND = "under-use-cut"


@dataclass(frozen=True, slots=True)
class Measured:
    """One award in one quarter. planned_minor, used_bp: None without a plan of its own; then nothing is cut.

    planned_minor is at most what the award had left when the quarter began.

    state: 'no plan', 'kept' (used enough), 'not charged yet', 'to be cut', and after the notice 'noticed', 'appealed',
    'cut' or 'not cut'. takes_effect_on: the day of the cut while it waits.
    """

    project: str
    award: int
    quarter: str
    planned_minor: int | None
    used_minor: int
    used_bp: int | None
    unused_minor: int
    share_bp: int
    cut_minor: int
    state: str
    action: int | None = None
    takes_effect_on: date | None = None


def review(store: Store, quarter: str, now: int) -> list[Measured]:
    """Every award that was in its term during a quarter and still is, measured; nothing is written.

    Args:
        store: any.
        quarter: "2026Q1", calendar quarters.
        now: UTC epoch seconds.

    Raises:
        RuleBroken: rule 12, the quarter is not over, or its usage is not known to its end.
    """
    today = today_of(store, now)
    with store.read() as conn:
        _check_over(conn, store.settings, quarter, today)
        _, after = quarter_days(quarter)
        awards = [a for a in awards_on(conn, None, today) if a.starts_on < after and today < a.ends_on]
        return [_measured(conn, store.settings, award, quarter, today) for award in awards]


def give_notice(store: Store, quarter: str, now: int) -> list[Measured]:
    """Write down the cuts of a quarter that were not said before; they take effect after the notice.

    Returns:
        Those for which notice was given now; run again, none.

    Raises:
        RuleBroken: as `review`.
    """
    wanted = [one for one in review(store, quarter, now) if one.state == "to be cut"]
    given = []
    for one in wanted:
        with store.db(writes=True) as db:
            lock_awards(db, [one.award])
            key = f"under-use/{one.award}/{quarter}"
            if db.scalars(select(Action.id).where(Action.key == key)).first() is None:
                db.add(
                    Action(
                        award=one.award,
                        kind=KIND,
                        asked_by=SCHEME,
                        asked_at=moment(now),
                        reason=_sentence(store.settings, one, today_of(store, now)),
                        key=key,
                        amount_minor=one.cut_minor,
                        quarter=quarter,
                    )
                )
                given.append(one)
    return given


def carry_out(store: Store, now: int) -> list[int]:
    """Make the cuts whose notice is over and against which no appeal is open; the numbers of their actions.

    Usage that has come in since the notice counts: the cut is the smaller of what was said and what it is now.
    """
    today, done = today_of(store, now), []
    with store.db() as db:
        waiting = list(db.scalars(select(Action.id).where(Action.kind == KIND, Action.id.not_in(_decided()))))
    for number in waiting:
        with store.db(writes=True) as db:
            action = db.get_one(Action, number)
            award = lock_awards(db, [action.award])[action.award or 0]
            due = _due(db, store.settings, action)
            if due is None or today < due or db.get(Decision, number) is not None:
                continue
            _cut(db, store.settings, action, award, now)
            done.append(number)
    return done


def _cut(db: Session, settings: Settings, action: Action, award: Award, now: int) -> None:
    today, quarter = day_of(now, settings.centre.zone), action.quarter or ""
    live = [a for a in awards_on(db.connection(), frozenset({award.project}), today) if a.id == award.id]
    decision, why, versions = DECLINED, "The award has ended: nothing is left to cut.", []
    if live and today < live[0].ends_on:
        still = _measured(db.connection(), settings, live[0], quarter, today).cut_minor
        amount = min(action.amount_minor or 0, still)
        deed = Deed(action, Given(amount_minor=amount), action.reason, now, today, action.id)
        versions = versions_made(db, settings, deed)
        why = "What has come in since leaves nothing to cut."
    taken = live[0].ceiling_minor - versions[0].ceiling_minor if versions else 0
    if versions:
        decision, why = APPROVED, "The notice is over and no appeal is open."
        write(db, versions)
    db.add(Decision(action.id, decision, SCHEME, moment(now), why, amount_minor=taken))


def _measured(conn: Connection, settings: Settings, award: Award, quarter: str, today: date) -> Measured:
    first, after = quarter_days(quarter)
    versions = versions_of(conn, [award.id])[award.id]
    plan = quarter_plan(planned(versions, first_plans(conn, [award.id])[award.id]), quarter)
    mine = frozenset({award.project})
    before = drawn_by_award(conn, mine, first).get(award.id, 0)
    used = drawn_by_award(conn, mine, after).get(award.id, 0) - before
    if plan is not None:
        # Who was ahead of the plan can use no more than was left: that alone can be asked for.
        plan = min(plan, max(0, in_force(versions, after - ONE_DAY).ceiling_minor - before))
    cut = underuse_cut(plan, used, rules_on(settings.rules, today)) if plan else Cut(0, 0, 0)
    state, action, due = _state(conn, settings, award, quarter, plan, cut)
    return Measured(
        project=award.project,
        award=award.id,
        quarter=quarter,
        planned_minor=plan,
        used_minor=used,
        used_bp=used * BASIS_POINTS // plan if plan else None,
        unused_minor=cut.unused_minor,
        share_bp=cut.share_bp,
        cut_minor=cut.cut_minor,
        state=state,
        action=action,
        takes_effect_on=due,
    )


def _state(
    conn: Connection, settings: Settings, award: Award, quarter: str, plan: int | None, cut: Cut
) -> tuple[str, int | None, date | None]:
    with Session(conn) as db:
        action = db.scalars(select(Action).where(Action.key == f"under-use/{award.id}/{quarter}")).first()
        if action is not None:
            decision = db.get(Decision, action.id)
            if decision is not None:
                return ("cut" if decision.decision == APPROVED else "not cut"), action.id, None
            due = _due(db, settings, action)
            return ("appealed" if due is None else "noticed"), action.id, due
    if plan is None:
        return "no plan", None, None
    _, after = quarter_days(quarter)
    waits = (dirty.c.kind == CHARGES) & (dirty.c.project == award.project) & (dirty.c.period < after.isoformat())
    if conn.execute(select(dirty.c.period).where(waits).limit(1)).first():
        return "not charged yet", None, None
    return ("to be cut" if cut.cut_minor else "kept"), None, None


def _due(db: Session, settings: Settings, action: Action) -> date | None:
    """The day of a cut that waits; None while an appeal against it is open."""
    noticed = day_of(int(action.asked_at.timestamp()), settings.centre.zone)
    open_ = select(Action.id).where(Action.appeal_of == action.id, Action.id.not_in(_decided()))
    appealed = db.scalars(open_).first() is not None
    return takes_effect_on(noticed, rules_on(settings.rules, noticed), appealed=appealed)


def _decided() -> Select[int]:
    return select(Decision.action)


def _check_over(conn: Connection, settings: Settings, quarter: str, today: date) -> None:
    _, after = quarter_days(quarter)
    if today < after:
        raise RuleBroken(12, f"{quarter} is not over", f"Review it from {after:%-d %b %Y} on.")
    until = conn.execute(select(func.max(freshness.c.data_until_at))).scalar()
    if until is None or until < day_start(after, settings.centre.zone):
        said = "no usage is known" if until is None else f"usage is known until {moment(until):%-d %b %Y %H:%M} UTC"
        raise RuleBroken(12, f"{said}, not to the end of {quarter}", "Bring in the logs first.")


def _sentence(settings: Settings, one: Measured, today: date) -> str:
    symbol = settings.centre.symbol
    day = takes_effect_on(today, rules_on(settings.rules, today), appealed=False)
    used, plan, unused = (
        money(amount, symbol) for amount in (one.used_minor, one.planned_minor or 0, one.unused_minor)
    )
    return (
        f"{one.quarter}: {used} of {plan} planned was used ({(one.used_bp or 0) / 100:.1f}%). "
        f"{one.share_bp / 100:g}% of the unused {unused}, {money(one.cut_minor, symbol)}, is cut on {day:%-d %b %Y} "
        "unless the project appeals before."
    )
