"""The choice before a start, asked of what there is, of the books and of the person's projects as they are now."""

import time
from collections.abc import Mapping

from workbench.hub import cards, options
from workbench.hub.centre_store import store_of
from workbench.hub.supply import Offering
from workbench.services import people
from workbench.services.holds.outlook import warned
from workbench.services.quote import quote
from workbench.settings import ProfileSettings, Settings


def draw(settings: Settings, offering: Offering, name: str, last: Mapping[str, object]) -> str:
    """The cards as HTML.

    Args:
        settings: of the centre.
        offering: where it would run.
        name: of the person.
        last: the options of their last server.
    """
    store, now = store_of(settings), int(time.time())
    places = people.places(store, name)
    warnings = warned(store, [place.project for place in places], now)
    of = cards.offer(
        settings, offering, places, lambda profile, project: quote(store, profile, project, now), last, warnings
    )
    return cards.draw(of)


def checked(settings: Settings, offering: Offering, name: str, given: Mapping[str, object]) -> options.Choice:
    """The choice that came back, if this person can have it now; arguments as in `draw`.

    Raises:
        ChoiceRefused: its sentence is for the person.
    """
    store, now = store_of(settings), int(time.time())

    def reason(profile: ProfileSettings, project: str, hours: int) -> str:
        taken = offering.unavailable(profile)
        return taken or options.refused_for(settings, quote(store, profile, project, now), hours)

    return options.check(settings, given, offering.profiles(settings), people.places(store, name), reason)
