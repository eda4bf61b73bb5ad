"""The efficiency of a made-up day of samples laid over real jobs, by hand; made again only when something changed.

Four jobs of the Philly log that ran on 22 October 2017, its wall clock read as Hong Kong's. A GPU-hour is HK$28.00;
project 7f04ca has an award of 70%, the others have none. Samples are made up, every ten minutes of the clock; one
stands for twenty minutes at most.

  80890  7f04ca  4 GPUs  07:13:48 to 15:48:48  30,900 s   GPU 0 at 90% from 07:20 to 15:20, then at 0%;
                                                          GPU 1 at 1% from 07:20 to 15:20, then at 0%; the others at 0%
  81002  b436b2  1 GPU   05:56:09 to 10:26:09  16,200 s   at 0%
  80956  6c71a0  1 GPU   07:41:50 to 12:05:45  15,835 s   a slice of MIG whose samples do not say what it did
  80916  11cb48  1 GPU   11:51:57 to 15:53:45  14,508 s   no samples
"""

from datetime import date
from importlib.resources import files
from shutil import rmtree

import pandas as pd
import pytest
from sqlalchemy import insert

from tests.builders import a_job, add_prices
from workbench.analytics.efficiency_advice import MOST_UNKNOWN
from workbench.analytics.samples import placed_frame, sample_frame
from workbench.analytics.schema import job_frame
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.domain.awards import Award
from workbench.domain.projects import Project
from workbench.errors import BadQuestion, UnknownProject
from workbench.periods import Window, day_window
from workbench.services.charging.rating import rate
from workbench.services.efficiency import report
from workbench.services.efficiency.built import AGAIN_S, Built, build
from workbench.store import efficiency as kept
from workbench.store import placed
from workbench.store.engine import open_store
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import freshness
from workbench.store.wanted import Wanted
from workbench.telemetry import lake
from workbench.units import GPU_PARTS, HOUR_S

DAY = date(2017, 10, 22)
ROWS = {80890: ("7f04ca", 4, 30_900), 81002: ("b436b2", 1, 16_200), 80956: ("6c71a0", 1, 15_835)} | {
    80916: ("11cb48", 1, 14_508)
}
"""Row of the log → project, GPUs, seconds."""
NODES = {80890: "n1", 81002: "n2", 80956: "n3", 80916: "n4"}
ALL = WholeCentre("ops")
SLICE = "7g.80gb/0/0"


def of_the_log():
    """Row → (project, GPUs, start, seconds) as the log has it."""
    log = pd.read_parquet(files("workbench.sample") / "philly-2017" / "philly_jobs.parquet")
    found = log.loc[list(ROWS)]
    start = found["timestamp"].dt.tz_localize("Asia/Hong_Kong").dt.tz_convert("UTC").dt.as_unit("s").astype("int64")
    columns = (found["cluster"], found["num_gpus"], start, found["duration"].astype("int64"))
    return dict(zip(ROWS, zip(*(column.tolist() for column in columns), strict=True), strict=True))


def fill(store):
    """The jobs, where they ran, the price and the award; rated. Returns the store."""
    log = of_the_log()
    jobs = [
        a_job(
            job_id=str(row), project=project, user_name=f"u-{project}", start_at=start, submit_at=start,
            end_at=start + seconds, gpu_model="H800", gpu_parts=gpus * GPU_PARTS, cpu_cores=None,
        )
        for row, (project, gpus, start, seconds) in log.items()
    ]  # fmt: skip
    where = [
        {"cluster": "alpha", "job_id": str(row), "submit_at": start, "node": NODES[row], "gpu_index": index}
        | {"gpu_parts": GPU_PARTS, "mig": SLICE if row == 80956 else None}
        for row, (_, gpus, start, _) in log.items()
        for index in range(gpus)
    ]
    with store.db() as db:
        db.add_all(
            Project(project, project, "university", "University A", made_up=True) for project, *_ in log.values()
        )
        db.flush()
        db.add(award("7f04ca", 7000))
    add_prices(store, {"2017-01-01": {"H800": "28.00"}})
    with store.begin() as conn:
        upsert_jobs(conn, job_frame(jobs), store.settings.centre.zone)
        placed.write(conn, placed_frame(where))
        noted = {"cluster": "alpha", "data_until_at": clock("24:00"), "noted_at": clock("24:00"), "note": ""}
        conn.execute(insert(freshness).values(**noted))
    rate(store, clock("24:00"))
    lake.write(store.settings.telemetry_folder, the_samples())
    return store


