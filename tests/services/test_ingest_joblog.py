"""Job logs through a mapping: each oddity handled exactly, or rejected with a reason that names the line."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.services.joblogs import LOG, MAPPING, part_seconds, read, written
from workbench.errors import FileUnreadable, MappingError
from workbench.periods import iso
from workbench.services.joblog.csv_records import BLOCK
from workbench.services.joblog.parse import parse_joblog
from workbench.services.mapping import load_mapping
from workbench.units import GPU_PARTS, HOUR_S

HEAD = "id,start,end,gpus,project\n"
ROW = "1,2024-01-10 10:00:00,2024-01-10 11:00:00,2,vision\n"


def rejects(log):
    return [(r.line, r.kind) for r in log.rejects]


def test_ten_lines_of_mapping_bring_in_a_log(tmp_path):
    log = read(tmp_path)
    assert not log.rejects
    assert part_seconds(log.jobs) == (2 * HOUR_S + HOUR_S * 3 // 4) * GPU_PARTS
    assert list(log.jobs["project"]) == ["vision", "speech"]
    assert not log.jobs["submit_known"].any()


# GPUs


@pytest.mark.parametrize("text", ["0.5", "0.0625", "1/7", "3", "3.0", "1e1", "0", "0.3333"])
def test_fractions_of_gpus_are_exact(tmp_path, text):
    log = read(tmp_path, HEAD + ROW.replace(",2,", f",{text},"))
    assert log.jobs["gpu_parts"].tolist() == [Fraction(text) * GPU_PARTS]


@pytest.mark.parametrize("text", ["-1", "nan1", "inf", "two", "1e30", "0.12345678", "99999999999999999999", "2000000"])
def test_gpus_that_cannot_be_are_rejected(tmp_path, text):
    log = read(tmp_path, HEAD + ROW + ROW.replace("1,", "7,", 1).replace(",2,", f",{text},"))
    assert [r.line for r in log.rejects] == [3]
    assert "GPU" in log.rejects[0].kind


def test_unknown_gpus_are_rejected_unless_the_mapping_says_what_empty_means(tmp_path):
    empty = HEAD + ROW.replace(",2,", ",,")
    assert rejects(read(tmp_path, empty)) == [(2, "GPUs not known")]
    assert read(tmp_path, empty, MAPPING + "[defaults]\ngpus = 0\n").jobs["gpu_parts"].tolist() == [0]


def test_percent_of_a_gpu_and_gpus_per_node_times_nodes(tmp_path):
    percent = read(tmp_path, HEAD + ROW.replace(",2,", ",50,"), MAPPING + '[gpus]\nscale = "1/100"\n')
    assert percent.jobs["gpu_parts"].tolist() == [GPU_PARTS // 2]
    log = "id,start,end,gpus,project,nodes\n" + ROW.replace("vision", "vision,4")
    nodes = read(tmp_path, log, MAPPING.replace("[columns]", '[columns]\ngpus_times = "nodes"'))
    assert nodes.jobs["gpu_parts"].tolist() == [8 * GPU_PARTS]


def test_rounding_of_gpus_has_to_be_asked_for(tmp_path):
    thirds = HEAD + ROW.replace(",2,", ",0.333333333,")
    assert rejects(read(tmp_path, thirds)) == [(2, "GPUs not readable")]
    assert read(tmp_path, thirds, MAPPING + "[gpus]\nround = true\n").jobs["gpu_parts"].tolist() == [GPU_PARTS // 3]


def test_gpu_strings_give_count_and_model(tmp_path):
    rows = ["gpu:a100_1g.5gb:2", '"cpu=4,gres/gpu:h100=4,gres/gpu=4"', "3", "gpu:v100:x"]
    log = read(
        tmp_path, HEAD + "".join(ROW.replace("1,", f"{n},", 1).replace(",2,", f",{g},") for n, g in enumerate(rows))
    )
    assert log.jobs["gpu_parts"].tolist() == [2 * GPU_PARTS, 4 * GPU_PARTS, 3 * GPU_PARTS]
    assert log.jobs["gpu_model"].fillna("none").tolist() == ["a100_1g.5gb", "h100", "none"]
    assert rejects(log) == [(5, "GPUs not readable")]


def test_a_decimal_comma_in_a_log_with_semicolons(tmp_path):
    log = LOG.replace(",", ";").replace("0.5", "0,5")
    assert read(tmp_path, log, MAPPING + '[csv]\ndecimal = ","\n').jobs["gpu_parts"].tolist() == [
        2 * GPU_PARTS,
        GPU_PARTS // 2,
    ]


# Times


@pytest.mark.parametrize(
    ("form", "cells"),
    [
        ("auto", ("2024-01-10T10:00:00Z", "2024-01-10 12:00:00+01:00")),
        ("auto", ("2024/1/10 10:00", "2024-01-10 11:00")),
        ("auto", ("20240110T100000Z", "20240110T110000Z")),
        ("auto", ("2024-01-10 10:00:00.000", "2024-01-10T11:00:00,000")),
        ("auto", ("2024-01-10 18:00:00+0800", "2024-01-10 19:00:00+08")),
        ("unix s", ("1704880800", "1704884400.0")),
        ("unix ms", ("1704880800000", "1704884400000")),
        ("unix us", ("1704880800000000", "1.7048844e15")),
        ("unix ns", ("1704880800000000000", "1704884400000000000")),
        ("unix min", ("28414680", "28414740")),
        ("%d.%m.%Y %H:%M", ("10.01.2024 10:00", "10.01.2024 11:00")),
        ("%b %d %Y %I:%M:%S %p", ("Jan 10 2024 10:00:00 AM", "Jan 10 2024 11:00:00 AM")),
        ("%Y-%m-%d %H:%M:%S %z", ("2024-01-10 11:00:00 +0100", "2024-01-10 12:00:00 +0100")),
    ],
)
def test_times_in_every_spelling(tmp_path, form, cells):
    log = read(tmp_path, HEAD + f'1,"{cells[0]}","{cells[1]}",1,p\n', MAPPING + f'[times]\nformat = "{form}"\n')
    assert not log.rejects, log.rejects
    job = log.jobs.iloc[0]
    assert (iso(job.start_at), iso(job.end_at)) == ("2024-01-10T10:00:00Z", "2024-01-10T11:00:00Z")


@pytest.mark.parametrize(
    "text",
    ["30000-01-01 00:00:00", "2024-02-30 00:00:00", "2024-01-10 25:00:00", "yesterday", "9999999999999999999", "-5",
     "2024-01-10 10:00:00+99:99"],
)  # fmt: skip
def test_absurd_times_are_rejected_with_the_line(tmp_path, text):
    log = read(tmp_path, HEAD + ROW + f"7,{text},2024-01-10 11:00:00,1,p\n")
    assert rejects(log) == [(3, "start not readable")]
    assert len(log.jobs) == 1


def test_milliseconds_taken_for_seconds_are_rejected_with_a_question(tmp_path):
    log = read(tmp_path, HEAD + "1,1704880800000,1704884400000,1,p\n", MAPPING + '[times]\nformat = "unix s"\n')
    assert "range" in log.rejects[0].reason or "unit" in log.rejects[0].reason


def test_unix_numbers_without_a_unit_get_a_hint(tmp_path):
    log = read(tmp_path, HEAD + "1,1704880800,1704884400,1,p\n")
    assert 'times.format = "unix s"' in log.rejects[0].reason


def test_a_log_may_count_from_its_own_beginning(tmp_path):
    mapping = MAPPING + '[times]\nformat = "unix s"\norigin = "2024-01-10T10:00:00Z"\n'
    job = read(tmp_path, HEAD + "1,0,3600,1,p\n", mapping).jobs.iloc[0]
    assert (iso(job.start_at), iso(job.end_at)) == ("2024-01-10T10:00:00Z", "2024-01-10T11:00:00Z")


def test_parts_of_a_second_are_rejected_or_rounded_as_the_mapping_says(tmp_path):
    log = (
        HEAD
        + "1,2024-01-10 10:00:00.500,2024-01-10 11:00:00.499,1,p\n2,2024-01-10 10:00:00.000,2024-01-10 11:00:00,1,p\n"
    )
    assert rejects(read(tmp_path, log)) == [(2, "part of a second")]
    rounded = read(tmp_path, log, MAPPING + '[times]\nsubsecond = "round"\n').jobs
    assert (rounded["end_at"] - rounded["start_at"]).tolist() == [3599, 3600]


def test_start_and_duration_may_make_whole_seconds_together(tmp_path):
    mapping = MAPPING.replace('end = "end"', 'duration = "end"') + '[times]\nsubsecond = "round"\n'
    job = read(tmp_path, HEAD + "1,2024-01-10 10:00:00.7,59.6,1,p\n", mapping).jobs.iloc[0]
    assert (iso(job.start_at), iso(job.end_at)) == ("2024-01-10T10:00:01Z", "2024-01-10T10:01:00Z")


@pytest.mark.parametrize(
    ("unit", "text", "seconds"),
    [("s", "90", 90), ("min", "1.5", 90), ("h", "0.025", 90), ("ms", "90000", 90), ("s", "00:01:30", 90),
     ("s", "1-00:00:01", 86_401), ("s", "1 day, 0:00:01", 86_401), ("min", "2 days 00:00:00", 172_800),
     ("s", "PT1M30S", 90), ("d", "0.5", 43_200), ("s", "0", 0)],
)  # fmt: skip
def test_durations_in_every_unit(tmp_path, unit, text, seconds):
    mapping = MAPPING.replace('end = "end"', 'duration = "end"') + f'[times]\nduration = "{unit}"\n'
    job = read(tmp_path, HEAD + f'1,2024-01-10 10:00:00,"{text}",1,p\n', mapping).jobs.iloc[0]
    assert job.end_at - job.start_at == seconds


def test_a_negative_duration_is_rejected(tmp_path):
    mapping = MAPPING.replace('end = "end"', 'duration = "end"')
    assert rejects(read(tmp_path, HEAD + "1,2024-01-10 10:00:00,-1,1,p\n", mapping)) == [(2, "duration not readable")]


def test_end_before_start_is_rejected_and_a_zero_length_job_is_not(tmp_path):
    log = read(
        tmp_path,
        HEAD + "1,2024-01-10 10:00:00,2024-01-10 09:59:59,1,p\n2,2024-01-10 10:00:00,2024-01-10 10:00:00,1,p\n",
    )
    assert rejects(log) == [(2, "end before start")]
    assert part_seconds(log.jobs) == 0


def test_a_job_longer_than_ten_years_is_rejected(tmp_path):
    assert rejects(read(tmp_path, HEAD + "1,2004-01-10 10:00:00,2024-01-10 10:00:00,1,p\n")) == [
        (2, "longer than ten years")
    ]


def test_times_without_a_zone_need_one_in_the_mapping(tmp_path):
    with pytest.raises(MappingError, match="time_zone"):
        read(tmp_path, LOG, MAPPING.replace('time_zone = "UTC"\n', ""))


# What follows from what


def mapped(columns):
    return 'cluster = "alpha"\ntime_zone = "UTC"\n[columns]\ngpus = "gpus"\n' + "".join(
        f'{c} = "{c}"\n' for c in columns.split()
    )


@pytest.mark.parametrize(
    ("columns", "cells", "start", "end", "wait"),
    [
        ("submit start end", "09:00,10:00,11:00", 10, 11, 3600),
        ("submit wait duration", "09:00,3600,3600", 10, 11, 3600),
        ("submit wait end", "09:00,3600,11:00", 10, 11, 3600),
        ("submit end duration", "09:00,11:00,3600", 10, 11, 3600),
        ("end duration", "11:00,3600", 10, 11, None),
        ("submit duration", "10:00,3600", 10, 11, None),
        ("start duration", "10:00,3600", 10, 11, None),
        ("start end duration", "10:00,11:00,3600", 10, 11, None),
    ],
)
def test_start_end_and_wait_follow_from_what_there_is(tmp_path, columns, cells, start, end, wait):
    line = ",".join(f"2024-01-10 {cell}:00" if ":" in cell else cell for cell in cells.split(","))
    job = read(tmp_path, f"{columns.replace(' ', ',')},gpus\n{line},1\n", mapped(columns)).jobs.iloc[0]
    assert (iso(job.start_at), iso(job.end_at)) == (f"2024-01-10T{start}:00:00Z", f"2024-01-10T{end}:00:00Z")
    assert bool(job.submit_known) == (wait is not None)
    if wait is not None:
        assert job.start_at - job.submit_at == wait


def test_a_submit_time_after_the_start_makes_no_wait(tmp_path):
    log = read(
        tmp_path,
        "submit,start,end,gpus\n2024-01-10 10:00:01,2024-01-10 10:00:00,2024-01-10 11:00:00,1\n",
        mapped("submit start end"),
    )
    assert not log.jobs["submit_known"].any()
    assert "wait unknown" in log.notices[0]


def test_a_duration_that_is_not_end_minus_start_is_said(tmp_path):
    log = read(
        tmp_path,
        "start,end,duration,gpus\n2024-01-10 10:00:00,2024-01-10 11:00:00,1800,1\n",
        mapped("start end duration"),
    )
    assert part_seconds(log.jobs) == HOUR_S * GPU_PARTS
    assert "duration is not end" in log.notices[0]


def test_a_series_is_a_log_of_constant_duration(tmp_path):
    mapping = MAPPING.replace('end = "end"\n', "").replace('job_id = "id"\n', "") + "[constants]\nduration = 60\n"
    log = "start,gpus,project\n2024-01-10 10:00:00,7,vision\n2024-01-10 10:01:00,8,vision\n"
    assert part_seconds(read(tmp_path, log, mapping).jobs) == 15 * 60 * GPU_PARTS


# States


STATES = MAPPING.replace("[columns]", '[columns]\nstate = "state"')


def stated(*rows):
    return "id,start,end,gpus,project,state\n" + "".join(f"{n},{row}\n" for n, row in enumerate(rows, 1))


def test_jobs_that_run_or_never_ran_are_told_apart(tmp_path):
    ten = "2024-01-10 10:00:00"
    log = read(
        tmp_path,
        stated(
            f"{ten},,1,p,RUNNING",
            ",,1,p,PENDING",
            ",2024-01-10 10:30:00,1,p,CANCELLED",
            f"{ten},2024-01-10 12:00:00,1,p,COMPLETED",
            f"{ten},,1,p,COMPLETED",
            ",,1,p,COMPLETED",
            f"{ten},,1,p,",
        ),
        STATES,
    )
    assert rejects(log) == [(6, "no end"), (7, "no start")]
    assert log.not_started == 2
    jobs = log.jobs.set_index("job_id")
    assert jobs["end_at"].isna().to_dict() == {"1": True, "4": False, "7": True}
    assert iso(jobs.loc["1"].seen_until_at) == "2024-01-10T12:00:00Z"


def test_a_row_without_times_is_rejected_where_no_state_says_that_it_never_ran(tmp_path):
    assert rejects(read(tmp_path, HEAD + "1,,,1,p\n2,,2024-01-10 10:00:00,1,p\n")) == [(2, "no start"), (3, "no start")]


def test_running_jobs_were_seen_until_the_moment_that_the_mapping_names(tmp_path):
    mapping = 'observed_at = "2024-01-10T15:00:00Z"\n' + STATES
    log = read(tmp_path, stated("2024-01-10 10:00:00,,1,p,RUNNING"), mapping)
    assert iso(log.jobs.iloc[0].seen_until_at) == "2024-01-10T15:00:00Z"
    assert iso(log.observed_until) == "2024-01-10T15:00:00Z"


def test_states_are_kept_dropped_and_renamed(tmp_path):
    row = "2024-01-10 10:00:00,2024-01-10 11:00:00,1,p,"
    mapping = STATES + '[states]\ndrop = ["failed"]\n[rename.state]\nPass = "COMPLETED"\n'
    log = read(tmp_path, stated(f"{row}Pass", f"{row}Failed", f"{row}Killed"), mapping)
    assert (log.jobs["state"].tolist(), log.skipped) == (["COMPLETED", "Killed"], 1)
    only = read(tmp_path, stated(f"{row}Pass", f"{row}Failed"), STATES + '[states]\nkeep = ["Pass"]\n')
    assert (len(only.jobs), only.skipped) == (1, 1)


def test_a_running_job_without_a_job_id_is_rejected(tmp_path):
    mapping = MAPPING.replace('job_id = "id"\n', "")
    assert rejects(read(tmp_path, HEAD + "1,2024-01-10 10:00:00,,1,p\n", mapping)) == [(2, "running without a job id")]


# Clocks


NIGHT = MAPPING.replace("UTC", "Europe/Berlin")


def test_local_times_cross_a_change_of_clocks(tmp_path):
    log = HEAD + "1,2024-03-30 12:00:00,2024-03-31 12:00:00,1,p\n2,2024-10-26 12:00:00,2024-10-27 12:00:00,1,p\n"
    jobs = read(tmp_path, log, NIGHT).jobs
    assert (jobs["end_at"] - jobs["start_at"]).tolist() == [23 * HOUR_S, 25 * HOUR_S]


def test_an_hour_that_came_twice_is_rejected_or_chosen(tmp_path):
    log = HEAD + "1,2024-10-27 02:30:00,2024-10-27 04:00:00,1,p\n"
    assert rejects(read(tmp_path, log, NIGHT)) == [(2, "an hour that came twice")]
    for rule, length in (("earlier", 9000), ("later", 5400)):
        job = read(tmp_path, log, NIGHT + f'[times]\nambiguous = "{rule}"\n').jobs.iloc[0]
        assert job.end_at - job.start_at == length


def test_a_duration_tells_which_of_two_hours_it_was(tmp_path):
    mapping = NIGHT.replace("[columns]", '[columns]\nduration = "d"')
    log = "id,start,end,gpus,project,d\n1,2024-10-27 02:30:00,2024-10-27 04:00:00,1,p,9000\n"
    job = read(tmp_path, log, mapping).jobs.iloc[0]
    assert iso(job.start_at) == "2024-10-27T00:30:00Z"


def test_only_one_of_two_hours_lies_before_the_end(tmp_path):
    log = read(tmp_path, HEAD + "1,2024-10-27 02:50:00,2024-10-27 02:10:00,1,p\n", NIGHT)
    job = log.jobs.iloc[0]
    assert (iso(job.start_at), iso(job.end_at)) == ("2024-10-27T00:50:00Z", "2024-10-27T01:10:00Z")


def test_a_time_that_never_was_is_rejected_or_moved(tmp_path):
    log = HEAD + "1,2024-03-31 02:30:00,2024-03-31 04:00:00,1,p\n"
    assert rejects(read(tmp_path, log, NIGHT)) == [(2, "a time that never was")]
    job = read(tmp_path, log, NIGHT + '[times]\nnonexistent = "forward"\n').jobs.iloc[0]
    assert iso(job.start_at) == "2024-03-31T01:30:00Z"


# Text


def test_a_newline_in_a_quoted_name_is_part_of_it_and_lines_are_counted_as_an_editor_does(tmp_path):
    mapping = MAPPING.replace("[columns]", '[columns]\nname = "name"')
    log = 'name,id,start,end,gpus,project\n"a\nb",' + ROW + '"c, ""d""",' + ROW.replace(",2,", ",x,")
    found = read(tmp_path, log, mapping)
    assert found.jobs["name"].tolist() == ["a\nb"]
    assert rejects(found) == [(4, "GPUs not readable")]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end(tmp_path, newline):
    bad = HEAD + ROW + ROW.replace(",2,", ",x,")
    assert rejects(read(tmp_path, bad.replace("\n", newline))) == [(3, "GPUs not readable")]


