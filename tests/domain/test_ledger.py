"""A transaction balances or is refused; its hash holds all it says; corrections bring the ledger to what is wanted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain import booking, ledger
from workbench.domain.booking import DayLine, charge, corrections, standing
from workbench.domain.ledger import FIRST_HASH, Posting, Transaction, chained, reversal
from workbench.errors import Unbalanced

AT = datetime(2026, 1, 5, 15, 59, 59, tzinfo=UTC)
LINE = DayLine(date(2026, 1, 5), "alpha", "vision", "main", "H800", 420_000 * 3600, 8 * 3600, 2800, 1960, 840, 1, 7)


def a_transaction(*amounts, key="k", currency="HKD"):
    postings = tuple(Posting(f"project:p{i}:payable", amount, currency) for i, amount in enumerate(amounts))
    return Transaction(key, AT, "charge", "one", {"project": "p0"}, postings)


@pytest.mark.parametrize(
    ("amounts", "says"), [((5,), "1 posting"), ((5, 0, -5), "zero"), ((5, -4), "come to 1"), ((), "0 posting")]
)
def test_what_does_not_balance_is_refused_with_its_key(amounts, says):
    with pytest.raises(Unbalanced, match=says) as refused:
        a_transaction(*amounts, key="charge/9")
    assert "charge/9" in str(refused.value)


def test_each_currency_balances_by_itself():
    mixed = (Posting("a", 5, "HKD"), Posting("b", -5, "USD"))
    with pytest.raises(Unbalanced):
        replace(a_transaction(1, -1), postings=mixed)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        replace(a_transaction(1, -1), at=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "change",
    [
        {"key": "other"},
        {"at": AT + timedelta(seconds=1)},
        {"kind": "refund"},
        {"memo": "One"},
        {"refs": {"project": "p1"}},
        {"postings": (Posting("project:p0:payable", 6, "HKD"), Posting("project:p1:payable", -6, "HKD"))},
        {"postings": (Posting("project:p1:payable", -5, "HKD"), Posting("project:p0:payable", 5, "HKD"))},
    ],
)
def test_the_hash_holds_all_that_a_transaction_says(change):
    one = a_transaction(5, -5)
    assert chained(1, FIRST_HASH, replace(one, **change)) != chained(1, FIRST_HASH, one)


def test_the_hash_holds_the_place_in_the_chain():
    one = a_transaction(5, -5)
    assert len({chained(1, FIRST_HASH, one), chained(2, FIRST_HASH, one), chained(1, "f" * 64, one)}) == 3


def test_a_charge_by_hand():
    """One GPU-hour at HK$28.00, 70% of it subsidy: 19.60 from the fund, 8.40 from the project."""
    postings = {p.ledger_account: p.amount_minor for p in charge(LINE, AT, "HKD").postings}
    assert postings == {
        "centre:charges": -2800,
        "project:vision:payable": 840,
        "project:vision:subsidised": 1960,
        "fund:drawn": 1960,
        "project:vision:award": -1960,
    }


def test_usage_without_a_project_waits_in_suspense():
    nobodys = replace(LINE, project="", subsidy_minor=0, user_minor=2800, award_id=None)
    postings = {p.ledger_account: p.amount_minor for p in charge(nobodys, AT, "HKD").postings}
    assert postings == {"centre:charges": -2800, "suspense": 2800}


def test_names_with_the_sign_between_them_stay_apart():
    one, other = replace(LINE, cluster="a/b", partition="c"), replace(LINE, cluster="a", partition="b/c")
    assert charge(one, AT, "HKD").key != charge(other, AT, "HKD").key


def test_budget_and_reserve_leave_what_can_be_awarded():
    made = booking.grant(300_000, 10_000, AT, "HKD")
    assert _sums(made) == {"fund:budget": 290_000, "fund:grant": -300_000, "fund:reserve": 10_000}


def test_a_lapse_leaves_committed_what_was_drawn():
    award, rest = booking.commitment(7, "vision", 7000, 5000, AT, "HKD"), booking.lapse(7, "vision", 3040, AT, "HKD")
    found = _sums([award, charge(LINE, AT, "HKD"), rest])
    assert found["fund:committed"] == -1960
    assert found["project:vision:award"] == 0


def test_a_project_is_read_from_its_account():
    assert ledger.project_of(ledger.award("vision")) == "vision"
    assert ledger.project_of(ledger.DRAWN) is None


def test_a_changed_charge_is_reversed_and_posted_anew():
    first = corrections([charge(LINE, AT, "HKD")], {})
    assert [t.key[-2:] for t in first] == ["#1"]
    changed = charge(replace(LINE, list_minor=5600, subsidy_minor=3920, user_minor=1680), AT, "HKD")
    second = corrections([changed], standing(first))
    assert [t.kind for t in second] == ["reversal", "charge"]
    assert second[1].key.endswith("#2")
    assert corrections([changed], standing([*first, *second])) == []
    third = corrections([], standing([*first, *second]))
    assert [t.kind for t in third] == ["reversal"]
    again = corrections([changed], standing([*first, *second, *third]))
    assert [t.key[-2:] for t in again] == ["#3"]


def test_other_words_alone_are_no_correction():
    (posted,) = corrections([charge(LINE, AT, "HKD")], {})
    assert corrections([replace(charge(LINE, AT, "HKD"), memo="in other words")], standing([posted])) == []


@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 10**12)), max_size=5), max_size=6))
def test_after_corrections_the_balances_are_those_of_the_wanted_alone(rounds):
    done: list[Transaction] = []
    for lines in rounds:
        wanted = [
            charge(replace(LINE, partition=f"p{part}", list_minor=cents, subsidy_minor=cents // 2,
                           user_minor=cents - cents // 2), AT, "HKD")
            for part, cents in dict(lines).items()
        ]  # fmt: skip
        done += corrections(wanted, standing(done))
        assert {k: v for k, v in _sums(done).items() if v} == _sums(wanted)
    assert len({transaction.key for transaction in done}) == len(done)


def test_a_reversal_takes_back_every_posting():
    one = a_transaction(5, -7, 2)
    assert set(_sums([one, reversal(one)]).values()) == {0}


def _sums(transactions):
    found: dict[str, int] = {}
    for transaction in transactions:
        for posting in transaction.postings:
            found[posting.ledger_account] = found.get(posting.ledger_account, 0) + posting.amount_minor
    return found
