"""A transaction balances or is refused; its hash holds all it says; what each event books."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from workbench.domain import booking, ledger
from workbench.domain.booking import DayLine, charge
from workbench.domain.ledger import FIRST_HASH, Posting, Transaction, chained, reversal
from workbench.domain.other_charges import OtherCharge
from workbench.errors import Unbalanced

AT = datetime(2026, 1, 5, 15, 59, 59, tzinfo=UTC)
LINE = DayLine(
    date(2026, 1, 5), "alpha", "vision", "main", "H800", 420_000 * 3600, 8 * 3600, 2800, 1960, 840, "2026", "award 7", 7
)


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
    postings = {p.ledger_account: p.amount_minor for p in charge([LINE], AT, "HKD").postings}
    assert postings == {
        "centre:charges": -2800,
        "project:vision:payable": 840,
        "project:vision:subsidised": 1960,
        "fund:drawn": 1960,
        "project:vision:award": -1960,
    }


def test_usage_without_a_project_waits_in_suspense():
    nobodys = replace(LINE, project="", subsidy_minor=0, user_minor=2800, award_id=None)
    postings = {p.ledger_account: p.amount_minor for p in charge([nobodys], AT, "HKD").postings}
    assert postings == {"centre:charges": -2800, "suspense": 2800}


def test_names_with_the_sign_between_them_stay_apart():
    one, other = replace(LINE, cluster="a/b", project="c"), replace(LINE, cluster="a", project="b/c")
    assert charge([one], AT, "HKD").key != charge([other], AT, "HKD").key


def test_lines_of_a_day_are_one_transaction_that_names_each():
    other = replace(LINE, partition="fast", price_version="2027", award_version="", award_id=None,
                    list_minor=100, subsidy_minor=0, user_minor=100)  # fmt: skip
    made = charge([LINE, other], AT, "HKD")
    assert {p.ledger_account: p.amount_minor for p in made.postings}["centre:charges"] == -2900
    assert made.key == "daily/2026-01-05/alpha/vision"
    assert [dict(zip(booking.LINE, line, strict=True))["price_version"] for line in made.refs["lines"]] == [
        "2027", "2026"
    ]  # fmt: skip
    assert charge([other, LINE], AT, "HKD") == made


OTHERS = {
    # kind, list, subsidy, user → what moves
    "refund": (("refund", -1000, -700, -300), {
        "refunds": 1000, "project:vision:payable": -300, "project:vision:subsidised": -700, "fund:drawn": -700,
        "project:vision:award": 700}),
    "reservation": (("reservation", 1000, 700, 300), {
        "centre:charges": -1000, "project:vision:payable": 300, "project:vision:subsidised": 700, "fund:drawn": 700,
        "project:vision:award": -700}),
    "cancelled reservation": (("cancellation", -500, -350, -150), {
        "centre:charges": 500, "project:vision:payable": -150, "project:vision:subsidised": -350, "fund:drawn": -350,
        "project:vision:award": 350}),
    "storage": (("storage", 2700, 0, 2700), {"centre:charges": -2700, "project:vision:payable": 2700}),
    "adjustment": (("adjustment", -50, 0, -50), {"adjustments": 50, "project:vision:payable": -50}),
    "write-off": (("write-off", -840, 0, -840), {"write-off": 840, "project:vision:payable": -840}),
    "a cent from the user to the fund": (("adjustment", 0, 1, -1), {
        "project:vision:payable": -1, "project:vision:subsidised": 1, "fund:drawn": 1, "project:vision:award": -1}),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_charges_by_hand(name):
    (kind, listed, subsidy, user), moves = OTHERS[name]
    row = OtherCharge(f"{kind}/1", kind, "vision", date(2026, 1, 5), listed, subsidy, user, "why", "ana", 0, award_id=7)
    made = booking.other(row, AT, "HKD")
    assert {p.ledger_account: p.amount_minor for p in made.postings} == moves
    assert (made.kind, made.key) == (kind, f"other/{kind}/1")


def test_what_moves_no_money_is_not_posted():
    row = OtherCharge("storage/1", "storage", "vision", date(2026, 1, 5), 0, 0, 0, "under 1 TB", "ana", 0)
    assert booking.other(row, AT, "HKD") is None


def test_what_is_held_comes_from_the_award_and_goes_back():
    made = [booking.holding("vision", 1, 700, 2, AT, "HKD"), booking.holding("vision", 2, -700, 0, AT, "HKD")]
    assert {p.ledger_account: p.amount_minor for p in made[0].postings} == {
        "project:vision:held": 700, "project:vision:award": -700
    }  # fmt: skip
    assert set(_sums(made).values()) == {0}
    assert made[0].key != made[1].key


def test_a_payment_lowers_what_is_payable():
    made = booking.payment("vision", 840, date(2026, 2, 1), "INV 1/2", "paid", AT, "HKD")
    assert _sums([made]) == {"centre:payments": 840, "project:vision:payable": -840}
    assert made.key == "payment/vision/INV%201%2F2"


def test_budget_and_reserve_leave_what_can_be_awarded():
    made = booking.grant(300_000, 10_000, AT, "HKD")
    assert _sums(made) == {"fund:budget": 290_000, "fund:grant": -300_000, "fund:reserve": 10_000}


def test_a_lapse_leaves_committed_what_was_drawn():
    award = booking.promised("award/7", "award", "vision", 7, 5000, "", AT, "HKD")
    rest = booking.promised("lapse/7", "lapse", "vision", 7, -3040, "", AT, "HKD")
    found = _sums([award, charge([LINE], AT, "HKD"), rest])
    assert found["fund:committed"] == -1960
    assert found["project:vision:award"] == 0


def test_a_project_is_read_from_its_account():
    assert ledger.project_of(ledger.award("vision")) == "vision"
    assert ledger.project_of(ledger.DRAWN) is None


def test_a_reversal_takes_back_every_posting():
    one = a_transaction(5, -7, 2)
    assert set(_sums([one, reversal(one)]).values()) == {0}


def _sums(transactions):
    found: dict[str, int] = {}
    for transaction in transactions:
        for posting in transaction.postings:
            found[posting.ledger_account] = found.get(posting.ledger_account, 0) + posting.amount_minor
    return found