def test_a_quote_that_does_not_close_costs_its_own_line_only(tmp_path):
    rows = [ROW.replace("1,", f"{n},", 1) for n in range(1, 6)]
    rows[1] = rows[1].replace("vision", '"vision')
    log = read(tmp_path, HEAD + "".join(rows))
    assert rejects(log) == [(3, "a quote that does not close")]
    assert log.jobs["job_id"].tolist() == ["1", "3", "4", "5"]


def test_two_stray_quotes_do_not_swallow_the_rows_between_them(tmp_path):
    rows = [ROW.replace("1,", f"{n},", 1) for n in range(1, 6)]
    rows[0], rows[3] = rows[0].replace("vision", '"vision'), rows[3].replace("vision", 'vision"')
    log = read(tmp_path, HEAD + "".join(rows))
    assert [line for line, _ in rejects(log)] == [2]
    assert log.jobs["job_id"].tolist() == ["2", "3", "4", "5"]


def test_quotes_at_the_seams_of_what_is_read_at_once_change_nothing(tmp_path):
    """Lines are read in blocks; here a name goes on over each seam, and a stray quote stands before one."""
    mapping = MAPPING.replace("[columns]", '[columns]\nname = "name"')
    rows, line_of, line = [], {}, 2
    for n in range(3 * BLOCK):
        broken = n % BLOCK in (BLOCK - 5, 7)
        name = '"stray' if broken else '"over\ntwo lines"' if n % BLOCK >= BLOCK - 3 else "plain"
        rows.append(f"{n},2024-01-10 10:00:00,2024-01-10 11:00:00,1,vision,{name}\n")
        line_of[n], line = line, line + rows[-1].count("\n")
    log = read(tmp_path, HEAD.replace("project", "project,name") + "".join(rows), mapping)
    stray = [n for n in range(3 * BLOCK) if n % BLOCK in (BLOCK - 5, 7)]
    assert rejects(log) == [(line_of[n], "a quote that does not close") for n in stray]
    assert log.jobs["job_id"].astype(int).tolist() == [n for n in range(3 * BLOCK) if n not in stray]
    assert (log.jobs["name"] == "over\ntwo lines").sum() == 9


