"""The award of one project: what it says from which day on, what was asked and decided, plan against use, reports."""

from collections.abc import Sequence

import pandas as pd

from dashboards._asked import Asked
from dashboards._money import amount, exact
from dashboards._page import Cell, Column, Row, Table
from workbench.domain.award_actions import SCHEME
from workbench.i18n import _
from workbench.pages import words
from workbench.periods import day_of
from workbench.services.awards.history import ActionLine, AwardFile

STATES = {"late": "act", "handed in": "watch"}


def award_tables(asked: Asked, files: Sequence[AwardFile]) -> list[Table]:
    """The tables of a project's awards, the newest award first; none where it has no award."""
    if not files:
        return []
    return [
        versions_table(asked, files),
        actions_table(asked, files),
        quarters_table(asked, files),
        reports_table(files),
    ]


def versions_table(asked: Asked, files: Sequence[AwardFile]) -> Table:
    """One row per version of each award."""
    columns = (
        Column(_("Award")),
        Column(_("From")),
        Column(_("Rate"), right=True),
        Column(_("Ceiling, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Term")),
        Column(_("Made by")),
        Column(_("Why")),
    )
    lines = [(file, version) for file in files for version in reversed(file.versions)]
    rows = tuple(
        Row(
            (
                Cell(str(file.line.award)),
                Cell(words.day(version.from_on), order=version.from_on.isoformat()),
                Cell(f"{version.rate_bp / 100:g}%", order=version.rate_bp),
                amount(version.ceiling_minor),
                Cell(
                    _("{first} up to {last}").format(
                        first=words.day(version.starts_on), last=words.day(version.ends_on)
                    )
                ),
                Cell(kind_words(version.what), sub=_who(version.by)),
                Cell(version.why),
            )
        )
        for file, version in lines
    )
    frame = pd.DataFrame(
        [{"award": file.line.award, **{name: getattr(v, name) for name in v.__slots__}} for file, v in lines]
    )
    says = _("Each version holds from its day on.")
    return Table("award", _("Award"), columns, rows, frame, None, says, asked.csv("award"))


def actions_table(asked: Asked, files: Sequence[AwardFile]) -> Table:
    """One row per action, the newest first."""
    columns = (
        Column(_("Asked"), sorted="descending"),
        Column(_("What")),
        Column(_("Amount, rate or day"), right=True),
        Column(_("Reason")),
        Column(_("Decision")),
    )
    # A transfer stands in the files of both its awards.
    actions = sorted({a.action: a for file in files for a in file.actions}.values(), key=lambda a: -a.action)
    rows = tuple(
        Row(
            (
                Cell(
                    words.day(day_of(int(a.asked_at.timestamp()), asked.zone)),
                    order=a.asked_at.isoformat(),
                    sub=_who(a.asked_by),
                ),
                Cell(kind_words(a.kind), sub=_("action {n}").format(n=a.action)),
                Cell(_figure(asked, a)),
                Cell(a.reason),
                _decided(asked, a),
            )
        )
        for a in actions
    )
    frame = pd.DataFrame([{name: getattr(a, name) for name in a.__slots__} for a in actions])
    return Table(
        "award-actions",
        _("Asked and decided"),
        columns,
        rows,
        frame,
        None,
        "",
        asked.csv("award-actions"),
        _("Nothing was asked for this award yet."),
        _("Its lead can ask for a later end or a supplement: workbench awards ask --help"),
    )


