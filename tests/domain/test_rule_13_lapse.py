"""Rule 13: what is unused lapses at the term's end; an outage of more than 20 days extends the term.

Worked example: ceiling HK$1,000.00, drawn HK$640.00, over on 1 Jan 2027: HK$360.00 lapse. Out of service from 1 to
22 June (21 days): the term ends on 22 January 2027.
"""

from dataclasses import replace
from datetime import date

import pytest

from workbench.domain.rules.parameters import SchemeRules
from workbench.domain.rules.terms import Terms, extended_by_outages, lapsed_minor

RULES = SchemeRules(date(2024, 10, 7))
TERMS = Terms(date(2026, 1, 1), date(2027, 1, 1), 100_000)


@pytest.mark.parametrize(
    ("day", "drawn", "lapsed"),
    [(date(2026, 12, 31), 64_000, 0), (date(2027, 1, 1), 64_000, 36_000), (date(2027, 1, 1), 100_000, 0)],
)
def test_rule_13_the_unused_lapses_at_the_end(day, drawn, lapsed):
    assert lapsed_minor(TERMS, drawn, day) == lapsed


@pytest.mark.parametrize(
    ("outages", "ends_on"),
    [
        ([(date(2026, 6, 1), date(2026, 6, 22))], date(2027, 1, 22)),
        ([(date(2026, 6, 1), date(2026, 6, 21))], date(2027, 1, 1)),  # 20 days are not more than 20
        ([(date(2026, 6, 1), date(2026, 6, 16)), (date(2026, 9, 1), date(2026, 9, 16))], date(2027, 1, 1)),
        ([(date(2025, 12, 1), date(2026, 1, 11))], date(2027, 1, 1)),  # only 10 of its days
        ([(date(2026, 12, 1), date(2027, 3, 1))], date(2027, 2, 1)),
        ([], date(2027, 1, 1)),
    ],
)
def test_rule_13_a_long_outage_extends_the_term_day_for_day(outages, ends_on):
    assert extended_by_outages(TERMS, outages, RULES) == replace(TERMS, ends_on=ends_on)
