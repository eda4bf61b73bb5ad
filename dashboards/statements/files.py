"""Statements to take away: PDF, CSV, CSV with the columns of FOCUS, JSON, within the asker's scope."""

import asyncio
import re
import time
from typing import Any

from tornado.web import authenticated

from dashboards import about
from dashboards._handlers import Plain
from dashboards.statements.months import PAGE
from workbench import i18n
from workbench.errors import NoStatement, UnknownProject
from workbench.i18n import _
from workbench.pages import identity
from workbench.pages.shell import page_titles
from workbench.papers.statement import statement_pdf
from workbench.services.spreadsheet import SPREADSHEETS
from workbench.services.statements import files as written
from workbench.services.statements.statements import statement

TYPES = {
    "pdf": ("application/pdf", "pdf"),
    "csv": ("text/csv; charset=utf-8", "csv"),
    "focus": ("text/csv; charset=utf-8", "focus.csv"),
    "json": ("application/json; charset=utf-8", "json"),
}
"""Form → its content type and how its name ends."""


def handlers(centre: Any) -> list[tuple[str, Any, dict[str, Any]]]:
    """The addresses below the service's prefix."""
    forms = "|".join(TYPES)
    return [
        (rf"/{PAGE}/({forms})/([12][0-9]{{3}}-[0-9]{{2}})/([A-Za-z0-9._-]{{1,80}})", StatementFile, {"centre": centre})
    ]


class StatementFile(Plain):
    """One statement as a file."""

    @authenticated
    async def get(self, form: str, month: str, project: str) -> None:
        who = identity.viewer_of(self.current_user)
        if PAGE not in who.pages:
            self.refuse(who, page_titles()[PAGE])
            return
        language = i18n.language()

        def work() -> bytes:
            with i18n.speaking(language):
                return self.made(who, form, month, project)

        try:
            made = await asyncio.get_running_loop().run_in_executor(self.centre.worker, work)
        except UnknownProject:
            self.refuse(who, _("This project"))
            return
        except NoStatement as problem:
            self.notice(404, _("There is no such statement"), str(problem))
            return
        kind, ends = TYPES[form]
        self.set_header("Content-Type", kind)
        name = re.sub(r"[^A-Za-z0-9.-]", "-", f"statement-{month}-{project}.{ends}")
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header("Cache-Control", "no-store")
        self.finish(made)

    def made(self, who: Any, form: str, month: str, project: str) -> bytes:
        """The file's bytes."""
        store = self.centre.store
        paper = statement(store, who.scope, project, month, int(time.time()))
        if form == "pdf":
            return statement_pdf(paper, store.settings, about.label(store) if paper.row.made_up else "")
        if form == "csv":
            return written.statement_csv(paper).encode(SPREADSHEETS)
        if form == "focus":
            return written.statement_focus([paper], store.settings).encode()
        return written.statement_json(paper).encode()
