"""The people of an application, one of each kind, and an application brought to a stage by them."""

from datetime import date

from workbench.domain.projects import Person
from workbench.services.applications import meetings
from workbench.services.applications import steps as applications
from workbench.services.applications.awarding import Decided
from workbench.services.applications.steps import Draft

NOW = 1_767_600_000  # 5 January 2026, 16:00 in Hong Kong
TODAY = date(2026, 1, 5)
POINTS = {"alignment": 80, "compute": 70, "capability": 60, "team": 80, "outcomes": 40}
AWARD = Decided(7000, 20_000_000, date(2026, 2, 1), date(2027, 2, 1), conditions="Report in month 3.")
ROLES = {"sec": "secretariat", "rev": "reviewer", "rob": "reviewer", "com": "committee", "eve": "operator"}
MEMBERS = ("com", "mai", "kim")
"""The Committee; all of them attend the meeting that is open, so it can decide."""
WAY = ("submit", "check", "assess", "assess", "recommend", "approve", "agree", "activate", "close")
"""Steps from draft to closed; who takes them is in BY."""
BY = {"submit": "ada", "check": "sec", "assess": "sec", "agree": "ada", "activate": "eve", "close": "sec"}


def add_people(store):
    with store.db(writes=True) as db:
        db.add_all(Person(name, name.title(), role=role) for name, role in ROLES.items())
        db.add_all(Person(name, name.title(), role="committee") for name in MEMBERS[1:])
        db.add_all([Person("ada", "Ada"), Person("bob", "Bob")])
    meetings.open_meeting(store, TODAY, "com", MEMBERS[1:], "sec", NOW)


def a_draft(**given):
    made = {
        "slug": "speech-lab",
        "title": "Speech lab",
        "category": "university",
        "organisation": "University of Sai Wan",
        "requested_minor": 30_000_000,
        "gpu_model": "H800",
        "gpus": 64,
        "gpu_hours_by_month": (1000, 3000, 4000),
        "members": ("bob",),
    }
    return Draft(**(made | given))


def bring(store, reference, *steps, now=NOW):
    """Take these steps, each by who may."""
    for action in steps:
        if action == "recommend":
            applications.recommend(store, reference, "rev", 25_000_000, "Sound plan.", now)
        elif action == "approve":
            applications.decide(store, reference, action, "com", now, award=AWARD)
        else:
            applications.act(store, reference, action, BY[action], now, "As agreed.")