def test_a_row_with_too_few_or_too_many_cells_is_rejected(tmp_path):
    log = read(
        tmp_path,
        HEAD
        + ROW
        + "2,2024-01-10 10:00:00\n"
        + ROW.replace("vision", "vision,x")
        + ROW.replace("vision", "vision,")
        + "\n",
    )
    assert rejects(log) == [(3, "wrong number of cells"), (4, "wrong number of cells")]
    assert len(log.jobs) == 2


def test_invalid_utf8_is_rejected_where_it_decides_and_shown_where_it_does_not(tmp_path):
    mapping = MAPPING.replace("[columns]", '[columns]\nname = "name"')
    rows = b"".join(
        f"{n},2024-01-10 10:00:00,2024-01-10 11:00:00,1,".encode() + project + b"," + name + b"\n"
        for n, (project, name) in enumerate([(b"caf\xe9", b"x"), (b"p", b"caf\xe9"), (b"caf\xc3\xa9", b"y")], 1)
    )
    log = read(tmp_path, b"id,start,end,gpus,project,name\n" + rows, mapping)
    assert rejects(log) == [(2, "not UTF-8")]
    assert "\\xe9" in log.rejects[0].text
    assert log.jobs["name"].tolist() == ["caf\ufffd", "y"]
    assert log.jobs["project"].tolist() == ["p", "café"]


