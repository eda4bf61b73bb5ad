"""A class while it is on and after it, without a browser: what its page shows, what its forms do, to whom."""

import io
import re
import time
import zipfile
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from tests.services.training_centre import PLAN, teaching
from tests.serving_pages import PEOPLE, serving
from workbench.domain.training import ENDED, TrainingMessage, TrainingReport, TrainingSeat, TrainingSession
from workbench.hub import walls
from workbench.services.training import codes, deciding, events
from workbench.services.training.plan import propose
from workbench.services.training.statement import statement
from workbench.settings import load
from workbench.store.engine import open_store

TOKENS = {
    "ina": ["instructors", "lead:vision"],
    "ivo": ["instructors"],
    "sec": ["secretariat"],
    "exe": ["executives"],
    "lee": ["lead:vision"],
}
KNOWN = PEOPLE | {f"{name}-token": {"name": name, "groups": groups} for name, groups in TOKENS.items()}
XSRF = re.compile(r'(?:name="_xsrf" value|data-xsrf)="([^"]+)"')
SEATS = 5


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = teaching(open_store(load(home=tmp_path_factory.mktemp("live") / "state")))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def pages(store):
    with serving(store, people=KNOWN) as running:
        yield running


@pytest.fixture(autouse=True)
def _isolated(monkeypatch):
    monkeypatch.setattr(walls, "possible", lambda: "")


@pytest.fixture
def handle(store):
    """A class that is on: 1 runs cells, 2 has an error, 3 is stuck, 4 has failed, 5 is ready and empty."""
    now = int(time.time())
    plan = replace(PLAN, starts_at=now, ends_at=now + 7200, seats=SEATS)
    made = propose(store, plan, "ina", now)
    deciding.decide(store, made.handle, "sec", approve=True, now=now)
    with store.db(writes=True) as db:
        seats = db.scalars(select(TrainingSeat).where(TrainingSeat.session == made.id).order_by(TrainingSeat.number))
        for seat in seats:
            seat.asked_at, seat.ready_at, seat.tries = now - 900, now - 890, 1
            if seat.number < SEATS:
                seat.joined_at, seat.seen_at, seat.shown_name = now - 800, now, f"<b>Student {seat.number}"
            if seat.number == 4:
                seat.failed_at, seat.failure = now - 5, "It did not answer."
            ran = {1: ["", ""], 2: ["", "NameError: name 'x' is not defined"], 3: ["", "ValueError: <i>no"]}
            for place, error in enumerate(ran.get(seat.number, []), start=1):
                at = now - (600 if seat.number == 3 else 5) + place
                db.add(TrainingReport(seat.id, "class/intro.ipynb", f"c{place}", at, error))
            if seat.number == 3:
                db.add(TrainingReport(seat.id, "class/intro.ipynb", "c3", now - 2, "ValueError: again"))
    yield made.handle
    with store.db(writes=True) as db:
        db.execute(update(TrainingSession).where(TrainingSession.id == made.id).values(state=ENDED, ended_at=now))


