"""What the books want against what Slurm has: a plan, applied once, empty afterwards; others' things left alone.

The small centre: vision has an award of 70% of HK$28.00 an hour, of which 336 GPU-hours are drawn; speech has none.
"""

from fractions import Fraction

import pytest

from tests.builders import a_job, small_centre
from tests.services.test_holds import DRAWN, NOW, opt_in
from tests.slurm.fake_accounts import FakeSlurm
from tests.starts import cover
from workbench.analytics.schema import job_frame
from workbench.domain.brakes import DOWNSCALE, Brake
from workbench.domain.projects import Member, Person, Project
from workbench.errors import AskRefused, NoSlurm, SlurmLax, UnknownPerson, UnknownProject
from workbench.periods import moment
from workbench.services.charging.rating import rate
from workbench.services.prices.stored import stored_prices
from workbench.services.slurm import brakes
from workbench.services.slurm.enforce import apply, plan
from workbench.services.slurm.wanted import Cheapest, cheapest
from workbench.settings import SlurmSettings
from workbench.slurm.offers import Offer
from workbench.store.engine import Store
from workbench.store.jobs import upsert_jobs
from workbench.units import HOUR_S, gpu_parts


@pytest.fixture
def centre(store):
    small_centre(store)
    rate(store, NOW)
    with store.db(writes=True) as db:
        db.add(Person("op", "Operator", role="operator"))
    cover(store, 100, DRAWN)
    return Store(store.engine, store.settings.model_copy(update={"slurm": SlurmSettings(cluster="centre")}))


@pytest.fixture
def slurm():
    return FakeSlurm()


@pytest.fixture
def follow(centre, slurm):
    """Plan and apply; what was changed, as account: what, before → after. A second plan is empty."""

    def follow(store=centre):
        done = apply(slurm, plan(store, slurm, NOW))
        assert done.failed == ()
        assert plan(store, slurm, NOW).changes == ()
        return [f"{one.account}: {one.what}, {one.before} → {one.after}" for one in done.done]

    return follow


def test_projects_become_accounts_with_limits_and_people_once(follow, slurm):
    assert follow() == [
        "speech: account, none → made",
        "speech: minutes, GPU no limit, CPU no limit → GPU 0 (0 used), CPU 0 (0 used)",
        "speech: users, none → lee",
        "vision: account, none → made",
        # 100 hours at HK$19.60 of the subsidy are 1,960: in cores of HK$0.14 14,000 hours
        "vision: minutes, GPU no limit, CPU no limit → GPU 6,000 (0 used), CPU 840,000 (0 used)",
        "vision: users, none → ana",
    ]
    assert slurm.rows["vision", ""]["GrpTRESMins"] == "gres/gpu=6000,cpu=840000"
    # Nobody is let in before the limit stands.
    order = [words[:2] for words in slurm.told if "account=speech" in words or "name=speech" in words]
    assert order == [("add", "account"), ("modify", "account"), ("add", "user")]


def test_the_limit_moves_with_what_slurm_counted_and_small_steps_change_nothing(centre, slurm, follow):
    follow()
    slurm.used["vision"] = (301, 9_000)  # running: counted by Slurm, not yet drawn
    assert follow() == ["vision: minutes, GPU 6,000, CPU 840,000 → GPU 6,301 (301 used), CPU 849,000 (9,000 used)"]
    cover(centre, 96, DRAWN)  # 4 of 100 hours are drawn: 5% above what is left
    assert follow() == []
    cover(centre, 95, DRAWN)
    assert follow() == [
        "vision: minutes, GPU 6,301, CPU 849,000 → GPU 6,001 (301 used), CPU 807,000 (9,000 used)",
    ]


def test_an_award_used_up_stops_at_what_is_counted_and_a_supplement_opens_again(centre, slurm, follow):
    follow()
    slurm.used["vision"] = (6_000, 50_000)
    cover(centre, 0, DRAWN)
    assert follow() == ["vision: minutes, CPU 840,000 → CPU 50,000 (50,000 used)"]  # 6,000 GPU minutes are at it
    slurm.used["vision"] = (6_120, 51_000)  # what ran goes on
    assert follow() == []
    cover(centre, 2, DRAWN)
    assert follow() == [
        "vision: minutes, GPU 6,000, CPU 50,000 → GPU 6,240 (6,120 used), CPU 67,800 (51,000 used)",
    ]


def test_a_wiped_state_counts_from_nought_and_a_spent_award_stays_stopped(centre, slurm, follow):
    follow()
    slurm.used["vision"] = (500, 500)
    cover(centre, 0, DRAWN)
    follow()
    slurm.used.clear()
    assert follow() == ["vision: minutes, GPU 500, CPU 500 → GPU 0 (0 used), CPU 0 (0 used)"]