def quarters_table(asked: Asked, files: Sequence[AwardFile]) -> Table:
    """One row per award and quarter that has begun, the newest first."""
    columns = (
        Column(_("Quarter"), sorted="descending"),
        Column(_("Award")),
        Column(_("Planned, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Used, {currency}").format(currency=asked.symbol), right=True),
        Column(_("Share of the plan"), right=True),
    )
    lines = sorted(
        ((q, file.line.award) for file in files for q in file.quarters), key=lambda line: line[0].quarter, reverse=True
    )
    rows = tuple(
        Row(
            (
                Cell(q.quarter),
                Cell(str(award)),
                amount(q.planned_minor) if q.planned_minor is not None else Cell(_("no plan")),
                amount(q.used_minor),
                Cell(words.percent(q.used_minor / q.planned_minor) if q.planned_minor else ""),
            )
        )
        for q, award in lines
    )
    frame = pd.DataFrame(
        [
            {"quarter": q.quarter, "award": award, "planned_minor": q.planned_minor, "used_minor": q.used_minor}
            for q, award in lines
        ]
    ).astype({"planned_minor": "Int64"} if lines else {})
    says = _("Subsidy. A quarter far below its plan loses part of what was not used.")
    return Table(
        "award-plan",
        _("Planned and used by quarter"),
        columns,
        rows,
        frame,
        None,
        says,
        asked.csv("award-plan"),
        _("The award has not begun."),
    )


def reports_table(files: Sequence[AwardFile]) -> Table:
    """The reports that a project owes, by their last day."""
    columns = (Column(_("Due"), sorted="ascending"), Column(_("Award")), Column(_("Report")), Column(_("State")))
    lines = sorted((line for file in files for line in file.reports), key=lambda line: line.due_on)
    said = {
        "late": _("late: no supplement until it comes"),
        "handed in": _("handed in, not read yet"),
        "accepted": _("accepted"),
        "ahead": _("not due yet"),
    }
    rows = tuple(
        Row(
            (
                Cell(words.day(line.due_on), order=line.due_on.isoformat()),
                Cell(str(line.award)),
                Cell(_report(line.report)),
                Cell(said[line.state], state=STATES.get(line.state, "")),
            )
        )
        for line in lines
    )
    frame = pd.DataFrame([{"due_on": r.due_on, "award": r.award, "report": r.report, "state": r.state} for r in lines])
    return Table("award-reports", _("Reports due"), columns, rows, frame)


def kind_words(kind: str) -> str:
    """A kind of action, or the decision that made the award, in words."""
    return {
        "decision": _("Decision"),
        "extension": _("Extension"),
        "supplement": _("Supplement"),
        "transfer": _("Transfer"),
        "rate": _("New rate"),
        "over-use": _("Going on past the ceiling"),
        "no-over-use": _("Stopping at the ceiling"),
        "progress-report": _("Progress report"),
        "final-report": _("Final report"),
        "closing": _("Early end"),
        "appeal": _("Appeal"),
        "under-use-cut": _("Cut for under-use"),
        "outage-extension": _("Longer by an outage"),
    }[kind]


def _report(name: str) -> str:
    word, _space, month = name.partition(" ")
    return _("Progress report of month {n}").format(n=month) if word == "progress" else _("Final report")


def _who(name: str) -> str:
    return {SCHEME: _("by the scheme's rules"), "the Committee": _("the Committee")}.get(name, name)


def _figure(asked: Asked, action: ActionLine) -> str:
    said = [
        "" if action.amount_minor is None else exact(asked, action.amount_minor),
        "" if action.rate_bp is None else f"{action.rate_bp / 100:g}%",
        "" if action.ends_on is None else words.day(action.ends_on),
        _("to award {n}").format(n=action.other_award) if action.other_award else "",
        action.quarter or "",
        _("against action {n}").format(n=action.appeal_of) if action.appeal_of else "",
    ]
    return ", ".join(part for part in said if part)


def _decided(asked: Asked, action: ActionLine) -> Cell:
    if action.decided_at is None:
        return Cell(_("open"), state="watch")
    word = {"approved": _("approved"), "declined": _("declined"), "withdrawn": _("withdrawn")}[action.decision]
    if action.decided_minor is not None and action.decided_minor != action.amount_minor:
        word += f", {exact(asked, action.decided_minor)}"
    day = words.day(day_of(int(action.decided_at.timestamp()), asked.zone))
    said = _("{day}, {who}").format(day=day, who=_who(action.decided_by))
    return Cell(word, sub=f"{said}: {action.decision_reason}" if action.decision_reason else said)
