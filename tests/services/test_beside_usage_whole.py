"""Charges beside usage through rating and ledger: no order of events takes more of an award than its ceiling."""

import random
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from tests.builders import OPENING_S, a_job, small_centre
from tests.services.test_reservations import PRICES, WANTED
from workbench.analytics.schema import job_frame
from workbench.domain.access import WholeCentre
from workbench.domain.awards import Award
from workbench.domain.projects import Person
from workbench.errors import AskRefused
from workbench.services.beside_usage import adjustments, refunds, reservation_use, reservations
from workbench.services.beside_usage.rows import drawn_elsewhere, of_project
from workbench.services.charging.rating import rate
from workbench.services.ledger import posting
from workbench.services.ledger.books import balances
from workbench.services.ledger.verify import verify
from workbench.services.prices.file import read_price_file
from workbench.services.prices.stored import known_models, load_prices
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import charges_daily
from workbench.units import DAY_S, HOUR_S, gpu_parts

NOW = OPENING_S + 16 * DAY_S


@pytest.fixture
def centre(store, tmp_path):
    small_centre(store)
    with store.db(writes=True) as db:
        db.add_all([Person("sec", "Sec", role="secretariat"), Person("eve", "Eve", role="operator")])
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    load_prices(store, read_price_file(path, store.settings.centre.zone, known_models(store)), path, NOW)
    return store


def step(store, now):
    """What the Hub does each minute."""
    rate(store, now)
    refunds.run(store, now)
    reservation_use.credit(store, now)
    rate(store, now)
    posting.bring_up(store, now)


def drawn(store):
    """By usage and by the other charges."""
    with store.read() as conn:
        usage = conn.scalar(select(func.sum(charges_daily.c.subsidy_minor)).where(charges_daily.c.award_id == 1)) or 0
        return int(usage) + drawn_elsewhere(conn, ["vision"]).get(1, 0)


def charged(store):
    mine = charges_daily.c
    with store.read() as conn:
        return conn.execute(select(mine.day, mine.list_minor, mine.subsidy_minor).order_by(*mine)).all()


def add(store, number, start_s, hours, gpus, state="COMPLETED"):
    job = a_job(
        job_id=f"r{number}", start_at=start_s, end_at=start_s + hours * HOUR_S, gpu_parts=gpu_parts(gpus), state=state
    )
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([job]), store.settings.centre.zone)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_in_whatever_order_an_award_never_pays_more_than_its_ceiling(centre, seed):
    chance = random.Random(seed)
    with centre.db(writes=True) as db:
        ceiling = db.get(Award, 1).ceiling_minor = 658_560 + chance.randrange(0, 800_000)
    now, today = NOW, date(2026, 1, 21)
    granted = []
    for number in range(16):
        now, today = now + DAY_S // 2, today + timedelta(days=number % 2)
        what = chance.choice(["job", "late", "failed", "reserve", "cancel", "undo"])
        if what in ("job", "late", "failed"):
            back = chance.randrange(1, 12) if what == "late" else 1
            state = "NODE_FAIL" if what == "failed" else "COMPLETED"
            add(centre, number, now - back * DAY_S, chance.randrange(1, 20), chance.randrange(1, 5), state)
        elif what == "reserve":
            first = today + timedelta(days=chance.randrange(2, 5))
            wanted = replace(WANTED, gpus=2, starts_on=first, days=chance.randrange(1, 3))
            with suppress(AskRefused):  # all of them are reserved
                made, _ = reservations.ask(centre, wanted, "ana", now)
                reservations.approve(centre, made.id, "sec", now)
                granted.append(made.id)
        elif what == "cancel" and granted:
            with suppress(AskRefused):  # it has begun
                reservations.cancel(centre, granted.pop(), "ana", now)
        elif what == "undo":
            with centre.read() as conn:
                keys = [row.key for row in of_project(conn, "vision")]
            with suppress(AskRefused):  # undone before, or nothing to undo
                key = chance.choice(keys) if keys else "none"
                asked = adjustments.ask_undo(centre, key, "Why not", "sec", now)
                adjustments.decide(centre, asked.id, "eve", now, grant=True)
        step(centre, now)
        assert drawn(centre) <= ceiling
    before = charged(centre)
    rate(centre, now, everything=True)
    assert charged(centre) == before  # made anew from nothing: the same
    step(centre, now + 40 * DAY_S)
    posting.bring_up(centre, now + 40 * DAY_S, everything=True)
    assert verify(centre).problems == ()
    sums = balances(centre, WholeCentre("test"))
    assert sums["project:vision:award"] + sums.get("project:vision:held", 0) == ceiling - drawn(centre)
    assert sums["project:vision:award"] >= 0
