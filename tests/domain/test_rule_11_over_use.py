"""Rule 11: subsidy stops at 100% of the ceiling; opted in, at list price and low priority to 125%, then blocked.

Worked example. 70% and a ceiling of HK$700: used up at HK$1,000 of list cost. Opted in, the project may start jobs
until its list cost is HK$1,250 (70% of that is HK$875 = 125% of HK$700).
"""

import pytest

from workbench.domain.overuse import BLOCKED, LIST_PRICE, SUBSIDISED, OverUseRule, start_terms, used_minor

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
