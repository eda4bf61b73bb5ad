"""What the Hub's templates need to look like the dashboards: style, tabs, who is looking. Given as template variables.

The Hub calls every callable variable with the person who is logged in (or None) and gives the template the answer.
"""

from collections.abc import Callable
from typing import Any

from workbench.i18n import _
from workbench.pages.shell import TEMPLATES, Viewer, css, script, tabs, viewer, words
from workbench.settings import Settings

TEMPLATE_PATH = str(TEMPLATES)
"""Goes behind the Hub's own template folder: the frame that all pages share."""

LANDING = "/hub/"


def template_vars(settings: Settings) -> dict[str, Any]:
    """The variables; `frame` holds what the shell macros take."""

    def frame(user: Any) -> dict[str, Any]:
        who = _viewer(user)
        return {
            "centre": settings.centre.name,
            "home": LANDING,
            "who": who,
            "tabs": tabs(who) if who else [],
            "css": css(),
            "theme_js": script("theme.js"),
            "scheme": settings.scheme.name,
        }

    return {
        "frame": frame,
        **{name: _given(value) for name, value in words().items()},
        "page_names": _given(page_names),
    }


def page_names(who: Viewer) -> list[tuple[str, str, str]]:
    """The dashboards that this viewer may open: id, title, what it answers."""
    says = {
        "occupancy": _("How much of the centre is in use, and where"),
        "spend": _("What the subsidy has committed, drawn and left"),
        "projects": _("GPU-hours, spend, people and jobs of each project"),
        "applications": _("Applications to the subsidy scheme, from draft to decision"),
    }
    return [(tab.href, tab.label, says[tab.id]) for tab in tabs(who) if tab.id in says]


def _viewer(user: Any) -> Viewer | None:
    return viewer(user.name, [group.name for group in user.groups]) if user else None


def _given(value: Any) -> Callable[[Any], Any]:
    """A variable that is itself callable must be handed over by a callable, or the Hub would call it."""
    return lambda _user: value
