"""The page of what-ifs over HTTP: the whole page, the parts that a slider exchanges, the months as CSV."""

import time
from typing import Any

import pandas as pd
from tornado.httputil import url_concat
from tornado.web import HTTPError

from dashboards._handlers import LONGEST_QUERY, Plain, safe_csv
from dashboards.whatif import form, view
from dashboards.whatif.turns import Turns
from workbench.errors import BadScenario
from workbench.i18n import _
from workbench.pages import identity, words
from workbench.pages.shell import SERVICE, Viewer, environment, page_titles, script
from workbench.services.spend_days import today_of
from workbench.services.whatif.answer import Answer, ask
from workbench.services.whatif.world import year_from

PAGE = "what-if"
ROOT = f"{SERVICE}/{PAGE}"


class Asking(Plain):
    """Who asks, may they, and the scenario of the address. Subclasses write `show`."""

    def initialize(self, centre: Any, turns: Turns) -> None:  # type: ignore[override]  # Tornado calls it by name
        super().initialize(centre)
        self.turns, self.store = turns, centre.store

    async def prepare(self) -> None:
        await super().prepare()
        self.set_header("Cache-Control", "no-store")

    @property
    def who(self) -> Viewer:
        return identity.viewer_of(self.current_user)

    async def get(self) -> None:
        if self.current_user is None:
            self.stranger()
        elif PAGE not in self.who.pages:
            self.refuse(self.who, page_titles()[PAGE])
        elif len(self.request.query) > LONGEST_QUERY:
            raise HTTPError(414)
        else:
            try:
                await self.show()
            except Exception as problem:  # noqa: BLE001 (a face: recorded with its number)
                self.failed(problem)

    def stranger(self) -> None:
        self.redirect(url_concat(self.get_login_url(), {"next": self.request.uri or ROOT}))

    async def show(self) -> None:
        raise HTTPError(404)

    def answered(self) -> tuple[form.Typed, Answer]:
        """What was typed and its answer; where it cannot be tried, the centre as it goes on."""
        settings, now = self.store.settings, int(time.time())
        first = year_from(today_of(self.store, now), settings).first
        sent = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        typed = form.read(sent, first, settings.centre.zone)
        try:
            found = ask(self.store, typed.scenario, now)
            if not typed.problems:
                return typed, found
            typed = form.refused(typed, {}, first)
        except BadScenario as bad:
            typed = form.refused(typed, bad.problems, first)
        return typed, ask(self.store, typed.scenario, now)

    def fresh(self) -> words.Freshness:
        now, zone = int(time.time()), self.store.settings.centre.zone
        fresh = self.centre.fresh(self.who.scope, now)
        return words.freshness(fresh.data_until_s if fresh else None, now, zone, fresh.note if fresh else "")

    def parts(self, typed: form.Typed, found: Answer) -> dict[str, Any]:
        return view.parts(self.store.settings, typed, found)


class WhatIf(Asking):
    """The whole page."""

    async def show(self) -> None:
        token = self.xsrf_token  # the Hub's log-in counts for a script only with it
        xsrf = token.decode() if isinstance(token, bytes) else str(token)

        def made() -> str:
            typed, found = self.answered()
            page = environment().get_template("whatif/page.html")
            frame = self.centre.frame(self.who, PAGE) | {"fresh": self.fresh()}
            own = {"root": ROOT, "frame": frame, "help_js": script("whatif.js"), "xsrf": xsrf}
            return page.render(**own, **view.form_parts(self.store.settings, typed, found), **self.parts(typed, found))

        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(await self.turns.run(made))


class Again(Asking):
    """The answer alone, for the page's script: its parts as HTML. 204: the viewer has asked anew meanwhile."""

    def stranger(self) -> None:
        self.set_status(401)
        self.finish({"says": _("You were logged out. Load the page again.")})

    async def show(self) -> None:
        def made() -> dict[str, Any]:
            began = time.perf_counter()
            typed, found = self.answered()
            parts = self.parts(typed, found)
            answer = environment().get_template("whatif/answer.html").render(**parts)
            return {
                "sentence": str(parts["sentence"]),
                "glance": str(parts["glance"]),
                "answer": answer,
                "problems": parts["problems"],
                "query": form.query(typed.texts, found.first),
                "took_ms": round((time.perf_counter() - began) * 1000),
            }

        found = await self.turns.take(self.who.name, made)
        if found is None:
            self.set_status(204)
            self.finish()
        else:
            self.finish(found)


class Rows(Asking):
    """The months of the answer, exact, as CSV."""

    async def show(self) -> None:
        def made() -> bytes:
            return safe_csv(pd.DataFrame(view.exact(self.answered()[1])))

        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{PAGE}-months.csv"')
        self.finish(await self.turns.run(made))
