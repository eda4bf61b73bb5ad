"""The cards of the start page: what can be chosen, what it costs and holds, and why something cannot be had."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workbench.domain.starts import best_of
from workbench.hub.look import TEMPLATE_PATH
from workbench.hub.options import hours_of, no_project, refused_for
from workbench.hub.supply import Offering
from workbench.i18n import _, ngettext
from workbench.services.holds.words import duration
from workbench.services.people import Place
from workbench.services.quote import Quote
from workbench.settings import ProfileSettings, Settings
from workbench.slurm.free import Supply
from workbench.units import HOUR_S, money

TEMPLATES = Path(__file__).parent / "templates"
MANY_HOURS = 100_000
"""Eleven years: how many more does not matter to anybody."""


@dataclass(frozen=True, slots=True)
class ForHours:
    """What a time means for a project and a card: what is held of its award; why it cannot be had, '' where it can."""

    hours: int
    held: str
    refused: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What an hour of a card costs a project, in words; `left`: what its award still covers, `why`: what is missing.

    times: what each number of hours means.
    """

    project: str
    list_price: str
    pays: str
    left: str
    why: str
    times: tuple[ForHours, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One profile as a person sees it; `unavailable` says why it cannot be chosen and what can, '' where it can.

    free: what is free in words; supply: the same in numbers, None where there is no queue.
    """

    profile: ProfileSettings
    free: str
    terms: tuple[Terms, ...]
    unavailable: str
    chosen: bool
    default_hours: int
    supply: Supply | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """All that the start page shows. hours: those that can be asked; asked: the ones that are proposed; warnings:
    project → what must be said of its award.
    """

    cards: tuple[Card, ...]
    places: tuple[Place, ...]
    project: str | None
    hours: tuple[int, ...]
    asked: int
    warnings: Mapping[str, str]


def offer(
    settings: Settings,
    offering: Offering,
    places: Sequence[Place],
    quote: Callable[[ProfileSettings, str], Quote],
    last: Mapping[str, object],
    warnings: Mapping[str, str],
) -> Offer:
    """What this person may choose from now.

    Args:
        settings: profiles and the currency's sign.
        offering: what there is, and what is free of it.
        places: the person's projects.
        quote: what an hour of a profile costs a project.
        last: the options of their last server, which is proposed again; empty at first.
        warnings: project → how little its award has left, in words.
    """
    profiles = offering.profiles(settings)
    terms = {
        profile.id: tuple(_terms(settings, profile, quote(profile, place.project)) for place in places)
        for profile in profiles
    }
    reasons = {profile.id: offering.unavailable(profile) for profile in profiles}
    free = [profile for profile in profiles if not reasons[profile.id] and _can_be_had(terms[profile.id])]
    chosen = next((profile for profile in free if profile.id == last.get("profile")), next(iter(free), None))
    cards = tuple(
        Card(
            profile,
            offering.free_now(profile),
            terms[profile.id],
            _with_instead(reasons[profile.id], free[0].title if free else None),
            profile == chosen,
            settings.default_hours(profile),
            offering.supply(profile),
        )
        for profile in profiles
    )
    own = [place.project for place in places]
    project = str(last.get("project")) if last.get("project") in own else next(iter(own), None)
    hours = tuple(n for n in settings.hub.hours if any(n in settings.hours(profile) for profile in profiles))
    return Offer(cards, tuple(places), project, hours, _proposed(settings, last, chosen or profiles[0]), warnings)


def draw(of: Offer, template: str = "_cards.html") -> str:
    """The cards as HTML, for inside of the Hub's form."""
    folders = FileSystemLoader([TEMPLATES, TEMPLATE_PATH])
    templates = Environment(loader=folders, autoescape=True, undefined=StrictUndefined)
    return templates.get_template(template).render(
        offer=of, no_project=no_project(), hour_s=HOUR_S, duration=duration, _=_, ngettext=ngettext
    )


def _terms(settings: Settings, profile: ProfileSettings, quoted: Quote) -> Terms:
    symbol = settings.centre.symbol

    def amount(minor: int | None) -> str:
        return _("unknown") if minor is None else money(minor, symbol)

    left = ""  # without an award that pays, `why` says so
    if quoted.hours_left is not None and quoted.hours_left >= MANY_HOURS:
        left = _("more than {hours} hours").format(hours=f"{MANY_HOURS:,}")
    elif quoted.hours_left is not None:
        decimals = 0 if quoted.hours_left >= 10 else 1
        left = _("{hours} more hours").format(hours=f"{quoted.hours_left:,.{decimals}f}")
    return Terms(
        quoted.project,
        amount(quoted.list_minor_per_hour),
        amount(quoted.user_minor_per_hour),
        left,
        quoted.why,
        tuple(_for_hours(settings, profile, quoted, hours) for hours in settings.hub.hours),
    )


def _for_hours(settings: Settings, profile: ProfileSettings, quoted: Quote, hours: int) -> ForHours:
    if hours not in settings.hours(profile):
        most = duration(settings.hours(profile)[-1] * HOUR_S)
        return ForHours(hours, "", _("This card can be had for {time} at most.").format(time=most))
    refused = refused_for(settings, quoted, hours)
    if refused or quoted.list_minor_per_hour is None:
        return ForHours(hours, "", refused)
    _standing, terms = best_of(quoted.standings, quoted.list_minor_per_hour, hours * HOUR_S)
    held = money(terms.held_minor, settings.centre.symbol) if terms.held_minor else ""
    return ForHours(hours, held, "")


def _can_be_had(terms: tuple[Terms, ...]) -> bool:
    return any(not time.refused for one in terms for time in one.times)


def _proposed(settings: Settings, last: Mapping[str, object], profile: ProfileSettings) -> int:
    """The hours of their last server where they can still be asked, else the card's own."""
    asked = hours_of(last.get("hours"))
    return asked if asked in settings.hours(profile) else settings.default_hours(profile)


def _with_instead(reason: str, instead: str | None) -> str:
    if not reason or instead is None:
        return reason
    return _("{reason} You can start: {instead}.").format(reason=reason, instead=instead)