class Somebody:
    """Who opens pages of one class and sends its forms."""

    def __init__(self, pages, name, handle):
        self.client, self.place = pages.client(f"{name}-token"), f"/training/{handle}"

    def __enter__(self):
        return self

    def __exit__(self, *_problem):
        self.client.close()

    def get(self, path=""):
        return self.client.get(f"{self.place}{path}")

    def live(self):
        answer = self.client.get(f"{self.place}/live", headers={"X-XSRFToken": self.token()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def token(self):
        return XSRF.search(self.get().text).group(1)

    def send(self, act, script=False, **form):
        token = self.token()
        jar = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        sent = {"Sec-Fetch-Site": "same-origin", "Cookie": f"{self.client.headers['Cookie']}; {jar}"}
        sent |= {"Accept": "application/json"} if script else {}
        return self.client.post(f"{self.place}/{act}", data={"_xsrf": token, **form}, headers=sent)


def as_(pages, name, handle):
    return Somebody(pages, name, handle)


def counted(html):
    return {name: int(n) for name, n in re.findall(r'id="seats-(\w+)" data-value="(\d+)"', html)}


def seat_row(html, number):
    return re.search(rf'<tr data-key="seat-{number}".*?</tr>', html, re.S).group()


def test_the_page_and_its_refreshed_part_say_the_same(pages, handle):
    with as_(pages, "ina", handle) as ina:
        page, part = ina.get().text, ina.live()
        for html in (page, part["html"]):
            assert counted(html) == {"joined": 4, "warm": 1, "active": 2, "stuck": 1, "failed": 1, "waiting": 0}
            assert "4 of 5 seats are taken; 3 of 4 past cell 1; 2 with an error in cell 2." in html
        assert f'data-key="{part["key"]}"' in page
        assert 'id="say"' in page
        assert 'id="say"' not in part["html"], "what is typed into is never replaced"


def test_each_seat_shows_its_state_its_last_error_and_what_it_does(pages, handle):
    with as_(pages, "ina", handle) as ina:
        html = ina.live()["html"]
    assert "&lt;b&gt;Student 1" in html
    assert "<b>Student" not in html
    assert "active" in seat_row(html, 1)
    assert "cell 2, 2 run through" in seat_row(html, 1)
    assert "NameError: name &#39;x&#39; is not defined" in seat_row(html, 2)
    assert "stuck" in seat_row(html, 3)
    assert "It did not answer." in seat_row(html, 4)
    assert "ready, nobody there" in seat_row(html, 5)
    needs = re.search(r'id="needs".*?</section>', html, re.S).group()
    assert re.findall(r'data-key="needy-(\d)"', needs) == ["2", "3", "4"]


def test_an_error_stands_on_the_page_at_the_next_look(pages, store, handle):
    with as_(pages, "ina", handle) as ina:
        assert "ZeroDivisionError" not in ina.live()["html"]
        with store.db(writes=True) as db:
            seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == f"seat-{handle}-001")).one()
            db.add(TrainingReport(seat.id, "class/intro.ipynb", "c3", int(time.time()), "ZeroDivisionError: 1/0"))
        assert "ZeroDivisionError: 1/0" in seat_row(ina.live()["html"], 1)


def test_only_a_seat_whose_student_lets_one_look_can_be_opened(pages, store, handle):
    lab = f'href="/user/seat-{handle}-002/lab"'
    with as_(pages, "ina", handle) as ina:
        assert lab not in ina.live()["html"]
        with store.db(writes=True) as db:
            db.execute(update(TrainingSeat).where(TrainingSeat.name == f"seat-{handle}-002").values(shared_at=1))
        row = seat_row(ina.live()["html"], 2)
        assert lab in row
        assert 'data-ask="What this student has put there runs in your browser' in row


def test_a_message_reaches_the_seats_and_stays_on_the_page(pages, store, handle):
    with as_(pages, "ina", handle) as ina:
        assert ina.send("message", text="Look at cell <2>").status_code == 303
        assert ina.send("message", script=True, text="And at 3").json()["done"]
        refused = ina.send("message", script=True, text="  ")
        assert (refused.status_code, "1 to 1000" in refused.json()["problem"]) == (409, True)
        html = ina.live()["html"]
        assert html.index("And at 3") < html.index("Look at cell &lt;2&gt;")
    with store.db() as db:
        said = list(db.scalars(select(TrainingMessage.text).order_by(TrainingMessage.id)))
    assert said[-2:] == ["Look at cell <2>", "And at 3"]


def test_the_instructor_extends_restarts_and_renews(pages, store, handle):
    def session():
        with store.db() as db:
            return db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).one()

    ends, old = session().ends_at, codes.valid(store, handle)
    with as_(pages, "ina", handle) as ina:
        assert ina.send("extend", script=True, minutes="20").status_code == 200
        assert session().ends_at == ends + 1200
        for wrong in ("", "-5", "1e3", "99999"):
            assert ina.send("extend", script=True, minutes=wrong).status_code == 409
        assert ina.send("restart", seat="4").status_code == 303
        assert ina.send("restart", script=True, seat="77").status_code == 409
        assert ina.send("renew").status_code == 303
        (new,) = codes.valid(store, handle)
        assert [new] != old
        assert codes.shown(new) in ina.get().text
        assert ina.send("revoke", code=codes.shown(new)).status_code == 303
        assert codes.valid(store, handle) == []
        assert ina.send("end", script=True).status_code == 409
        assert ina.send("end", sure="yes").status_code == 303
        assert session().ends_at <= int(time.time())
        assert "work is being saved" in ina.live()["html"]
    with store.db() as db:
        asked = db.scalars(select(TrainingSeat).where(TrainingSeat.name == f"seat-{handle}-004")).one()
    assert asked.restart_at is not None


