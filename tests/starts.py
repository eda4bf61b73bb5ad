"""Two hundred starts at the same moment, by processes or by a Hub's threads, against an award that covers forty."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from workbench.domain.awards import Award
from workbench.errors import NoBalance
from workbench.hub import books
from workbench.services.holds.holds import Start, place
from workbench.services.meter import ServerRequest
from workbench.services.quote import quote
from workbench.settings import ProfileSettings, StoreSettings, load
from workbench.store.engine import Store, make_engine
from workbench.units import GPU_PARTS, HOUR_S

HOUR_MINOR = 1960
"""Subsidy of one H800 hour at HK$28.00: 70% of it."""
STARTS, COVERED, PROCESSES, THREADS = 200, 40, 8, 16
PROFILE = ProfileSettings(id="gpu-1", title="t", purpose="p", cpu_cores=1, mem_gib=1, gpus=1, gpu_model="H800")


def a_start(key="one", hours=1, **given):
    start = {"key": key, "project": "vision", "cluster": "hub", "requested_s": hours * HOUR_S}
    return Start(**start | {"list_minor_per_hour": 2800} | given)


def cover(store, hours, drawn):
    """Let the award of vision cover so many GPU-hours beyond what it drew."""
    with store.db(writes=True) as db:
        db.scalars(select(Award)).one().ceiling_minor = drawn + hours * HOUR_MINOR


def run_at_once(store, now):
    """How many of the starts ran, by the count of those who started them."""
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(PROCESSES), context.Queue()
    url = store.engine.url.render_as_string(hide_password=False)
    given = [(store.settings.home, url, n, now, gate, answers) for n in range(PROCESSES)]
    at_once = [context.Process(target=_start_some, args=arguments, daemon=True) for arguments in given]
    for one in at_once:
        one.start()
    ran = [answers.get(timeout=120) for _ in at_once]
    for one in at_once:
        one.join(timeout=30)
    return sum(ran)


def run_as_the_spawner(store, now):
    """How many of the servers that a Hub's threads ask for start: quote, request into the books, hold."""

    def start(number):
        request = ServerRequest(f"s{number}", "ana", "vision", PROFILE.id, "H800", GPU_PARTS, 1, now, HOUR_S)
        try:
            books.enter(store, request, quote(store, PROFILE, "vision", now), now)
        except NoBalance:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as at_once:
        return sum(at_once.map(start, range(STARTS)))


def _start_some(home, url, first, now, gate, answers):
    settings = load(home=home).model_copy(update={"store": StoreSettings(url=url)})
    store = Store(make_engine(url), settings)
    gate.wait(timeout=100)
    ran = 0
    for number in range(first, STARTS, PROCESSES):
        try:
            place(store, a_start(f"s{number}"), now)
            ran += 1
        except NoBalance:
            pass
    store.engine.dispose()
    answers.put(ran)
