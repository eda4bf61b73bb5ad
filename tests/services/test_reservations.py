"""Reservations: days charged at the approval, room checked, cancelled with steps; usage inside is not charged twice."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.builders import DATA_UNTIL_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.awards import Award
from workbench.domain.capacity import Outage
from workbench.domain.projects import Person
from workbench.errors import AskRefused, NoPrice, RuleBroken
from workbench.services.beside_usage import reservation_use, reservations
from workbench.services.beside_usage.reservation_use import Used, inside
from workbench.services.beside_usage.reservations import Amounts, Wanted
from workbench.services.beside_usage.rows import of_project
from workbench.services.charging.rating import rate
from workbench.services.prices.file import read_price_file
from workbench.services.prices.stored import known_models, load_prices
from workbench.store.jobs import upsert_jobs
from workbench.units import DAY_S, GPU_PARTS, HOUR_S, gpu_parts

NOW = DATA_UNTIL_S + 12 * HOUR_S
"""Monday 19 January 2026, 12:00 in Hong Kong."""
FIRST = date(2026, 1, 29)
FIRST_S = DATA_UNTIL_S + 10 * DAY_S
PRICES = """\
currency = "HKD"
[[version]]
name = "with reservations"
from = 2026-01-19
core_hour = "0.20"
gpu_hour = { H800 = "28.00" }
service = { on-demand = "1.0", reserved = "1.5" }
"""
WANTED = Wanted("vision", "alpha", "main", "H800", 4, FIRST, 2, "A demonstration")
DAY = Amounts(403_200, 282_240, 120_960)
"""4 GPUs × 24 h × HK$28.00 × 1.5 = HK$4,032.00 a day; 70% of it HK$2,822.40."""


@pytest.fixture
def centre(store, tmp_path):
    small_centre(store)
    with store.db(writes=True) as db:
        db.add_all([Person("sec", "Sec", role="secretariat"), Person("eve", "Eve", role="operator")])
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    load_prices(store, read_price_file(path, store.settings.centre.zone, known_models(store)), path, NOW)
    rate(store, NOW)
    return store


def rows(store, kind=None):
    with store.read() as conn:
        return [row for row in of_project(conn, "vision") if kind in (None, row.kind)]


def granted(store, wanted=WANTED, now=NOW):
    made, _ = reservations.ask(store, wanted, "ana", now)
    reservations.approve(store, made.id, "sec", now)
    return made.id


def test_each_day_is_charged_at_the_approval_used_or_not(centre):
    made, listed = reservations.ask(centre, WANTED, "ana", NOW)
    assert (made.state, listed, rows(centre)) == ("asked", 2 * DAY.list_minor, [])
    assert reservations.approve(centre, made.id, "sec", NOW) == Amounts(806_400, 564_480, 241_920)
    first, second = rows(centre)
    assert (first.key, first.day, second.day) == ("reservation/1/2026-01-29", FIRST, date(2026, 1, 30))
    assert (first.list_minor, first.subsidy_minor, first.user_minor, first.award_id) == (403_200, 282_240, 120_960, 1)
    assert first.memo == "Reservation 1: 4 H800 on 29 Jan 2026, 24 h × 28.00 × 1.5"
    assert first.refs["price"] == "with reservations"
    assert [one.state for one in reservations.reservations(centre, "vision")] == ["granted"]
    with pytest.raises(AskRefused, match="it is granted"):
        reservations.approve(centre, made.id, "eve", NOW)


def test_an_award_pays_until_its_ceiling_and_only_in_its_term(centre):
    with centre.db(writes=True) as db:
        award = db.get(Award, 1)
        award.ceiling_minor, award.ends_on = 658_560 + 300_000, date(2026, 1, 31)  # HK$6,585.60 are drawn by jobs
    granted(centre, replace(WANTED, days=3))
    assert [row.subsidy_minor for row in rows(centre)] == [282_240, 17_760, 0]
    assert [row.award_id for row in rows(centre)] == [1, 1, None]


@pytest.mark.parametrize(
    ("hours_ahead", "back"),
    [(169, (403_200, 282_240)), (168, (201_600, 141_120)), (24, (80_640, 56_448))],
)
def test_cancelling_gives_back_by_how_early_it_is(centre, hours_ahead, back):
    number = granted(centre)
    total = reservations.cancel(centre, number, "ana", FIRST_S - hours_ahead * HOUR_S)
    assert (total.list_minor, total.subsidy_minor) == (-2 * back[0], -2 * back[1])
    assert [(row.list_minor, row.subsidy_minor, row.award_id) for row in rows(centre, "cancellation")] == [
        (-back[0], -back[1], 1),
        (-back[0], -back[1], 1),
    ]
    with pytest.raises(AskRefused, match="it is cancelled"):
        reservations.cancel(centre, number, "ana", NOW)


def test_one_that_has_begun_is_not_cancelled_and_one_not_approved_costs_nothing(centre):
    number = granted(centre)
    with pytest.raises(AskRefused, match="has begun"):
        reservations.cancel(centre, number, "ana", FIRST_S)
    made, _ = reservations.ask(centre, replace(WANTED, gpus=1), "ana", NOW)
    assert reservations.cancel(centre, made.id, "sec", NOW) == Amounts(0, 0, 0)
    assert rows(centre, "cancellation") == []


def test_no_more_is_reserved_than_is_in_service_and_free(centre):
    granted(centre, replace(WANTED, gpus=5))
    with pytest.raises(AskRefused, match="8 are in service on 29 Jan 2026 and 5 are reserved"):
        reservations.ask(centre, WANTED, "ana", NOW)
    made, _ = reservations.ask(centre, replace(WANTED, gpus=3), "ana", NOW)
    with centre.db(writes=True) as db:
        out = [datetime(2026, 1, 30, hour, tzinfo=UTC) for hour in (2, 4)]
        db.add(Outage("alpha", "main", "H800", *out, gpus=1, planned=True, reason="Cooling"))
    with pytest.raises(AskRefused, match="7 are in service on 30 Jan 2026"):
        reservations.approve(centre, made.id, "sec", NOW)
    granted(centre, replace(WANTED, gpus=8, starts_on=date(2026, 1, 31)))
    with pytest.raises(AskRefused, match="0 are in service"):
        reservations.ask(centre, replace(WANTED, partition="other"), "ana", NOW)


def test_what_cannot_be_reserved_is_refused_with_the_reason(centre):
    with pytest.raises(RuleBroken, match="31 days"):
        reservations.ask(centre, replace(WANTED, days=31), "ana", NOW)
    with pytest.raises(AskRefused, match="has begun"):
        reservations.ask(centre, replace(WANTED, starts_on=date(2026, 1, 19)), "ana", NOW)
    with pytest.raises(AskRefused, match="at least one GPU"):
        reservations.ask(centre, replace(WANTED, gpus=0), "ana", NOW)
    with pytest.raises(AskRefused, match="not one of its people"):
        reservations.ask(centre, WANTED, "lee", NOW)
    made, _ = reservations.ask(centre, WANTED, "sec", NOW)
    with pytest.raises(AskRefused, match="Another person"):
        reservations.approve(centre, made.id, "sec", NOW)
    with pytest.raises(AskRefused, match="none of this number"):
        reservations.approve(centre, 99, "sec", NOW)


def test_without_a_factor_for_reserved_service_there_is_no_price(store):
    small_centre(store)
    with pytest.raises(NoPrice, match="reserved"):
        reservations.ask(store, WANTED, "ana", NOW)


def use(store, job_id, gpus, hours, start_s=FIRST_S):
    job = a_job(job_id=job_id, start_at=start_s, end_at=start_s + hours * HOUR_S, gpu_parts=gpu_parts(gpus))
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([job]), store.settings.centre.zone)


def test_usage_inside_is_credited_once_and_what_goes_beyond_is_not(centre):
    granted(centre)
    use(centre, "in", 4, 12)
    later = FIRST_S + DAY_S + HOUR_S
    rate(centre, later)
    assert reservation_use.credit(centre, later) == 1
    # 48 GPU-hours × HK$28.00 = HK$1,344.00 were charged for it.
    (row,) = [row for row in rows(centre) if "inside" in row.refs]
    assert (row.list_minor, row.subsidy_minor, row.quantity) == (-134_400, -94_080, -48 * HOUR_S * GPU_PARTS)
    assert row.day == FIRST
    rate(centre, later)
    assert reservation_use.credit(centre, later) == 0
    use(centre, "late", 8, 12, FIRST_S + 12 * HOUR_S)
    rate(centre, later)
    assert reservation_use.credit(centre, later) == 1
    credited = [row.list_minor for row in rows(centre) if "inside" in row.refs]
    # Reserved are 96 GPU-hours of the 144 used: HK$2,688.00 of HK$4,032.00.
    assert sum(credited) == -268_800
    assert len(credited) == 2


def test_the_usage_of_a_day_fills_one_reservation_after_the_other():
    used = [Used(None, 20, 10, 0), Used(1, 40, 21, 15)]
    first, second = inside(used, [30, 60])
    assert first == {None: Used(None, 10, 5, 0), 1: Used(1, 20, 10, 8)}
    assert second == {None: Used(None, 10, 5, 0), 1: Used(1, 20, 11, 7)}
    assert inside([], [30]) == [{}]
