"""The minutes of a meeting of the Committee, as Markdown: who was there, who withdrew, what was decided and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.applications import Conflict, Score
from workbench.domain.award_actions import APPROVED, DECLINED, KINDS, Action, Decision
from workbench.domain.awards import Application, Award
from workbench.domain.meetings import VOTES, WITHDREW, Item, Meeting, Vote
from workbench.domain.projects import Person
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.scores import Scored, scored
from workbench.errors import UnknownMeeting
from workbench.services.applications.meetings import present
from workbench.settings import Settings
from workbench.store.engine import Store
from workbench.units import money


def minutes(store: Store, meeting: int) -> str:
    """The minutes of one meeting; of an open one so far.

    Raises:
        UnknownMeeting: there is none with this number.
    """
    settings = store.settings
    with store.db() as db:
        held = db.get(Meeting, meeting)
        if held is None:
            raise UnknownMeeting(meeting)
        names = {row.name: row.display for row in db.execute(select(Person.name, Person.display))}
        ask = select(Item).where(Item.meeting == meeting).order_by(Item.decided_at, Item.application)
        items = list(db.scalars(ask))
        there = sorted(present(db, meeting), key=lambda name: (name != held.chair, name))
        parts = [
            _heading(held, settings),
            f"## Attendance\n\n{_attendance(there, held, names)}",
            f"## Conflicts of interest\n\n{_conflicts(db, items, names)}",
        ]
        parts += [_item(db, settings, number, item, names) for number, item in enumerate(items, start=1)]
        changes = _changes(db, held, names, settings)
        parts += [f"## Changes of awards\n\n{changes}"] if changes else []
        if not items and not changes:
            parts.append("Nothing has been decided in this meeting.")
    return "\n\n".join(parts) + "\n"


def _heading(held: Meeting, settings: Settings) -> str:
    state = "" if held.closed_at else "\n\nThe meeting is open; these are its minutes so far."
    made_up = "\n\n**Sample data: people, organisations and amounts are made up.**" if held.made_up else ""
    quorum = rules_on(settings.rules, held.held_on).committee_quorum
    note = f"\n\n{held.note}" if held.note else ""
    return (
        f"# Minutes of meeting {held.id} of the Committee, {held.held_on:%-d %B %Y}\n\n{settings.scheme.name}, "
        f"{settings.centre.name}. Quorum: {quorum} members without a conflict of interest.{made_up}{state}{note}"
    )


def _attendance(there: Iterable[str], held: Meeting, names: dict[str, str]) -> str:
    lines = [f"- {_text(names[name])}{' (chair)' if name == held.chair else ''}" for name in there]
    return "\n".join(lines) or "Nobody."


def _conflicts(db: Session, items: list[Item], names: dict[str, str]) -> str:
    """Those declared about the applications decided here, by whom, why, and whether they were there and withdrew."""
    decided = [item.application for item in items]
    withdrew = select(Vote.application, Vote.person).where(Vote.vote == WITHDREW, Vote.application.in_(decided))
    meeting = items[0].meeting if items else 0
    gone = {(row.application, row.person) for row in db.execute(withdrew.where(Vote.meeting == meeting))}
    ask = (
        select(Conflict, Application.reference)
        .join(Application, Application.id == Conflict.application)
        .where(Conflict.application.in_(decided))
        .order_by(Application.reference, Conflict.person)
    )
    rows = []
    for declared, reference in db.execute(ask):
        place = "withdrew" if (declared.application, declared.person) in gone else "not present"
        rows.append((reference, names.get(declared.person, declared.person), declared.reason, place))
    return _table(("Application", "Declared by", "Reason", "In this meeting"), rows) if rows else "None was declared."


def _item(db: Session, settings: Settings, number: int, item: Item, names: dict[str, str]) -> str:
    application = db.get_one(Application, item.application)
    amounts = (item.requested_minor, item.recommended_minor, item.awarded_minor)
    said = tuple("–" if amount is None else money(amount, settings.centre.symbol) for amount in amounts)
    reason = _text(item.reason) or "No reason was written."
    parts = [
        f"## {number}. {application.reference}: {_text(application.title)}",
        f"{_text(application.organisation)} ({application.category})",
        _table(("Requested", "Recommended", "Awarded"), [said]),
        _scores(_scored(db, settings, application)),
        f"**{item.decision.capitalize()}** by {_text(names[item.decided_by])}. {_terms(db, item, settings)}".rstrip(),
        f"Votes: {_votes(db, item, names)}",
        f"Reason: {reason}",
    ]
    if item.conditions:
        parts.append(f"Conditions: {_text(item.conditions)}")
    return "\n\n".join(parts)


def _changes(db: Session, held: Meeting, names: dict[str, str], settings: Settings) -> str:
    """What was decided in the meeting's hours about extensions, supplements, transfers, rates and appeals."""
    ask = (
        select(Action, Decision, Award.project)
        .join(Decision, Decision.action == Action.id)
        .outerjoin(Award, Award.id == Action.award)
        .where(Action.kind.in_([kind.name for kind in KINDS.values() if kind.decides == {"committee"}]))
        .where(Decision.decided_at >= held.opened_at, Decision.decision.in_([APPROVED, DECLINED]))
        .order_by(Decision.decided_at, Action.id)
    )
    if held.closed_at is not None:
        ask = ask.where(Decision.decided_at <= held.closed_at)
    rows = []
    for action, decision, project in db.execute(ask):
        amount = decision.amount_minor or action.amount_minor
        what = money(amount, settings.centre.symbol) if amount else ""
        ends_on = decision.ends_on or action.ends_on
        what = f"until before {ends_on:%-d %b %Y}" if ends_on else what
        who = names.get(decision.decided_by, decision.decided_by)
        rows.append(
            (project or "–", action.kind, what or "–", action.reason, f"{decision.decision} by {who}", decision.reason)
        )
    heads = ("Project", "Asked", "What", "Why", "Decision", "Reason")
    return _table(heads, rows) if rows else ""


