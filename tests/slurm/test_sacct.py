"""sacct's parsable text to jobs: made rows for each rule, and what real clusters printed."""

import gzip
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from workbench.periods import iso, parse_moment
from workbench.slurm.sacct import parse_sacct
from workbench.units import GPU_PARTS

UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
FIXTURES = Path(__file__).parent.parent / "fixtures" / "slurm"
COLUMNS = (
    "JobID",
    "User",
    "Account",
    "Partition",
    "State",
    "Submit",
    "Start",
    "End",
    "Elapsed",
    "NCPUS",
    "AllocTRES",
    "JobName",
)
DAY = "2024-01-10T"


def a_row(**given):
    row = {
        "JobID": "7",
        "User": "ana",
        "Account": "vision",
        "Partition": "main",
        "State": "COMPLETED",
        "Submit": f"{DAY}09:00:00",
        "Start": f"{DAY}10:00:00",
        "End": f"{DAY}11:00:00",
        "Elapsed": "01:00:00",
        "NCPUS": "8",
        "AllocTRES": "billing=8,cpu=8,gres/gpu:a100=2,gres/gpu=2,node=1",
        "JobName": "train",
    }
    return row | given


def a_text(*rows, delimiter="|"):
    lines = [delimiter.join(COLUMNS), *(delimiter.join(row[name] for name in COLUMNS) for row in rows)]
    return "\n".join(lines) + "\n"


def parsed(*rows, zone=UTC, **options):
    return parse_sacct(a_text(*rows), "alpha", zone, **options)


def only(log):
    assert not log.rejects, log.rejects
    assert len(log.jobs) == 1
    return log.jobs.iloc[0]


def test_an_allocation_becomes_a_job_with_its_gpus_once():
    job = only(parsed(a_row()))
    assert (job.job_id, job.project, job.user_name, job.partition) == ("7", "vision", "ana", "main")
    assert (job.gpu_parts, job.gpu_model, job.cpu_cores) == (2 * GPU_PARTS, "a100", 8)
    assert (iso(job.submit_at), iso(job.start_at), iso(job.end_at)) == (
        "2024-01-10T09:00:00Z",
        "2024-01-10T10:00:00Z",
        "2024-01-10T11:00:00Z",
    )
    assert (job.state, job["name"], job.source, job.submit_known) == ("COMPLETED", "train", "sacct", True)


def test_steps_are_counted_and_never_added_up():
    log = parsed(a_row(), a_row(JobID="7.batch"), a_row(JobID="7.extern"), a_row(JobID="7.0"), a_row(JobID="8_1.0"))
    assert (len(log.jobs), log.steps) == (1, 4)


def test_the_canceller_is_no_part_of_the_state():
    assert only(parsed(a_row(State="CANCELLED by 10304007"))).state == "CANCELLED"
    assert only(parsed(a_row(State="OUT_OF_ME+"))).state == "OUT_OF_ME"


@pytest.mark.parametrize(
    ("state", "start", "elapsed"),
    [("PENDING", "Unknown", "00:00:00"), ("CANCELLED by 5", "None", "00:00:00"), ("NODE_FAIL", "None", "00:00:00"),
     ("PENDING", f"{DAY}10:00:00", "00:00:00")],
)  # fmt: skip
def test_a_job_that_never_ran_is_counted_not_rejected(state, start, elapsed):
    log = parsed(a_row(State=state, Start=start, End="Unknown", Elapsed=elapsed, AllocTRES=""))
    assert (len(log.jobs), log.not_started, log.rejects) == (0, 1, [])


def test_a_job_that_ran_without_a_start_is_rejected_with_its_line():
    log = parsed(a_row(), a_row(JobID="8", Start="Unknown"))
    assert [(r.line, r.kind) for r in log.rejects] == [(3, "no start")]


def test_a_running_job_has_no_end_and_was_seen_as_long_as_it_ran():
    job = only(parsed(a_row(State="RUNNING", End="Unknown", Elapsed="00:20:00")))
    assert job.end_at is None or job.isna().end_at
    assert job.seen_until_at - job.start_at == 1200


