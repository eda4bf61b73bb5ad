"""Rule 9: refunds for faults of hardware and system software only, at most 4 hours a job; claims within 14 days.

Worked example: a job of 10 hours at HK$280.00 (subsidy HK$196.00, user HK$84.00) ends by a broken card: 4 of 10 hours
go back, HK$112.00 (HK$78.40 and HK$33.60).
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.refunds import claim_in_time, refund
from workbench.units import HOUR_S

RULES = SchemeRules(date(2024, 10, 7))


@pytest.mark.parametrize(
    ("cause", "hours", "charged", "back"),
    [
        ("hardware", 10, (19_600, 8_400), (11_200, 7_840, 3_360)),
        ("system", 4, (7_840, 3_360), (11_200, 7_840, 3_360)),
        ("system", 1, (1_960, 840), (2_800, 1_960, 840)),
        ("user", 1, (1_960, 840), (0, 0, 0)),
        ("hardware", 0, (0, 0), (0, 0, 0)),
    ],
)
def test_rule_9_what_goes_back(cause, hours, charged, back):
    found = refund(cause, hours * HOUR_S, charged, RULES)
    assert (found.list_minor, found.subsidy_minor, found.user_minor) == back
    assert found.why


@given(st.integers(1, 10**7), st.integers(0, 10**9), st.integers(0, 10**9))
def test_rule_9_no_more_goes_back_than_was_charged_and_the_parts_add_up(elapsed_s, subsidy, user):
    found = refund("hardware", elapsed_s, (subsidy, user), RULES)
    assert found.list_minor == found.subsidy_minor + found.user_minor
    assert 0 <= found.list_minor <= subsidy + user
    assert 0 <= found.subsidy_minor <= subsidy
    assert 0 <= found.user_minor <= user + 1  # two roundings of half a cent each


@pytest.mark.parametrize(("claimed", "in_time"), [(1, True), (15, True), (16, False)])
def test_rule_9_claims_within_14_days(claimed, in_time):
    assert claim_in_time(date(2026, 3, 1), date(2026, 3, claimed), RULES) is in_time
    assert not claim_in_time(date(2026, 3, 2), date(2026, 3, 1), RULES)
