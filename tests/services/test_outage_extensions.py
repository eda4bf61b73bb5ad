"""Rule 13 as it is carried out: a long outage of the model that a project asked for makes its term longer.

Worked example: all 8 H800 in service are out from 1 to 22 June 2026, 21 days: the term of speech-lab ends on
22 February 2027 instead of 1 February.
"""

from datetime import date

import pytest

from tests.services.an_award import awarded, noon, stored
from workbench.domain.capacity import Outage
from workbench.periods import moment
from workbench.services.awards.outage_extensions import extend
from workbench.store.charges import decided_awards

BACK = date(2026, 6, 22)


@pytest.fixture
def award(store):
    return awarded(store)


def out(store, first, back, gpus=8):
    with store.db(writes=True) as db:
        at = moment(noon(first)), None if back is None else moment(noon(back))
        db.add(Outage("alpha", "main", "H800", *at, gpus, planned=False, reason="Power"))


def ends(store, award, day):
    with store.read() as conn:
        return next(a.ends_on for a in decided_awards(conn, None, day) if a.id == award)


def test_a_long_outage_gives_its_days_back_once(store, award):
    out(store, date(2026, 6, 1), BACK)
    day = date(2026, 6, 23)
    assert len(extend(store, noon(day))) == 2  # of vision, which named no model, as well
    assert extend(store, noon(day)) == []
    assert (ends(store, award, BACK), ends(store, award, day)) == (date(2027, 2, 1), date(2027, 2, 22))
    assert stored(store, f"SELECT kind, asked_by, reason FROM award_actions WHERE award = {award}") == [
        ("outage-extension", "(the scheme)", "Out of service from 1 Jun 2026 to 21 Jun 2026: 21 days, more than 20.")
    ]


@pytest.mark.parametrize(
    ("first", "back", "gpus"),
    [
        (date(2026, 6, 1), date(2026, 6, 21), 8),  # 20 days are not more than 20
        (date(2026, 6, 1), date(2026, 7, 10), 7),  # one GPU was in service
        (date(2026, 1, 6), date(2026, 2, 20), 8),  # 19 days of its term
    ],
)
def test_a_short_or_partial_outage_changes_nothing(store, award, first, back, gpus):
    out(store, first, back, gpus)
    extend(store, noon(date(2026, 8, 1)))
    assert ends(store, award, date(2026, 8, 1)) == date(2027, 2, 1)


def test_one_that_lasts_is_waited_for_until_the_term_is_about_to_end(store, award):
    out(store, date(2027, 1, 2), None)
    extend(store, noon(date(2027, 1, 30)))
    assert ends(store, award, date(2027, 1, 30)) == date(2027, 2, 1)
    extend(store, noon(date(2027, 1, 31)))
    assert ends(store, award, date(2027, 1, 31)) == date(2027, 3, 3)  # 2 to 31 January: 30 days


def test_once_the_gpus_are_back_only_the_days_not_given_yet_are_given(store, award):
    out(store, date(2027, 1, 2), date(2027, 2, 11))
    extend(store, noon(date(2027, 1, 31)))
    assert ends(store, award, date(2027, 1, 31)) == date(2027, 3, 3)
    extend(store, noon(date(2027, 2, 12)))
    assert ends(store, award, date(2027, 2, 12)) == date(2027, 3, 13)  # 40 days in all