def award(project, rate_bp):
    return Award(
        project=project, application=None, rate_bp=rate_bp, ceiling_minor=100_000_000, starts_on=date(2017, 1, 1),
        ends_on=date(2018, 1, 1), decided_on=date(2016, 12, 1),
    )  # fmt: skip


def clock(text):
    """Moment of a time of the day."""
    hour, minute = text.split(":")
    return int(pd.Timestamp(DAY, tz="Asia/Hong_Kong").timestamp()) + int(hour) * HOUR_S + int(minute) * 60


def told(node, index, first, last, active_bp, **more):
    """Samples of a GPU every ten minutes from the first to the last time of the day."""
    one = {"node": node, "gpu_index": index, "active_bp": active_bp, "source": "dcgm", "measure": "gpu_util"} | more
    return [one | {"sampled_at": at} for at in range(clock(first), clock(last) + 1, 600)]


def the_samples():
    return sample_frame(
        told("n1", 0, "7:00", "7:10", 10_000)  # before the job began: says nothing of it
        + told("n1", 0, "7:20", "15:10", 9_000)
        + told("n1", 0, "15:20", "16:00", 0)
        + told("n1", 1, "7:20", "15:10", 100)
        + told("n1", 1, "15:20", "16:00", 0)
        + told("n1", 2, "7:20", "16:00", 0)
        + told("n1", 3, "7:20", "16:00", 0)
        + told("n2", 0, "6:00", "10:20", 0)
        + told("n3", 0, "7:40", "12:00", None, mig=SLICE, measure=None)
    )


def by_ten_minutes(settings):
    telemetry = settings.telemetry.model_copy(update={"interval_s": 600})
    return settings.model_copy(update={"telemetry": telemetry})


@pytest.fixture
def centre(settings):
    opened = open_store(by_ten_minutes(settings))
    yield fill(opened)
    opened.engine.dispose()


NOW = clock("24:00")
WHOLE_DAY = (clock("0:00"), clock("24:00"))
FIRST = Built(made=3, gone=0)
"""The samples lie in UTC's 21st and 22nd, which touch Hong Kong's 21st, 22nd and 23rd; the jobs are of the 22nd."""

# Part-seconds of GPUs, by hand.
#   80890: held      4 × 30,900 s                                                   = 123,600 GPU-s
#          unknown   4 × 372 s, from 07:13:48 to the first sample at 07:20          =   1,488
#          active    GPU 0: 28,800 s × 0.90 = 25,920; GPU 1: 28,800 s × 0.01 = 288  =  26,208
#          idle      the rest                                                       =  95,904
#   81002: held 16,200; unknown 231 (05:56:09 to 06:00); active 0; idle 15,969
#   80956: held 15,835, and 80916: held 14,508: all of it unknown
HAND_GPU_S = {
    "80890": (123_600, 26_208, 95_904, 1_488),
    "81002": (16_200, 0, 15_969, 231),
    "80956": (15_835, 0, 0, 15_835),
    "80916": (14_508, 0, 0, 14_508),
}
# Minor units (cents), by hand.
#   80890: 123,600 / 3,600 h × 2,800 = 96,133.33 → 96,133; 70% of it = 67,293.10 → subsidy 67,293, user 28,840.
#          95,904 of 123,600 idled: 67,293 × 0.775922… = 52,214.14 → 52,214; 28,840 × 0.775922… = 22,377.60 → 22,378
#   81002: 16,200 / 3,600 h × 2,800 = 12,600, all the user's; × 15,969 / 16,200 = 12,420.33 → 12,420
#   80956 and 80916: nothing is known to have idled
HAND_MINOR = {"80890": (52_214, 22_378), "81002": (0, 12_420), "80956": (0, 0), "80916": (0, 0)}
ADVICE = {
    "80890": "4 GPUs held, 1 used for 8 of 8.6 h: ask for 1; HK$522 of subsidy idle; "
    "HK$224 of the user's own money idle.",
    "81002": "1 GPU held for 4.5 h and never used: end such a job, or find why it waits; "
    "HK$124 of the user's own money idle.",
    "80956": "No advice: what its GPUs did is unknown for 100% of the time.",
    "80916": "No advice: what its GPUs did is unknown for 100% of the time.",
}