def _scored(db: Session, settings: Settings, application: Application) -> Scored | None:
    out = set(db.scalars(select(Conflict.person).where(Conflict.application == application.id)))
    points: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for given in db.scalars(select(Score).where(Score.application == application.id).order_by(Score.reviewer)):
        if given.reviewer not in out:
            points[given.reviewer][given.criterion] = given.points
    return scored(points, rules_on(settings.rules, application.received_on))


def _scores(found: Scored | None) -> str:
    if found is None:
        return "It was not scored."
    rows = [
        (c.criterion, f"{c.weight}%", f"{float(c.mean):.1f}", f"{c.spread}{' (disputed)' if c.disputed else ''}")
        for c in found.criteria
    ]
    total = ("**total**", "100%", f"**{float(found.total):.1f}**", f"{found.reviewers} reviewers")
    return _table(("Criterion", "Weight", "Mean", "Spread"), [*rows, total])


def _terms(db: Session, item: Item, settings: Settings) -> str:
    if item.awarded_minor is None or item.rate_bp is None:
        return ""
    ask = select(Award).where(Award.application == item.application, Award.decided_on.is_not(None)).order_by(Award.id)
    award = db.scalars(ask).first()
    term = f", from {award.starts_on:%-d %b %Y} until before {award.ends_on:%-d %b %Y}" if award else ""
    ceiling = money(item.awarded_minor, settings.centre.symbol)
    return f"{item.rate_bp / 100:g}% of the list price, up to {ceiling}{term}."


def _votes(db: Session, item: Item, names: dict[str, str]) -> str:
    ask = select(Vote).where(Vote.meeting == item.meeting, Vote.application == item.application).order_by(Vote.person)
    found = list(db.scalars(ask))
    counts = Counter(vote.vote for vote in found)
    gone = [_text(names[vote.person]) for vote in found if vote.vote == WITHDREW]
    said = (
        ", ".join(f"{counts[vote]} {vote}" for vote in VOTES)
        if any(counts[v] for v in VOTES)
        else "the members agreed without a vote"
    )
    return f"{said}. Withdrew: {', '.join(gone)}." if gone else f"{said}."


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *(tuple(_text(cell) for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(said: str) -> str:
    """One line that cannot break a table."""
    return " ".join(said.replace("|", "\\|").split())
