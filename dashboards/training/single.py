"""One class: its plan, what deciding about it means, how it is joined, the class live, its statement after it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dashboards.training.handler import TrainingHandler
from dashboards.training.live import live_given
from dashboards.training.planning import may_plan
from dashboards.training.statement import statement_given
from dashboards.training.work import work_given
from workbench.domain.training import (
    APPROVED,
    COMING,
    COPY,
    ENDED,
    OPEN,
    OVER,
    PLANNED,
    WARMING,
    TrainingEvent,
    TrainingSession,
    phase,
)
from workbench.i18n import _, ngettext
from workbench.services.training import codes, events, listing
from workbench.services.training import plan as planning
from workbench.services.training.asked import plan_of

COMING_EVERY_S = 15
"""How often the page of a class that is to come asks whether it begins."""
EVENTS_SHOWN = 30
BY_SEAT = ("joined", "handed-in", "shared", "unshared", "saved")
"""Of those there are as many as students, and nothing went wrong: counted, and not listed."""


class Single(TrainingHandler):
    async def look(self, *given: str) -> None:
        session = await self.found(given[0])
        now_is, who, groups = phase(session, self.now), self.who.name, self.who.groups
        teaches = listing.may_teach(session, who, groups)
        live = now_is in (WARMING, OPEN) or (now_is == OVER and session.state == APPROVED)
        over, planned_by = session.state == ENDED, who == session.planned_by
        coming = now_is == COMING
        parts: dict[str, Any] = await live_given(self, session) if live or coming else {}
        parts |= await statement_given(self, session) if over else {}
        self.show(
            "single.html",
            **parts,
            session=session,
            when=self.when(session),
            stands=self.stands(session),
            planned=self.clock(session.planned_at),
            facts=self.facts(session),
            checked=await self.checked(session),
            codes=await self.codes(session) if teaches and now_is in (COMING, WARMING, OPEN) else (),
            join_address=self.address("join"),
            happened=await self.happened(session) if teaches else None,
            work=None if live or coming else await work_given(self, session),
            live=live,
            coming=coming,
            every_s=COMING_EVERY_S,
            over=over,
            teaches=teaches,
            may_decide=session.state == PLANNED and listing.may_decide(session, who, groups),
            may_change=session.state == PLANNED and may_plan(self.who) and (teaches or planned_by),
            may_cancel=(teaches or planned_by) and (session.state == PLANNED or now_is in (COMING, WARMING)),
            money=self.money,
            done=done_words(self.get_query_argument("done", "")),
        )

    def facts(self, session: TrainingSession) -> list[tuple[str, str]]:
        """The plan, line by line."""
        kept = _("a copy of each seat's work, for {n} days").format(n=session.keep_days)
        rows = [
            (_("Started ahead"), _("{n} seats, {m} minutes before").format(n=session.warm, m=session.lead_s // 60)),
            (_("Who may join"), _("whoever has the code") if session.walk_ins else _("those on the list")),
            (_("Materials"), session.materials or _("none")),
            (_("Opens first"), session.first_page),
            (_("Kernel"), session.environment),
            (_("Languages"), session.languages),
            (
                _("Collected at the end"),
                kept if session.hand_in == COPY else _("nothing; each student can fetch their own"),
            ),
            (_("List price"), self.money(session.quoted_minor)),
            (_("Subsidy"), self.money(session.subsidy_minor)),
            (_("Decided by"), session.decided_by or ""),
            (_("Decided"), self.clock(session.decided_at) if session.decided_at else ""),
            (_("Its reason"), session.reason if session.state in (APPROVED, ENDED) else ""),
        ]
        return [(label, value) for label, value in rows if value]

    async def checked(self, session: TrainingSession) -> planning.Checked | None:
        """What approving it means, while nobody has decided."""
        if session.state != PLANNED:
            return None
        isolation = await self.isolation()

        def look() -> planning.Checked:
            plan, handle = plan_of(session), session.handle
            return planning.check(self.store, plan, session.planned_by, self.now, handle=handle, isolation=isolation)

        return await self.desk.run(look)

    async def codes(self, session: TrainingSession) -> list[tuple[str, str]]:
        """Each code that counts, as it is read from a wall, and its link."""
        found = [codes.shown(code) for code in await self.desk.run(codes.valid, self.store, session.handle)]
        return [(code, self.address(f"join/{code}")) for code in found]

    async def happened(self, session: TrainingSession) -> dict[str, Any] | None:
        """What happened, the latest first, and how much of it is not listed; None: nothing did."""
        found = await self.desk.run(events.listed, self.store, session.handle)
        told = [one for one in found if one.kind not in BY_SEAT]
        rows = [
            (
                self.clock(one.at),
                events.kind_in_words(one.kind),
                " · ".join(filter(None, (one.who, events.says_in_words(one)))),
            )
            for one in reversed(told[-EVENTS_SHOWN:])
        ]
        return {"rows": rows, "unlisted": _unlisted(found, len(told) - len(rows))} if found else None

    def address(self, path: str) -> str:
        """An address of the Hub as the students' browsers reach it."""
        if public := self.store.settings.hub.subdomain_host:
            return f"{public}/hub/{path}"
        told = self.request.headers.get("X-Forwarded-Proto", self.request.protocol)
        return f"{told.split(',')[0].strip()}://{self.request.host}/hub/{path}"


def _unlisted(found: Sequence[TrainingEvent], earlier: int) -> list[str]:
    """Sentences on what happened and is not listed."""
    counts = Counter(one.kind for one in found)
    kinds = ", ".join(f"{events.kind_in_words(kind)} ({counts[kind]})" for kind in BY_SEAT if counts[kind])
    said = [_("Counted here and not listed, seat by seat: {what}.").format(what=kinds)] if kinds else []
    if earlier:
        n = ngettext("{n} earlier event is not listed.", "{n} earlier events are not listed.", earlier)
        said.append(n.format(n=earlier))
    return said


def done_words(what: str) -> str:
    """What the last form did; '' for anything else."""
    return {
        "planned": _("The plan is kept. Another person of the secretariat decides about it."),
        "approve": _("The class is approved: its subsidy is held, and it has its seats and its code."),
        "decline": _("The class is declined."),
        "cancel": _("The class is cancelled."),
        "message": _("The message is on its way to all seats."),
        "extend": _("The class is longer now."),
        "end": _("The class ends now: its work is saved and its servers are stopped."),
        "distribute": _("All seats are told that there are new materials; nobody's own changes are written over."),
        "restart": _("The seat gets a new server within seconds; its work stays."),
        "renew": _("There is a new code; those before it do not count any more."),
        "revoke": _("The code does not count any more."),
    }.get(what, "")
