"""Awards change by actions: asked by one, decided by another, from their day on, with a record of each.

The award is that of tests.services.an_award: 70% up to HK$200,000.00, 1 February 2026 to 1 February 2027.
"""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.services.an_award import SUBSIDY_HOUR, awarded, charged, noon, stored, use
from workbench.domain.applications import Conflict
from workbench.domain.awards import Award
from workbench.domain.holds import Hold
from workbench.domain.projects import Member
from workbench.errors import ClosedByConflict, MeetingRefused, RuleBroken, StepRefused, UnknownAction, UnknownAward
from workbench.periods import moment
from workbench.services.applications import meetings
from workbench.services.awards.actions import Ask, ask, decide, over_use_opted_in, withdraw
from workbench.services.awards.effects import Given
from workbench.services.awards.versions import award_versions, fund_movements
from workbench.services.charging import rating
from workbench.store.charges import decided_awards

FEB, MAR, MAY, JUNE = date(2026, 2, 10), date(2026, 3, 2), date(2026, 5, 20), date(2026, 6, 1)
VISION = 1
"""The award of vision in the small centre: 70% up to HK$1,000,000.00, 2026, no application."""


@pytest.fixture
def award(store):
    return awarded(store)


def asked(store, award, kind, who="ada", on=FEB, reason="As planned.", **given):
    rest = {name: given.pop(name) for name in ("other_award", "report") if name in given}
    return ask(store, award, Ask(kind, reason, Given(**given), **rest), who, noon(on))


def approved(store, award, kind, on=FEB, **given):
    action = asked(store, award, kind, on=on, **given)
    decide(store, action, "approve", "com", noon(on), note="Agreed.")
    return action


def on(store, award, day):
    with store.read() as conn:
        found = next(a for a in decided_awards(conn, None, day) if a.id == award)
    return found.rate_bp, found.ceiling_minor, found.ends_on


def hand_in_reports(store, award, *names, on):
    for name in names:
        action = asked(store, award, "progress-report", on=on, report=name)
        decide(store, action, "approve", "sec", noon(on))


def test_an_extension_moves_the_end_and_a_supplement_the_ceiling_from_its_day_on(store, award):
    approved(store, award, "extension", on=FEB, ends_on=date(2027, 6, 1))
    approved(store, award, "supplement", on=FEB, amount_minor=5_000_000)
    day_before = date(2026, 2, 9)
    assert on(store, award, day_before) == (7000, 20_000_000, date(2027, 2, 1))
    assert on(store, award, FEB) == (7000, 25_000_000, date(2027, 6, 1))
    with store.db() as db:
        assert db.get(Award, award).ceiling_minor == 20_000_000  # the original decision stays
    assert stored(store, "SELECT version, from_on, ceiling_minor, ends_on FROM award_versions ORDER BY version") == [
        (2, "2026-02-10", 20_000_000, "2027-06-01"),
        (3, "2026-02-10", 25_000_000, "2027-06-01"),
    ]


def test_a_supplement_of_june_never_pays_for_usage_of_may_however_often_that_is_rated(store, award):
    hours = 20_000_000 // SUBSIDY_HOUR + 1000  # 1,000 GPU-hours more than the ceiling pays
    hand_in_reports(store, award, "progress 1", "progress 3", on=MAY)
    use(store, MAY, hours, noon(MAY))
    before = charged(store, MAY)
    assert before[0][1] == 20_000_000
    approved(store, award, "supplement", on=JUNE, amount_minor=5_000_000)
    use(store, JUNE, 100, noon(JUNE))
    assert charged(store, JUNE) == [(280_000, 196_000, 84_000)]
    rating.rate(store, noon(JUNE), everything=True)
    assert charged(store, MAY) == before
    assert charged(store, JUNE) == [(280_000, 196_000, 84_000)]


def test_a_new_rate_holds_from_its_day_on(store, award):
    use(store, FEB, 10, noon(MAR))
    use(store, MAR, 10, noon(MAR))
    action = asked(store, award, "rate", who="sec", on=MAR, rate_bp=9000)
    decide(store, action, "approve", "com", noon(MAR), note="Cancer care: of public interest.")
    rating.rate(store, noon(MAR))
    assert charged(store, FEB) == [(28_000, 19_600, 8_400)]
    assert charged(store, MAR) == [(28_000, 25_200, 2_800)]


def test_an_exceptional_rate_needs_its_reason_and_100_percent_is_never_possible(store, award):
    action = asked(store, award, "rate", rate_bp=9000)
    with pytest.raises(RuleBroken, match="written reason"):
        decide(store, action, "approve", "com", noon(FEB))
    with pytest.raises(RuleBroken, match="100% is never possible"):
        asked(store, award, "rate", rate_bp=10_000)


