"""Our books against Slurm's, without a Slurm: a fake answers sacct and sreport from one list of jobs."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update

from tests.builders import a_job, add_prices
from tests.services.test_slurm_follow import FakeSlurm
from workbench.analytics.schema import job_frame
from workbench.domain.projects import Project
from workbench.errors import NoSlurm, NothingToCompare, SlurmRefused, SlurmSilent
from workbench.services.slurm import follow
from workbench.services.slurm.causes import in_words, verdict, what_differs
from workbench.services.slurm.reconcile import compare, history, month_now, window_of
from workbench.settings import SlurmSettings
from workbench.store.frames import JOBS
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import charges_daily, dirty
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

T0 = int(datetime(2026, 11, 20, 10, 30, tzinfo=UTC).timestamp())
HOUR = T0 - 1800
"""The end of the last hour that the fake has added up: 10:00."""


class AddsUp(FakeSlurm):
    """Adds usage up as slurmdbd does, by account. `more`: seconds on top; `idle`: of a reservation for ana, in s."""

    def __init__(self) -> None:
        super().__init__()
        self.more: dict[str, int] = {}
        self.idle = 0

    def run(self, program, *words, limit_s=60):
        if "reservation" in words:
            return f",7,|cpu=8,gres/gpu=2,node=1|{self.idle}.000000\n" if self.idle else ""
        if "associations" in words:
            return "3|vision|\n7|vision|ana\n"
        if program == "sacctmgr":
            raise SlurmRefused(program, "show stats", "no privilege", 1)
        if program != "sreport":
            return super().run(program, *words, limit_s=limit_s)
        if self.silent:
            raise SlurmSilent("sreport", "a test")
        said = dict(word.partition("=")[::2] for word in words)
        start, end = (int(datetime.fromisoformat(f"{said[name]}+00:00").timestamp()) for name in ("start", "end"))
        sums = dict(self.more)
        for job in self.jobs.values():
            if job["start"] is None or not (gpus := re.search(r"gres/gpu=(\d+)", job["AllocTRES"])):
                continue
            ran = min(job["end"] or end, end) - max(job["start"], start)
            sums[job["Account"]] = sums.get(job["Account"], 0) + max(0, ran) * int(gpus[1])
        lines = [f"alpha|{name}||gres/gpu|{n}\nalpha|{name}|ana|gres/gpu|{n}\n" for name, n in sums.items() if n]
        return "".join(lines)


@pytest.fixture
def slurm():
    fake = AddsUp()
    fake.job("1", HOUR - 9000, HOUR - 5400, "COMPLETED")
    fake.job("2", HOUR - 7200, HOUR - 60, "FAILED", Account="other")
    fake.job("3", HOUR - 4000)
    fake.job("4", None, state="PENDING", submit=HOUR - 3000)
    fake.job("5", HOUR + 60, HOUR + 90, "COMPLETED")
    return fake


@pytest.fixture
def centre(store):
    settings = store.settings.model_copy(update={"slurm": SlurmSettings(cluster="alpha")})
    opened = replace(store, settings=settings)
    add_prices(opened, {"2026-01-01": {"H800": "28.00", "CPU": "0.20"}})
    with opened.db() as db:
        db.add(Project("vision", "Seeing machines", "university", "University A"))
    return opened


def followed(centre, slurm, now=T0):
    slurm.now = now
    follow.poll(centre, slurm, now)


def change(centre, job_id, **values):
    with centre.begin() as conn:
        conn.execute(update(JOBS).where(JOBS.c.job_id == job_id).values(**values))


def look(centre, slurm, now=T0, month="2026-11"):
    return compare(centre, slurm, month, now)


def test_what_is_followed_is_the_same_to_the_second(centre, slurm):
    followed(centre, slurm)
    found = look(centre, slurm)
    assert (found.differences, found.jobs, found.books, found.jobs_seen) == (0, (), (), 3)
    of = {line.account: line for line in found.accounts}
    assert of["vision"].ours == of["vision"].sums == (3600 + 4000) * 2 * GPU_PARTS
    assert (of["vision"].project, of["other"].project) == ("vision", None)
    assert (found.window.end_s, found.data_until) == (HOUR, T0)
    assert verdict(found) == "No differences."
    assert found.book_sums.used == found.book_sums.rated > 0


def test_comparing_is_kept_with_all_its_figures(centre, slurm):
    followed(centre, slurm)
    first = look(centre, slurm)
    slurm.jobs["1"]["end"] += 30
    second = look(centre, slurm, T0 + 60)
    assert history(centre) == [second, first]
    assert second.differences == 2


def test_a_job_that_was_not_brought_in_yet_says_that_slurm_was_not_asked_since(centre, slurm):
    followed(centre, slurm, HOUR - 1800)
    slurm.job("6", HOUR - 1700, HOUR - 1600, "COMPLETED")
    found = look(centre, slurm)
    (running, missing) = sorted(found.jobs, key=lambda line: line.job_id)[-2:]
    assert (running.job_id, missing.job_id, missing.missing) == ("3", "6", "here")
    assert missing.ours - missing.slurm == -100 * 2 * GPU_PARTS
    assert running.ours - running.slurm == -1800 * 2 * GPU_PARTS
    assert {line.cause for line in found.jobs} == {"behind"}
    assert "ingest slurm" in in_words("behind")
    line = next(line for line in found.accounts if line.account == "vision")
    assert line.difference == (-1800 - 100) * 2 * GPU_PARTS


def test_a_job_that_was_cancelled_before_its_time_came_and_is_told_late_is_no_difference(centre, slurm):
    followed(centre, slurm)
    slurm.job("7", HOUR - 900, HOUR - 900, "CANCELLED")
    slurm.job("8", HOUR - 900, HOUR - 899, "CANCELLED")  # this one ran, if only for a second
    assert [line.job_id for line in look(centre, slurm).jobs] == ["8"]


def test_an_account_without_our_prefix_is_none_of_ours_here_and_there(centre, slurm):
    slurm.jobs["1"]["Account"] = "wb-vision"
    settings = centre.settings.slurm.model_copy(update={"account_prefix": "wb-"})
    centre = replace(centre, settings=centre.settings.model_copy(update={"slurm": settings}))
    followed(centre, slurm)
    found = look(centre, slurm)
    assert found.differences == 0
    assert [(line.account, line.project, line.ours // GPU_PARTS) for line in found.accounts] == [
        ("other", None, 7140 * 2), ("vision", None, 4000 * 2), ("wb-vision", "vision", 3600 * 2),
    ]  # fmt: skip


def test_a_job_that_slurm_does_not_have(centre, slurm):
    followed(centre, slurm)
    del slurm.jobs["1"]
    (line,) = look(centre, slurm).jobs
    assert (line.job_id, line.missing, line.cause, what_differs(line)) == ("1", "slurm", "", "missing in Slurm")


def test_a_job_that_ended_before_the_window_by_slurm_and_in_it_by_us_is_no_missing_job(centre, slurm):
    start = int(datetime(2026, 10, 31, 15, 0, tzinfo=UTC).timestamp())
    slurm.job("7", start, start + 3700, "COMPLETED")
    followed(centre, slurm)
    slurm.jobs["7"]["end"] = start + 1800
    (line,) = look(centre, slurm).jobs
    assert (line.missing, line.ours - line.slurm) == ("", 100 * 2 * GPU_PARTS)
    assert what_differs(line) == "end: here 2026-10-31T16:01:40Z, in Slurm 2026-10-31T15:30:00Z"


def test_start_gpus_and_account_are_compared(centre, slurm):
    followed(centre, slurm)
    change(centre, "1", gpu_parts=3 * GPU_PARTS)
    change(centre, "2", project="vision")
    change(centre, "3", start_at=HOUR - 3999)
    lines = {line.job_id: line for line in look(centre, slurm).jobs}
    assert what_differs(lines["1"]) == "GPUs: here 3, in Slurm 2"
    assert what_differs(lines["2"]) == "account: here vision, in Slurm other"
    assert what_differs(lines["3"]).startswith("start: here 2026-11-20T08:53:21Z, in Slurm 2026-11-20T08:53:20Z")


def test_accounts_that_agree_by_chance_do_not_hide_jobs_that_differ(centre, slurm):
    slurm.job("8", HOUR - 9000, HOUR - 5400, "COMPLETED")
    followed(centre, slurm)
    change(centre, "1", gpu_parts=1 * GPU_PARTS)
    change(centre, "8", gpu_parts=3 * GPU_PARTS)
    found = look(centre, slurm)
    assert not any(line.difference for line in found.accounts)
    assert found.differences == 2


def test_a_slice_of_a_gpu_is_no_difference_to_look_after(centre, slurm):
    followed(centre, slurm)
    change(centre, "1", gpu_parts=2 * GPU_PARTS // 7)
    found = look(centre, slurm)
    assert [line.cause for line in found.jobs] == ["weight"]
    assert found.jobs[0].ours < found.jobs[0].slurm
    line = next(line for line in found.accounts if line.account == "vision")
    assert (line.difference < 0, line.cause, found.differences) == (True, "weight", 0)


def test_a_suspended_job_keeps_its_cards_here_and_there(centre, slurm):
    slurm.job("9", HOUR - 3600, HOUR - 1200, "COMPLETED", Suspended="00:10:00")
    slurm.job("12", HOUR - 3600, None, "SUSPENDED", Suspended="00:10:00")
    followed(centre, slurm)
    found = look(centre, slurm)
    assert (found.differences, found.jobs_seen) == (0, 5)


def test_slurms_sums_that_are_not_its_jobs_are_named_so(centre, slurm):
    slurm.more = {"vision": 50}
    followed(centre, slurm)
    line = next(line for line in look(centre, slurm).accounts if line.account == "vision")
    assert (line.difference, line.cause) == (-50 * GPU_PARTS, "sums")


def test_the_idle_time_of_a_reservation_is_named_and_no_difference_to_look_after(centre, slurm):
    slurm.more, slurm.idle = {"vision": 7200}, 3600
    followed(centre, slurm)
    found = look(centre, slurm)
    line = next(line for line in found.accounts if line.account == "vision")
    assert (line.difference, line.cause, found.differences) == (-7200 * GPU_PARTS, "reserved", 0)
    slurm.more = {"vision": 7300}
    assert look(centre, slurm).differences == 1


def test_a_row_that_cannot_be_read_is_a_difference_with_its_reason(centre, slurm):
    slurm.job("10", HOUR - 300, HOUR - 200, "COMPLETED", AllocTRES="cpu=1,gres/gpu:h800=x")
    followed(centre, slurm)
    found = look(centre, slurm)
    refused = [line for line in found.jobs if line.cause == "refused"]
    assert len(refused) == 1
    assert "gres/gpu:h800=x" in what_differs(refused[0])


def test_usage_that_was_not_rated_and_charges_that_were_not_posted_are_days_that_differ(centre, slurm):
    start = HOUR - 3 * DAY_S
    slurm.job("11", start, start + 600, "COMPLETED")
    followed(centre, slurm)
    assert look(centre, slurm).books == ()
    with centre.begin() as conn:
        conn.execute(delete(dirty))
        conn.execute(delete(charges_daily).where(charges_daily.c.day < "2026-11-20"))
    (line,) = look(centre, slurm).books
    assert (line.project, line.day, line.used, line.rated) == ("vision", "2026-11-17", 1200 * GPU_PARTS, 0)
    assert (line.charged_minor, line.posted_minor > 0) == (0, True)


def test_charges_of_days_that_are_over_are_in_the_ledger(centre, slurm):
    start = HOUR - 3 * DAY_S
    slurm.job("11", start, start + 3600, "COMPLETED")
    followed(centre, slurm)
    sums = look(centre, slurm).book_sums
    assert sums.charged_minor == sums.posted_minor == 2 * 2800


def test_a_month_is_cut_in_the_centres_zone_and_to_whole_hours(centre):
    zone = centre.settings.centre.zone
    whole = window_of("2026-10", zone, T0)
    assert datetime.fromtimestamp(whole.start_s, UTC).isoformat() == "2026-09-30T16:00:00+00:00"
    assert whole.seconds == 31 * DAY_S
    assert window_of("2026-11", zone, T0).end_s == HOUR
    assert window_of("2026-12", zone, T0).seconds == 0
    assert month_now(centre, T0) == "2026-11"
    first_minute = int(datetime(2026, 10, 31, 16, 1, tzinfo=UTC).timestamp())
    assert month_now(centre, first_minute) == "2026-10"


def test_a_month_without_an_hour_in_slurms_sums_is_said(centre, slurm):
    with pytest.raises(NothingToCompare, match="2026-12"):
        look(centre, slurm, month="2026-12")
    assert history(centre) == []


def test_without_a_slurm_there_is_nothing_to_compare(store, slurm):
    with pytest.raises(NoSlurm):
        look(store, slurm)


def test_a_silent_slurm_is_no_comparison(centre, slurm):
    followed(centre, slurm)
    slurm.silent = True
    with pytest.raises(SlurmSilent):
        look(centre, slurm)
    assert history(centre) == []


def test_jobs_of_another_cluster_are_not_compared(centre, slurm):
    followed(centre, slurm)
    elsewhere = job_frame([a_job(cluster="beta", job_id="99", start_at=HOUR - HOUR_S, end_at=HOUR)])
    with centre.begin() as conn:
        upsert_jobs(conn, elsewhere, centre.settings.centre.zone)
    found = look(centre, slurm)
    assert (found.differences, found.jobs_seen) == (0, 3)
