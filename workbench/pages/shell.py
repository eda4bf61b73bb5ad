"""What every page has around it, on the dashboards and on the Hub: style, tabs, who is looking, language.

The Jinja templates are in templates/look; `environment` gives them to the dashboards, the Hub adds the same folder to
its own template paths.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workbench import i18n
from workbench.domain.access import LEAD, MEMBER, ROLE_OF_GROUP, Scope, pages_of, scope_of
from workbench.i18n import _
from workbench.pages.tokens import css_variables

TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")
SERVICE = "/services/centre"
"""Where the dashboards live: the Hub's service is called "centre"."""


@dataclass(frozen=True)
class Viewer:
    """Who is looking, as the Hub says: name, groups, and the scope and pages that follow from them."""

    name: str
    groups: frozenset[str]
    scope: Scope
    pages: tuple[str, ...]

    @property
    def initials(self) -> str:
        parts = re.findall(r"[^\W\d_]+", self.name)
        return "".join(part[0] for part in parts[:2]).upper() or "?"


@dataclass(frozen=True, slots=True)
class Tab:
    id: str
    label: str
    href: str
    current: bool = False
    apart: bool = False


def viewer(name: str, groups: Iterable[str]) -> Viewer:
    """The viewer in these Hub groups."""
    found = frozenset(groups)
    scope = scope_of(name, found)
    return Viewer(name, found, scope, pages_of(scope, found))


def page_titles() -> dict[str, str]:
    return {
        "occupancy": _("Centre occupancy"),
        "spend": _("Subsidy spend"),
        "forecast": _("Forecast"),
        "what-if": _("What if"),
        "efficiency": _("Efficiency"),
        "projects": _("Project usage"),
        "statements": _("Statements"),
        "training": _("Training"),
        "applications": _("Applications"),
        "ledger": _("Ledger"),
        "about-data": _("About the data"),
    }


def tabs(who: Viewer, current: str = "", service: str = SERVICE, hub: str = "/hub/") -> list[Tab]:
    """The tabs of pages that this viewer may open, and no others; the notebooks stand apart."""
    titles = page_titles()
    pages = [Tab(page, titles[page], f"{service}/{page}", page == current) for page in who.pages]
    return [*pages, Tab("home", _("Notebooks"), f"{hub}home", current == "home", apart=bool(pages))]


def role_words(who: Viewer) -> str:
    """What somebody is here, in words: "Executive", "Leads 2 projects", "Student"."""
    names = {
        "executive": _("Executive"),
        "operator": _("Operator"),
        "secretariat": _("Secretariat"),
        "reviewer": _("Reviewer"),
        "committee": _("Committee"),
        "instructor": _("Instructor"),
        "student": _("Student"),
    }
    roles = [names[role] for group in sorted(who.groups) if (role := ROLE_OF_GROUP.get(group))]
    leads = sorted(group.removeprefix(LEAD) for group in who.groups if group.startswith(LEAD))
    members = sorted(group.removeprefix(MEMBER) for group in who.groups if group.startswith(MEMBER))
    if leads:
        roles.append(_("Leads {projects}").format(projects=", ".join(leads)))
    if members:
        roles.append(_("Member of {projects}").format(projects=", ".join(members)))
    return " · ".join(roles) or _("No role yet")


@cache
def css() -> Markup:
    """The whole style sheet: the tokens, then the rules."""
    return Markup(css_variables() + (STATIC / "workbench.css").read_text(encoding="utf-8"))  # noqa: S704 (our own file)


@cache
def script(name: str) -> Markup:
    """One of our scripts, to stand inside of a page."""
    return Markup((STATIC / name).read_text(encoding="utf-8"))  # noqa: S704 (our own file)


@cache
def environment() -> Environment:
    """The templates of the pages; everything is escaped, a missing value is an error."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(words())
    return env


def words() -> dict[str, object]:
    """What every template may call."""
    return {
        "_": i18n._,
        "ngettext": i18n.ngettext,
        "language": i18n.language,
        "languages": i18n.languages,
        "language_names": i18n.NAMES,
        "html_tag": i18n.tag,
        "role_words": role_words,
    }
