"""What a server costs before it starts."""

from datetime import date

import pytest
from sqlalchemy import select

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.domain.awards import Award
from workbench.services.charging.rating import rate
from workbench.services.quote import quote
from workbench.settings import ProfileSettings

NOW = DATA_UNTIL_S - 1
DRAWN = 336 * 1960
GPU = ProfileSettings(id="gpu-2", title="t", purpose="p", cpu_cores=8, mem_gib=64, gpus=2, gpu_model="H800")
CPU = ProfileSettings(id="cpu", title="t", purpose="p", cpu_cores=4, mem_gib=8)


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    return store


def amounts(found):
    return found.list_minor_per_hour, found.subsidy_minor_per_hour, found.user_minor_per_hour


def change_award(store, **values):
    with store.db() as db:
        award = db.scalars(select(Award)).one()
        for name, value in values.items():
            setattr(award, name, value)


def test_gpus_are_priced_by_the_gpu_and_cores_by_the_core(centre):
    assert amounts(quote(centre, GPU, "vision", NOW)) == (5600, 3920, 1680)
    assert amounts(quote(centre, CPU, "vision", NOW)) == (80, 56, 24)


def test_it_says_how_long_the_award_lasts(centre):
    found = quote(centre, GPU, "vision", NOW)
    assert found.award_left_minor == 100_000_000 - DRAWN
    assert found.hours_left == pytest.approx((100_000_000 - DRAWN) / 3920)
    assert (found.award_state, found.why) == ("live", "")


@pytest.mark.parametrize(
    ("values", "state", "why"),
    [
        ({"ceiling_minor": DRAWN}, "exhausted", "used up"),
        ({"ends_on": date(2026, 1, 18)}, "lapsed", "ended"),
        ({"starts_on": date(2026, 2, 1)}, "ahead", "begins on 1 Feb 2026"),
    ],
)
def test_an_award_that_does_not_pay_says_why(centre, values, state, why):
    change_award(centre, **values)
    found = quote(centre, GPU, "vision", NOW)
    assert amounts(found) == (5600, 0, 5600)
    assert (found.award_state, found.award_left_minor, found.hours_left, found.rate_bp) == (state, None, None, 0)
    assert why in found.why


def test_the_last_of_an_award_pays_only_what_is_left(centre):
    change_award(centre, ceiling_minor=DRAWN + 100)
    assert amounts(quote(centre, GPU, "vision", NOW)) == (5600, 100, 5500)


@pytest.mark.parametrize("project", ["speech", "nobody knows it"])
def test_without_an_award_the_project_pays_the_list_price(centre, project):
    found = quote(centre, GPU, project, NOW)
    assert amounts(found) == (5600, 0, 5600)
    assert found.award_state == "none"


def test_without_a_price_nothing_is_promised(centre):
    unknown = GPU.model_copy(update={"gpu_model": "B300"})
    found = quote(centre, unknown, "vision", NOW)
    assert amounts(found) == (None, None, None)
    assert "No list price for B300" in found.why
    assert found.award_left_minor == 100_000_000 - DRAWN