def amounts(rows):
    return list(rows[report.AMOUNTS].itertuples(index=False, name=None))


def in_parts(*gpu_s):
    return tuple(value * GPU_PARTS for value in gpu_s)


def test_the_jobs_are_rows_of_the_philly_log():
    assert {row: (project, gpus, seconds) for row, (project, gpus, _, seconds) in of_the_log().items()} == ROWS
    assert of_the_log()[80890][2] == clock("7:13") + 48


def test_held_active_idle_and_unknown_time_of_each_job_is_as_by_hand(centre):
    assert build(centre, NOW) == FIRST
    rows = report.jobs(centre, ALL, None, *WHOLE_DAY)
    found = dict(zip(rows["job_id"], amounts(rows), strict=True))
    assert found == {job: in_parts(*gpu_s) for job, gpu_s in HAND_GPU_S.items()}
    assert all(held == active + idle + unknown for held, active, idle, unknown in found.values())


def test_what_idled_in_money_is_right_to_the_cent_and_unknown_time_idles_none(centre):
    build(centre, NOW)
    rows = report.jobs(centre, ALL, None, *WHOLE_DAY)
    money = zip(rows["idle_subsidy_minor"], rows["idle_user_minor"], strict=True)
    assert dict(zip(rows["job_id"], money, strict=True)) == HAND_MINOR
    assert rows["job_id"].tolist()[:2] == ["80890", "81002"], "most idle money first"


def test_the_advice_is_right_by_hand_and_there_is_none_on_what_is_unknown(centre):
    build(centre, NOW)
    rows = report.jobs(centre, ALL, None, *WHOLE_DAY)
    assert dict(zip(rows["job_id"], rows["advice"], strict=True)) == ADVICE
    assert set(rows.loc[rows["unknown_part_seconds"] > float(MOST_UNKNOWN) * rows["held_part_seconds"], "kind"]) == {
        "unknown"
    }


def test_projects_days_and_the_whole_add_up_to_the_jobs(centre):
    build(centre, NOW)
    projects = report.efficiency(centre, ALL, *WHOLE_DAY)
    assert dict(zip(projects["project"], amounts(projects), strict=True)) == {
        ROWS[int(job)][0]: in_parts(*gpu_s) for job, gpu_s in HAND_GPU_S.items()
    }
    # 123,600 + 16,200 + 15,835 + 14,508; 26,208; 95,904 + 15,969; 1,488 + 231 + 15,835 + 14,508
    whole = in_parts(170_143, 26_208, 111_873, 32_062)
    days = report.efficiency(centre, ALL, *WHOLE_DAY, by="day")
    assert (days["day"].tolist(), amounts(days)) == (["2017-10-22"], [whole])
    [one] = report.efficiency(centre, ALL, *WHOLE_DAY, by=None).to_dict("records")
    assert tuple(one[name] for name in report.AMOUNTS) == whole
    assert (one["idle_subsidy_minor"], one["idle_user_minor"]) == (52_214, 22_378 + 12_420)
    with pytest.raises(BadQuestion, match="weather"):
        report.efficiency(centre, ALL, *WHOLE_DAY, by="weather")


def test_days_without_samples_are_held_and_unknown(centre):
    rmtree(centre.settings.telemetry_folder)
    assert build(centre, NOW) == Built(0, 0)
    [one] = report.efficiency(centre, ALL, *WHOLE_DAY, by=None).to_dict("records")
    assert tuple(one[name] for name in report.SUMS) == (*in_parts(170_143, 0, 0, 170_143), 0, 0)
    assert report.jobs(centre, ALL, None, *WHOLE_DAY).empty
    assert report.sampled(centre) == report.Sampled("", "", made_up=False)