def test_a_counter_that_is_not_known_is_not_nought(centre, slurm, follow):
    follow()
    slurm.used["vision"], slurm.silent = (900, 900), "vision"  # a limit of 6,000 would be 900 too low
    cover(centre, 50, DRAWN)
    assert follow() == []
    assert plan(centre, slurm, NOW).reported == (
        "Account vision: slurmctld does not say what it has counted; its minutes stay as they are.",
    )
    slurm.silent = ""
    assert follow() == ["vision: minutes, GPU 6,000, CPU 840,000 → GPU 3,900 (900 used), CPU 420,900 (900 used)"]


def test_a_limit_changed_by_hand_is_put_right_and_other_limits_stay(slurm, follow):
    follow()
    slurm.rows["vision", ""] |= {"GrpTRESMins": "cpu=840000,gres/gpu=9999999,billing=5", "GrpTRES": "gres/gpu=16"}
    assert follow() == ["vision: minutes, GPU 9,999,999 → GPU 6,000 (0 used)"]
    assert slurm.rows["vision", ""] == {
        "QOS": "normal", "GrpTRESMins": "cpu=840000,gres/gpu=6000,billing=5", "GrpTRES": "gres/gpu=16",
    }  # fmt: skip


def test_what_is_not_ours_is_reported_and_never_touched(centre, slurm, follow):
    slurm.rows |= {
        ("physics", ""): {"GrpTRESMins": "gres/gpu=1", "GrpJobs": "0", "QOS": "normal"},
        ("physics", "ana"): {"QOS": "normal"},
        ("vision", ""): {"QOS": "normal", "GrpJobs": "0"},
        ("vision", "zoe"): {"QOS": "normal"},
    }
    follow()
    assert all("physics" not in " ".join(words) and "zoe" not in " ".join(words) for words in slurm.told)
    assert list(plan(centre, slurm, NOW).reported) == [
        "Account physics is of no project of ours; left alone.",
        "Account vision: somebody has set GrpJobs=0 by hand, so none of its jobs starts.",
        "Account vision: user zoe is nobody of ours; left alone.",
    ]


HOSTILE = ["root", "a,root", "x cluster=all", "-i", "Vision", "x\nset", "$(reboot)", "a=b"]


def test_hostile_names_become_sentences_and_no_command(centre, slurm, follow):
    with centre.db(writes=True) as db:
        db.add_all([Project(name, "t", "university", "o") for name in HOSTILE])
        db.add_all([Person(name, "N") for name in ("ana,root", "root", "-u")])
        db.flush()
        db.add_all([Member("vision", name, "member") for name in ("ana,root", "root", "-u")])
    follow()
    assert set(slurm.rows) == {
        ("root", ""), ("root", "root"), ("speech", ""), ("speech", "lee"), ("vision", ""), ("vision", "ana"),
    }  # fmt: skip
    assert len(plan(centre, slurm, NOW).reported) == len(HOSTILE) + 3


def test_who_leaves_a_project_is_shut_out_and_let_in_again(centre, slurm, follow):
    follow()
    with centre.db(writes=True) as db:
        db.delete(db.get(Member, ("vision", "ana")))
    assert follow() == ["vision: user ana, works → shut out"]
    with centre.db(writes=True) as db:
        db.add(Member("vision", "ana", "member"))
    assert follow() == ["vision: user ana, shut out → works"]
    assert slurm.rows["vision", "ana"] == {"QOS": "normal", "MaxJobs": "", "MaxSubmit": ""}


def test_over_use_goes_on_in_the_low_qos_to_its_limit_and_back(centre, slurm, follow):
    follow()
    cover(centre, 0, DRAWN)
    opt_in(centre)
    # 125% of 336 GPU-hours: 84 more
    assert follow() == [
        ": QOS wb-low, none → priority 0",
        "vision: minutes, GPU 6,000, CPU 840,000 → GPU 5,040 (0 used), CPU 705,600 (0 used)",
        "vision: QOS allowed, normal → and wb-low",
        "vision: QOS of new jobs, inherited → wb-low",
    ]
    job = a_job(job_id="over", start_at=NOW - HOUR_S, end_at=NOW, gpu_parts=gpu_parts(84))
    with centre.begin() as conn:
        upsert_jobs(conn, job_frame([job]), centre.settings.centre.zone)
    rate(centre, NOW)
    assert follow() == [
        "vision: minutes, GPU 5,040, CPU 705,600 → GPU 0 (0 used), CPU 0 (0 used)",
        "vision: QOS of new jobs, wb-low → inherited",
    ]
    # The QOS stays allowed: a job that waits in it keeps it.
    assert slurm.rows["vision", ""]["QOS"] == "normal,wb-low"


