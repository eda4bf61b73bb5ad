"""The choice before a server starts, checked: profile, project, hours.

What comes back is never trusted: it may be written by hand, repeated from last month, or sent to the Hub's API. It is
checked when it arrives and again when the server starts, against what this person has and this machine can do then.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from workbench.errors import ChoiceRefused
from workbench.hub.machine import GIB, Held, Machine, free_devices
from workbench.i18n import _, ngettext
from workbench.services.holds.words import refusal
from workbench.services.people import Place
from workbench.services.quote import Quote
from workbench.settings import ProfileSettings, Settings
from workbench.units import HOUR_S

FIELDS = ("profile", "project", "hours")


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose, checked: ids that exist and are theirs to use."""

    profile: str
    project: str
    hours: int

    def as_options(self) -> dict[str, str | int]:
        """As the Hub keeps it with the server."""
        return asdict(self)


def profiles_here(settings: Settings, machine: Machine) -> tuple[ProfileSettings, ...]:
    """The declared profiles, with the GPU model that this machine really has: that is metered and priced."""
    if not machine.gpus.count or not machine.gpus.names:
        return settings.profiles
    models = [model_of(name) for name in machine.gpus.names]
    return tuple(
        profile
        if not profile.gpus or profile.gpu_model in models
        else profile.model_copy(update={"gpu_model": models[0]})
        for profile in settings.profiles
    )


def model_of(name: str) -> str:
    """The model in the driver's name, as price lists write it: "NVIDIA H100 80GB HBM3" → "H100"; else the name."""
    found = re.search(r"\b[A-Z]{1,2}\d{1,4}[A-Z]?\b", name)
    return found.group() if found else name.removeprefix("NVIDIA ")


def check(
    settings: Settings,
    given: Mapping[str, object],
    profiles: Sequence[ProfileSettings],
    places: Sequence[Place],
    reason: Callable[[ProfileSettings, str, int], str],
) -> Choice:
    """The choice, if it is one that this person can have now.

    Args:
        settings: for how many hours a profile can be asked; without hours it is asked for its default.
        given: what came back: a form's lists of texts, or the API's values.
        profiles: all that are declared.
        places: the person's projects.
        reason: why a profile cannot be had for a project and so many hours now, '' where it can.

    Raises:
        ChoiceRefused: anything else; its sentence is for the person.
    """
    if not places:
        raise ChoiceRefused(no_project())
    extra = sorted(str(key) for key in given if key not in FIELDS)
    if extra:
        raise ChoiceRefused(_("Only profile, project and hours can be chosen. Open the start page and choose there."))
    values = {field: _single(given.get(field)) for field in FIELDS[:2]}
    if values["profile"] is None or values["project"] is None:
        raise ChoiceRefused(_("Choose one profile and one project."))
    profile = next((p for p in profiles if p.id == values["profile"]), None)
    if profile is None:
        raise ChoiceRefused(_("There is no such profile. Choose one of the cards."))
    place = next((p for p in places if p.project == values["project"]), None)
    if place is None:
        raise ChoiceRefused(_("You are not in this project. Choose one of yours."))
    hours = hours_of(given["hours"]) if "hours" in given else settings.default_hours(profile)
    if hours not in settings.hours(profile):
        can = ", ".join(map(str, settings.hours(profile)))
        raise ChoiceRefused(_("{profile} can be had for {hours} hours.").format(profile=profile.title, hours=can))
    why = reason(profile, place.project, hours)
    if why:
        raise ChoiceRefused(_("{profile} cannot be started: {reason}").format(profile=profile.title, reason=why))
    return Choice(profile.id, place.project, hours)


def no_project() -> str:
    """What somebody without a project reads."""
    return _(
        "You are in no project, so there is nobody to bill a server to. Ask a project lead or the operator to add you."
    )


def unavailable(profile: ProfileSettings, machine: Machine, held: Iterable[Held]) -> str:
    """Why a profile cannot be started on this machine now; '' where it can."""
    if profile.gpus and not machine.gpus.count:
        return _("No NVIDIA GPU answers on this machine.")
    if profile.gpus > len(free_devices(machine, held)):
        return _("All GPUs of this machine are taken now.")
    if profile.cpu_cores > len(machine.cores):
        return ngettext("This machine has {n} CPU core.", "This machine has {n} CPU cores.", len(machine.cores)).format(
            n=len(machine.cores)
        )
    have_gib = round(machine.mem_bytes / GIB)  # a machine of 16 GiB says 15.6
    if profile.mem_gib > have_gib:
        return _("This machine has {n} GiB of memory.").format(n=have_gib)
    return ""


def refused_for(settings: Settings, quoted: Quote, hours: int) -> str:
    """Why a project cannot start a card for so many hours, '' where it can.

    What has no price can be started only where the settings let a project start without an award: nothing can be held.
    """
    if quoted.list_minor_per_hour is None:
        without = any(standing.without_award for standing in quoted.standings)
        return "" if without else quoted.why
    return refusal(settings, quoted.project, quoted.standings, quoted.list_minor_per_hour, hours * HOUR_S)


def hours_of(value: object) -> int | None:
    """The number that a form's list or the API's value holds; None where it is none."""
    text = _single(value) if not isinstance(value, int) or isinstance(value, bool) else str(value)
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) else None


def _single(value: object) -> str | None:
    """The one text that a form's list or the API's value holds."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) and 0 < len(value) <= 80 else None
