"""Corrections bring the ledger to what is wanted: a reversal in an open month, an adjustment of now in a closed one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.booking import DayLine, charge
from workbench.domain.correcting import corrections, standing
from workbench.domain.ledger import Transaction

AT = datetime(2026, 1, 5, 15, 59, 59, tzinfo=UTC)
CLOSED = datetime(2026, 1, 31, 16, tzinfo=UTC)
NOW = datetime(2026, 2, 3, 9, tzinfo=UTC)
LINE = DayLine(date(2026, 1, 5), "alpha", "vision", "main", "H800", 420_000 * 3600, 0, 2800, 1960, 840, "2026", "a", 7)


def costs(minor, cluster="alpha", day=0):
    """A day's charge of so many cents, half of them subsidy."""
    half = minor // 2
    line = replace(LINE, cluster=cluster, list_minor=minor, subsidy_minor=half, user_minor=minor - half)
    line = replace(line, day=LINE.day + timedelta(days=day))
    return charge([line], AT + timedelta(days=day), "HKD")


def test_a_changed_charge_is_reversed_and_posted_anew():
    first = corrections([costs(2800)], {})
    assert [t.key[-2:] for t in first] == ["#1"]
    second = corrections([costs(5600)], standing(first))
    assert [t.kind for t in second] == ["reversal", "charge"]
    assert second[1].key.endswith("#2")
    assert corrections([costs(5600)], standing([*first, *second])) == []
    third = corrections([], standing([*first, *second]))
    assert [t.kind for t in third] == ["reversal"]
    again = corrections([costs(5600)], standing([*first, *second, *third]))
    assert [t.key[-2:] for t in again] == ["#3"]


def test_other_words_alone_are_no_correction():
    (posted,) = corrections([costs(2800)], {})
    assert corrections([replace(costs(2800), memo="in other words")], standing([posted])) == []


def test_a_closed_month_takes_the_difference_as_an_adjustment_of_now():
    done = corrections([costs(2800)], {})
    (made,) = corrections([costs(3000)], standing(done), CLOSED, NOW)
    assert (made.kind, made.at, made.key) == ("adjustment", NOW, "adjustment/daily/2026-01-05/alpha/vision#1")
    assert (made.refs["corrects"], made.refs["day"]) == ("daily/2026-01-05/alpha/vision", "2026-01-05")
    assert {p.ledger_account: p.amount_minor for p in made.postings} == {
        "centre:charges": -200,
        "fund:drawn": 100,
        "project:vision:award": -100,
        "project:vision:payable": 100,
        "project:vision:subsidised": 100,
    }
    assert corrections([costs(3000)], standing([*done, made]), CLOSED, NOW) == []


def test_usage_that_comes_late_for_a_closed_month_and_goes_again():
    (late,) = corrections([costs(100)], {}, CLOSED, NOW)
    assert late.kind == "adjustment"
    (gone,) = corrections([], standing([late]), CLOSED, NOW)
    assert (gone.refs["day"], gone.refs["lines"], gone.key[-2:]) == ("2026-01-05", [], "#2")
    assert corrections([], standing([late, gone]), CLOSED, NOW) == []


def test_quantities_alone_do_not_adjust_a_closed_month():
    done = corrections([costs(100)], {})
    other = charge([replace(LINE, list_minor=100, subsidy_minor=50, user_minor=50, core_seconds=9)], AT, "HKD")
    assert corrections([other], standing(done), CLOSED, NOW) == []
    assert [t.kind for t in corrections([other], standing(done))] == ["reversal", "charge"]


rounds_of_days = st.lists(
    st.tuples(st.booleans(), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10**12)), max_size=5)), max_size=6
)


@given(rounds_of_days)
def test_after_corrections_the_balances_are_those_of_the_wanted_alone(rounds):
    done: list[Transaction] = []
    closed = False
    for closes, lines in rounds:
        closed |= closes
        wanted = [costs(cents, day=day) for day, cents in dict(lines).items()]
        made = corrections(wanted, standing(done), *((CLOSED, NOW) if closed else ()))
        assert not closed or all(transaction.at >= CLOSED for transaction in made)
        done += made
        assert {k: v for k, v in sums(done).items() if v} == {k: v for k, v in sums(wanted).items() if v}
    assert len({transaction.key for transaction in done}) == len(done)


def sums(transactions):
    found: dict[str, int] = {}
    for transaction in transactions:
        for posting in transaction.postings:
            found[posting.ledger_account] = found.get(posting.ledger_account, 0) + posting.amount_minor
    return found
