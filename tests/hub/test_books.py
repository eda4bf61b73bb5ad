"""What a start writes into the books: request and hold, or the reason why nothing starts."""

import pytest
from sqlalchemy import func, select

from tests.builders import DATA_UNTIL_S, small_centre
from tests.starts import COVERED, HOUR_MINOR, PROFILE, STARTS, cover, run_as_the_spawner
from workbench.errors import NoBalance
from workbench.hub import books
from workbench.services.charging.rating import rate
from workbench.services.holds.holds import running
from workbench.services.holds.outlook import outlook
from workbench.services.meter import ServerRequest
from workbench.services.quote import quote
from workbench.store.engine import Store
from workbench.store.tables import server_events
from workbench.units import GPU_PARTS, HOUR_S

NOW = DATA_UNTIL_S - 1
DRAWN = 336 * HOUR_MINOR


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    return store


def enter(store, project="vision", hours=4, profile=PROFILE):
    gpus = profile.gpus
    model = profile.gpu_model if gpus else None
    cores = profile.cpu_cores
    request = ServerRequest("s1", "ana", project, profile.id, model, gpus * GPU_PARTS, cores, NOW, hours * HOUR_S)
    books.enter(store, request, quote(store, profile, project, NOW), NOW)


def events(store):
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(select(server_events.c.limit_s, server_events.c.end_reason))]


def test_the_full_time_is_held_under_the_server_s_own_name(centre):
    enter(centre)
    (hold,) = running(centre)
    assert (hold.key, hold.cluster, hold.requested_s, hold.amount_minor) == ("s1", "hub", 4 * HOUR_S, 4 * HOUR_MINOR)
    assert events(centre) == [(4 * HOUR_S, None)]


def test_cores_are_held_for_by_the_core_hour(centre):
    enter(centre, profile=PROFILE.model_copy(update={"gpus": 0, "cpu_cores": 2}))
    assert running(centre)[0].amount_minor == 2 * 20 * 4 * 70 // 100


def test_a_start_that_is_not_covered_is_closed_with_its_reason(centre):
    cover(centre, 3, DRAWN)
    with pytest.raises(NoBalance, match="choose 2 hours"):
        enter(centre)
    assert running(centre) == []
    assert events(centre)[0][1].startswith("The award of vision has HK$58.80 free")


def test_a_project_without_an_award_starts_only_where_the_settings_say_so(centre):
    with pytest.raises(NoBalance, match="no award that pays now"):
        enter(centre, "speech")
    scheme = centre.settings.scheme.model_copy(update={"start_without_award": "list-price"})
    open_to_all = Store(centre.engine, centre.settings.model_copy(update={"scheme": scheme}))
    request = ServerRequest("s2", "lee", "speech", PROFILE.id, "H800", GPU_PARTS, 1, NOW, HOUR_S)
    books.enter(open_to_all, request, quote(open_to_all, PROFILE, "speech", NOW), NOW)
    assert events(centre)[1] == (HOUR_S, None)


def test_what_has_no_price_does_not_start(centre):
    with pytest.raises(NoBalance, match="B300"):
        enter(centre, profile=PROFILE.model_copy(update={"gpu_model": "B300"}))


def test_of_two_hundred_servers_asked_for_at_once_exactly_those_that_are_covered_start(centre):
    cover(centre, COVERED, DRAWN)
    assert run_as_the_spawner(centre, NOW) == COVERED
    with centre.read() as conn:
        closed = select(func.count()).where(server_events.c.metered)
        assert conn.execute(closed).scalar() == STARTS - COVERED
    assert outlook(centre, NOW)[0].balance.free_minor == 0
