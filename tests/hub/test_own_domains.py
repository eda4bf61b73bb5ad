"""A domain for each user: what it is called, and a class in which every seat has one."""

import io
import re
import time
import zipfile
from urllib.parse import urlsplit

import pytest
from class_centre import INSTRUCTOR, PROJECT, SECRETARIAT, a_class, class_hub
from class_instructor import log_in, looks, until
from class_student import Student
from sqlalchemy import select

from tests.centre import four_free_ports
from tests.named_hosts import DOMAIN, Here, settings_file
from workbench.domain.projects import Person
from workbench.domain.training import TrainingSession
from workbench.hub.own_domains import domain_of, origin_of
from workbench.hub.running import here, host, url_of
from workbench.services.people import hash_password
from workbench.services.training import going
from workbench.services.training.deciding import decide
from workbench.services.training.plan import Plan, propose

NAMES = ["ana", "seat-abc234-001", "a.b", "a_b", "ana@example.org", "Ana", "u-ana--1234567", "hub"]


def test_each_user_has_one_name_below_the_hubs_and_the_pages_have_the_hubs():
    found = {domain_of(name, DOMAIN, "user") for name in NAMES}
    assert len(found) == len(NAMES)
    assert all(re.fullmatch(rf"[a-z0-9-]+\.{DOMAIN}", name, re.I) for name in found)
    assert domain_of("centre", DOMAIN, "service") == DOMAIN


@pytest.mark.parametrize("public", ["https://centre.test", "http://centre.test:8000"])
def test_a_server_is_reached_at_its_users_own_origin(settings, public):
    named = settings.model_copy(update={"hub": settings.hub.model_copy(update={"subdomain_host": public})})
    assert origin_of(named, "seat-a-001") == public.replace("//", "//seat-a-001.")
    assert host(origin_of(named, "seat-a-001")) == {"Host": "seat-a-001." + urlsplit(public).netloc}
    assert (url_of(named), here(named)) == (f"{public}/", "http://127.0.0.1:8000/")


def test_without_the_setting_there_is_one_origin(settings):
    assert origin_of(settings, "seat-a-001") == ""
    assert host("") == {}
    assert url_of(settings) == here(settings)


@pytest.fixture(scope="module", params=["http", "https"])
def hub(tmp_path_factory, request):
    folder, port = tmp_path_factory.mktemp("domains"), four_free_ports()
    public = f"http://{DOMAIN}:{port}" if request.param == "http" else f"https://{DOMAIN}"
    with class_hub(folder / "home", settings_file(folder, public), port) as running:
        with running.store.db(writes=True) as db:
            db.get(Person, INSTRUCTOR).password_hash = hash_password("right")
        yield running


@pytest.fixture
def instructor(hub):
    client = log_in(hub.url, INSTRUCTOR, Here(hub.settings.hub.port))
    yield client
    client.close()


@pytest.fixture
def student(hub):
    made = Student(hub.url, "Ana", Here(hub.settings.hub.port))
    yield made
    made.close()


@pytest.mark.isolation
@pytest.mark.timeout(240)
def test_a_class_whose_seats_have_domains_of_their_own(hub, instructor, student):
    held = a_class(hub, seats=2, warm=1)
    hub.wait_until_warm(held)
    page = instructor.get(f"/services/centre/training/{held.handle}")
    assert (page.status_code, str(page.url)) == (200, f"{hub.url}/services/centre/training/{held.handle}")
    link = re.search(r'href="([^"]+)"[^>]*data-link|data-link[^>]*href="([^"]+)"', page.text)
    assert f"{hub.url}/hub/join/" in link.group(0)

    student.join(held.code)
    assert student.own == hub.url.replace("//", f"//{student.seat}.")
    assert student.ask("GET", "api/status").status_code == 200
    start = student.client.get("/hub/home")
    mine = student.client.get(start.url.join(re.search(r'id="start"[^>]*href="([^"]+)"', start.text).group(1)))
    assert str(mine.url).startswith(f"{student.own}/user/{student.seat}/lab")
    assert student.client.get(f"{student.own}/services/centre/training").url.host == DOMAIN

    def seat_link():
        given = instructor.get(f"/services/centre/training/{held.handle}/live")
        found = re.search(r'<a [^>]*href="([^"]+/lab)"[^>]*>', given.json()["html"])
        assert found is None or "data-ask" not in found.group(0), "there is nothing to be asked"
        return found and found.group(1)

    assert seat_link() is None
    assert looks(instructor, student.seat, student.own) == 403
    assert student.ask("POST", "workbench/share", json={"on": True}).status_code == 200
    until(f"{student.own}/user/{student.seat}/lab", seat_link)
    until("in", lambda: looks(instructor, student.seat, student.own))
    assert (
        instructor.get(f"{student.own}/user/{student.seat}/lab").url.host == urlsplit(student.own).netloc.split(":")[0]
    )

    student.ask("PUT", "api/contents/mine.txt", json={"type": "file", "format": "text", "content": "6 * 7"})
    hub.end_class(held)
    saved = student.client.get(f"/hub/join/{held.code}/work")
    assert saved.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(saved.content)) as work:
        assert work.read("mine.txt") == b"6 * 7"


@pytest.mark.isolation
@pytest.mark.timeout(240)
def test_who_waits_for_a_server_is_led_to_the_page_of_the_class(hub, student):
    held = a_class(hub, seats=1, warm=0, first_page="01_first.ipynb")
    answer = student.try_code(held.code)
    while "/hub/spawn-pending/" in answer.url.path:  # as its script does; a server that is quick has no such page
        time.sleep(0.5)
        answer = student.client.get(answer.url)
    assert re.fullmatch(rf"seat-[a-z0-9]+-001\.{DOMAIN}", answer.url.host), answer.url
    assert answer.url.path.endswith("/lab/tree/01_first.ipynb")
    hub.end_class(held)


@pytest.mark.isolation
@pytest.mark.timeout(240)
def test_a_class_to_come_is_tried_at_its_seats_own_domain(hub):
    now = int(time.time())
    begins = now + hub.settings.training.check_minutes * 60 - 60
    plan = Plan("To come", PROJECT, INSTRUCTOR, begins, begins + 3600, 1, "cpu-small")
    made = propose(hub.store, plan, INSTRUCTOR, now)
    decide(hub.store, made.handle, SECRETARIAT, approve=True, reason="tried", now=now)
    with hub.store.db() as db:
        session = db.scalars(select(TrainingSession).where(TrainingSession.handle == made.handle)).one()
    until(True, lambda: going.last(hub.store, session) is not None, within_s=120)
    result = going.last(hub.store, session)
    assert result.kind == "go", result.says