def test_a_transfer_moves_what_is_neither_drawn_nor_held_and_the_sum_stays(store, award):
    use(store, FEB, 1000, noon(FEB))  # draws HK$19,600.00 of HK$200,000.00
    with store.db(writes=True) as db:
        db.add(Hold("server-1", award, "speech-lab", "alpha", 2800, 7000, 3600, 40_000, moment(noon(FEB))))
    free = 20_000_000 - 1_960_000 - 40_000
    with pytest.raises(RuleBroken, match=r"HK\$180,000.00 that is neither drawn nor held"):
        asked(store, award, "transfer", amount_minor=free + 1, other_award=VISION)
    approved(store, award, "transfer", amount_minor=free, other_award=VISION)
    assert (on(store, award, FEB)[1], on(store, VISION, FEB)[1]) == (2_000_000, 118_000_000)
    with store.read() as conn:
        moved = [m for m in fund_movements(conn, FEB) if m.kind == "transfer"]
    assert [(m.subject, m.project, m.amount_minor) for m in moved] == [
        (f"transfer/{VISION}/2", "vision", free),
        (f"transfer/{award}/2", "speech-lab", -free),
    ]
    with pytest.raises(StepRefused, match="its own receiver"):
        asked(store, award, "transfer", amount_minor=1, other_award=award)


def test_a_supplement_waits_for_a_late_report_and_for_the_fund(store, award):
    with pytest.raises(RuleBroken, match=r"Rule 15.*progress 1 \(due 1 Mar 2026\)"):
        asked(store, award, "supplement", on=MAR, amount_minor=1)
    asked(store, award, "progress-report", on=MAR, report="progress 1")
    with pytest.raises(RuleBroken, match="Rule 2 of the scheme"):
        asked(store, award, "supplement", on=MAR, amount_minor=300_000_000_000)
    assert asked(store, award, "supplement", on=MAR, amount_minor=1)


def test_a_report_that_was_sent_back_is_late_again(store, award):
    report = asked(store, award, "progress-report", on=MAR, report="progress 1")
    with pytest.raises(StepRefused, match="is there already"):
        asked(store, award, "progress-report", on=MAR, report="progress 1")
    decide(store, report, "decline", "sec", noon(MAR), note="The figures are missing.")
    with pytest.raises(RuleBroken, match="Rule 15"):
        asked(store, award, "supplement", on=MAR, amount_minor=1)
    with pytest.raises(StepRefused, match="Name one of: progress 1, progress 3, progress 9, final"):
        asked(store, award, "progress-report", on=MAR, report="progress 2")


def test_the_committee_can_give_less_than_was_asked(store, award):
    action = asked(store, award, "supplement", amount_minor=5_000_000)
    decide(store, action, "approve", "com", noon(FEB), given=Given(amount_minor=2_000_000))
    assert on(store, award, FEB)[1] == 22_000_000
    assert stored(store, "SELECT amount_minor FROM award_actions") == [(5_000_000,)]
    assert stored(store, "SELECT decision, amount_minor FROM award_action_decisions") == [("approved", 2_000_000)]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("ada", "ada may not"),
        ("sec", "sec may not. It needs somebody who is committee"),
        ("bob", "bob may not"),
    ],
)
def test_only_the_committee_decides_amounts_and_dates(store, award, who, said):
    action = asked(store, award, "extension", ends_on=date(2027, 6, 1))
    with pytest.raises(StepRefused, match=said):
        decide(store, action, "approve", who, noon(FEB))
    assert on(store, award, FEB)[2] == date(2027, 2, 1)


def test_who_asks_does_not_decide_nor_does_one_of_the_project(store, award):
    report = asked(store, award, "closing", who="sec", ends_on=date(2026, 3, 1))
    with pytest.raises(StepRefused, match="sec asked for it"):
        decide(store, report, "approve", "sec", noon(FEB))
    decide(store, report, "decline", "sue", noon(FEB), note="They still work.")
    with store.db(writes=True) as db:
        db.add(Member("speech-lab", "com", "member"))
    action = asked(store, award, "extension", ends_on=date(2027, 6, 1))
    with pytest.raises(StepRefused, match="com belongs to the project"):
        decide(store, action, "approve", "com", noon(FEB))
    decide(store, action, "approve", "carl", noon(FEB))


def test_a_declared_conflict_closes_the_award_to_that_member_too(store, award):
    with store.db(writes=True) as db:
        application = db.get(Award, award).application
        db.add(Conflict(application, "com", "Former employer", moment(noon(FEB))))
    action = asked(store, award, "extension", ends_on=date(2027, 6, 1))
    with pytest.raises(ClosedByConflict):
        decide(store, action, "approve", "com", noon(FEB))
    decide(store, action, "approve", "carl", noon(FEB))


def test_the_committee_decides_in_its_meeting_and_with_a_quorum(store, award):
    action = asked(store, award, "extension", ends_on=date(2027, 6, 1))
    with store.db(writes=True) as db:
        application = db.get(Award, award).application
        db.add_all(Conflict(application, name, "Kin", moment(noon(FEB))) for name in ("mai", "kim"))
    with pytest.raises(RuleBroken, match="2 members of the Committee can decide it; 2 withdrew, and the quorum is 3"):
        decide(store, action, "approve", "com", noon(FEB))
    meetings.close_meeting(store, 1, "sec", noon(FEB))
    with pytest.raises(MeetingRefused, match="no meeting is open"):
        decide(store, action, "approve", "com", noon(FEB))
    report = asked(store, award, "progress-report", report="progress 1")
    decide(store, report, "approve", "sec", noon(FEB))  # the secretariat needs no meeting


