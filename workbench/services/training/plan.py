"""Planning a class: what is wished for is checked, then kept until another person decides about it."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.training import PLANNED, TrainingSession
from workbench.errors import TrainingRefused
from workbench.i18n import _
from workbench.services.training import events
from workbench.services.training.asked import Plan, lead_of, warm_of
from workbench.services.training.checks import Checked, check
from workbench.services.training.listing import check_teaches, locked
from workbench.settings import Settings
from workbench.store.engine import Store

__all__ = ["Checked", "Plan", "change", "check", "propose"]

HANDLE_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
HANDLE_LENGTH = 6


def propose(store: Store, plan: Plan, who: str, now: int, *, isolation: str = "") -> TrainingSession:
    """Keep a plan that nothing speaks against; another person decides about it (deciding.decide).

    Args:
        store: the centre's.
        plan: what is wished for.
        who: plans it.
        now: UTC epoch seconds.
        isolation: see checks.check.

    Raises:
        TrainingRefused: something speaks against it; every reason is in it.
    """
    checked = _checked(store, plan, who, now, None, isolation)
    with store.db(writes=True) as db:
        made = TrainingSession(
            handle=_free_handle(db),
            title=plan.title.strip(),
            project=plan.project,
            instructor=plan.instructor,
            planned_by=who,
            planned_at=now,
            starts_at=plan.starts_at,
            ends_at=plan.ends_at,
            seats=plan.seats,
            warm=warm_of(plan),
            profile=plan.profile,
        )
        _fill(made, plan, checked, store.settings)
        db.add(made)
        db.flush()
        events.note(db, "planned", now, session=made.id, who=who)
        return made


def change(store: Store, handle: str, plan: Plan, who: str, now: int, *, isolation: str = "") -> TrainingSession:
    """Put another plan in place of one that nobody has decided about yet.

    Raises:
        UnknownTraining, UnknownPerson: no such one. TrainingRefused: it is decided about, not by this person, or
        something speaks against the new plan.
    """
    checked = _checked(store, plan, who, now, handle, isolation)
    with store.db(writes=True) as db:
        found = locked(db, handle)
        check_teaches(db, found, who)
        if found.state != PLANNED:
            raise TrainingRefused(handle, [_("It is decided about already.")], _("Cancel it and plan a new one."))
        for name in ("project", "instructor", "starts_at", "ends_at", "seats", "profile"):
            setattr(found, name, getattr(plan, name))
        found.title, found.warm = plan.title.strip(), warm_of(plan)
        found.planned_by, found.planned_at = who, now
        _fill(found, plan, checked, store.settings)
        events.note(db, "changed", now, session=found.id, who=who)
        return found


def _checked(store: Store, plan: Plan, who: str, now: int, handle: str | None, isolation: str) -> Checked:
    found = check(store, plan, who, now, handle=handle, isolation=isolation)
    if found.problems:
        raise TrainingRefused(plan.title.strip() or _("The class"), found.problems)
    return found


def _fill(session: TrainingSession, plan: Plan, checked: Checked, settings: Settings) -> None:
    for name in ("environment", "languages", "materials", "branch", "first_page", "hand_in", "walk_ins"):
        setattr(session, name, getattr(plan, name))
    session.roster = "\n".join(name.strip() for name in plan.roster)
    session.lead_s = lead_of(plan, settings)
    session.keep_days = settings.training.keep_days if plan.keep_days is None else plan.keep_days
    session.quoted_minor, session.subsidy_minor = checked.list_minor, checked.subsidy_minor


def _free_handle(db: Session) -> str:
    taken = set(db.scalars(select(TrainingSession.handle)))
    while True:
        handle = "".join(secrets.choice(HANDLE_SIGNS) for _sign in range(HANDLE_LENGTH))
        if handle not in taken:
            return handle
