"""The page of what-ifs without a browser: what it shows to whom, what it takes, whose question is answered."""

import asyncio
import threading
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from dashboards.whatif import drawing, form, says
from dashboards.whatif.turns import Turns
from tests.builders import DATA_UNTIL_S
from tests.serving_pages import serving
from workbench.services.whatif.answer import ask
from workbench.services.whatif.scenario import ClassReservation, Scenario
from workbench.settings import load
from workbench.store.engine import open_store

FIRST = date(2026, 2, 1)
ZONE = ZoneInfo("Asia/Hong_Kong")


@pytest.fixture(scope="module")
def pages(centre):
    with serving(centre) as running:
        yield running


@pytest.mark.parametrize(("token", "status"), [("eve-token", 200), ("lee-token", 403), ("stu-token", 403), (None, 302)])
def test_the_page_is_for_the_whole_centre(pages, token, status):
    for path in ("/what-if", "/what-if/months.csv"):
        answer = pages.get(token, path)
        assert answer.status_code == status
        assert ("Left of the fund" in answer.text) == (status == 200 and path == "/what-if")
    assert pages.get(token, "/what-if/again").status_code == (401 if token is None else status)


def test_the_page_is_complete_without_a_script(pages):
    page = pages.get("eve-token", "/what-if?gpus=8&approve=0").text
    assert 'name="gpus"' in page
    assert '<button class="button" type="submit">Show</button>' in page
    assert "8 more H800 from" in page
    assert "What this rests on" in page
    assert page.count('<tr><th scope="row">') == 12
    plain = pages.get("eve-token", "/what-if").text
    assert "As the centre goes on, " in plain
    assert 'aria-current="true">As it goes on<' in plain


def test_what_cannot_be_tried_is_marked_in_its_fields(pages):
    page = pages.get("eve-token", "/what-if?gpus=%3Cscript%3E&growth=99&from=2001-01-01&class_gpus=99999").text
    assert "<script>&" not in page
    assert "This cannot be tried" in page
    assert "GPUs is a whole number." in page
    assert "Growth is from -20% to 20% a month." in page
    assert "The day lies from" in page
    assert "a class cannot have more" in page


def test_a_slider_gets_the_answer_in_parts(pages):
    found = pages.get("eve-token", "/what-if/again?gpus=-4&policy=as-now&class_gpus=0").json()
    assert "4 fewer H800" in found["sentence"]
    assert 'id="picture-occupancy"' in found["answer"]
    assert (found["query"], set(found["problems"].values())) == ("?gpus=-4", {""})
    bad = pages.get("eve-token", "/what-if/again?gpus=-400").json()
    assert bad["problems"]["gpus"] == "The pool has 8 GPUs: no more can go."


def test_the_months_can_be_taken_away_exact(pages):
    rows = pages.get("eve-token", "/what-if/months.csv?gpus=8").content.decode("utf-8-sig").splitlines()
    assert len(rows) == 13
    assert rows[0].startswith("month,occupancy_bp_base,wait_median_s_base,")
    occupancy = [[int(row.split(",")[place]) for place in (1, 6)] for row in rows[1:]]
    assert all(abs(base - 2 * changed) <= 1 for base, changed in occupancy)


def test_a_centre_without_anything_says_so(tmp_path):
    store = open_store(load(home=tmp_path / "state"))
    with serving(store) as running:
        page = running.get("eve-token", "/what-if").text
    store.engine.dispose()
    assert "nobody stated the centre&#39;s capacity" in page.replace("'", "&#39;")
    assert "Unknown: no capacity or no job is known." in page
    assert "workbench ingest" in page


def test_what_is_typed_comes_back_as_an_address():
    typed = form.read({"gpus": "1,000", "from": "2026-05-01", "class_gpus": "4", "growth": "1.5"}, FIRST, ZONE)
    assert (typed.scenario.more_gpus, typed.scenario.growth_bp, typed.scenario.from_on) == (1000, 150, date(2026, 5, 1))
    assert typed.scenario.reservation.weekly
    assert form.query(typed.texts, FIRST) == "?gpus=1%2C000&from=2026-05-01&growth=1.5&class_gpus=4"
    again = form.read({"gpus": "\N{MINUS SIGN}5", "class_at": "never", "class_gpus": "x"}, FIRST, ZONE)
    assert (again.scenario.more_gpus, set(again.problems)) == (-5, {"class_gpus"})
    assert form.query(form.defaults(FIRST), FIRST) == "?"


def test_the_sentence_tells_of_the_fullest_month_in_which_all_is_in_force(centre):
    found = ask(centre, Scenario(more_gpus=8, from_on=date(2026, 11, 10)), DATA_UNTIL_S)
    assert found.months[says.told_month(found, ZONE)] in ("2026-12", "2027-01")
    start = found.base.months[4].start_s + 3600
    once = ask(centre, Scenario(reservation=ClassReservation(2, start, 2, weekly=False)), DATA_UNTIL_S)
    assert says.told_month(once, ZONE) == 4
    said = says.sentence(once, ZONE)
    assert said.startswith("With 2 GPUs kept for a class, occupancy in June 2026 would be <b>")


def test_of_one_viewers_questions_the_newest_is_answered_and_one_at_a_time():
    go, began = threading.Event(), []

    def work(name):
        began.append(name)
        assert go.wait(10)
        return name

    async def drag():
        turns = Turns()
        first = asyncio.create_task(turns.take("eve", lambda: work("first")))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(turns.take("eve", lambda: work("second")))
        await asyncio.sleep(0.05)
        third = asyncio.create_task(turns.take("eve", lambda: work("third")))
        other = asyncio.create_task(turns.take("lou", lambda: work("other")))
        await asyncio.sleep(0.05)
        assert sorted(began) == ["first", "other"]
        go.set()
        return await asyncio.gather(first, second, third, other)

    assert asyncio.run(drag()) == ["first", None, "third", "other"]


@pytest.mark.parametrize(("low", "top"), [(0, 1), (0, 2900), (2.1e11, 2.3e11), (-4, 17), (0, 0.03)])
def test_an_axis_holds_what_is_drawn_with_few_marks(low, top):
    marks = drawing._marks(low, top)
    assert marks[0] <= low < top <= marks[-1] + 1e-9
    assert 4 <= len(marks) <= 8
