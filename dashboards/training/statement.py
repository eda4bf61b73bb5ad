"""The closing statement of a class on its page and as a file."""

from typing import Any

import pandas as pd

from dashboards import about
from dashboards._handlers import safe_csv
from dashboards.training.handler import TrainingHandler
from workbench.domain.projects import Project
from workbench.domain.training import COPY, TrainingSession
from workbench.i18n import _
from workbench.pages import words
from workbench.papers.training import class_pdf
from workbench.services.training import archive, listing
from workbench.services.training.events import kind_in_words
from workbench.services.training.statement import COLUMNS, SeatLine, Statement, statement, table
from workbench.units import HOUR_S, gpu_seconds


async def statement_given(handler: TrainingHandler, session: TrainingSession) -> dict[str, Any]:
    """What the template of the statement is given."""
    found: Statement = await handler.desk.run(statement, handler.store, session.handle, handler.now)
    teaches = listing.may_teach(session, handler.who.name, handler.who.groups)
    until = archive.kept_until(session)
    kept = teaches and session.hand_in == COPY and handler.now < until
    return {
        "bill": {
            "found": found,
            "sentence": _sentence(handler, found),
            "figures": _figures(handler, found),
            "rows": [_row(handler, line, kept=kept) for line in found.rows],
            "total": [handler.money(amount) for amount in _totals(found)],
            "core_hours": _hours(found.core_seconds),
            "gpu_hours": _hours(found.gpu_seconds),
            "incidents": [(handler.clock(i.at), kind_in_words(i.kind), i.seat, i.says) for i in found.incidents],
            "address": f"{handler.root}/{session.handle}/statement",
            "kept_until": handler.clock(until) if kept else "",
        }
    }


class StatementFile(TrainingHandler):
    """The seats of a statement as CSV."""

    async def look(self, *given: str) -> None:
        session = await self.found(given[0])
        found = await self.desk.run(statement, self.store, session.handle, self.now)
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="class-{session.handle}.csv"')
        self.finish(safe_csv(pd.DataFrame(table(found), columns=list(COLUMNS), dtype=object)))


class StatementPaper(TrainingHandler):
    """The statement as PDF."""

    async def look(self, *given: str) -> None:
        session = await self.found(given[0])

        def made() -> bytes:
            found = statement(self.store, session.handle, self.now)
            with self.store.db() as db:
                made_up = db.get_one(Project, session.project).made_up
            return class_pdf(found, self.store.settings, about.label(self.store) if made_up else "")

        paper = await self.desk.run_slowly(made)
        self.set_header("Content-Type", "application/pdf")
        self.set_header("Content-Disposition", f'attachment; filename="class-{session.handle}.pdf"')
        self.finish(paper)


def _sentence(handler: TrainingHandler, found: Statement) -> str:
    listed, subsidy, user = (handler.money(amount) for amount in _totals(found))
    said = _(
        "{joined} of {seats} seats were taken. The class came to {listed} at list price: {subsidy} of subsidy and "
        "{user} of the project's own."
    )
    return said.format(joined=found.joined, seats=found.seats, listed=listed, subsidy=subsidy, user=user)


def _totals(found: Statement) -> tuple[int, int, int]:
    return found.list_minor, found.subsidy_minor, found.user_minor


def _figures(handler: TrainingHandler, found: Statement) -> list[tuple[str, str, str, int | float]]:
    """(id, label, value, exact) of the figures on top."""
    listed, subsidy, user = _totals(found)
    return [
        ("seats", _("Seats"), f"{found.seats:,}", found.seats),
        ("joined", _("Joined"), f"{found.joined:,}", found.joined),
        ("no-shows", _("No-shows"), f"{found.no_shows:,}", found.no_shows),
        ("gpu-hours", _("GPU-hours"), _hours(found.gpu_seconds), found.gpu_seconds),
        ("core-hours", _("Core-hours"), _hours(found.core_seconds), found.core_seconds),
        ("list", _("At list price"), handler.money(listed), listed),
        ("subsidy", _("Subsidy"), handler.money(subsidy), subsidy),
        ("user", _("User's share"), handler.money(user), user),
        ("incidents", _("Incidents"), f"{len(found.incidents):,}", len(found.incidents)),
    ]


def _row(handler: TrainingHandler, line: SeatLine, *, kept: bool) -> dict[str, Any]:
    saved = kept and line.archived_bytes is not None
    return {
        "line": line,
        "who": line.shown_name or line.roster,
        "joined": words.clock(line.joined_at, handler.store.settings.centre.zone) if line.joined_at else "",
        "core_hours": _hours(line.core_seconds),
        "gpu_hours": _hours(gpu_seconds(line.gpu_part_seconds)),
        "amounts": [
            "" if not line.servers and not amount else handler.money(amount)
            for amount in (line.list_minor, line.subsidy_minor, line.user_minor)
        ],
        "work": f"{line.number}.zip" if saved else "",
        "size": words.size(line.archived_bytes or 0) if saved else "",
    }


def _hours(seconds: int | float) -> str:
    return f"{seconds / HOUR_S:,.2f}"
