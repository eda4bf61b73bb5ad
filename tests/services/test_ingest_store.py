"""Ingest into the store: twice is once, overlaps are fine, running jobs are completed, bytes and rejects are kept."""

import hashlib

import pytest
from sqlalchemy import func, select

from tests.services.joblogs import FIXTURES, LOG, MAPPING, NOW, written
from workbench.domain.jobs import Job
from workbench.errors import FileUnreadable, MappingError, NothingReadable
from workbench.services.ingest import SacctOptions, ingest_joblog, ingest_sacct
from workbench.store.raw import raw_path, rejects_of
from workbench.store.tables import captures, charges_daily, freshness, metadata, rejected_rows
from workbench.units import GPU_PARTS, HOUR_S

HEAD = "id,start,end,gpus,project\n"


def row(number, end="2024-01-10 11:00:00", gpus=1, project="vision"):
    return f"{number},2024-01-10 10:00:00,{end},{gpus},{project}\n"


def everything(store):
    """All rows of all tables."""
    with store.read() as conn:
        return {t.name: conn.execute(select(t).order_by(*t.primary_key.columns)).all() for t in metadata.sorted_tables}


def ingest(store, folder, log=LOG, mapping=MAPPING, name="log.csv", now=NOW):
    return ingest_joblog(store, *written(folder, log, mapping, name), now)


def part_seconds(store):
    with store.read() as conn:
        ran = Job.gpu_parts * (func.coalesce(Job.end_at, Job.seen_until_at) - Job.start_at)
        return conn.execute(select(func.sum(ran))).scalar()


def test_the_same_file_twice_changes_no_row_of_any_table(store, tmp_path):
    log = HEAD + row(1) + row(2, gpus="x") + row(3)
    first = ingest(store, tmp_path, log)
    before = everything(store)
    second = ingest(store, tmp_path, log, now=NOW + 1000)
    assert (first.accepted, first.rejected, first.unchanged) == (2, 1, 0)
    assert (second.accepted, second.rejected, second.unchanged) == (0, 1, 2)
    assert everything(store) == before


def test_equal_rows_without_job_ids_are_as_many_jobs_and_stay_so(store, tmp_path):
    mapping = MAPPING.replace('job_id = "id"\n', "")
    assert ingest(store, tmp_path, HEAD + row(1) * 3, mapping).accepted == 3
    again = ingest(store, tmp_path, HEAD + row(1) * 3, mapping)
    assert (again.accepted, again.unchanged) == (0, 3)
    wider = ingest(store, tmp_path, HEAD + row(9, project="speech") + row(1) * 4, mapping)
    assert (wider.accepted, wider.unchanged) == (2, 3)


def test_a_running_job_is_completed_by_a_later_file_and_not_reopened_by_an_older_one(store, tmp_path):
    running, ended = HEAD + row(1, end="") + row(2), HEAD + row(1, end="2024-01-10 13:00:00")
    assert ingest(store, tmp_path, running, name="a.csv").inserted == 2
    assert part_seconds(store) == 2 * HOUR_S * GPU_PARTS
    later = ingest(store, tmp_path, ended, name="b.csv")
    assert (later.inserted, later.updated) == (0, 1)
    assert part_seconds(store) == 4 * HOUR_S * GPU_PARTS
    older = ingest(store, tmp_path, running, name="a.csv")
    assert (older.accepted, older.unchanged) == (0, 2)
    assert part_seconds(store) == 4 * HOUR_S * GPU_PARTS


def test_of_two_rows_with_one_key_the_later_counts(store, tmp_path):
    report = ingest(store, tmp_path, HEAD + row(1) + row(1, gpus=4))
    assert (report.accepted, report.unchanged) == (1, 1)
    assert part_seconds(store) == 4 * HOUR_S * GPU_PARTS


def test_bytes_are_kept_untouched_and_once(store, tmp_path):
    log = (HEAD + row(1)).encode() + b"\xff\xfe broken \x00 row"
    report = ingest(store, tmp_path, log)
    ingest(store, tmp_path, log, name="other-name.csv")
    digest = hashlib.sha256(log).hexdigest()
    assert raw_path(store.settings.raw, digest).read_bytes() == log
    assert [p.name for p in store.settings.raw.rglob("*") if p.is_file()] == [digest]
    with store.read() as conn:
        kept = conn.execute(select(captures).where(captures.c.id == report.capture_id)).one()
    assert (kept.sha256, kept.bytes, kept.taken_at, kept.accepted, kept.rejected) == (digest, len(log), NOW, 1, 1)
    assert (kept.window_start_at, kept.window_end_at) == (1704880800, 1704884400)


def test_rejected_rows_are_kept_with_line_reason_and_text(store, tmp_path):
    report = ingest(store, tmp_path, HEAD + row(1) + row(2, end="2024-01-10 09:00:00"))
    with store.read() as conn:
        kept = rejects_of(conn, report.capture_id, 10)
    assert [(k["line"], k["text"]) for k in kept] == [(3, row(2, end="2024-01-10 09:00:00").strip())]
    assert "ends (2024-01-10T09:00:00Z) before it starts" in kept[0]["reason"]


