"""Cards that could start at once in place of one that waits: smaller, free now, and within the award."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.hub.options import Choice
from workbench.i18n import _, ngettext
from workbench.services.holds.words import duration
from workbench.settings import ProfileSettings, Settings
from workbench.units import HOUR_S

NO_BREAK = "\u00a0"
MOST = 3
"""More are not looked at by somebody who waits; the start page has all."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What could start now: a form's values, and what it is in words."""

    profile: str
    project: str
    hours: int
    title: str
    facts: str


def slices(
    settings: Settings,
    profiles: Sequence[ProfileSettings],
    choice: Choice,
    fits: Callable[[ProfileSettings], bool],
    refused: Callable[[ProfileSettings, int], str],
    *,
    shorter: bool,
) -> tuple[Slice, ...]:
    """At most MOST of them, the largest first; of each the most hours that were asked and can be had.

    Args:
        settings: which hours can be asked.
        profiles: all that are declared.
        choice: what waits now.
        fits: whether Slurm has what it needs free now.
        refused: why the project's award does not cover it; '' where it does.
        shorter: whether the same card for fewer hours would start: where it is the time that is missing.
    """
    mine = next((profile for profile in profiles if profile.id == choice.profile), None)
    if mine is None:
        return ()
    smaller = sorted((one for one in profiles if _size(one) < _size(mine)), key=_size, reverse=True)
    found: list[Slice] = []
    for profile in (mine, *smaller) if shorter else smaller:
        most = choice.hours - 1 if profile is mine else choice.hours
        if len(found) < MOST and (hours := _hours(settings, profile, most, fits, refused)):
            found.append(Slice(profile.id, choice.project, hours, profile.title, facts_of(profile, hours)))
    return tuple(found)


def facts_of(profile: ProfileSettings, hours: int) -> str:
    """What a card is, in a few words: "1 × H800, 32 GiB, 4 hours"."""
    what = ngettext("{n} core", "{n} cores", profile.cpu_cores).format(n=profile.cpu_cores)
    if profile.gpus:
        what = _("{n} × {model}").format(n=profile.gpus, model=profile.gpu_model or _("any model"))
        what = what.replace(" ", NO_BREAK)
    return f"{what}, {_('{n} GiB').format(n=profile.mem_gib)}, {duration(hours * HOUR_S)}"


def _hours(
    settings: Settings,
    profile: ProfileSettings,
    most: int,
    fits: Callable[[ProfileSettings], bool],
    refused: Callable[[ProfileSettings, int], str],
) -> int | None:
    can = [hours for hours in settings.hours(profile) if hours <= most]
    if not can or not fits(profile):
        return None
    return next((hours for hours in reversed(can) if not refused(profile, hours)), None)


def _size(profile: ProfileSettings) -> tuple[int, int, int]:
    return profile.gpus, profile.cpu_cores, profile.mem_gib
