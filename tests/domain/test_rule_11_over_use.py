"""Rule 11: subsidy stops at 100% of the ceiling; opted in, at list price and low priority to 125%, then blocked.

Worked example. 70% and a ceiling of HK$700: used up at HK$1,000 of list cost. Opted in, the project may start jobs
until its list cost is HK$1,250 (70% of that is HK$875 = 125% of HK$700).
"""

import pytest

from workbench.domain.holds import Balance
from workbench.domain.overuse import BLOCKED, LIST_PRICE, SUBSIDISED, OverUseRule, start_terms, used_minor
from workbench.domain.starts import Standing, terms_of

RULE = OverUseRule(limit_bp=12_500)


@pytest.mark.parametrize(
    ("list_minor", "opted_in", "terms"),
    [
        (0, False, SUBSIDISED),
        (99_998, False, SUBSIDISED),  # 69,998.6 cents used
        (100_000, False, BLOCKED),
        (100_000, True, LIST_PRICE),
        (124_998, True, LIST_PRICE),  # 87,498.6
        (125_000, True, BLOCKED),
        (200_000, True, BLOCKED),
    ],
)
def test_over_use_goes_on_at_list_price_only_if_opted_in_and_only_to_the_limit(list_minor, opted_in, terms):
    assert start_terms(used_minor(list_minor, 7000), 70_000, RULE, opted_in=opted_in) == terms


@pytest.mark.parametrize(
    ("drawn", "used", "hours", "kind", "held"),
    [
        (69_000, 69_000, 1, LIST_PRICE, 1_000),  # HK$10.00 are free of HK$19.60: these are held
        (70_000, 80_000, 1, LIST_PRICE, 0),
        (70_000, 85_539, 1, LIST_PRICE, 0),  # with this hour 87,499
        (70_000, 85_540, 1, BLOCKED, 0),  # with this hour 87,500: 125%
        (0, 0, 44, LIST_PRICE, 70_000),  # 86,240 from the beginning, 124% of the ceiling
        (0, 0, 45, BLOCKED, 0),
    ],
)
def test_the_time_asked_for_must_not_take_over_use_to_the_limit(drawn, used, hours, kind, held):
    standing = Standing(1, 7000, Balance(70_000, drawn, 0), used, RULE, opted_in=True, without_award=False)
    terms = terms_of(standing, 2800, hours * 3600)
    assert (terms.kind, terms.held_minor) == (kind, held)
