"""The choice before a server starts: profile and project. One declaration draws the cards and checks what comes back.

What comes back is never trusted: it may be written by hand, repeated from last month, or sent to the Hub's API. It is
checked when it arrives and again when the server starts, against what this person has and this machine can do then.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workbench.errors import ChoiceRefused
from workbench.hub.look import TEMPLATE_PATH
from workbench.hub.machine import GIB, Held, Machine, free_cores, free_devices
from workbench.i18n import _, ngettext
from workbench.services.people import Place
from workbench.services.quote import Quote
from workbench.settings import ProfileSettings, Settings
from workbench.units import money

TEMPLATES = Path(__file__).parent / "templates"
MANY_HOURS = 100_000
"""Eleven years: how many more does not matter to anybody."""
FIELDS = ("profile", "project")


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose, checked: ids that exist and are theirs to use."""

    profile: str
    project: str

    def as_options(self) -> dict[str, str]:
        """As the Hub keeps it with the server."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an hour of a card costs a project, in words; `left`: what its award still covers, `why`: what is missing."""

    project: str
    list_price: str
    pays: str
    left: str
    why: str


@dataclass(frozen=True, slots=True)
class Card:
    """One profile as a person sees it; `unavailable` says why it cannot be chosen and what can, '' where it can."""

    profile: ProfileSettings
    free: str
    terms: tuple[Terms, ...]
    unavailable: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """All that the start page shows."""

    cards: tuple[Card, ...]
    places: tuple[Place, ...]
    project: str | None


def offer(
    settings: Settings,
    machine: Machine,
    held: Iterable[Held],
    places: Sequence[Place],
    quote: Callable[[ProfileSettings, str], Quote],
    last: Mapping[str, object],
) -> Offer:
    """What this person may choose from now.

    Args:
        settings: profiles and the currency's sign.
        machine: what there is.
        held: what the running servers hold of it.
        places: the person's projects.
        quote: what an hour of a profile costs a project.
        last: the options of their last server, which is proposed again; empty at first.
    """
    held = tuple(held)
    profiles = profiles_here(settings, machine)
    reasons = {profile.id: unavailable(profile, machine, held) for profile in profiles}
    free = [profile.id for profile in profiles if not reasons[profile.id]]
    chosen = last.get("profile") if last.get("profile") in free else next(iter(free), None)
    instead = next((profile.title for profile in profiles if profile.id in free), None)
    cards = tuple(
        Card(
            profile,
            free_now(profile, machine, held),
            tuple(_terms(quote(profile, place.project), settings.centre.symbol) for place in places),
            _with_instead(reasons[profile.id], instead),
            profile.id == chosen,
        )
        for profile in profiles
    )
    own = [place.project for place in places]
    project = str(last.get("project")) if last.get("project") in own else next(iter(own), None)
    return Offer(cards, tuple(places), project)


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


def draw(of: Offer, template: str = "_cards.html") -> str:
    """The cards as HTML, for inside of the Hub's form."""
    folders = FileSystemLoader([TEMPLATES, TEMPLATE_PATH])
    templates = Environment(loader=folders, autoescape=True, undefined=StrictUndefined)
    return templates.get_template(template).render(offer=of, no_project=no_project(), _=_, ngettext=ngettext)


def check(
    given: Mapping[str, object],
    profiles: Sequence[ProfileSettings],
    places: Sequence[Place],
    reason: Callable[[ProfileSettings], str],
) -> Choice:
    """The choice, if it is one that this person can have now.

    Args:
        given: what came back: a form's lists of texts, or the API's values.
        profiles: all that are declared.
        places: the person's projects.
        reason: why a profile cannot be chosen now, '' where it can.

    Raises:
        ChoiceRefused: anything else; its sentence is for the person.
    """
    if not places:
        raise ChoiceRefused(no_project())
    extra = sorted(str(key) for key in given if key not in FIELDS)
    if extra:
        raise ChoiceRefused(_("Only a profile and a project can be chosen. Open the start page and choose there."))
    values = {field: _single(given.get(field)) for field in FIELDS}
    if values["profile"] is None or values["project"] is None:
        raise ChoiceRefused(_("Choose one profile and one project."))
    profile = next((p for p in profiles if p.id == values["profile"]), None)
    if profile is None:
        raise ChoiceRefused(_("There is no such profile. Choose one of the cards."))
    place = next((p for p in places if p.project == values["project"]), None)
    if place is None:
        raise ChoiceRefused(_("You are not in this project. Choose one of yours."))
    why = reason(profile)
    if why:
        raise ChoiceRefused(_("{profile} cannot be started: {reason}").format(profile=profile.title, reason=why))
    return Choice(profile.id, place.project)


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


def free_now(profile: ProfileSettings, machine: Machine, held: Iterable[Held]) -> str:
    """How much of what the profile needs is free, in words."""
    held = tuple(held)
    if profile.gpus:
        return _("{n} of {all} GPUs free").format(n=len(free_devices(machine, held)), all=len(machine.devices))
    cores = free_cores(machine, held)
    if cores:
        return _("{n} of {all} cores free").format(n=cores, all=len(machine.cores))
    return _("All {all} cores taken: you would share them").format(all=len(machine.cores))


def _terms(quoted: Quote, symbol: str) -> Terms:
    def amount(minor: int | None) -> str:
        return _("unknown") if minor is None else money(minor, symbol)

    left = ""  # without an award that pays, `why` says so
    if quoted.hours_left is not None and quoted.hours_left >= MANY_HOURS:
        left = _("more than {hours} hours").format(hours=f"{MANY_HOURS:,}")
    elif quoted.hours_left is not None:
        decimals = 0 if quoted.hours_left >= 10 else 1
        left = _("{hours} more hours").format(hours=f"{quoted.hours_left:,.{decimals}f}")
    return Terms(
        quoted.project, amount(quoted.list_minor_per_hour), amount(quoted.user_minor_per_hour), left, quoted.why
    )


def _with_instead(reason: str, instead: str | None) -> str:
    if not reason or instead is None:
        return reason
    return _("{reason} You can start: {instead}.").format(reason=reason, instead=instead)


def _single(value: object) -> str | None:
    """The one text that a form's list or the API's value holds."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) and 0 < len(value) <= 80 else None
