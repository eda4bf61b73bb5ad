"""The page of the forecast: its sentence, tiles, pictures and tables, and what it says where it cannot tell."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from dashboards import forecast
from dashboards._asked import Asked
from dashboards._filters import Filters
from dashboards.forecast import data as asked_data
from dashboards.forecast.says import chance, range_words
from tests.dashboards.reading import plain, table, tile
from tests.services.a_long_centre import FIRST_ON, NOW, in_service, long_centre
from workbench.pages.shell import viewer
from workbench.services.forecast import Reached
from workbench.settings import load
from workbench.store.engine import open_store


@pytest.fixture(scope="module")
def long_one(tmp_path_factory):
    opened = long_centre(open_store(load(home=tmp_path_factory.mktemp("ahead") / "state")))
    yield opened
    opened.engine.dispose()


def asked(store, until_s=NOW, **chosen):
    who = viewer("eve", ["executives"])
    return Asked(store, who.scope, who.pages, "forecast", Filters(**chosen), until_s, until_s)


@pytest.fixture(scope="module")
def page(long_one):
    return forecast.build(asked(long_one))


def test_the_sentence_says_capacity_occupancy_and_fund(page):
    said = plain(page.sentence)
    assert said.startswith(
        "At this pace the chance that the GPUs in service are used up before 25 May 2027 is under 1%."
    )
    assert "In June 2026, " in said
    assert "of GPU time in service will be allocated (80%: " in said
    assert "the fund lasts to the scheme's end on 6 Oct 2027 with over 99%" in said.replace("&#39;", "'")


def test_tiles_are_the_tables_figures(page):
    months = {row.cells[0].text: row for row in table(page, "months").rows}
    assert tile(page, "month").value == months["June 2026"].cells[1].text
    assert tile(page, "full").value == "not within a year"
    assert tile(page, "coverage").of == "80% meant; GPUs allocated, tested at 11 earlier moments"


def test_the_back_test_stands_beside_it_with_error_and_coverage(page):
    rows = [[cell.text for cell in row.cells] for row in table(page, "back-test").rows]
    assert [row[:2] for row in rows[:3]] == [["GPUs allocated", days] for days in ("1 – 7", "8 – 14", "15 – 28")]
    assert all(row[2].endswith(" GPUs") and row[5].endswith("%") for row in rows[:3])
    assert rows[-1][0] == "Cost of a day at list price"
    assert rows[-1][2].startswith("HK$")


def test_pictures_have_words_rows_and_a_drawing(page):
    assert [picture.id for picture in page.pictures] == ["occupancy", "fund"]
    for picture in page.pictures:
        assert picture.says
        assert picture.table.rows
        assert json.loads(str(picture.json))["doc"]
        assert picture.id in page.frames
    assert len(page.pictures[0].table.rows) == 91
    assert {"months", "back-test"} <= set(page.frames)


def test_a_year_is_shown_where_it_is_asked_for(long_one):
    page = forecast.build(asked(long_one, show="year"))
    assert len(page.pictures[0].table.rows) == 52
    assert [option[2] for option in page.pictures[0].options] == [False, True]
    assert len(page.frames["occupancy"]) == 365  # the CSV holds every day


def test_the_fund_is_shown_close_up_where_it_is_asked_for(long_one):
    pages = [forecast.build(asked(long_one, show=show)) for show in ("", "close")]
    assert ["Budget less reserve" in str(page.pictures[1].json) for page in pages] == [True, False]


def test_every_assumption_is_on_the_page(page):
    said = plain(page.prose)
    for part in ("no change is stated", "as likely as one another", "nothing more is awarded", "nothing has tested it"):
        assert part in said
    assert "sample centre" not in said


def test_capacity_that_is_used_up_is_said_with_its_day_and_range(store):
    later = FIRST_ON + timedelta(days=60)
    in_service(long_centre(store), later, 3)
    page = forecast.build(asked(store))
    said = re.search(r"the GPUs in service are used up by (\d+ Jul 2026) \(with 80% between ", plain(page.sentence))
    assert said[1] == tile(page, "full").value
    assert later.isoformat() <= tile(page, "full").exact <= (later + timedelta(days=7)).isoformat()
    assert tile(page, "full").state == "act"
    assert f"-5 GPUs on {later:%-d %b %Y}" in plain(page.prose)


@pytest.fixture
def tested(long_one, monkeypatch):
    """Has the page believe that its three back-tests held such a share."""
    scope = asked(long_one).scope
    there, money = (ask(long_one, scope, NOW) for ask in (asked_data.occupancy_forecast, asked_data.fund_forecast))

    def held(busy, others=0.8, **more):
        changed = replace(
            there, busy=replace(there.busy, coverage=busy, **more), demand=replace(there.demand, coverage=others)
        )
        monkeypatch.setattr(asked_data, "occupancy_forecast", lambda *_: changed)
        listed = replace(money.listed, coverage=others)
        monkeypatch.setattr(asked_data, "fund_forecast", lambda *_: replace(money, listed=listed))
        return forecast.build(asked(long_one))

    return held


@pytest.mark.parametrize(
    ("held", "says"), [(0.55, "held 55.0% of the days"), (0.95, "held 95.0% of the days"), (0.7, ""), (0.9, "")]
)
def test_a_range_that_does_not_hold_is_said(tested, held, says):
    page = tested(held)
    notes = " ".join(str(note.text) for note in page.notes)
    assert says in notes
    assert bool(notes) == bool(says)
    assert tile(page, "coverage").state == ("watch" if says else "good")


def test_a_range_that_was_not_tested_is_said(tested):
    page = tested(None, others=None, scores=(), naive=())
    assert "GPUs allocated: there are too few days to test the 80% range" in str(page.notes[0].text)
    assert all(one.id != "coverage" for one in page.tiles)


def test_too_few_days_are_said_in_place_of_a_forecast(ask):
    page = forecast.build(ask("executives", "forecast"))
    assert "takes 28 known days" in str(page.notes[0].text)
    assert "there are 14" in str(page.notes[0].text)
    assert page.pictures == ()
    assert page.tiles == ()


def test_an_empty_centre_says_what_it_takes(empty_store):
    page = forecast.build(asked(empty_store))
    assert "there are 0" in str(page.notes[0].text)


def test_one_of_the_two_alone_is_shown_beside_the_reason(long_one, monkeypatch):
    monkeypatch.setattr(asked_data, "fund_forecast", lambda *_: forecast_refused())
    page = forecast.build(asked(long_one))
    assert page.pictures[1].empty
    assert page.pictures[0].json
    assert [row.cells[4].text for row in table(page, "months").rows][:1] == ["unknown"]


def forecast_refused():
    raise asked_data.NotEnoughHistory(3, 28)


@pytest.mark.parametrize(("share", "said"), [(0, "under 1%"), (0.004, "under 1%"), (0.5, "50%"), (0.999, "over 99%")])
def test_a_chance_is_never_quite_none_and_never_quite_sure(share, said):
    assert chance(share) == said


def test_a_range_that_is_open_is_said_so():
    end = FIRST_ON + timedelta(days=365)
    assert range_words(Reached(None, None, None, 0, end)) == "with 90% not before 25 May 2027"
    assert range_words(Reached(None, FIRST_ON, None, 0.3, end)) == "with 90% not before 25 May 2026"
    assert range_words(Reached(end, FIRST_ON, end, 1, end)) == "with 80% between 25 May 2026 and 25 May 2027"
