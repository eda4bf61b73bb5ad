"""The sample centre's community: as many members as was published, with invented names and days, drawn by lot."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from workbench.domain.community import Organisation
from workbench.sample.definition import Definition

KINDS = (*["start-up"] * 6, "strategic enterprise", "r-and-d institute")
"""Six of eight are start-ups."""
NAMES = {"start-up": "Start-up", "strategic enterprise": "Enterprise", "r-and-d institute": "Institute"}
FIRST = date(2015, 1, 5)
YEAR = timedelta(days=365)


def members(plan: Definition) -> Iterator[Organisation]:
    """Every member: first the organisations of the file, then others, numbered."""
    lot, said = Random(f"{plan.seed} community"), plan.community  # noqa: S311  (a lot, no secret)
    year_ago, named = said.until - YEAR, []
    for name, (category, day) in sorted(_since(plan).items()):
        named.append(Organisation(name, category, day - timedelta(days=lot.randint(90, 900)), made_up=True))
    yield from named
    fresh = said.new - sum(member.joined_on > year_ago for member in named)
    for number in range(len(named) + 1, said.members + 1):
        category = lot.choice(KINDS)
        # Ten days apart from the year's edge, so that "new in a year" holds for a while.
        first, last = (
            (year_ago + timedelta(days=10), said.until) if number > said.members - fresh else (FIRST, year_ago)
        )
        day = first + timedelta(days=lot.randrange((last - first).days))
        yield Organisation(f"{NAMES[category]} {number}", category, day, made_up=True)


def _since(plan: Definition) -> dict[str, tuple[str, date]]:
    """Organisation of the file → its category and its first day in it: those of the kinds that sit in the park."""
    projects = {project.slug: project for project in plan.projects}
    found: dict[str, tuple[str, date]] = {}
    for row in sorted(plan.applications, key=lambda row: row.received_on):
        project = projects.get(row.project or "")
        category = project.category if project else row.category or ""
        name = project.organisation if project else row.organisation or ""
        if category in NAMES:
            found.setdefault(name, (category, row.received_on))
    return found