def test_without_an_award_a_project_has_no_limit_where_the_settings_let_it_pay(centre, follow):
    scheme = centre.settings.scheme.model_copy(update={"start_without_award": "list-price"})
    open_to_all = Store(centre.engine, centre.settings.model_copy(update={"scheme": scheme}))
    assert follow(open_to_all)[:2] == ["speech: account, none → made", "speech: users, none → lee"]


def test_pause_and_downscale_follow_the_records_and_a_resume_gives_back_what_was(centre, slurm, follow):
    follow()
    slurm.rows["vision", ""]["GrpTRES"] = "gres/gpu=16"
    brakes.pause(centre, "vision", "op", "Fills the disk", NOW)
    brakes.downscale(centre, slurm, Brake("vision", DOWNSCALE, "op", moment(NOW), "Too wide", 4))
    brakes.downscale(centre, slurm, Brake("vision", DOWNSCALE, "op", moment(NOW), "Still too wide", 2))
    assert follow() == ["vision: pause, runs → paused", "vision: GPUs, 16 → 2"]
    slurm.rows["vision", ""] |= {"GrpJobs": "50", "GrpTRES": "gres/gpu=8"}  # somebody's hand
    assert follow() == ["vision: pause, runs, GrpJobs 50 → paused", "vision: GPUs, 8 → 2"]
    brakes.resume(centre, "vision", "op", "Cleaned up", NOW)
    assert plan(centre, slurm, NOW).changes[0].why == "op: Cleaned up"
    assert follow() == ["vision: pause, paused → runs", "vision: GPUs, 2 → 16"]
    slurm.rows["vision", ""]["GrpTRES"] = "gres/gpu=12"  # a centre's own limit is its own again
    assert follow() == []
    assert [one.kind for one in brakes.history(centre)] == ["resume", "downscale", "downscale", "pause"]


@pytest.mark.parametrize(
    ("project", "who", "reason", "problem", "said"),
    [
        ("nowhere", "op", "why", UnknownProject, "nowhere"),
        ("vision", "nobody", "why", UnknownPerson, "nobody"),
        ("vision", "ana", "why", AskRefused, "neither secretariat nor operator"),
        ("vision", "op", " ", AskRefused, "no reason is given"),
    ],
)
def test_only_the_centre_brakes_and_says_why(centre, project, who, reason, problem, said):
    with pytest.raises(problem, match=said):
        brakes.pause(centre, project, who, reason, NOW)
    assert brakes.history(centre) == []


def test_a_brake_that_changes_nothing_is_refused(centre):
    brakes.pause(centre, "vision", "op", "why", NOW)
    with pytest.raises(AskRefused, match="paused already"):
        brakes.pause(centre, "vision", "op", "why", NOW)
    brakes.resume(centre, "vision", "op", "why", NOW)
    with pytest.raises(AskRefused, match="neither paused nor downscaled"):
        brakes.resume(centre, "vision", "op", "why", NOW)


def test_what_slurm_refuses_is_told_and_the_rest_is_done(centre, slurm):
    slurm.refuses = "speech"
    done = apply(slurm, plan(centre, slurm, NOW))
    assert {said for _, said in done.failed} == {"Access denied"}
    assert ("vision", "ana") in slurm.rows
    slurm.refuses = ""
    assert {one.account for one in plan(centre, slurm, NOW).changes} == {"speech"}


def test_where_limits_would_kill_running_jobs_nothing_is_changed(centre, slurm):
    slurm.config["AccountingStorageEnforce"] = "associations,limits,qos"
    with pytest.raises(SlurmLax, match="lacks safe"):
        apply(slurm, plan(centre, slurm, NOW))
    assert slurm.told == []


def test_without_a_slurm_in_the_settings_there_is_no_plan(store, slurm):
    with pytest.raises(NoSlurm, match="ClusterName"):
        plan(store, slurm, NOW)


@pytest.mark.parametrize(
    ("offers", "gpu", "core"),
    [
        # a core alone HK$0.20; one H800 with all 64 cores of its node HK$0.4375 a core
        ([Offer("main", "h800", 64)], 2800, 20),
        # with 256 cores a GPU job has them cheaper than a job of cores alone
        ([Offer("main", "h800", 256)], 2800, Fraction(2800, 256)),
        # a model without a price draws on no award, so it sets no bound
        ([Offer("main", "h800", 64), Offer("main", "b9000", 64)], 2800, 20),
        ([Offer("main", "b9000", 64)], None, 20),
        ([Offer("main", "", 64)], None, 20),
        ([], None, None),
    ],
)
def test_minutes_are_bought_where_they_are_cheapest(centre, offers, gpu, core):
    with centre.read() as conn:
        prices = stored_prices(conn, centre.settings.centre.zone).at(NOW)
    found = cheapest(prices, offers, centre.settings)
    assert found == Cheapest(*(None if hour is None else Fraction(hour) / 60 for hour in (gpu, core)))