def test_new_materials_are_distributed_and_the_same_ones_are_not(pages, store, handle):
    folder = store.settings.homes / "ina" / "course"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "intro.txt").write_text("one")
    with store.db(writes=True) as db:
        db.execute(update(TrainingSession).where(TrainingSession.handle == handle).values(materials=str(folder)))
    with as_(pages, "ina", handle) as ina:
        assert ina.send("distribute", script=True).status_code == 200
        again = ina.send("distribute", script=True)
        assert (again.status_code, "nothing new" in again.json()["problem"]) == (409, True)
        (folder / "intro.txt").write_text("two")
        assert ina.send("distribute").status_code == 303
        assert ina.live()["html"].count("There are new materials") == 2


@pytest.mark.parametrize(
    ("act", "form"),
    [
        ("message", {"text": "x"}),
        ("extend", {"minutes": "5"}),
        ("end", {"sure": "yes"}),
        ("restart", {"seat": "1"}),
        ("renew", {}),
        ("revoke", {"code": "AAAA-AAAA"}),
        ("distribute", {}),
    ],
)
def test_an_executive_sees_a_class_and_changes_nothing(pages, store, handle, act, form):
    before = (codes.valid(store, handle), len(events.listed(store, handle)))
    with as_(pages, "exe", handle) as exe:
        page = exe.get().text
        assert counted(page)["joined"] == 4
        assert 'id="say"' not in page
        assert "Restart" not in exe.live()["html"]
        assert not any(code in page for code in map(codes.shown, codes.valid(store, handle)))
        assert exe.send(act, script=True, **form).status_code in (404, 409)
    assert (codes.valid(store, handle), len(events.listed(store, handle))) == before


def test_another_instructor_finds_no_such_class(pages, handle):
    with as_(pages, "ivo", handle) as ivo:
        for path in ("", "/live", "/statement.csv", "/saved/1.zip"):
            assert ivo.get(path).status_code == 404
    with as_(pages, "lee", handle) as lee:
        assert lee.get().status_code == 403, "a lead who does not teach has no such page"


def test_the_statement_says_what_the_service_says_and_work_can_be_fetched(pages, store, handle):
    now = int(time.time())
    place = store.settings.home / "saved.zip"
    with zipfile.ZipFile(place, "w") as packed:
        packed.writestr("intro.ipynb", "{}")
    with store.db(writes=True) as db:
        session = db.scalars(select(TrainingSession).where(TrainingSession.handle == handle)).one()
        session.state, session.ended_at, session.ends_at = ENDED, now, now - 1
        seat = db.scalars(select(TrainingSeat).where(TrainingSeat.name == f"seat-{handle}-001")).one()
        seat.archive, seat.archived_bytes = "saved.zip", place.stat().st_size
        events.note(db, "not-saved", now, session=session.id, seat=seat.id, says="It <broke>.", incident=True)
    found = statement(store, handle, now)
    with as_(pages, "ina", handle) as ina:
        page = ina.get().text
        shown = dict(re.findall(r'id="closing-([\w-]+)" data-value="([\d.]+)"', page))
        assert shown == {
            "seats": "5", "joined": "4", "no-shows": "1", "gpu-hours": "0", "core-hours": "0", "incidents": "1",
            "list": f"{found.list_minor}", "subsidy": f"{found.subsidy_minor}", "user": f"{found.user_minor}",
        }  # fmt: skip
        assert "· work not saved</span><p>It &lt;broke&gt;." in page
        rows = ina.get("/statement.csv").content.decode("utf-8-sig").splitlines()
        assert (len(rows), rows[0].split(",")[:2]) == (1 + SEATS, ["number", "name"])
        assert ina.get("/statement.pdf").content.startswith(b"%PDF-")
        with zipfile.ZipFile(io.BytesIO(ina.get("/saved/1.zip").content)) as fetched:
            assert fetched.namelist() == ["intro.ipynb"]
        assert ina.get("/saved/2.zip").status_code == 404
        assert "saved/1.zip" in page
        with store.db(writes=True) as db:
            db.get(TrainingSession, session.id).hand_in = "none"
        assert ina.get("/saved/1.zip").status_code == 404, "nothing was to be collected"
        assert "saved/1.zip" not in ina.get().text
    with as_(pages, "exe", handle) as exe:
        assert exe.get("/statement.csv").status_code == 200
        assert exe.get("/saved/1.zip").status_code == 404, "work is for whoever runs the class"
