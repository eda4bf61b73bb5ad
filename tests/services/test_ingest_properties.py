"""Whatever a log holds: twice is once, any order and any overlap give the same jobs, no row and no second is lost."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from tests.services.joblogs import MAPPING, NOW, read, written
from workbench.domain.jobs import Job
from workbench.errors import FileUnreadable, MappingError, NothingReadable
from workbench.services.ingest import ingest_joblog
from workbench.settings import load
from workbench.store.engine import open_store
from workbench.store.rollups import differences
from workbench.store.tables import metadata
from workbench.units import GPU_PARTS

HEAD = "id,start,end,gpus,project\n"
BASE = 1_704_067_200
quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WRITTEN = {
    "captures",
    "rejected_rows",
    "jobs",
    "rollup_hourly",
    "rollup_daily",
    "rollup_user_daily",
    "freshness",
    "dirty",
}
"""The tables that an ingest writes; others refuse to be emptied."""
UNIX = MAPPING + '[times]\nformat = "unix s"\n'

good_rows = st.tuples(
    st.integers(BASE, BASE + 40 * 86_400),
    st.integers(0, 3 * 86_400),
    st.sampled_from(["0", "1", "0.5", "8", "1/7", "0.0625"]),
    st.sampled_from(["vision", "speech", ""]),
)
broken_cells = st.sampled_from(["x", "-1", "nan", '"', "1e999", "\x00", ";", "9" * 30, "2024-13-01"])


def lines(rows, first=0):
    return [
        f"{first + n},{start},{start + length},{gpus},{project}\n"
        for n, (start, length, gpus, project) in enumerate(rows)
    ]


def state_of(store):
    with store.read() as conn:
        columns = [c for c in Job.__table__.columns if c.name not in ("id", "capture_id")]
        jobs = sorted(map(tuple, conn.execute(select(*columns))), key=str)
        assert not any(differences(conn, store.settings.centre.zone).values())
    return jobs


@cache
def the_store():
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return open_store(load(home=Path(folder) / "state"))


def ingested(*logs, mapping=UNIX):
    """The jobs of an empty store after these logs, and what each ingest reported."""
    store, reports = the_store(), []
    with store.begin() as conn:
        for table in reversed(metadata.sorted_tables):
            if table.name in WRITTEN:
                conn.execute(delete(table))
    with tempfile.TemporaryDirectory() as folder:
        for log in logs:
            try:
                reports.append(ingest_joblog(store, *written(Path(folder), log, mapping), NOW))
            except NothingReadable:
                reports.append(None)
    return state_of(store), reports


@quick
@given(st.lists(good_rows, min_size=1, max_size=12), st.booleans())
def test_twice_is_once(rows, with_ids):
    mapping = UNIX if with_ids else UNIX.replace('job_id = "id"\n', "")
    log = HEAD + "".join(lines(rows))
    once, _ = ingested(log, mapping=mapping)
    twice, reports = ingested(log, log, mapping=mapping)
    assert once == twice
    assert len(once) == len(rows)
    assert (reports[1].accepted, reports[1].unchanged) == (0, len(rows))


@quick
@given(st.lists(good_rows, min_size=2, max_size=12), st.data())
def test_two_overlapping_parts_in_any_order_are_the_whole(rows, data):
    all_lines = lines(rows)
    begin = data.draw(st.integers(0, len(rows) - 1))
    end = data.draw(st.integers(begin, len(rows)))
    parts = [HEAD + "".join(all_lines[:end]), HEAD + "".join(all_lines[begin:])]
    whole, _ = ingested(HEAD + "".join(all_lines))
    assert ingested(*parts)[0] == whole
    assert ingested(*reversed(parts))[0] == whole


@quick
@given(st.lists(good_rows, min_size=1, max_size=8), st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_equal_rows_without_ids_are_counted_as_often_as_the_fullest_file_has_them(rows, times):
    mapping = UNIX.replace('job_id = "id"\n', "")
    distinct = list(dict.fromkeys(line.split(",", 1)[1] for line in lines(rows)))
    fewer, more = (
        [n for n, _ in zip(times * 8, distinct, strict=False)],
        [n + 1 for n, _ in zip(times * 8, distinct, strict=False)],
    )
    logs = [
        HEAD + "".join(f"0,{line}" * n for line, n in zip(distinct, counts, strict=True)) for counts in (fewer, more)
    ]
    found, _ = ingested(*logs, mapping=mapping)
    assert len(found) == sum(more)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(good_rows, st.integers(0, 4), st.none() | broken_cells), min_size=1, max_size=10))
def test_every_row_is_a_job_or_a_reject_with_its_own_line(drawn):
    # Two quotes can make one proper cell of two lines, as CSV allows; what else two do has tests of its own.
    assume(sum(cell == '"' for _, _, cell in drawn) < 2)
    rows, expected = [], 0
    for number, (row, place, cell) in enumerate(drawn):
        line = lines([row], number)[0]
        if cell is not None:
            cells = line.rstrip("\n").split(",")
            cells[place] = cell
            line = ",".join(cells) + "\n"
        else:
            expected += int(row[1]) * int(_parts(row[2]))
        rows.append(line)
    with tempfile.TemporaryDirectory() as folder:
        log = read(Path(folder), HEAD + "".join(rows), UNIX)
    assert len(log.jobs) + len(log.rejects) + log.not_started == len(rows)
    assert all(rows[r.line - 2].rstrip("\n").replace("\x00", "\\x00") == r.text for r in log.rejects)
    untouched = {str(n) for n, (_, _, cell) in enumerate(drawn) if cell is None}
    kept = log.jobs[log.jobs["job_id"].isin(untouched)]
    assert set(kept["job_id"]) == untouched
    assert int((kept["gpu_parts"] * (kept["end_at"] - kept["start_at"])).sum()) == expected


def _parts(text):
    from fractions import Fraction

    return Fraction(text) * GPU_PARTS


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_words(content):
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(Path(folder), HEAD.encode() + content, UNIX)
        except (FileUnreadable, MappingError) as problem:
            said = str(problem)
        else:
            said = "read"
    assert said


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from('0123456789,"\n\r\t ;abc:-.\u00e9\U0001f600'), max_size=200))
def test_any_text_below_a_header_keeps_the_rows_after_it(content):
    """A good last line is found whatever stands before it, unless it is inside of what is no row."""
    last = f"777,{BASE},{BASE + 60},1,vision\n"
    with tempfile.TemporaryDirectory() as folder:
        log = read(Path(folder), HEAD + content + "\n" + last, UNIX)
    assert "777" in set(log.jobs["job_id"])


def test_gpu_time_is_exact_where_floats_are_not():
    rows = [(BASE + n, 1, "0.1", "vision") for n in range(1000)]
    found, _ = ingested(HEAD + "".join(lines(rows)))
    with tempfile.TemporaryDirectory() as folder:
        jobs = read(Path(folder), HEAD + "".join(lines(rows)), UNIX).jobs
    assert len(found) == 1000
    assert int((jobs["gpu_parts"] * (jobs["end_at"] - jobs["start_at"])).sum()) == 100 * GPU_PARTS
