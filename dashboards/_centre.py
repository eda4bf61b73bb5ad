"""What all handlers share: the store, the pages made so far, and what stands around a page."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import func, select

from dashboards import about, efficiency, forecast, ledger, occupancy, projects, spend, statements
from dashboards._asked import Asked
from dashboards._filters import Filters
from dashboards._page import Page, script_json
from dashboards.ledger.verified import VERIFIER
from workbench import i18n
from workbench.domain.access import Scope
from workbench.domain.award_actions import Action, Decision
from workbench.domain.awards import Award
from workbench.i18n import _
from workbench.pages import words
from workbench.pages.cache import ScopedCache
from workbench.pages.shell import SERVICE, Viewer, css, script, tabs
from workbench.pages.tokens import tokens
from workbench.services import reports
from workbench.services.meter import CLUSTER as NOTEBOOKS
from workbench.store.comparisons import slurm_comparisons
from workbench.store.efficiency import efficiency_days
from workbench.store.engine import Store
from workbench.store.ledger import head as ledger_head
from workbench.store.ledger_tables import closed_months

BUILD = {
    "occupancy": occupancy.build,
    "spend": spend.build,
    "forecast": forecast.build,
    "efficiency": efficiency.build,
    "projects": projects.build,
    "statements": statements.build,
    "ledger": ledger.build,
    "about-data": about.build,
}

OF_LEDGER = ("statements", "ledger")
"""Pages that change also with the ledger: what is posted, closed, paid."""

OF_AWARDS = ("spend", "projects")
"""Pages that change also with what is asked for awards and decided."""


OPEN_TO_ALL = ("about-data",)
"""Pages for everybody who may reach the service at all."""


VERSION_S = 300
"""A page is made anew when its data are so much newer; the stamp says what it was made of. Where Slurm is followed a
reload asks for the newest data there are, and an open page still speaks up no more often than this.
"""


KEPT_S, PATIENCE_S = 900, 0.2
"""A page not older than KEPT_S is shown where making the newer one takes longer than PATIENCE_S."""
KEPT_BESIDE_SLURM_S = 30
"""The same where Slurm is followed: what has ended is on the page within a minute."""


@dataclass(frozen=True)
class Built:
    """A page as it was made: of data until when."""

    page: Page
    until_s: int | None
    note: str
    version: tuple[int, ...]
    made_s: int


@dataclass(frozen=True)
class Open:
    """An open page: whose, of what, and the Hub token its live line asks again with (never sent to the browser)."""

    token: str
    who: Viewer
    filters: Filters
    language: str
    version: tuple[int, ...]


class Centre:
    """What the handlers share: the store, the Hub's word on who is looking, and the pages made so far."""

    def __init__(self, store: Store, auth: Any) -> None:
        self.store, self.auth = store, auth
        follows = bool(store.settings.slurm.cluster)
        self.grain_s, self.kept_s = (1, KEPT_BESIDE_SLURM_S) if follows else (VERSION_S, KEPT_S)
        self.made: ScopedCache[Built] = ScopedCache()
        self.worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pages")
        self.open: dict[str, Open] = {}
        """The pages that are open, by Bokeh session."""

    def fresh(self, scope: Scope, now_s: int) -> reports.Fresh | None:
        """Until when the centre's data reach; the notebook servers' own, which are always there, say nothing of it."""
        found = reports.freshness(self.store, scope, now_s)
        return next((f for f in found if f.cluster != NOTEBOOKS), next(iter(found), None))

    def ledger(self) -> tuple[int, ...]:
        """What pages of the ledger change with: its last number, how many months are closed, when it was verified."""
        with self.store.read() as conn:
            last = ledger_head(conn) or (0, "")
            closed = conn.scalar(select(func.count()).select_from(closed_months)) or 0
        return (last[0], closed, VERIFIER.found_at(self.store))

    def awards(self) -> tuple[int, ...]:
        """What pages of awards change with: how many there are, how much was asked for them, and decided."""
        with self.store.read() as conn:
            return tuple(conn.scalar(select(func.count()).select_from(kind)) or 0 for kind in (Award, Action, Decision))

    def comparisons(self) -> tuple[int, ...]:
        """What the page about the data changes with: when our books were last held against Slurm's."""
        with self.store.read() as conn:
            return (conn.scalar(select(func.max(slurm_comparisons.c.id))) or 0,)

    def efficiency(self) -> tuple[int, ...]:
        """What the page of efficiency changes with: how many days are kept, and when one was last made."""
        ask = select(func.count(), func.max(efficiency_days.c.made_at)).select_from(efficiency_days)
        with self.store.read() as conn:
            days, made_at = conn.execute(ask).one()
        return (days, made_at or 0)

    def more(self, page: str) -> tuple[int, ...]:
        """What a page changes with beside the age of its data."""
        if page == "about-data":
            return self.comparisons()
        if page == "efficiency":
            return self.efficiency()
        return self.ledger() if page in OF_LEDGER else self.awards() if page in OF_AWARDS else ()

    def version(self, fresh: reports.Fresh | None, page: str) -> tuple[int, ...]:
        """What a page is made of: data until when, to the grain, and what else it changes with."""
        return (fresh.data_until_s - fresh.data_until_s % self.grain_s if fresh else -1, *self.more(page))

    def build(self, who: Viewer, page: str, filters: Filters, now_s: int) -> Built:
        """The page for this viewer: as it was made for the same scope of data as new, else made now."""
        fresh = self.fresh(who.scope, now_s)
        version = self.version(fresh, page)
        asked = (page, who.pages, filters, i18n.language())
        kept = self.made.get(who.scope, asked)
        if kept and kept.version == version:
            return kept
        until_s = fresh.data_until_s if fresh else now_s
        pages = (*who.pages, *OPEN_TO_ALL)
        page_made = BUILD[page](Asked(self.store, who.scope, pages, page, filters, now_s, until_s))
        made = Built(page_made, fresh.data_until_s if fresh else None, fresh.note if fresh else "", version, now_s)
        self.made.put(who.scope, asked, made)
        return made

    async def built(self, who: Viewer, page: str, filters: Filters) -> Built:
        """`build` in the worker, in the language of the visitor.

        Where the page was made a short while ago, a newer one is waited for only so long: else the one of before is
        shown, whose stamp says of when it is, and the new one is ready for the next look.
        """
        language, now_s = i18n.language(), int(time.time())

        def work() -> Built:
            with i18n.speaking(language):
                return self.build(who, page, filters, now_s)

        making = asyncio.get_running_loop().run_in_executor(self.worker, work)
        kept = self.made.get(who.scope, (page, who.pages, filters, language))
        if kept is None or now_s - kept.made_s > self.kept_s:
            return await making
        done, _pending = await asyncio.wait([making], timeout=PATIENCE_S)
        return making.result() if done else kept

    async def newer(self, who: Viewer, page: str, shown: Open) -> bool:
        """Whether there is a newer page than the one shown; it is ready when this says so."""

        def work() -> bool:
            now_s = int(time.time())
            until_s, *more = self.version(self.fresh(who.scope, now_s), page)
            shown_s, *shown_more = shown.version
            if until_s // VERSION_S == shown_s // VERSION_S and more == shown_more:
                return False
            with i18n.speaking(shown.language):
                return self.build(who, page, shown.filters, now_s).version != shown.version

        return await asyncio.get_running_loop().run_in_executor(self.worker, work)

    def frame(self, who: Viewer | None, page: str = "", built: Built | None = None) -> dict[str, Any]:
        """What stands around a page."""
        centre = self.store.settings.centre
        now_s = int(time.time())
        local = pd.Timestamp(now_s, unit="s", tz="UTC").tz_convert(centre.zone).to_pydatetime()
        return {
            "centre": centre.name,
            "home": f"{SERVICE}/{who.pages[0]}" if who and who.pages else "/hub/home",
            "tabs": tabs(who, page) if who else [],
            "who": who,
            "logout_url": f"{SERVICE}/logout",
            "css": css(),
            "theme_js": script("theme.js"),
            "page_js": script("page.js"),
            "dark_of": script_json(tokens().dark_of()),
            "fresh": words.freshness(built.until_s if built else None, now_s, centre.zone, built.note if built else ""),
            "sample": about.label(self.store),
            "about": f"{SERVICE}/about-data",
            "scheme": self.store.settings.scheme.name,
            "zone_words": _("Times are the centre's own: {zone} ({name}).").format(
                zone=centre.time_zone, name=words.zone_name(local)
            ),
        }
