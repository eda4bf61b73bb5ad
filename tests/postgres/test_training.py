"""Classes on PostgreSQL: what is approved at the same moment is never more than the award has, and seats take of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.services.test_training_plan import held, leave_free, start_seat
from tests.services.training_centre import NOW, PLAN, SEAT_SUBSIDY, STARTS, teaching
from workbench.domain.holds import Hold
from workbench.errors import TrainingRefused
from workbench.services.holds.holds import running, settle
from workbench.services.training import deciding, plan

pytestmark = pytest.mark.postgres


def test_of_eight_classes_approved_at_once_those_that_are_covered_are_held_for(on_postgres):
    centre = teaching(on_postgres)
    made = [plan.propose(centre, replace(PLAN, title=f"Class {n}", seats=10), "ina", NOW) for n in range(8)]
    leave_free(centre, 3 * 10 * SEAT_SUBSIDY)

    def approve(handle):
        try:
            deciding.decide(centre, handle, "sec", approve=True, now=NOW)
        except TrainingRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as at_once:
        assert sum(at_once.map(approve, [one.handle for one in made])) == 3
    assert sum(hold.amount_minor for hold in running(centre)) == 3 * 10 * SEAT_SUBSIDY


def test_seats_that_start_and_end_at_once_never_hold_more_than_was_approved(on_postgres):
    centre = teaching(on_postgres)
    made = plan.propose(centre, replace(PLAN, seats=12), "ina", NOW)
    deciding.decide(centre, made.handle, "sec", approve=True, now=NOW)
    leave_free(centre, 12 * SEAT_SUBSIDY)

    def sit(number):
        key = start_seat(centre, made.handle, number, STARTS - 900)
        if number % 2:
            settle(centre, key, 900, STARTS)  # 4 cents

    with ThreadPoolExecutor(6) as at_once:
        list(at_once.map(sit, range(1, 13)))
    assert held(centre, made.handle) == 6 * (SEAT_SUBSIDY - 4)
    with centre.db() as db:
        seats = [hold for hold in db.scalars(select(Hold)) if hold.key.startswith(made.handle)]
    assert sorted(hold.settled_minor or hold.amount_minor for hold in seats) == 6 * [4] + 6 * [SEAT_SUBSIDY]