def test_other_encodings_are_named_or_told_by_their_mark(tmp_path):
    log = HEAD + ROW.replace("vision", "café")
    named = read(tmp_path, log.encode("latin-1"), MAPPING + '[csv]\nencoding = "latin-1"\n')
    marked = read(tmp_path, log.encode("utf-16"))
    with_mark = read(tmp_path, log.encode("utf-8-sig"))
    assert [found.jobs["project"].tolist() for found in (named, marked, with_mark)] == [["café"]] * 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_columns_asked_for(tmp_path, delimiter):
    assert len(read(tmp_path, LOG.replace(",", delimiter)).jobs) == 2


def test_a_log_without_a_header(tmp_path):
    body = LOG.split("\n", 1)[1]
    named = MAPPING + '[csv]\nheader = false\ncolumns = ["id", "start", "end", "gpus", "project"]\n'
    numbered = MAPPING + "[csv]\nheader = false\n"
    for place, name in enumerate(("id", "start", "end", "gpus", "project"), 1):
        numbered = numbered.replace(f' = "{name}"', f' = "{place}"')
    assert read(tmp_path, body, named).jobs.equals(read(tmp_path, body, numbered).jobs)


def test_lines_before_the_header_are_skipped_and_still_counted(tmp_path):
    bad = "# exported\n# today\n" + HEAD + ROW.replace(",2,", ",x,")
    assert rejects(read(tmp_path, bad, MAPPING + "[csv]\nskip_lines = 2\n")) == [(4, "GPUs not readable")]


