"""Everything that is looked at before a class is accepted, in one answer for the form, the command and the approver."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from workbench.domain.projects import Member, Person, Project
from workbench.domain.training import TrainingSession
from workbench.i18n import _
from workbench.periods import moment
from workbench.services.holds.reserved import own_minor
from workbench.services.training.asked import Plan, faults, lead_of, profile_of, warm_of
from workbench.services.training.cost import Cost, cost, unpaid_at
from workbench.services.training.room import Occupied, beside, fits, occupied
from workbench.services.two_people import DECIDE
from workbench.store.engine import Store
from workbench.units import HOUR_S, money

LAST_MOMENT = 4_102_444_800
"""The year 2100, UTC epoch seconds."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. problems: why it cannot be accepted, warnings: what should be known, a sentence each.

    Amounts are minor units of the whole class, its lead included; None: not known. award_free_minor: free of the award
    that pays; None where none does. gpus: of all seats. fits: what this machine has room for. conflicts: other classes
    at the same time.
    """

    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    seat_hours: float = 0.0
    list_minor: int | None = None
    subsidy_minor: int | None = None
    user_minor: int | None = None
    award_free_minor: int | None = None
    gpus: int = 0
    occupancy: Occupied | None = None
    conflicts: tuple[str, ...] = ()
    fits: str = ""

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems


def check(store: Store, plan: Plan, who: str, now: int, *, handle: str | None = None, isolation: str = "") -> Checked:
    """Look at a plan; nothing is written.

    Args:
        store: the centre's.
        plan: what is wished for.
        who: plans it.
        now: UTC epoch seconds.
        handle: of the session that is changed by it, None for a new one.
        isolation: why seats cannot be walled off from one another here, '' where they can (hub.walls); the Hub knows.
    """
    settings = store.settings
    with store.db() as db:
        person = db.get(Person, who)
        trusted = person is not None and person.role in DECIDE
        problems = list(faults(plan, settings, who, now, trusted=trusted))
        problems += _people(db, plan, who, trusted=trusted)
        if not 0 < plan.starts_at < plan.ends_at < LAST_MOMENT:  # no calendar and no database has these
            return Checked(tuple(problems), ())
        others = beside(db, plan, settings, handle)
        own = own_minor(db, handle)
    warnings = _isolated(isolation, required=settings.training.isolation == "required", problems=problems)
    if settings.slurm.spawns:
        warnings.append(
            _("Students start their own servers as people of the project: there are no seats and no code with Slurm.")
        )
    profile = profile_of(settings, plan.profile)
    if profile is None or plan.ends_at <= plan.starts_at or plan.seats < 1 or not 0 <= warm_of(plan) <= plan.seats:
        return Checked(tuple(problems), tuple(warnings))
    roomy, said = fits(plan, profile, others, settings)
    if not roomy:
        problems.append(_("There is no room for {n} seats: {why}").format(n=plan.seats, why=said))
    if any(one.instructor == plan.instructor for one in others):
        warnings.append(_("{who} teaches another class at the same time.").format(who=plan.instructor))
    if profile.most_hours is not None and plan.ends_at - plan.starts_at > profile.most_hours * HOUR_S:
        problems.append(_("A server of this profile runs for {n} hours at most.").format(n=profile.most_hours))
    paid = cost(store, plan, own)
    _money(paid, plan, settings.centre.symbol, problems, warnings)
    if paid.award is not None:
        problems += _unpaid(store, plan)
    taken = occupied(store, plan, profile, now)
    if taken.share_with is not None and taken.share_with > 1:
        warnings.append(taken.says)
    return Checked(
        problems=tuple(problems),
        warnings=tuple(warnings),
        seat_hours=paid.seat_seconds / HOUR_S,
        list_minor=paid.list_minor,
        subsidy_minor=paid.subsidy_minor,
        user_minor=paid.user_minor,
        award_free_minor=paid.free_minor,
        gpus=taken.gpus,
        occupancy=taken,
        conflicts=tuple(_said(one, store) for one in others),
        fits=said,
    )


def _people(db: Session, plan: Plan, who: str, *, trusted: bool) -> list[str]:
    """Who plans, who teaches, who pays."""
    found = []
    person, teacher = db.get(Person, who), db.get(Person, plan.instructor)
    if person is None:
        found.append(_("There is nobody named {name}.").format(name=who))
    if teacher is None:
        found.append(_("There is nobody named {name} to teach it.").format(name=plan.instructor or "''"))
    if db.get(Project, plan.project) is None:
        found.append(_("There is no project {name} to pay for it.").format(name=plan.project or "''"))
        return found
    for name in dict.fromkeys([*([] if trusted else [who]), plan.instructor]):
        someone = db.get(Person, name)
        if someone is not None and someone.role not in DECIDE and db.get(Member, (plan.project, name)) is None:
            found.append(
                _("{name} is not one of the people of {project}, which would pay.").format(
                    name=name, project=plan.project
                )
            )
    place = db.get(Member, (plan.project, who))
    may = (
        trusted or (person is not None and person.role == "instructor") or (place is not None and place.role == "lead")
    )
    if person is not None and not may:
        found.append(_("A class is planned by an instructor, the lead of the project, or the secretariat."))
    return found


def _isolated(why: str, *, required: bool, problems: list[str]) -> list[str]:
    if not why:
        return []
    said = _("Seats cannot be walled off from one another here: {why}.").format(why=why.rstrip("."))
    if required:
        problems.append(said)
        return []
    return [said]


def _money(paid: Cost, plan: Plan, symbol: str, problems: list[str], warnings: list[str]) -> None:
    if paid.list_minor is None:
        problems.append(paid.why)
        return
    if paid.refused and paid.award is None:
        problems.append(
            _("{project} has no award that pays on that day, and without one nothing is started.").format(
                project=plan.project
            )
        )
    elif paid.refused:
        free, needed = (money(amount or 0, symbol) for amount in (paid.free_minor, paid.subsidy_minor))
        said = _("The award of {project} has {free} free, the class needs {needed}.")
        problems.append(said.format(project=plan.project, free=free, needed=needed))
    elif paid.user_minor and not paid.subsidy_minor:
        warnings.append(
            _("No award pays: {project} pays the list price of {amount}.").format(
                project=plan.project, amount=money(paid.user_minor, symbol)
            )
        )


def _unpaid(store: Store, plan: Plan) -> list[str]:
    """That no award pays when its servers are started ahead, or at its end; one pays at its start."""
    begins, ends = plan.starts_at - lead_of(plan, store.settings), plan.ends_at - 1
    found = []
    if why := unpaid_at(store, plan, begins):
        found.append(_("Its servers are started before an award pays: {why} Shorten the lead.").format(why=why))
    if why := unpaid_at(store, plan, ends):
        found.append(_("No award pays until its end: {why}").format(why=why))
    return found


def _said(one: TrainingSession, store: Store) -> str:
    zone = store.settings.centre.zone
    begins, ends = (moment(at).astimezone(zone) for at in (one.starts_at, one.ends_at))
    return _("{title} ({handle}), {day} {begins}–{ends}, {seats} seats, {state}").format(
        title=one.title,
        handle=one.handle,
        day=f"{begins:%-d %b %Y}",
        begins=f"{begins:%H:%M}",
        ends=f"{ends:%H:%M}",
        seats=one.seats,
        state=one.state,
    )