@pytest.mark.parametrize(("tres", "held"), [("cpu=8,gres/gpu=1", 300), ("cpu=8", 0)])
def test_a_suspended_job_keeps_its_cards_and_gives_its_cores_free(tres, held):
    def with_suspended(**given):
        row = a_row(AllocTRES=tres, **given)
        return a_text(row).replace("NCPUS", "Suspended").replace("|8|", "|00:05:00|")

    runs = parse_sacct(with_suspended(State="RUNNING", End="Unknown", Elapsed="00:20:00"), "alpha", UTC)
    assert (runs.jobs.seen_until_at - runs.jobs.start_at)[0] == 1200 + held
    ended = parse_sacct(with_suspended(Elapsed="00:55:00"), "alpha", UTC)
    assert (ended.jobs.end_at - ended.jobs.start_at)[0] == 3300 + held
    assert ended.jobs.suspended_s[0] == 300
    assert not [said for said in ended.notices if "Elapsed" in said]
    assert ended.observed_until == runs.observed_until + 2100


def test_longer_suspended_than_it_ran_is_rejected():
    text = a_text(a_row(Elapsed="00:00:00")).replace("NCPUS", "Suspended").replace("|8|", "|02:00:00|")
    assert [r.kind for r in parse_sacct(text, "alpha", UTC).rejects] == ["suspended too long"]


def test_an_ended_job_without_an_end_ends_after_its_elapsed_time():
    job = only(parsed(a_row(State="CANCELLED", End="Unknown", Elapsed="00:00:17")))
    assert job.end_at - job.start_at == 17


def test_an_ended_job_without_end_and_elapsed_is_rejected():
    log = parsed(a_row(State="FAILED", End="Unknown", Elapsed=""))
    assert [r.kind for r in log.rejects] == ["no end"]


def test_a_requeued_job_is_a_job_per_attempt():
    log = parsed(a_row(State="REQUEUED"), a_row(Submit=f"{DAY}11:00:05", Start=f"{DAY}12:00:00", End=f"{DAY}13:00:00"))
    assert list(log.jobs["job_id"]) == ["7", "7"]
    assert log.jobs["submit_at"].nunique() == 2


def test_a_resized_job_is_a_job_per_size():
    log = parsed(
        a_row(State="RESIZING"), a_row(Start=f"{DAY}11:00:00", End=f"{DAY}12:00:00", AllocTRES="cpu=8,gres/gpu=1")
    )
    assert log.jobs["job_id"].nunique() == 2
    assert log.jobs["gpu_parts"].sum() == 3 * GPU_PARTS


def test_array_tasks_and_het_components_are_jobs_of_their_own():
    log = parsed(a_row(JobID="9_1"), a_row(JobID="9_2"), a_row(JobID="10+0"), a_row(JobID="10+1"))
    assert list(log.jobs["job_id"]) == ["9_1", "9_2", "10+0", "10+1"]


def test_one_row_for_several_tasks_that_ran_is_rejected():
    log = parsed(a_row(JobID="9_[1-3]"), a_row(JobID="9_[4-7%2]", State="PENDING", Start="Unknown", End="Unknown"))
    assert ([r.kind for r in log.rejects], log.not_started) == (["several tasks in one row"], 1)


def test_a_zero_length_job_is_a_job():
    job = only(parsed(a_row(End=f"{DAY}10:00:00", Elapsed="00:00:00")))
    assert job.end_at == job.start_at


def test_an_end_before_the_start_is_rejected_with_both_times():
    log = parsed(a_row(End=f"{DAY}09:59:59"))
    assert log.rejects[0].kind == "end before start"
    assert "2024-01-10T09:59:59Z" in log.rejects[0].reason


def test_gpus_asked_for_but_nowhere_allocated_are_not_zero():
    text = a_text(a_row(AllocTRES="cpu=8,node=1")).replace("Partition", "ReqGRES").replace("|main|", "|gpu:2|")
    log = parse_sacct(text, "alpha", UTC)
    assert [r.kind for r in log.rejects] == ["GPUs not known"]


def test_before_20_11_gpus_stand_in_alloc_gres():
    text = a_text(a_row(AllocTRES="cpu=8,node=1")).replace("Partition", "AllocGRES").replace("|main|", "|gpu:v100:2|")
    job = parse_sacct(text, "alpha", UTC).jobs.iloc[0]
    assert (job.gpu_parts, job.gpu_model) == (2 * GPU_PARTS, "v100")


