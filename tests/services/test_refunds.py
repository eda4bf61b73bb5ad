"""Refunds: by themselves where Slurm names a failed node, else claimed by one and granted by another."""

from datetime import date

import pytest

from tests.builders import OPENING_S, a_job, small_centre
from workbench.analytics.schema import job_frame
from workbench.domain.asked import GRANTED, REFUSED, WAITING
from workbench.domain.awards import Award
from workbench.domain.projects import Person
from workbench.errors import AskRefused, RuleBroken, UnknownJob, UnknownPerson
from workbench.services.beside_usage import refunds
from workbench.services.beside_usage.rows import drawn_elsewhere, of_project
from workbench.store.jobs import upsert_jobs
from workbench.units import DAY_S, HOUR_S, gpu_parts

DAY = OPENING_S + 5 * DAY_S + 12 * HOUR_S
NOW = OPENING_S + 7 * DAY_S
HOURS = 10
"""10 hours × 1 GPU × HK$28.00 = HK$280.00; of 10 hours 4 go back: HK$112.00, of them HK$78.40 subsidy."""


@pytest.fixture
def centre(store):
    small_centre(store)
    with store.db(writes=True) as db:
        db.add_all([Person("sec", "Sec", role="secretariat"), Person("eve", "Eve", role="operator")])
    return store


def add(store, **given):
    job = a_job(start_at=DAY, end_at=DAY + HOURS * HOUR_S, gpu_parts=gpu_parts(1)) | given
    job = job | {"seen_until_at": job["end_at"] or DAY + HOUR_S, "submit_at": job["start_at"]}
    with store.begin() as conn:
        upsert_jobs(conn, job_frame([job]), store.settings.centre.zone)


def rows(store, project="vision"):
    with store.read() as conn:
        return of_project(conn, project)


def test_a_job_that_a_node_failed_is_refunded_once_in_the_proportion_charged(centre):
    add(centre, job_id="f", state="NODE_FAIL")
    (done,) = refunds.run(centre, NOW)
    assert (done.job_id, done.refund.list_minor, done.refund.seconds) == ("f", 11_200, 4 * HOUR_S)
    (row,) = rows(centre)
    assert (row.list_minor, row.subsidy_minor, row.user_minor, row.award_id) == (-11_200, -7_840, -3_360, 1)
    assert (row.kind, row.day, row.quantity, row.made_by) == ("refund", date(2026, 1, 12), 14_400, "rule 9")
    assert row.memo == (
        "Refund for job f on alpha, charged HK$280.00 at list price: 14,400 of 36,000 seconds lost by a hardware fault."
    )
    assert (row.refs["job"], row.refs["charged_minor"], row.refs["seconds"]) == ("f", 28_000, 14_400)
    assert refunds.run(centre, NOW + 60, waiting=True) == []
    assert rows(centre) == [row]


@pytest.mark.parametrize(
    "given",
    [
        {"state": "FAILED"},
        {"state": "OUT_OF_MEMORY"},
        {"state": "CANCELLED"},
        {"state": None},
        {"state": "NODE_FAIL", "source": "hub"},  # its record was lost: everybody can bring that about
        {"state": "NODE_FAIL", "project": None},
        {"state": "NODE_FAIL", "end_at": None},
    ],
)
def test_nothing_else_is_refunded_by_itself(centre, given):
    add(centre, job_id="f", **given)
    assert refunds.run(centre, NOW, waiting=True) == []


def test_a_dry_run_writes_nothing(centre):
    add(centre, job_id="f", state="BOOT_FAIL")
    assert len(refunds.run(centre, NOW, dry_run=True)) == 1
    assert rows(centre) == refunds.claims(centre) == []


def test_a_job_without_a_price_waits_and_is_looked_at_again_on_request(centre):
    add(centre, job_id="f", state="NODE_FAIL", gpu_model="B200")
    (done,) = refunds.run(centre, NOW)
    assert "no price" in done.refund.why
    assert [one.state for one in refunds.claims(centre)] == [WAITING]
    assert refunds.run(centre, NOW) == []
    assert len(refunds.run(centre, NOW, waiting=True)) == 1
    assert rows(centre) == []