@pytest.mark.parametrize("who", ["bob", "com", "eve", "rev"])
def test_only_the_lead_or_the_secretariat_ask(store, award, who):
    with pytest.raises(StepRefused, match="It needs somebody who is lead of the project or secretariat"):
        asked(store, award, "extension", who=who, ends_on=date(2027, 6, 1))


def test_what_is_missing_is_said(store, award):
    with pytest.raises(StepRefused, match="an amount and the reason is missing"):
        asked(store, award, "supplement", reason=" ")
    with pytest.raises(StepRefused, match="the award that takes it is missing"):
        asked(store, award, "transfer", amount_minor=5)
    with pytest.raises(StepRefused, match="nobody can ask for that"):
        asked(store, award, "under-use-cut", amount_minor=5)
    with pytest.raises(UnknownAward):
        asked(store, 99, "over-use")
    with pytest.raises(UnknownAction):
        decide(store, 99, "approve", "com", noon(FEB))


def test_what_was_decided_or_withdrawn_stays(store, award):
    action = approved(store, award, "extension", ends_on=date(2027, 6, 1))
    with pytest.raises(StepRefused, match="com decided on 10 Feb 2026: approved"):
        decide(store, action, "decline", "carl", noon(FEB), note="No.")
    open_ = asked(store, award, "extension", ends_on=date(2027, 9, 1))
    with pytest.raises(StepRefused, match="Only who asked"):
        withdraw(store, open_, "sec", noon(FEB))
    withdraw(store, open_, "ada", noon(FEB))
    with pytest.raises(StepRefused, match="withdrawn"):
        decide(store, open_, "approve", "com", noon(FEB))


def test_declining_needs_its_reason(store, award):
    action = asked(store, award, "extension", ends_on=date(2027, 6, 1))
    with pytest.raises(StepRefused, match="the reason is missing"):
        decide(store, action, "decline", "com", noon(FEB))


def test_an_early_closing_ends_the_award_and_its_rest_lapses(store, award):
    use(store, FEB, 100, noon(FEB))
    closing = asked(store, award, "closing", ends_on=date(2026, 2, 15))
    decide(store, closing, "approve", "sec", noon(FEB))
    with store.read() as conn:
        moved = [m for m in fund_movements(conn, date(2026, 2, 15)) if m.award == award]
    assert [(m.subject, m.day, m.amount_minor) for m in moved] == [
        (f"award/{award}", date(2026, 1, 5), 20_000_000),
        (f"lapse/{award}", date(2026, 2, 15), -(20_000_000 - 100 * SUBSIDY_HOUR)),
    ]
    with pytest.raises(StepRefused, match="it ended before 15 Feb 2026"):
        asked(store, award, "extension", on=date(2026, 2, 15), ends_on=date(2026, 9, 1))
    with pytest.raises(RuleBroken, match="after today"):
        asked(store, VISION, "closing", who="sec", ends_on=FEB)


def test_a_project_opts_in_to_over_use_by_itself_and_out_again(store, award):
    asked(store, award, "over-use", on=FEB)
    asked(store, award, "no-over-use", on=MAR)
    with store.read() as conn:
        found = [over_use_opted_in(conn, "speech-lab", moment(noon(day))) for day in (date(2026, 2, 1), FEB, MAR)]
        assert not over_use_opted_in(conn, "vision", moment(noon(MAR)))
    assert found == [False, True, False]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE award_versions SET ceiling_minor = 1",
        "DELETE FROM award_versions",
        "UPDATE award_actions SET asked_by = 'eve'",
        "DELETE FROM award_action_decisions",
        "INSERT OR REPLACE INTO award_action_decisions SELECT * FROM award_action_decisions",
        "INSERT OR REPLACE INTO award_versions SELECT * FROM award_versions",
    ],
)
def test_the_records_cannot_be_changed_even_by_hand(store, award, change):
    approved(store, award, "supplement", amount_minor=5_000_000)
    with pytest.raises(IntegrityError), store.begin() as conn:
        conn.execute(text(change))


def test_of_one_award_one_version_holds_at_a_time(store, award):
    approved(store, award, "supplement", amount_minor=5_000_000)
    approved(store, award, "extension", ends_on=date(2027, 6, 1))
    with store.read() as conn:
        found = award_versions(conn, frozenset({"speech-lab"}), store.settings.centre.zone)["speech-lab"]
    assert [(v.version, v.ceiling_minor) for v in found] == [
        (f"award {award} of 2026-01-05", 20_000_000),
        (f"award {award} version 3 of 2026-02-10", 25_000_000),
    ]
    assert found[0].end_s == found[1].start_s
