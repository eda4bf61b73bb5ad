"""Rule 3 at a meeting: the quorum counts members without a conflict; votes carry a decision or do not."""

import pytest

from workbench.domain.meetings import check_quorum, check_votes, standing
from workbench.errors import RuleBroken

THERE = frozenset({"com", "mai", "kim", "lou"})


@pytest.mark.parametrize(
    ("withdrew", "quorum", "deciding"),
    [((), 3, THERE), (("lou",), 3, THERE - {"lou"}), (("away",), 4, THERE), (THERE, 0, frozenset())],
)
def test_those_decide_who_are_there_and_have_no_conflict(withdrew, quorum, deciding):
    assert check_quorum(THERE, withdrew, quorum) == deciding


def test_without_a_quorum_nothing_is_decided():
    with pytest.raises(RuleBroken, match="2 members of the Committee can decide it; 2 withdrew, and the quorum is 3"):
        check_quorum(THERE, {"kim", "lou"}, 3)


@pytest.mark.parametrize(
    ("action", "votes", "carried"),
    [
        ("approve", {}, True),  # nobody asked for a vote: they agreed
        ("approve", {"com": "for", "mai": "for", "kim": "against"}, True),
        ("approve", {"com": "for", "mai": "against"}, False),  # a tie is no majority
        ("approve", {"com": "abstained", "mai": "for"}, True),
        ("decline", {"com": "for", "mai": "against"}, True),
        ("decline", {"com": "for", "mai": "for", "kim": "against"}, False),
        ("defer", {"com": "for", "mai": "for"}, True),
    ],
)
def test_a_decision_stands_with_its_votes(action, votes, carried):
    if carried:
        check_votes(action, votes)
        return
    with pytest.raises(RuleBroken, match="votes do not carry"):
        check_votes(action, votes)


def test_everybody_who_was_there_stands_in_the_item():
    stands = standing(THERE, {"lou"}, {"com": "for", "mai": "against"})
    assert stands == {"com": "for", "kim": "no vote", "lou": "withdrew", "mai": "against"}
