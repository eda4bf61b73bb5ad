"""Refunds of rule 9: automatic where Slurm says that a node failed, else on a claim that another person grants.

A refund is one row of other_charges for each award that paid the job; it counts on the day on which it is made, names
the job, its charge and its seconds, and is made once. A job without a price, or without a project, has nothing to give
back yet: it waits.

Servers of the Hub are left to claims, though they end as NODE_FAIL where their record was lost: on one machine
everybody can end the process that writes it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from workbench.domain.asked import ASKED, GRANTED, REFUSED, WAITING, RefundClaim
from workbench.domain.jobs import FAILED, Job
from workbench.domain.other_charges import REFUND, OtherCharge
from workbench.domain.projects import Project
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.refunds import CAUSE_OF_STATE, Cause, Refund, by_award, claim_in_time, refund
from workbench.errors import AskRefused, RuleBroken
from workbench.periods import day_of, moment
from workbench.services.beside_usage.rows import record
from workbench.services.charging.explain import ChargedJob, Key, charged_by_key, explain
from workbench.services.charging.rating import rate
from workbench.services.two_people import check_asker, check_decider
from workbench.store.engine import Store
from workbench.units import money

RULE = "rule 9"
"""Who made an automatic refund."""
NO_PRICE = Refund(0, 0, 0, "A part of the job has no price yet.")


@dataclass(frozen=True, slots=True)
class Refunded:
    """A job and what goes back; `why` says of a refund of nothing why."""

    project: str
    cluster: str
    job_id: str
    submit_at: int
    state: str
    refund: Refund


def run(store: Store, now: int, *, waiting: bool = False, dry_run: bool = False) -> list[Refunded]:
    """Refund every job that ended by a failed node and was not looked at before.

    Args:
        store: the centre's records; the charges are brought up to date first.
        now: UTC epoch seconds: refunds count on this day.
        waiting: look again at those that had no price.
        dry_run: say what would be refunded, and write nothing.

    Returns:
        Those looked at; one without a price has a refund of nothing, and waits.
    """
    with store.read() as conn:
        failed = list(_failed(conn, waiting=waiting))
    if failed:
        rate(store, now)  # what the awards had left follows from the charges before
    made = []
    for job in failed:
        key = (job.cluster, job.job_id, int(job.submit_at.timestamp()))
        charged = _charged(store, job.project, key)
        found = NO_PRICE if charged is None else _refund(store, charged, CAUSE_OF_STATE[job.state])
        done = Refunded(job.project, *key, job.state, found)
        if not dry_run:
            with store.db(writes=True) as db:
                _settle(db, store, done, charged, now)
        made.append(done)
    return made


def claim(
    store: Store, job_id: str, cause: Cause, reason: str, who: str, now: int, *, cluster: str | None = None
) -> RefundClaim:
    """Claim the last finished attempt of a job.

    Raises:
        UnknownJob: there is none. RuleBroken: rule 9, a user's own error, or too late. AskRefused: not by this person,
            claimed or refunded before, of no project, still running.
    """
    what = f"Job {job_id}"
    if cause == "user":
        raise RuleBroken(9, "a user's own error is never refunded", "Claim only faults of hardware or system software.")
    if not reason.strip():
        raise AskRefused(what, "a claim needs its reason", "Say what happened: --reason TEXT.")
    attempts = [charged for charged in explain(store, job_id, cluster) if not charged.running]
    if not attempts or attempts[-1].project is None or not attempts[-1].lines:
        why = "it still runs, ran for no second, or is of no known project"
        raise AskRefused(what, why, "See: workbench charges explain JOB.")
    charged = attempts[-1]
    ended_on, today = _ended_on(store, charged), day_of(now, store.settings.centre.zone)
    rules = rules_on(store.settings.rules, ended_on)
    if not claim_in_time(ended_on, today, rules):
        said = f"{what} ended on {ended_on:%-d %b %Y}; claims come within {rules.claim_days} days"
        raise RuleBroken(9, said, "Nothing can be claimed for it any more.")
    with store.db(writes=True) as db:
        assert charged.project is not None
        check_asker(db, who, charged.project)
        if there := _claim_of(db, charged.key):
            raise AskRefused(
                what, f"claim {there.id} was made for it before and is {there.state}", "See: refunds list."
            )
        where, job, submit_s = charged.key
        made = RefundClaim(where, job, moment(submit_s), charged.project, cause, reason, who, moment(now))
        db.add(made)
        db.flush()
        return made


def decide(store: Store, claim_id: int, who: str, now: int, *, grant: bool, note: str = "") -> Refunded | None:
    """Grant or refuse a claim; what goes back, None where it is refused.

    Raises:
        AskRefused: no such claim, decided before, not by this person, refused without a reason, or no price yet.
    """
    what = f"Claim {claim_id}"
    with store.db() as db:
        asked = db.get(RefundClaim, claim_id)
    if asked is None:
        raise AskRefused(what, "there is none of this number", "See: workbench refunds list.")
    rate(store, now)
    charged = _charged(store, asked.project, (asked.cluster, asked.job_id, int(asked.submit_at.timestamp())))
    with store.db(writes=True) as db:
        found = db.get(RefundClaim, claim_id, with_for_update=True)
        assert found is not None
        if found.state != ASKED:
            raise AskRefused(what, f"it is {found.state} already", "Nothing is left to decide.")
        check_decider(db, who, found.asked_by, what)
        found.decided_by, found.decided_at = who, moment(now)
        if not grant:
            if not note.strip():
                raise AskRefused(what, "a refusal needs its reason", "Say why: --note TEXT.")
            found.state, found.why = REFUSED, note
            return None
        if charged is None:
            raise AskRefused(what, "a part of the job has no price yet", "Load the price list, then decide.")
        back = _refund(store, charged, found.cause)  # type: ignore[arg-type]
        found.state, found.why = GRANTED, " ".join(filter(None, (back.why, note)))
        _pay(db.connection(), store, found, charged, back, now)
        return Refunded(found.project, *charged.key, "claimed", back)


def claims(store: Store, project: str | None = None, state: str | None = None) -> list[RefundClaim]:
    """Claims and automatic refunds, the newest first."""
    ask = select(RefundClaim).order_by(RefundClaim.id.desc())
    if project is not None:
        ask = ask.where(RefundClaim.project == project)
    if state is not None:
        ask = ask.where(RefundClaim.state == state)
    with store.db() as db:
        return list(db.scalars(ask))


def _failed(conn: Connection, *, waiting: bool) -> Iterator[Any]:
    job, of = Job.__table__.c, RefundClaim.__table__.c
    looked_at = (of.cluster == job.cluster) & (of.job_id == job.job_id) & (of.submit_at == job.submit_at)
    if waiting:
        looked_at &= of.state != WAITING
    ask = (
        select(job.cluster, job.job_id, job.submit_at, job.project, job.state)
        .join(Project.__table__, Project.slug == job.project)
        .where(FAILED, job.end_at.is_not(None), job.source != "hub", ~select(of.id).where(looked_at).exists())
        .order_by(job.end_at, job.cluster, job.job_id)
    )
    yield from conn.execute(ask)


def _charged(store: Store, project: str, key: Key) -> ChargedJob | None:
    """The attempt with its charge; None where a part of it has no price."""
    found = charged_by_key(store, project, {key})
    return found[0] if found and found[0].total("list_minor") is not None else None


def _ended_on(store: Store, charged: ChargedJob) -> date:
    last = charged.lines[-1].window.end_s if charged.lines else charged.key[2]
    return day_of(last, store.settings.centre.zone)


def _refund(store: Store, charged: ChargedJob, cause: Cause) -> Refund:
    elapsed_s = sum(line.seconds for line in charged.lines)
    amounts = (charged.total("subsidy_minor") or 0, charged.total("user_minor") or 0)
    return refund(cause, elapsed_s, amounts, rules_on(store.settings.rules, _ended_on(store, charged)))


def _claim_of(db: Session, key: Key) -> RefundClaim | None:
    cluster, job_id, submit_s = key
    mine = RefundClaim.cluster == cluster, RefundClaim.job_id == job_id, RefundClaim.submit_at == moment(submit_s)
    return db.scalars(select(RefundClaim).where(*mine)).first()


def _settle(db: Session, store: Store, done: Refunded, charged: ChargedJob | None, now: int) -> None:
    made = _claim_of(db, (done.cluster, done.job_id, done.submit_at))
    if made is not None and made.state != WAITING:
        return  # claimed since it was looked for: a person decides
    if made is None:
        key = (done.cluster, done.job_id, moment(done.submit_at))
        made = RefundClaim(*key, done.project, CAUSE_OF_STATE[done.state], done.state, RULE, moment(now))
        db.add(made)
    made.why = done.refund.why
    made.state = WAITING if charged is None else GRANTED if done.refund.seconds else REFUSED
    if charged is None:
        return
    made.decided_by, made.decided_at = RULE, moment(now)
    db.flush()
    _pay(db.connection(), store, made, charged, done.refund, now)


def _pay(conn: Connection, store: Store, asked: RefundClaim, charged: ChargedJob, back: Refund, now: int) -> None:
    """Write the rows: the first holds the user's part, each the part of one award."""
    zone, symbol = store.settings.centre.zone, store.settings.centre.symbol
    cluster, job_id, submit_s = charged.key
    listed = charged.total("list_minor") or 0
    subject = f"refund/{quote(cluster, safe='')}/{quote(job_id, safe='')}/{submit_s}"
    for number, (award, subsidy, user) in enumerate(_parts(charged, back)):
        row = OtherCharge(
            key=subject if number == 0 else f"{subject}/{number + 1}",
            kind=REFUND,
            project=asked.project,
            day=day_of(now, zone),
            list_minor=-(subsidy + user),
            subsidy_minor=-subsidy,
            user_minor=-user,
            memo=f"Refund for job {job_id} on {cluster}, charged {money(listed, symbol)} at list price: {back.why}",
            made_by=asked.decided_by or RULE,
            made_at=now,
            award_id=award,
            quantity=back.seconds if number == 0 else None,
            unit="seconds" if number == 0 else "",
            refs={
                "job": job_id,
                "cluster": cluster,
                "submit_at": submit_s,
                "charged_minor": listed,
                "seconds": back.seconds,
                "cause": asked.cause,
                "claim": asked.id,
            },
        )
        record(conn, row)


def _parts(charged: ChargedJob, back: Refund) -> Sequence[tuple[int | None, int, int]]:
    """(award, subsidy, user's part) that go back; nothing where all is 0."""
    paid: dict[int, int] = {}
    for line in charged.lines:
        if line.award is not None and line.subsidy_minor:
            paid[line.award] = paid.get(line.award, 0) + line.subsidy_minor
    shares = [(award, minor) for award, minor in by_award(back.subsidy_minor, paid).items() if minor]
    if not shares:
        return [(None, 0, back.user_minor)] if back.user_minor else []
    (first, minor), *others = shares
    return [(first, minor, back.user_minor), *((award, subsidy, 0) for award, subsidy in others)]
