"""What each card of the centre is and costs an hour at list price, for whoever compares them."""

from dataclasses import dataclass

from workbench.services.quote import quote
from workbench.store.engine import Store


@dataclass(frozen=True, slots=True)
class Card:
    """One profile. list_minor_per_hour: minor units; None where there is no list price."""

    profile: str
    title: str
    gpus: int
    cpu_cores: int
    list_minor_per_hour: int | None


def cards(store: Store, now: int) -> list[Card]:
    """All profiles, in the order of the settings, at the prices of now (UTC epoch seconds)."""
    return [
        Card(p.id, p.title, p.gpus, p.cpu_cores, quote(store, p, "", now).list_minor_per_hour)
        for p in store.settings.profiles
    ]