def test_a_job_of_two_awards_gives_back_to_both(centre):
    with centre.db(writes=True) as db:
        db.get(Award, 1).ceiling_minor = 658_560 + 9_800  # vision's other jobs draw HK$6,585.60 in all
        dates = {"starts_on": date(2026, 1, 2), "ends_on": date(2027, 1, 1), "decided_on": date(2025, 12, 1)}
        db.add(Award(project="vision", application=None, rate_bp=5000, ceiling_minor=10**8, **dates))
    # After all other jobs: 5 hours at 70% use up the first award, 5 hours at 50% follow.
    late = OPENING_S + 20 * DAY_S
    add(centre, job_id="f", state="NODE_FAIL", start_at=late, end_at=late + HOURS * HOUR_S)
    refunds.run(centre, late + 2 * DAY_S)
    found = rows(centre)
    assert [(row.award_id, row.list_minor, row.subsidy_minor, row.user_minor) for row in found] == [
        (1, -8_400, -3_920, -4_480),
        (2, -2_800, -2_800, 0),
    ]
    assert sum(row.list_minor for row in found) == -11_200
    with centre.read() as conn:
        assert drawn_elsewhere(conn, None) == {1: -3_920, 2: -2_800}


def test_a_claim_is_made_by_one_and_granted_by_another(centre):
    add(centre, job_id="c", state="FAILED")
    made = refunds.claim(centre, "c", "system", "The file system hung", "ana", NOW)
    with pytest.raises(AskRefused, match="neither secretariat nor operator"):
        refunds.decide(centre, made.id, "lee", NOW, grant=True)
    done = refunds.decide(centre, made.id, "sec", NOW, grant=True, note="Seen in the log.")
    assert done.refund.list_minor == 11_200
    (row,) = rows(centre)
    assert (row.made_by, row.refs["cause"], row.refs["claim"]) == ("sec", "system", made.id)
    with pytest.raises(AskRefused, match="granted already"):
        refunds.decide(centre, made.id, "eve", NOW, grant=False, note="No.")
    with pytest.raises(AskRefused, match="claim 1 was made for it before"):
        refunds.claim(centre, "c", "system", "Again", "ana", NOW)
    assert [one.state for one in refunds.claims(centre, "vision", GRANTED)] == [GRANTED]


def test_nobody_decides_their_own_claim_and_a_refusal_needs_its_reason(centre):
    add(centre, job_id="c", state="FAILED")
    made = refunds.claim(centre, "c", "hardware", "A card fell off the bus", "sec", NOW)
    with pytest.raises(AskRefused, match="Another person"):
        refunds.decide(centre, made.id, "sec", NOW, grant=True)
    with pytest.raises(AskRefused, match="needs its reason"):
        refunds.decide(centre, made.id, "eve", NOW, grant=False)
    assert refunds.decide(centre, made.id, "eve", NOW, grant=False, note="The log shows no fault") is None
    assert [one.state for one in refunds.claims(centre)] == [REFUSED]
    assert rows(centre) == []


def test_what_cannot_be_claimed_is_refused_with_the_reason(centre):
    add(centre, job_id="c", state="FAILED")
    add(centre, job_id="r", state="RUNNING", end_at=None)
    with pytest.raises(RuleBroken, match="user's own error"):
        refunds.claim(centre, "c", "user", "A typo", "ana", NOW)
    with pytest.raises(RuleBroken, match="within 14 days"):
        refunds.claim(centre, "c", "system", "Late", "ana", DAY + 15 * DAY_S)
    with pytest.raises(AskRefused, match="not one of its people"):
        refunds.claim(centre, "c", "system", "Not mine", "lee", NOW)
    with pytest.raises(AskRefused, match="still runs"):
        refunds.claim(centre, "r", "system", "Running", "ana", NOW)
    with pytest.raises(AskRefused, match="needs its reason"):
        refunds.claim(centre, "c", "system", " ", "ana", NOW)
    with pytest.raises(UnknownPerson):
        refunds.claim(centre, "c", "system", "Who?", "nobody", NOW)
    with pytest.raises(UnknownJob):
        refunds.claim(centre, "none", "system", "What?", "ana", NOW)
    with pytest.raises(AskRefused, match="none of this number"):
        refunds.decide(centre, 99, "sec", NOW, grant=True)