@pytest.mark.parametrize("module", ["gzip", "bz2", "lzma"])
def test_packed_logs_are_unpacked(tmp_path, module):
    packed = __import__(module).compress(LOG.encode())
    assert len(read(tmp_path, packed, name="log.csv.packed").jobs) == 2


def test_words_for_nothing(tmp_path):
    rows = "".join(
        ROW.replace("1,", f"{n},", 1).replace("vision", word) for n, word in enumerate(("NA", "null", "", "None", "-"))
    )
    assert read(tmp_path, HEAD + rows).jobs["project"].isna().all()
    kept = read(tmp_path, HEAD + rows, 'null = [""]\n' + MAPPING)
    assert kept.jobs["project"].fillna("?").tolist() == ["NA", "null", "?", "None", "-"]


def test_a_name_too_long_for_the_rollups_is_rejected(tmp_path):
    assert rejects(read(tmp_path, HEAD + ROW.replace("vision", "v" * 81))) == [(2, "too long a name")]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"PK\x03\x04rest", "Excel"), (b"PAR1xxxx", "broken Parquet"), (b"\x1f\x8bxxxx", "end-of-stream")],
)
def test_files_of_another_kind_are_refused_with_what_to_do(tmp_path, content, says):
    with pytest.raises(FileUnreadable, match=says):
        read(tmp_path, content)


