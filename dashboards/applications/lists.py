"""The list of applications: one's own, or all that one's role may see, with stage, days and what waits."""

from collections import Counter
from dataclasses import dataclass

from dashboards.applications.handler import ROOT, ApplicationHandler
from dashboards.applications.says import counted, done, stage, stage_state, todo, waits
from workbench.domain.access import GROUP_OF_ROLE
from workbench.domain.applications import SEES_ALL, STAGES
from workbench.domain.projects import CATEGORIES
from workbench.i18n import _, ngettext
from workbench.pages import words
from workbench.services.applications.agenda import READ_BY
from workbench.services.applications.desk import OnDesk, desk
from workbench.services.applications.pace import Pace, pace
from workbench.units import money_short

ENDED = ("closed", "declined", "withdrawn", "active")


@dataclass(frozen=True)
class Line:
    """One row, in words. amounts: (label, (short, exact) or None where there is none)."""

    href: str
    reference: str
    title: str
    organisation: str
    category: str
    stage: str
    state: str
    waits: str
    todo: str
    days: int | None
    received: str
    order: str
    own: bool
    fast_lane: bool
    amounts: tuple[tuple[str, tuple[str, str] | None], ...]


class Applications(ApplicationHandler):
    async def look(self, *_given: str) -> None:
        lines = await self.desk.run(desk, self.store, self.who.name, self.now)
        chosen = {name: self.get_query_argument(name, "") for name in ("show", "stage", "category")}
        shown = [line for line in lines if _fits(line, chosen)]
        waiting = Counter(line.todo for line in lines if line.todo)
        self.show(
            "list.html",
            lines=[self.line(line) for line in shown],
            count=len(lines),
            open_count=sum(line.listed.stage not in ENDED for line in lines),
            counted=counted(waiting),
            waiting=sum(waiting.values()),
            chosen=chosen,
            stages=[(name, stage(name)) for name in STAGES if any(line.listed.stage == name for line in lines)],
            categories=[(name, words.category(name)) for name in CATEGORIES],
            sees_all=self.sees_all,
            meetings=self.sees_meetings,
            pace=pace_words((await self.desk.run(pace, self.store, self.now))[0]) if self.sees_meetings else (),
            empty=empty_words(sees_all=self.sees_all, filtered=len(lines) > 0),
            done=done(self.get_query_argument("done", "")),
        )

    @property
    def sees_all(self) -> bool:
        return bool(GROUPS & self.who.groups)

    @property
    def sees_meetings(self) -> bool:
        return bool({GROUP_OF_ROLE[role] for role in READ_BY} & self.who.groups)

    def line(self, line: OnDesk) -> Line:
        one, symbol = line.listed, self.store.settings.centre.symbol
        amounts = [(_("Requested"), one.requested_minor), (_("Awarded"), one.awarded_minor)]
        if self.sees_all:
            amounts.insert(1, (_("Recommended"), one.recommended_minor))
        return Line(
            href=f"{ROOT}/{one.reference}" + ("/edit" if one.stage == "draft" else ""),
            reference=one.reference,
            title=one.title,
            organisation=one.organisation,
            category=words.category(one.category),
            stage=stage(one.stage),
            state=stage_state(one.stage),
            waits=waits(one.stage),
            todo=todo(line.todo),
            days=one.days,
            received=words.day(one.received_on),
            order=one.received_on.isoformat(),
            own=line.own,
            fast_lane=one.fast_lane,
            amounts=tuple(
                (name, None if a is None else (money_short(a, symbol), self.money(a))) for name, a in amounts
            ),
        )


GROUPS = frozenset(GROUP_OF_ROLE[role] for role in SEES_ALL)


def _fits(line: OnDesk, chosen: dict[str, str]) -> bool:
    show = chosen["show"]
    return (
        (show != "waiting" or bool(line.todo))
        and (show != "open" or line.listed.stage not in ENDED)
        and (show != "mine" or line.own)
        and chosen["stage"] in ("", line.listed.stage)
        and chosen["category"] in ("", line.listed.category)
    )


def pace_words(found: Pace) -> list[tuple[str, str, str, str]]:
    """Days to decision as (label, value, unit, said)."""
    days = _("days")

    def value(number: float | None) -> tuple[str, str]:
        return (_("unknown"), "") if number is None else (f"{number:g}", days)

    of = ngettext("of {n} decided", "of {n} decided", found.decided).format(n=found.decided)
    longest = found.longest_open_days
    waits = _("none waits") if longest is None else _("the longest for {n} days").format(n=longest)
    return [
        (_("From submission to decision, median"), *value(found.median_days), of),
        (_("Nine of ten decided within"), *value(found.p90_days), of),
        (_("Longest until a decision"), *value(found.worst_days), of),
        (_("Waiting for a decision now"), f"{found.open}", "", waits),
    ]


def empty_words(*, sees_all: bool, filtered: bool) -> tuple[str, str]:
    """What an empty list says, and how something gets there."""
    if filtered:
        return _("No application fits this choice."), _("Take a filter away to see more.")
    if sees_all:
        return _("No applications yet."), _("They appear here when an applicant submits one.")
    return _("You have no applications yet."), _("Begin one: it stays a draft until you submit it.")
