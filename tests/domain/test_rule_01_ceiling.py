"""Rule 1: each award has a rate and a ceiling; past the ceiling the user pays the list price.

Worked example. One GPU of HK$36.00 an hour costs one cent a second. An award of 70% with HK$7.00 left pays for
HK$10.00 of list cost, that is 1,000 seconds; in an hour the user pays HK$3.00 + HK$26.00 = HK$29.00.
"""

import pytest

from tests.domain.test_charging import a_metered, a_version, an_award
from workbench.domain.charging import charge_lines
from workbench.domain.pricelist import NANO, PriceList

CENT_A_SECOND = PriceList((a_version(h800=36 * NANO),))


@pytest.mark.parametrize(
    ("rate_bp", "left", "lines"),
    [
        # rate, left in cents → (seconds, list, subsidy, user) a line
        (7000, 700, [(1000, 1000, 700, 300), (2600, 2600, 0, 2600)]),
        (7000, 2520, [(3600, 3600, 2520, 1080)]),  # exactly enough: no second line
        (7000, 2519, [(3598, 3598, 2519, 1079), (2, 2, 0, 2)]),  # 3,598 × 0.7 = 2,518.6, to the cent 2,519
        (9000, 1, [(1, 1, 1, 0), (3599, 3599, 0, 3599)]),
        (5000, 10, [(19, 19, 10, 9), (3581, 3581, 0, 3581)]),  # 9.5 rounds to the even 10
        (7000, 0, [(3600, 3600, 0, 3600)]),
    ],
)
def test_past_the_ceiling_the_user_pays_the_list_price(rate_bp, left, lines):
    award = an_award(rate_bp=rate_bp, ceiling_minor=5000 + left)
    made = charge_lines(a_metered(), CENT_A_SECOND, [award], {1: 5000})
    assert [(x.seconds, x.list_minor, x.subsidy_minor, x.user_minor) for x in made] == lines
