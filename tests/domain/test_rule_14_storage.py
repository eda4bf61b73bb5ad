"""Rule 14: 1 TB free, then HK$27 per TB-month; deletion 90 days after closing.

Worked example: 3.5 TB on each day of June: 2.5 × HK$27.00 = HK$67.50. 3 TB on half of its days and nothing on the
others: mean 1.5 TB: HK$13.50. Measured on 10 days only, 3 TB on each: the mean of what is known is 3 TB: HK$54.00.
"""

from datetime import date

import pytest

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.storage import TB, StoragePrice, deleted_on, price_of_rule, storage_minor

RULES = SchemeRules(date(2024, 10, 7))
PRICE = price_of_rule(RULES)
JUNE = 30


@pytest.mark.parametrize(
    ("byte_days", "days", "charge"),
    [
        (7 * TB // 2 * JUNE, JUNE, 6750),
        (3 * TB * JUNE // 2, JUNE, 1350),
        (3 * TB * 10, 10, 5400),
        (TB * JUNE, JUNE, 0),
        (0, JUNE, 0),
        (2 * TB * JUNE, JUNE, 2700),
    ],
)
def test_rule_14_storage_beyond_the_free_terabyte(byte_days, days, charge):
    assert storage_minor(byte_days, days, PRICE) == charge


def test_rule_14_a_price_list_may_say_another_price_to_nine_decimals():
    # 2 TB for a month at 0.013: 2.6 cents, halves to even would matter at 2.5.
    assert storage_minor(2 * TB * JUNE, JUNE, StoragePrice(0, 13_000_000, "list")) == 3
    assert storage_minor(2 * TB * JUNE, JUNE, StoragePrice(0, 12_500_000, "list")) == 2


def test_rule_14_deletion_ninety_days_after_closing():
    assert deleted_on(date(2026, 1, 1), RULES) == date(2026, 4, 1)