def test_an_empty_allocation_is_no_gpus_and_is_said():
    log = parsed(a_row(AllocTRES=""))
    assert only(log).gpu_parts == 0
    assert "empty AllocTRES" in log.notices[0]


def test_jobs_of_several_clusters_under_one_name_are_said():
    text = a_text(a_row(), a_row(JobID="8", Partition="other")).replace("Partition", "Cluster")
    assert "several clusters" in parse_sacct(text, "alpha", UTC).notices[0]


def test_unreadable_gpus_are_rejected_with_the_text():
    log = parsed(a_row(AllocTRES="cpu=8,gres/gpu=two"))
    assert log.rejects[0].kind == "GPUs not readable"
    assert "gres/gpu=two" in log.rejects[0].reason


def test_a_mig_slice_counts_as_its_weight():
    job = only(parsed(a_row(AllocTRES="gres/gpu:1g.10gb=2"), weights={"1g.10gb": Fraction(1, 7)}))
    assert job.gpu_parts == 2 * GPU_PARTS // 7


def test_a_pipe_in_the_job_name_is_put_back_where_only_one_column_can_hold_it():
    job = only(parsed(a_row(JobName="a|b|c")))
    assert job["name"] == "a|b|c"


def test_a_newline_in_the_job_name_is_part_of_the_name():
    log = parsed(a_row(JobName="first\nsecond"), a_row(JobID="8"))
    assert list(log.jobs["name"]) == ["first\nsecond", "train"]


def test_a_broken_off_record_is_rejected_and_the_next_one_is_not_lost():
    good = a_text(a_row()).splitlines()
    text = "\n".join([good[0], good[1][:40], good[1].replace("7|", "8|", 1)])
    log = parse_sacct(text, "alpha", UTC)
    assert [(r.line, r.kind) for r in log.rejects] == [(2, "wrong number of fields")]
    assert list(log.jobs["job_id"]) == ["8"]


def test_lines_are_counted_as_an_editor_does():
    log = parsed(a_row(JobName="two\nlines"), a_row(JobID="8", AllocTRES="gres/gpu=x"))
    assert [r.line for r in log.rejects] == [4]


@pytest.mark.parametrize("delimiter", ["|", "|#", "\u2603", ";", "\t"])
def test_the_delimiter_is_found_in_the_header(delimiter):
    assert len(parse_sacct(a_text(a_row(), delimiter=delimiter), "alpha", UTC).jobs) == 1


def test_text_of_parsable_ends_each_line_with_the_delimiter():
    text = "\n".join(f"{line}|" for line in a_text(a_row()).splitlines())
    assert len(parse_sacct(text, "alpha", UTC).jobs) == 1


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm():
    text = "\ufeff" + a_text(a_row()).replace("\n", "\r\n")
    assert only(parse_sacct(text, "alpha", UTC))["name"] == "train"


def test_broken_letters_are_shown_in_a_name_and_rejected_in_an_account():
    broken = b"caf\xe9".decode("utf-8", "surrogateescape")
    log = parsed(a_row(JobName=broken), a_row(JobID="8", Account=broken))
    assert log.jobs["name"].tolist() == ["caf\ufffd"]
    assert [(r.line, r.kind) for r in log.rejects] == [(3, "not UTF-8")]
    assert "caf\\xe9" in log.rejects[0].text


# Clocks


def test_an_hour_that_came_twice_is_told_apart_by_elapsed():
    night = a_row(Submit="2024-10-26T20:00:00", Start="2024-10-27T01:30:00", End="2024-10-27T02:30:00")
    early = only(parsed(night | {"Elapsed": "01:00:00"}, zone=BERLIN))
    late = only(parsed(night | {"Elapsed": "02:00:00"}, zone=BERLIN))
    assert (early.end_at - early.start_at, late.end_at - late.start_at) == (3600, 7200)


def test_an_hour_that_came_twice_is_rejected_where_nothing_tells():
    night = a_row(
        Start="2024-10-27T02:10:00", End="2024-10-27T02:30:00", Elapsed="00:20:00", Submit="2024-10-26T20:00:00"
    )
    assert [r.kind for r in parsed(night, zone=BERLIN).rejects] == ["an hour that came twice"]