def test_a_file_that_is_not_there(tmp_path):
    _, mapping_path = written(tmp_path)
    with pytest.raises(FileUnreadable, match="No such file"):
        parse_joblog(tmp_path / "nothing.csv", load_mapping(mapping_path)[0], "alpha")


# Keys


def test_equal_rows_without_job_ids_are_different_jobs_with_lasting_keys(tmp_path):
    mapping = MAPPING.replace('job_id = "id"\n', "")
    once = read(tmp_path, HEAD + ROW * 3, mapping).jobs
    again = read(tmp_path, HEAD + ROW * 3, mapping).jobs
    assert once["job_id"].nunique() == 3
    assert once.equals(again)


def test_ids_that_are_not_unique_are_said(tmp_path):
    log = read(tmp_path, HEAD + ROW + ROW.replace(",2,", ",4,"))
    assert "share job id and submit time" in log.notices[0]


def test_a_row_per_attempt_is_a_job_per_attempt(tmp_path):
    mapping = 'one_row_per = "attempt"\n' + MAPPING.replace("[columns]", '[columns]\nsubmit = "submit"')
    log = "id,submit,start,end,gpus,project\n" + "".join(
        f"1,2024-01-10 09:00:00,2024-01-10 1{n}:00:00,2024-01-10 1{n}:30:00,1,p\n" for n in range(3)
    )
    assert read(tmp_path, log, mapping).jobs["job_id"].nunique() == 3


