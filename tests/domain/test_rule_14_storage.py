"""Rule 14: 1 TB free, then HK$27 per TB-month; deletion 90 days after closing.

Worked example: 3.5 TB for the whole of June: 2.5 × HK$27.00 = HK$67.50. 3 TB for half of June: mean 1.5 TB: HK$13.50.
"""

from datetime import date

import pytest

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.storage import TB, deleted_on, storage_minor
from workbench.units import DAY_S

RULES = SchemeRules(date(2024, 10, 7))
JUNE_S = 30 * DAY_S


@pytest.mark.parametrize(
    ("byte_seconds", "charge"),
    [
        (7 * TB // 2 * JUNE_S, 6750),
        (3 * TB * JUNE_S // 2, 1350),
        (TB * JUNE_S, 0),
        (0, 0),
        (2 * TB * JUNE_S, 2700),
    ],
)
def test_rule_14_storage_beyond_the_free_terabyte(byte_seconds, charge):
    assert storage_minor(byte_seconds, JUNE_S, RULES) == charge


def test_rule_14_deletion_ninety_days_after_closing():
    assert deleted_on(date(2026, 1, 1), RULES) == date(2026, 4, 1)
