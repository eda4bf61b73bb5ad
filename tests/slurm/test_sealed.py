"""Text of sacct with a delimiter for one question: read exactly, whatever users have written into their comments."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.slurm.records import read_records
from workbench.slurm.sacct import parse_sacct
from workbench.slurm.sealed import delimiter_in, plain, sealed_delimiter
from workbench.units import GPU_PARTS

UTC = ZoneInfo("UTC")
COLUMNS = ("JobID", "User", "Account", "State", "Submit", "Start", "End", "AllocTRES", "Comment", "NodeList")
FAKE = "999|mallory|vision|COMPLETED|2024-01-10T09:00:00|2024-01-10T10:00:00|2024-01-12T10:00:00|gres/gpu=8||gpu001"


def a_text(delimiter, comments):
    """Jobs 100, 101, …, each with as many GPUs as its place and one of these comments."""
    rows = [
        (str(100 + n), "bo", "vision", "COMPLETED", "2024-01-10T09:00:00", "2024-01-10T10:00:00",
         "2024-01-10T11:00:00", f"cpu=1,gres/gpu={n}", comment, "gpu001")
        for n, comment in enumerate(comments)
    ]  # fmt: skip
    return "".join(f"{delimiter.join(row)}\n" for row in (COLUMNS, *rows))


def hostile():
    """Whatever a user may write: delimiters of others and of an earlier question, rows, tags, what is no UTF-8."""
    earlier = sealed_delimiter()
    pieces = [
        "|", "\n", "\x1f", ";", "\t", "\r\n", "wb=1", "server=ana-1", "dask=d-00000000", "\udcff", "\u2603",
        "x" * 10_000,
        FAKE, f"\n{FAKE}\n", FAKE.replace("|", "\x1f"), FAKE.replace("|", earlier), f"\n{FAKE.replace('|', earlier)}\n",
    ]  # fmt: skip
    return st.lists(st.one_of(st.sampled_from(pieces), st.text(max_size=10)), max_size=6).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(hostile(), max_size=6))
def test_no_comment_makes_loses_or_changes_a_job(comments):
    log = parse_sacct(a_text(sealed_delimiter(), comments), "c", UTC)
    assert (log.rejects, log.notices) == ([], [])
    assert log.jobs["job_id"].tolist() == [str(100 + n) for n in range(len(comments))]
    assert log.jobs["gpu_parts"].tolist() == [n * GPU_PARTS for n in range(len(comments))]
    assert set(log.jobs["user_name"]) <= {"bo"}
    assert (log.jobs["end_at"] - log.jobs["start_at"]).isin([3600]).all()
    assert set(log.jobs["kind"]) <= {"batch", "server", "dask"}


@settings(max_examples=100, deadline=None)
@given(st.lists(hostile(), min_size=1, max_size=4), st.integers(1, 400))
def test_a_text_that_breaks_off_loses_its_last_jobs_only(comments, cut):
    delimiter = sealed_delimiter()
    text = a_text(delimiter, comments)
    head = len(a_text(delimiter, []))
    short = text[: max(head, len(text) - cut)]
    log = parse_sacct(short, "c", UTC)
    whole = [str(100 + n) for n in range(len(comments))]
    assert log.jobs["job_id"].tolist() == whole[: len(log.jobs)]
    assert len(log.rejects) <= 1


def test_cells_and_lines_are_those_of_the_text():
    comments = ["", "a\nb", f"\n{FAKE}\n\n", "end\n"]
    found = read_records(a_text(sealed_delimiter(), comments))
    assert [record.cells[-2] for record in found.rows] == comments
    assert [record.line for record in found.rows] == [2, 3, 5, 9]
    assert [record.cells[-1] for record in found.rows] == ["gpu001"] * 4


def test_free_text_may_be_last():
    delimiter = sealed_delimiter()
    rows = [("JobID", "Start", "Comment"), ("1", "x", "a\n\nb\n"), ("2", "y", "")]
    found = read_records("".join(f"{delimiter.join(row)}\n" for row in rows))
    assert [record.cells for record in found.rows] == [["1", "x", "a\n\nb\n"], ["2", "y", ""]]


def test_nothing_but_a_header_is_no_jobs():
    log = parse_sacct(a_text(sealed_delimiter(), []), "c", UTC)
    assert (len(log.jobs), log.rejects) == (0, [])


def test_each_question_has_its_own_delimiter_and_the_same_answer_the_same_plain_text():
    one, other = sealed_delimiter(), sealed_delimiter()
    assert one != other
    assert delimiter_in(f"JobID{one}User") == one
    assert delimiter_in("JobID|User") is None
    assert plain(a_text(one, ["x"])) == plain(a_text(other, ["x"])) == a_text("\x1f", ["x"])
    assert plain("JobID|User\n") == "JobID|User\n"


@pytest.mark.parametrize("delimiter", ["|", "\x1f"])
def test_any_other_delimiter_says_whose_words_may_look_like_rows(delimiter):
    forged = f"x{delimiter}gpu001\n{FAKE.rpartition('|')[0].replace('|', delimiter)}"
    log = parse_sacct(a_text(delimiter, [forged]), "c", UTC)
    assert "999" in set(log.jobs["job_id"])  # what a delimiter that one can know allows
    assert "export without it" in log.notices[-1]