# Parquet


def test_parquet_of_every_type_gives_what_csv_gives(tmp_path):
    starts = pd.to_datetime(["2024-01-10 10:00:00", "2024-01-10 10:30:00"])
    ends = pd.to_datetime(["2024-01-10 11:00:00", "2024-01-10 12:00:00"])
    expected = read(tmp_path).jobs
    tables = {
        "timestamps": {"start": pa.array(starts), "end": pa.array(ends), "gpus": pa.array([2.0, 0.5])},
        "zoned": {
            "start": pa.array(starts.tz_localize("UTC").tz_convert("Asia/Tokyo")),
            "end": pa.array(ends.tz_localize("UTC")),
            "gpus": pa.array([Decimal("2.00"), Decimal("0.50")]),
        },
        "texts": {
            "start": pa.array(starts.astype(str)),
            "end": pa.array(ends.astype(str)),
            "gpus": pa.array(["2", "0.5"]),
        },
    }
    for name, columns in tables.items():
        table = pa.table(
            columns
            | {"id": pa.array([1, 2], pa.uint64()), "project": pa.array(["vision", "speech"]).dictionary_encode()}
        )
        pq.write_table(table, tmp_path / f"{name}.parquet")
        _, mapping_path = written(tmp_path)
        found = parse_joblog(tmp_path / f"{name}.parquet", load_mapping(mapping_path)[0], "alpha")
        assert found.jobs.equals(expected), name


