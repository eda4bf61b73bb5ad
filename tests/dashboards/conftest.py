import pytest

from dashboards._asked import Asked
from dashboards._filters import Filters
from tests.builders import DATA_UNTIL_S, small_centre
from workbench.pages.shell import viewer
from workbench.services.charging.rating import rate
from workbench.settings import load
from workbench.store.engine import open_store


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    """The small centre of tests.builders, rated."""
    store = small_centre(open_store(load(home=tmp_path_factory.mktemp("dashboards") / "state")))
    rate(store, DATA_UNTIL_S)
    yield store
    store.engine.dispose()


@pytest.fixture(scope="module")
def ask(centre):
    """Asked of the small centre: ask("executives", "occupancy", period="scheme")."""

    def asked(group, page, store=centre, until_s=DATA_UNTIL_S, **chosen):
        who = viewer("somebody", [group])
        return Asked(store, who.scope, (*who.pages, "about-data"), page, Filters(**chosen), until_s, until_s)

    return asked


@pytest.fixture
def empty_store(settings):
    opened = open_store(settings)
    yield opened
    opened.engine.dispose()
