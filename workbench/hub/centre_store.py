"""The centre's store, opened once a process: spawner and authenticator are made anew by the Hub all the time."""

from functools import cache

from workbench.settings import Settings
from workbench.store.engine import Store, open_store


@cache
def store_of(settings: Settings) -> Store:
    """The store of these settings."""
    return open_store(settings)