def test_parquet_rows_are_numbered_from_one_and_shown(tmp_path):
    table = pa.table(
        {
            "id": ["1", "2", "3", "4"],
            "start": pa.array([1704880800.0, np.nan, 1704880800.25, 1704880800.0]),
            "end": pa.array([1704884400] * 4),
            "gpus": pa.array([2.0, 1.0, 1.0, np.inf]),
            "project": ["p"] * 4,
        }
    )
    pq.write_table(table, tmp_path / "log.parquet")
    _, mapping_path = written(tmp_path, mapping=MAPPING + '[times]\nformat = "unix s"\n')
    log = parse_joblog(tmp_path / "log.parquet", load_mapping(mapping_path)[0], "alpha")
    assert rejects(log) == [(2, "no start"), (3, "part of a second"), (4, "GPUs not readable")]
    assert "gpus=inf" in log.rejects[2].text


def test_numbers_for_times_need_a_unit(tmp_path):
    pq.write_table(
        pa.table({"id": [1], "start": [1704880800], "end": [1704884400], "gpus": [1], "project": ["p"]}), tmp_path / "l"
    )
    _, mapping_path = written(tmp_path)
    with pytest.raises(MappingError, match="unix s"):
        parse_joblog(tmp_path / "l", load_mapping(mapping_path)[0], "alpha", mapping_path=mapping_path)


def test_a_column_of_lists_is_refused_by_name(tmp_path):
    columns = {"id": [1], "start": ["2024-01-10"], "end": ["2024-01-11"], "gpus": [[1, 2]], "project": ["p"]}
    pq.write_table(pa.table(columns), tmp_path / "l")
    _, mapping_path = written(tmp_path)
    with pytest.raises(MappingError, match=r"columns.gpus: 'gpus' holds list"):
        parse_joblog(tmp_path / "l", load_mapping(mapping_path)[0], "alpha", mapping_path=mapping_path)