def test_a_time_that_the_clocks_skipped_is_rejected():
    night = a_row(Start="2024-03-31T02:10:00", End="2024-03-31T04:00:00", Elapsed="00:50:00")
    assert [r.kind for r in parsed(night, zone=BERLIN).rejects] == ["a time that never was"]


def test_a_wrong_zone_shows_where_elapsed_does_not_fit():
    night = a_row(
        Start="2024-03-31T01:00:00", End="2024-03-31T04:00:00", Elapsed="02:00:00", Submit="2024-03-30T20:00:00"
    )
    assert not [said for said in parsed(night, zone=BERLIN).notices if "Elapsed" in said]
    assert "is that the cluster's zone" in parsed(night, zone=UTC).notices[0]


# Texts that are none


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("JobID  JobName  State\n-----  -------  -----\n7  train  COMPLETED\n", "--parsable2"),
        ("7|train|COMPLETED\n", "--noheader"),
        ("JobID|State\n7|COMPLETED\n", "AllocTRES"),
    ],
)
def test_what_is_no_parsable_text_is_refused_with_what_to_do(text, says):
    with pytest.raises(ValueError, match=says):
        parse_sacct(text, "alpha", UTC)


# Real clusters

PHILLIPS = (FIXTURES / "SOURCE.md").read_text().split("accounting-logs*.log (pipe): ")[1].split(".\n")[0].split("|")


def test_phillips_gives_its_published_totals():
    text = gzip.decompress((FIXTURES / "ccr-phillips-2016" / "phillips.log.gz").read_bytes()).decode()
    log = parse_sacct(text, "phillips", UTC, columns=PHILLIPS)
    jobs, run = log.jobs, log.jobs["end_at"] - log.jobs["start_at"]
    assert (len(jobs), log.rejects, jobs["user_name"].nunique(), jobs["project"].nunique()) == (4285, [], 4, 3)
    assert (jobs["gpu_parts"] > 0).sum() == 2
    assert round((jobs["cpu_cores"] * run).sum() / 3600) == 11_768


def test_reference_parser_and_ours_agree_on_its_own_sample():
    import json

    folder = FIXTURES / "xdmod-unit"
    log = parse_sacct((folder / "accounting-logs.log").read_text(), "c", UTC, columns=PHILLIPS)
    expected = json.loads((folder / "accounting-logs.expected.json").read_text())
    ours = [
        (j.job_id, j.submit_at, j.start_at, j.end_at, j.state, j.gpu_parts // GPU_PARTS, str(j.cpu_cores))
        for j in log.jobs.itertuples()
    ]
    theirs = [
        (e["job_id"], e["submit_time"], e["start_time"], e["end_time"], e["state"].split()[0], e["ngpus"], e["ncpus"])
        for e in expected
    ]
    assert ours == theirs


def test_groningens_clock_is_amsterdams():
    text = (FIXTURES / "sacct-text-groningen" / "sacct.txt").read_text()
    source = (FIXTURES / "SOURCE.md").read_text()
    columns = source.split("U+2603): ")[1].split(".\n")[0].split(", ")
    log = parse_sacct(text, "g", ZoneInfo("Europe/Amsterdam"), columns=columns)
    assert (len(log.jobs), log.steps, log.not_started, log.rejects) == (90, 142, 10, [])
    assert [said.split()[0] for said in log.notices] == ["What"]
    assert log.jobs["end_at"].isna().sum() == 3
    assert set(log.jobs["gpu_model"].dropna()) == {"a100", "v100"}
    over_the_change = log.jobs.set_index("job_id").loc["7195760"]
    assert over_the_change.end_at - over_the_change.start_at == 864_027
    assert parse_moment("2024-03-21T13:40:23", ZoneInfo("Europe/Amsterdam")) == over_the_change.start_at


def test_a_record_over_two_lines_is_read_as_its_repaired_form():
    folder = FIXTURES / "sacct-text-gcm"
    broken, repaired = (
        parse_sacct((folder / f"sample-sacct-one-multiline{end}.txt").read_text(), "c", UTC)
        for end in ("", "-expected")
    )
    assert broken.jobs.equals(repaired.jobs)
    assert (len(broken.jobs), broken.steps) == (2, 2)
