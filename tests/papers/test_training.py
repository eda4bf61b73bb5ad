"""The closing statement of a class on paper says what the statement says, to the cent, and what is not known yet."""

from dataclasses import replace

import pytest

from tests.services.training_centre import STARTS, approved, teaching
from workbench.i18n import speaking
from workbench.papers.training import class_data, class_pdf
from workbench.services.training.statement import Incident, SeatLine, statement
from workbench.settings import load
from workbench.store.engine import open_store


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    """Two seats of three: HK$1,234.56 and a time that is not charged yet."""
    store = teaching(open_store(load(home=tmp_path_factory.mktemp("class") / "state")))
    made = approved(store, seats=3, warm=0, title="Seeing 視覺", roster=("Chan", "Lee"))
    made.ended_at = made.ends_at
    empty = statement(store, made.handle, STARTS)
    first, second, third = empty.rows
    known = {"list_minor": 123_456, "subsidy_minor": 86_419, "user_minor": 37_037, "core_seconds": 5400, "servers": 2}
    rows: tuple[SeatLine, ...] = (
        replace(first, shown_name="Chan Tai Man", joined_at=STARTS, **known),
        replace(second, list_minor=None, subsidy_minor=None, user_minor=None, servers=1),
        third,
    )
    incidents = (Incident(STARTS + 61, "not-saved", 2, "", "out of memory"),)
    sums = {name: value for name, value in known.items() if name != "servers"}
    found = replace(empty, rows=rows, incidents=incidents, joined=1, no_shows=1, session=made, **sums)
    yield found, store.settings
    store.engine.dispose()


def test_it_says_what_the_statement_says(paper):
    said = class_data(*paper)
    assert said["account"]["rows"][0] == ["List cost · GPU-hours: 0.00, core-hours: 1.50", "1,234.56"]
    assert (said["account"]["rows"][1][1], said["account"]["total"][1]) == ("−864.19", "370.37")
    assert said["seats"]["rows"][:2] == [
        ["1", "Chan Tai Man", "2", "0.00", "1.50", "1,234.56", "864.19", "370.37"],
        ["2", "Lee, did not come", "1", "0.00", "0.00", "unknown", "unknown", "unknown"],
    ]
    assert said["incidents"]["rows"] == [["10:01:01", "2", "work not saved", "out of memory"]]
    assert (said["marks"], said["notice"]) == ([], "")


def test_what_is_not_final_says_so_on_every_page(paper):
    found, settings = paper
    said = class_data(replace(found, uncharged_core_seconds=3600, unpriced=True), settings, "made up")
    assert said["marks"] == ["Sample data", "Provisional"]
    assert said["notice"].startswith("Not final")
    assert any(note.startswith("1.00 core-hours") for note in said["notes"])


def test_it_is_set_the_same_each_time_and_in_every_language(paper):
    made = class_pdf(*paper)
    assert made.startswith(b"%PDF-")
    assert made == class_pdf(*paper)
    with speaking("zh_Hant_HK"):
        assert class_pdf(*paper).startswith(b"%PDF-")