def test_a_log_of_which_no_row_can_be_used_says_why_and_keeps_the_rows(store, tmp_path):
    with pytest.raises(NothingReadable, match=r"all 2 rows were rejected, the first because: line 2: gpus: 'x'"):
        ingest(store, tmp_path, HEAD + row(1, gpus="x") + row(2, gpus="y"))
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(rejected_rows)).scalar() == 2
    with pytest.raises(NothingReadable, match="no rows"):
        ingest(store, tmp_path, HEAD)


def test_a_dry_run_keeps_nothing(store, tmp_path):
    before = everything(store)
    report = ingest_joblog(store, *written(tmp_path), NOW, dry_run=True)
    assert (report.accepted, report.capture_id) == (2, None)
    assert everything(store) == before
    assert not any(p.is_file() for p in store.settings.raw.rglob("*"))


def test_a_wrong_mapping_keeps_nothing(store, tmp_path):
    before = everything(store)
    with pytest.raises(MappingError):
        ingest(store, tmp_path, mapping=MAPPING.replace('"gpus"', '"gpu"'))
    with pytest.raises(MappingError, match="--cluster"):
        ingest(store, tmp_path, mapping=MAPPING.replace('cluster = "alpha"', ""))
    assert everything(store) == before


def test_the_cluster_on_the_command_line_wins(store, tmp_path):
    assert ingest_joblog(store, *written(tmp_path), NOW, cluster="beta").cluster == "beta"


def test_freshness_is_the_newest_moment_and_never_goes_back(store, tmp_path):
    ingest(store, tmp_path, HEAD + row(1, end="2024-01-12 10:00:00"), name="new.csv")
    ingest(store, tmp_path, HEAD + row(2), name="old.csv", now=NOW + 5)
    with store.read() as conn:
        fresh = conn.execute(select(freshness)).one()
    assert (fresh.cluster, fresh.data_until_at, fresh.noted_at) == ("alpha", 1705053600, NOW)


SACCT = "JobID|Account|User|State|Submit|Start|End|Elapsed|AllocTRES\n"


def sacct_row(number, end="2024-01-10T11:00:00", state="COMPLETED", elapsed="01:00:00"):
    return f"{number}|vision|ana|{state}|2024-01-10T09:00:00|2024-01-10T10:00:00|{end}|{elapsed}|gres/gpu=2\n"


def test_overlapping_windows_of_sacct_in_any_order_are_each_job_once(store, tmp_path):
    first = SACCT + sacct_row(1) + sacct_row(2, "Unknown", "RUNNING", "00:30:00") + sacct_row("2.batch")
    second = SACCT + sacct_row(2, "2024-01-10T14:00:00", elapsed="04:00:00") + sacct_row(3)
    for order in ((first, second), (second, first), (first, second)):
        for text in order:
            path, _ = written(tmp_path, text, name="sacct.txt")
            ingest_sacct(store, path, "alpha", NOW)
    assert part_seconds(store) == (1 + 4 + 1) * 2 * HOUR_S * GPU_PARTS


def test_sacct_prints_the_centres_clock_unless_said_otherwise(store, tmp_path):
    from zoneinfo import ZoneInfo

    path, _ = written(tmp_path, SACCT + sacct_row(1), name="sacct.txt")
    assert ingest_sacct(store, path, "here", NOW).window[0] == 1704880800 - 8 * HOUR_S
    there = ingest_sacct(store, path, "there", NOW, SacctOptions(ZoneInfo("UTC")))
    assert there.window[0] == 1704880800


@pytest.mark.parametrize(
    "name",
    ["sacct-text-gcm/sample-squeue-output.txt", "sacct-text-gcm/sample-sinfo-output.txt",
     "sacct-text-gcm/sample-sacctmgr-qos.txt", "sacct-text-groningen/scontrol.txt", "sinfo-osc/sinfo_gres.txt.gz"],
)  # fmt: skip
def test_other_slurm_commands_are_not_taken_for_sacct(store, name):
    with pytest.raises(FileUnreadable):
        ingest_sacct(store, FIXTURES / "slurm" / name, "x", NOW)


def test_steps_alone_are_read_and_are_no_jobs(store):
    report = ingest_sacct(store, FIXTURES / "slurm" / "sacct-text-gcm" / "sample-sacct-output.txt", "x", NOW)
    assert (report.accepted, report.rejected, report.steps) == (0, 0, 68)


def test_what_came_in_is_charged_at_once_and_without_a_price_is_not_a_zero(store, tmp_path):
    ingest(store, tmp_path, HEAD + row(1))
    with store.read() as conn:
        lines = conn.execute(select(charges_daily.c.gpu_part_seconds, charges_daily.c.list_minor)).all()
    assert lines
    assert sum(line[0] for line in lines) == part_seconds(store)
    assert {line[1] for line in lines} == {None}
