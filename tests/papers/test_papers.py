"""Papers: what they say comes from the statement or report, all of it is set, and the same data give the same bytes."""

import json
import re
import zlib
from datetime import UTC, date, datetime

import pytest

from tests.builders import DATA_UNTIL_S, small_centre
from workbench.domain.access import WholeCentre
from workbench.domain.projects import Project
from workbench.i18n import speaking
from workbench.papers.report import report_data, report_markdown, report_pdf
from workbench.papers.statement import statement_data, statement_pdf
from workbench.papers.typeset import TEMPLATES, pictures
from workbench.services.annual.report import annual_report
from workbench.services.charging.rating import rate
from workbench.services.ledger.posting import bring_up
from workbench.services.statements.statements import statement
from workbench.settings import load
from workbench.store.engine import open_store
from workbench.units import DAY_S

NOW = DATA_UNTIL_S + 80 * DAY_S
"""9 April 2026: the year 2025-26 is over."""
SAMPLE = "sample data: made for tests"


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    store = small_centre(open_store(load(home=tmp_path_factory.mktemp("papers") / "state")))
    with store.db() as db:
        db.get(Project, "vision").title = "Seeing machines 視覺機器"
    rate(store, NOW)
    bring_up(store, NOW)
    yield store
    store.engine.dispose()


@pytest.fixture(scope="module")
def paper(centre):
    return statement(centre, WholeCentre("eve"), "vision", "2026-01", NOW)


@pytest.fixture(scope="module")
def report(centre):
    return annual_report(centre, "2025-26", NOW)


def unpacked(pdf):
    """All that a PDF says beside its pages' glyphs: its objects, streams unpacked."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


def used_in(name):
    """The top-level names of the data that a template and what it imports use."""
    text = "".join((TEMPLATES / file).read_text(encoding="utf-8") for file in ("paper.typ", f"{name}.typ"))
    return set(re.findall(r"\bd\.(\w+)", text)), set(re.findall(r"\bw\.(\w+)", text))


def test_a_statement_is_a_tagged_pdf_with_title_language_and_author(paper, centre):
    said = unpacked(statement_pdf(paper, centre.settings, SAMPLE))
    assert said.startswith(b"%PDF-")
    assert b"/MarkInfo" in said
    assert b"/StructTreeRoot" in said
    assert b"pdfuaid:part" in said
    assert b"/Lang" in said
    assert centre.settings.centre.name.encode() in said
    assert b"2026-01/vision" in said


def test_the_same_data_give_the_same_bytes_unless_a_moment_is_given(paper, report, centre):
    assert statement_pdf(paper, centre.settings) == statement_pdf(paper, centre.settings)
    dated = statement_pdf(paper, centre.settings, dated=datetime(2026, 2, 1, tzinfo=UTC))
    assert dated != statement_pdf(paper, centre.settings)
    assert report_pdf(report, centre.settings) == report_pdf(report, centre.settings)


@pytest.mark.parametrize("name", ["statement", "report"])
def test_the_template_uses_all_that_it_is_given_and_nothing_else(name, paper, report, centre):
    data = statement_data(paper, centre.settings) if name == "statement" else report_data(report, centre.settings)
    fields, words = used_in(name)
    assert fields - {"words", "frame"} == set(data) - {"words", "frame"}
    assert words == set(data["words"])


def test_the_account_on_paper_closes(paper, centre):
    lines = {line["label"]: line["amount"] for line in statement_data(paper, centre.settings)["account"]}
    assert lines["List cost"] == "9,408.00"
    assert lines["Less subsidy"] == "\N{MINUS SIGN}6,585.60"
    assert lines["User share"] == lines["Closing balance"] == "2,822.40"
    assert lines["Ceiling left"] == "993,414.40"


def test_its_tables_sum_to_the_account(paper, centre):
    data = statement_data(paper, centre.settings)
    for table in ("summary", "users", "days"):
        assert data[table]["total"][-4 if table == "days" else -3 :][:3] == ["9,408.00", "6,585.60", "2,822.40"]
    assert len(data["days"]["rows"]) == 14


def test_an_open_month_is_provisional_and_sample_data_are_marked_on_every_page(paper, centre):
    data = statement_data(paper, centre.settings, SAMPLE)
    assert data["marks"] == ["Sample data", "Provisional"]
    assert SAMPLE in data["footer"]
    assert "placeholders" in data["notes"][-1]
    assert data["notice"] == (
        "Provisional: all days are in the ledger, but the month is not closed. Amounts may still change."
    )
    assert statement_data(paper, centre.settings)["marks"] == ["Provisional"]


def test_how_to_check_it_names_the_hash_of_the_ledger(paper, centre):
    verify = statement_data(paper, centre.settings)["verify"]
    assert verify["command"] == f"workbench ledger verify --seen {paper.of.seal[1]}"


def test_pages_are_drawn_with_chinese_and_in_chinese(paper, centre):
    with speaking("zh_Hant_HK"):
        data = statement_data(paper, centre.settings)
        assert data["frame"]["lang"] in ("zh", "en")  # English where the words are not compiled
        drawn = pictures("statement", data, ppi=30)
    assert len(drawn) == 2
    assert all(page.startswith(b"\x89PNG") for page in drawn)


def test_what_a_name_says_is_text_and_no_markup(paper, centre):
    data = statement_data(paper, centre.settings)
    data["project"]["title"] = '#panic("no") *bold* $x$ ] } "'
    assert pictures("statement", json.loads(json.dumps(data)), ppi=20)


def test_the_report_says_the_year_and_where_each_figure_comes_from(report, centre):
    text = report_markdown(report, centre.settings)
    assert "# Annual report 2025-26" in text
    assert "| List cost | 9,576.00 | HK$ P |" in text
    assert "| 5. GPU time actually busy | unknown |" in text
    for source in report.sources:
        assert f"| {source.id} |" in text
    assert report.after == date(2026, 4, 1)
