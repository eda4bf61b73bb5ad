"""The page about the data: what everybody sees, and what only those do who see the whole centre."""

from dataclasses import replace
from html import unescape

import pytest
from sqlalchemy import insert

from dashboards import about
from dashboards._asked import Asked
from dashboards._filters import Filters
from tests.builders import DATA_UNTIL_S, small_centre
from tests.dashboards.reading import plain, table, total
from workbench.pages.shell import viewer
from workbench.periods import Window
from workbench.services.slurm.compared import (
    AccountLine,
    BookLine,
    BookSums,
    Comparison,
    JobLine,
    content_of,
    figures_of,
)
from workbench.settings import SlurmSettings
from workbench.store.comparisons import add_comparison
from workbench.store.tables import captures
from workbench.units import GPU_PARTS, HOUR_S

NOW = DATA_UNTIL_S


def page(store, group="operators"):
    who = viewer("somebody", [group])
    return about.build(Asked(store, who.scope, (*who.pages, "about-data"), "about-data", Filters(), NOW, NOW))


@pytest.fixture
def centre(store):
    small_centre(store)
    return replace(store, settings=store.settings.model_copy(update={"slurm": SlurmSettings(cluster="alpha")}))


def said(found):
    return unescape(plain(found.sentence))


def compared(centre, at=NOW - 300, *, jobs=(), books=(), extra=0, cause=""):
    sums = (1000 + extra) * GPU_PARTS
    accounts = (
        AccountLine("vision", "vision", 1000 * GPU_PARTS, 1000 * GPU_PARTS, sums, cause),
        AccountLine("elsewhere", None, 50 * GPU_PARTS, 50 * GPU_PARTS, 50 * GPU_PARTS),
    )
    window = Window(NOW - 10 * HOUR_S, NOW - HOUR_S)
    found = Comparison(
        "alpha", "2026-01", window, at, NOW, 17, accounts, tuple(jobs), 0, BookSums(), tuple(books)
    )  # fmt: skip
    with centre.begin() as conn:
        add_comparison(conn, figures_of(found), content_of(found))


def test_without_a_slurm_it_says_so_and_shows_no_empty_table(store):
    found = page(small_centre(store))
    assert said(found).startswith("No Slurm is connected")
    assert [table.id for table in found.tables] == ["sources"]


def test_never_compared_says_how_to(centre):
    found = page(centre)
    assert said(found) == "Our books were never compared with Slurm's (alpha)."
    shown = table(found, "slurm-accounts")
    assert (shown.rows, shown.empty) == ((), "Never compared.")
    assert "workbench reconcile" in shown.empty_next


def test_books_that_agree(centre):
    compared(centre)
    found = page(centre)
    assert said(found).startswith(
        "Our books and Slurm's (alpha) agree to the second; compared 5 minutes ago. 1,050 GPU-seconds in 17 jobs"
    )
    shown = table(found, "slurm-accounts")
    assert [row.cells[1].text for row in shown.rows] == ["vision", "none of ours"]
    assert (total(shown, "Ours, GPU-seconds"), total(shown, "Difference")) == ("1,050", "0")
    assert [table.id for table in found.tables] == ["sources", "slurm-accounts", "slurm-history"]
    assert found.notes == ()


def test_books_that_differ_show_the_jobs_and_what_to_do(centre):
    end = ("end_at", "2026-01-18T06:00:00Z", "2026-01-18T06:00:05Z")
    jobs = [JobLine("77", NOW - 9000, "vision", "", (end,), 995 * GPU_PARTS, 1000 * GPU_PARTS)]
    books = [BookLine("vision", "2026-01-18", 5 * GPU_PARTS, 0, 100, 100, 0, 0)]
    compared(centre, NOW - 90_000)
    compared(centre, jobs=jobs, books=books, extra=5)
    found = page(centre)
    assert said(found) == "Our books and Slurm's (alpha) differ in 3 places; compared 5 minutes ago."
    assert "workbench reconcile --month 2026-01" in str(found.notes[0].text)
    (row,) = table(found, "slurm-jobs").rows
    assert [cell.text for cell in row.cells[:4]] == [
        "77", "end: here 2026-01-18T06:00:00Z, in Slurm 2026-01-18T06:00:05Z", "−5", "vision",
    ]  # fmt: skip
    assert (row.cells[2].state, row.cells[2].order) == ("act", -5)
    assert [cell.text for cell in table(found, "slurm-books").rows[0].cells][:4] == ["vision", "2026-01-18", "5", "0"]
    history = table(found, "slurm-history")
    assert [row.cells[-1].text for row in history.rows] == ["3 differences.", "No differences."]
    assert found.frames["slurm-jobs"]["slurm_gpu_seconds"].tolist() == [1000]


def test_what_is_as_it_should_be_is_shown_and_not_alarming(centre):
    compared(centre, extra=600, cause="reserved")
    found = page(centre)
    assert "agree to the second" in said(found)
    row = table(found, "slurm-accounts").rows[0]
    assert (row.cells[4].text, row.cells[4].state) == ("−600", "watch")
    assert "idle time of a reservation" in row.cells[0].sub


def test_captures_and_rejected_rows_are_for_those_who_see_the_whole_centre(centre):
    with centre.begin() as conn:
        row = {"source": "sacct", "cluster": "alpha", "name": "x", "sha256": "0", "bytes": 1}
        for taken, rejected in ((NOW - 60, 2), (NOW - 600, 1)):
            counts = {"taken_at": taken, "accepted": 10, "rejected": rejected, "unchanged": 0}
            conn.execute(insert(captures).values(**row, **counts))
    shown = table(page(centre), "sources")
    labels = [column.label for column in shown.columns]
    cells = dict(zip(labels, shown.rows[0].cells, strict=True))
    assert (cells["Captures"].text, cells["Rows taken"].text, cells["Rows rejected"].text) == ("2", "20", "3")
    assert (cells["Rows rejected"].state, cells["Last one"].order) == ("watch", NOW - 60)


@pytest.mark.parametrize("group", ["member:vision", "students"])
def test_members_and_students_see_what_they_saw_before(centre, group):
    compared(centre, extra=5)
    found = page(centre, group)
    assert str(found.sentence) == ""
    assert [table.id for table in found.tables] == ["sources"]
    assert [column.label for column in found.tables[0].columns] == ["Cluster", "Data until", "Age", "Note"]
