"""The list of classes: those to come first, then those that are over."""

from dashboards.training.handler import TrainingHandler
from dashboards.training.planning import may_plan
from workbench.domain.training import PLANNED
from workbench.i18n import ngettext
from workbench.services.training import listing


class Classes(TrainingHandler):
    async def look(self, *_given: str) -> None:
        found = await self.desk.run(listing.listed, self.store, self.who.name, self.who.groups, self.now)
        groups = self.who.groups
        waiting = sum(one.state == PLANNED and listing.may_decide(one, self.who.name, groups) for one in found)
        said = ngettext("{n} plan waits for your decision.", "{n} plans wait for your decision.", waiting)
        self.show(
            "list.html",
            classes=[
                {
                    "session": one,
                    "when": self.when(one),
                    "stands": self.stands(one),
                    "cost": self.money(one.quoted_minor),
                }
                for one in found
            ],
            waiting=said.format(n=waiting) if waiting else "",
            may_plan=may_plan(self.who),
        )