def test_a_day_is_made_again_after_late_samples_and_not_before_its_time(centre):
    build(centre, NOW)
    assert build(centre, NOW + 10 * AGAIN_S) == Built(0, 0), "nothing changed"
    # The job without samples did something after all: at 100% from 12:00 to the end, 15:53:45.
    lake.write(centre.settings.telemetry_folder, sample_frame(told("n4", 0, "12:00", "15:50", 10_000)))
    assert build(centre, NOW + AGAIN_S - 1) == Built(0, 0)
    assert build(centre, NOW + AGAIN_S).made > 0
    rows = report.jobs(centre, ALL, "11cb48", *WHOLE_DAY)
    active = 14_508 - 483  # 11:51:57 to 12:00 stays unknown
    assert amounts(rows) == [in_parts(14_508, active, 0, 483)]
    assert rows["advice"].tolist() == [""]
    assert build(centre, NOW + 10 * AGAIN_S) == Built(0, 0)


def test_a_changed_charge_makes_its_day_again(centre):
    build(centre, NOW)
    with centre.db() as db:
        db.add(award("b436b2", 5000))
    rate(centre, NOW, everything=True)
    assert build(centre, NOW + AGAIN_S - 1) == Built(0, 0)
    assert build(centre, NOW + AGAIN_S) == Built(made=1, gone=0)
    [row] = report.jobs(centre, ALL, "b436b2", *WHOLE_DAY).to_dict("records")
    # 6,300 each × 15,969 / 16,200 = 6,210.17 → 6,210
    assert (row["idle_subsidy_minor"], row["idle_user_minor"]) == (6_210, 6_210)


def test_days_whose_samples_are_gone_are_taken_away(centre):
    build(centre, NOW)
    rmtree(centre.settings.telemetry_folder)
    assert build(centre, NOW) == Built(made=0, gone=3)
    assert report.jobs(centre, ALL, None, *WHOLE_DAY).empty
    with centre.read() as conn:
        assert kept.devices(conn, Wanted(), DAY, DAY).empty


def test_a_member_sees_the_jobs_of_own_projects_alone(centre):
    build(centre, NOW)
    mine = OwnProjects("ana", frozenset({"b436b2"}))
    assert report.jobs(centre, mine, None, *WHOLE_DAY)["job_id"].tolist() == ["81002"]
    assert report.efficiency(centre, mine, *WHOLE_DAY)["project"].tolist() == ["b436b2"]
    assert amounts(report.efficiency(centre, mine, *WHOLE_DAY, by=None)) == [in_parts(16_200, 0, 15_969, 231)]
    with pytest.raises(UnknownProject):
        report.jobs(centre, mine, "7f04ca", *WHOLE_DAY)
    assert report.jobs(centre, OwnProjects("bo", frozenset()), None, *WHOLE_DAY).empty


def test_the_devices_and_the_times_of_a_job_are_kept_in_whole_numbers(centre):
    build(centre, NOW)
    check_devices_and_times(centre)


def check_devices_and_times(store):
    """Of any store with the jobs and their day built; PostgreSQL's sums are no ints by themselves."""
    with store.read() as conn:
        devices = kept.devices(conn, Wanted(projects=("7f04ca",)), DAY, DAY)
        times = kept.times(conn, Wanted(projects=("7f04ca",)), DAY, DAY)
    start = clock("7:13") + 48
    assert devices["device"].tolist() == ["n1:0", "n1:1", "n1:2", "n1:3"]
    known = 30_900 - 372
    for name, values in {
        "submit_at": [start] * 4,
        "gpu_parts": [GPU_PARTS] * 4,
        "held_s": [30_900] * 4,
        "known_s": [known] * 4,
        "active_bp_s": [28_800 * 9_000, 28_800 * 100, 0, 0],
        "used_s": [28_800, 0, 0, 0],
    }.items():
        assert (devices[name].dtype, devices[name].tolist()) == ("int64", values)
    assert devices["last_used_at"].dtype == "Int64"
    assert devices["last_used_at"].tolist() == [clock("15:20"), pd.NA, pd.NA, pd.NA]
    assert times[["start_at", "seen_until_at", "end_at"]].values.tolist() == [[start, start + 30_900, start + 30_900]]
    assert [str(dtype) for dtype in times.dtypes[2:]] == ["int64", "int64", "int64", "Int64"]


def test_the_sampled_window_holds_the_day(centre):
    build(centre, NOW)
    days = report.sampled(centre)
    window, day = report.sampled_window(centre, days), day_window(DAY, centre.settings.centre.zone)
    assert (window.start_s <= day.start_s, window.end_s >= day.end_s, days.made_up) == (True, True, False)
    assert report.sampled_window(centre, report.Sampled("", "", made_up=False)) == Window(0, 0)
