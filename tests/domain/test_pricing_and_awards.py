"""The price and the award of a day."""

from datetime import date

import pytest

from workbench.domain.awards import Award, award_on
from workbench.domain.pricing import ListPrice, price_on
from workbench.errors import NoPrice


def test_a_price_holds_from_its_day_until_the_next():
    prices = [ListPrice("H800", date(2025, 7, 1), 2600), ListPrice("H800", date(2024, 12, 9), 2800)]
    assert price_on(prices, "H800", date(2025, 6, 30)).minor_per_hour == 2800
    assert price_on(prices, "H800", date(2025, 7, 1)).minor_per_hour == 2600


def test_no_price_is_an_error_and_not_a_zero():
    with pytest.raises(NoPrice, match="L40S on 1 Jan 2025"):
        price_on([], "L40S", date(2025, 1, 1))


def test_an_award_ends_before_its_last_day():
    award = Award("p", None, 7000, 100, date(2025, 1, 1), date(2026, 1, 1), date(2024, 12, 20))
    assert award_on([award], "p", date(2025, 12, 31)) is award
    assert award_on([award], "p", date(2026, 1, 1)) is None
    assert award_on([award], "q", date(2025, 6, 1)) is None
