"""Why a project cannot start something, and how much its award still has, in plain words for a page or a command."""

from collections.abc import Sequence

from workbench.domain.overuse import BLOCKED
from workbench.domain.starts import Standing, best_of
from workbench.i18n import _, ngettext
from workbench.settings import Settings
from workbench.units import BASIS_POINTS, HOUR_S, money


def refusal(
    settings: Settings,
    project: str,
    standings: Sequence[Standing],
    list_minor_per_hour: int,
    seconds: int,
) -> str:
    """Why this cannot start, with what can be done about it; '' where it can.

    Args:
        settings: the currency's sign and the hours that can be asked.
        project: slug.
        standings: see services.holds.standing.
        list_minor_per_hour: list price of an hour, above 0.
        seconds: the full requested time, above 0.
    """
    standing, terms = best_of(standings, list_minor_per_hour, seconds)
    if terms.kind != BLOCKED:
        return ""
    if standing.award is None:
        return _(
            "{project} has no award that pays now, and without a balance nothing is started. "
            "Ask the project's lead, or the secretariat about an award."
        ).format(project=project)
    symbol = settings.centre.symbol
    if standing.opted_in:
        return _(
            "{project} has gone on at list price as far as the rules allow, to {limit} of its award. "
            "Ask the secretariat about a supplement."
        ).format(project=project, limit=f"{standing.rule.limit_bp * 100 / BASIS_POINTS:g}%")
    said = _("The award of {project} has {free} free, this needs {needed} for {time}:").format(
        project=project,
        free=money(standing.free_minor, symbol),
        needed=money(terms.needed_minor, symbol),
        time=duration(seconds),
    )
    return f"{said} {_way_out(settings, standings, list_minor_per_hour, seconds)}"


def duration(seconds: int) -> str:
    """A requested time: "4 hours", "90 minutes"."""
    hours, rest = divmod(seconds, HOUR_S)
    if rest:
        return ngettext("{n} minute", "{n} minutes", -(-seconds // 60)).format(n=-(-seconds // 60))
    return ngettext("{n} hour", "{n} hours", hours).format(n=hours)


def _way_out(settings: Settings, standings: Sequence[Standing], list_minor_per_hour: int, seconds: int) -> str:
    shorter = [
        hours
        for hours in settings.hub.hours
        if hours * HOUR_S < seconds and best_of(standings, list_minor_per_hour, hours * HOUR_S)[1].kind != BLOCKED
    ]
    if not shorter:
        return _("choose a smaller card, or ask the project's lead about a supplement.")
    return _("choose {time}, a smaller card, or ask the project's lead about a supplement.").format(
        time=duration(max(shorter) * HOUR_S)
    )
