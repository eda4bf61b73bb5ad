"""Days to decision, counted by hand, and the funnel from the community to its users."""

from datetime import date

import pytest

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.domain.awards import Application, Award
from workbench.errors import FileUnreadable
from workbench.services.applications.community import Step, bring_in, funnel
from workbench.services.applications.pace import Pace, Waiting, pace, waiting
from workbench.services.charging.rating import rate

NOW = DATA_UNTIL_S  # 19 January 2026, midnight in Hong Kong
MEMBERS = """organisation,category,joined_on
University A,university,2020-01-01
Start-up C,start-up,2025-06-01
Start-up D,start-up,2025-07-01
Start-up E,start-up,2026-02-01
"""


def asked(number, received, decided=None, decision=None, category="start-up", organisation="Start-up C", stage=""):
    """An application received and decided on these days of a year counted from 1 December 2025."""
    start = date(2025, 12, 1).toordinal()
    day = None if decided is None else date.fromordinal(start + decided)
    received_on = date.fromordinal(start + received)
    return Application(
        f"A-{number}", category, organisation, "Title", received_on, 1, decided_on=day, decision=decision, stage=stage
    )


@pytest.fixture
def centre(store):
    small_centre(store)
    decisions = ("declined", "approved")
    with store.db(writes=True) as db:
        db.add_all(asked(n, 0, n, decisions[n % 2], "university", "University A") for n in range(1, 11))
        db.add_all([asked(11, 5, 45, "deferred"), asked(12, 9), asked(14, 0, stage="draft")])
        db.add_all(
            [
                asked(13, 19, category="university", organisation="University Z"),
                asked(15, 0, 3, "withdrawn", stage="withdrawn"),
            ]
        )
    return store


def test_days_to_decision_of_all(centre):
    # Decided after 1 to 10 and after 40 days: the middle one is 6, ten of eleven are within 10.
    assert pace(centre, NOW) == [Pace("", 11, 6.0, 10, 40, 2, 40)]


def test_by_category_and_by_month_of_the_decision(centre):
    assert pace(centre, NOW, "category") == [
        Pace("start-up", 1, 40.0, 40, 40, 1, 40),
        Pace("university", 10, 5.5, 9, 10, 1, 30),
    ]
    assert [(row.group, row.decided, row.open) for row in pace(centre, NOW, "month")] == [
        ("2025-12", 10, 0),
        ("2026-01", 1, 0),
    ]


def test_what_waits_is_listed_the_longest_first(centre):
    assert waiting(centre, NOW) == [
        Waiting("A-12", "submitted", "start-up", date(2025, 12, 10), 40),
        Waiting("A-13", "submitted", "university", date(2025, 12, 20), 30),
    ]


def test_without_a_decision_days_are_unknown(store):
    assert pace(store, NOW) == [Pace("", 0, None, None, None, 0, None)]


def test_the_funnel_goes_from_members_to_users(centre, tmp_path):
    file = tmp_path / "members.csv"
    file.write_text(MEMBERS, encoding="utf-8")
    assert bring_in(centre, file).new == 4
    assert bring_in(centre, file).known == 4
    with centre.db(writes=True) as db:
        application = db.query(Application).filter_by(reference="A-1").one().id
        db.query(Award).one().application = application
    rate(centre, NOW)
    assert funnel(centre, NOW) == [
        Step("members", 3, 3, 2, date(2025, 7, 1), made_up=False),  # Start-up E joins later
        Step("applied", 3, 2, 1, date(2025, 12, 20), made_up=False),
        Step("approved", 1, 1, 0, date(2025, 12, 2), made_up=False),
        Step("active", 1, 1, 0, date(2026, 1, 1), made_up=False),
        Step("using", 1, 1, 0, date(2026, 1, 1), made_up=False),
    ]


def test_a_file_with_wrong_lines_is_refused_whole(store, tmp_path):
    file = tmp_path / "members.csv"
    file.write_text(f"{MEMBERS}Circus,circus,2025-01-01\nLate,start-up,soon\n", encoding="utf-8")
    with pytest.raises(FileUnreadable, match=r"line 6: Circus.*; line 7: 'soon' is no day"):
        bring_in(store, file)
    assert funnel(store, NOW)[0].organisations == 0
