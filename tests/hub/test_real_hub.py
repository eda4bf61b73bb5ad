"""A real Hub, its real proxy, a real JupyterLab: log in, start, kill the Hub, find the server again, stop, meter.

Without the dashboards, which have tests of their own.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import httpx
import psutil
import pytest
from sqlalchemy import select

from tests.builders import add_prices
from tests.centre import four_free_ports, processes_of
from workbench.domain.awards import Award
from workbench.domain.holds import Hold
from workbench.domain.jobs import Job
from workbench.domain.projects import Member, Person, Project
from workbench.errors import NotInstalled
from workbench.hub import proxy, records, runner
from workbench.hub.running import HUB_CONFIG, check_ports
from workbench.services import meter
from workbench.services.meter import ServerRequest
from workbench.services.people import hash_password
from workbench.settings import load
from workbench.store.engine import open_store

HOUR_MINOR, CEILING = 14, 100
"""A core-hour at HK$0.20 and 70%, and an award that covers seven of them."""
CONFIG = f"""
exec(compile(open({str(HUB_CONFIG)!r}).read(), {str(HUB_CONFIG)!r}, "exec"))
c.JupyterHub.services = [s if s["name"] != "centre" else {{"name": "centre"}} for s in c.JupyterHub.services]
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at through Linux's own means")


class Hub:
    """The Hub's process, and how to talk to it."""

    def __init__(self, settings, folder: Path):
        self.settings, self.folder, self.url = settings, folder, f"http://127.0.0.1:{settings.hub.port}"
        (folder / "config.py").write_text(CONFIG)
        self.process, self.browsers = None, []

    def start(self) -> None:
        if self.process is None:
            check_ports(self.settings)
        env = os.environ | {"WORKBENCH_HOME": str(self.settings.home), "WORKBENCH_PORT": str(self.settings.hub.port)}
        with (self.folder / "hub.log").open("ab") as log:
            command = [sys.executable, "-m", "jupyterhub", "-f", str(self.folder / "config.py")]
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=env, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(lambda: self.answers("/hub/health") or self.ended(), 120, self.log)
        assert not self.ended(), self.log()

    def answers(self, path: str) -> bool:
        try:
            return httpx.get(self.url + path, timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def ended(self) -> bool:
        return self.process.poll() is not None

    def log(self) -> str:
        said = (self.folder / "hub.log").read_text(errors="replace").splitlines()
        # While no Hub is there, its proxy complains ten lines a second.
        told = [line for line in said if not line.startswith(("    at ", "  ", "}")) and "[ConfigProxy]" not in line]
        return "\n".join(told)[-6000:]

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(30)

    def login(self, name: str) -> "Browser":
        self.browsers.append(Browser(self, name))
        return self.browsers[-1]


class Browser:
    """Somebody who is logged in."""

    def __init__(self, hub: Hub, name: str):
        self.hub, self.name = hub, name
        self.client = httpx.Client(base_url=hub.url, follow_redirects=True, timeout=60, trust_env=False)
        form = self.client.get("/hub/login").text
        token = re.search(r'name="_xsrf"\s+value="([^"]+)"', form).group(1)
        self.landed = self.client.post("/hub/login", data={"username": name, "password": "right", "_xsrf": token})

    @property
    def headers(self):
        return {"X-XSRFToken": self.client.cookies.get("_xsrf", path="/hub/")}

    def api(self, method: str, path: str, **options) -> httpx.Response:
        return self.client.request(method, f"/hub/api{path}", headers=self.headers, **options)

    def choose(self, **form) -> httpx.Response:
        return self.client.post(f"/hub/spawn/{self.name}", params={"_xsrf": self.headers["X-XSRFToken"]}, data=form)

    def progress(self) -> list[dict]:
        with self.client.stream("GET", f"/hub/api/users/{self.name}/server/progress", headers=self.headers) as lines:
            return [json.loads(line.removeprefix("data:")) for line in lines.iter_lines() if line.startswith("data:")]

    def server(self) -> dict | None:
        return self.api("GET", f"/users/{self.name}").json()["servers"].get("")


def wait_until(condition, seconds, log=lambda: ""):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s\n{log()}"
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The settings of a small centre: two projects, three people."""
    settings = load(home=tmp_path_factory.mktemp("real") / "state", port=four_free_ports())
    opened = open_store(settings)
    with opened.db() as db:
        db.add_all([Project(slug, slug.title(), "university", "University A") for slug in ("alpha", "beta")])
        db.add_all([Person(name, name, role, hash_password("right")) for name, role in
                    (("ana", None), ("bob", None), ("op", "operator"), ("exec", "executive"))])  # fmt: skip
        db.flush()
        db.add_all([Member("alpha", name, "member") for name in ("ana", "bob")])
        db.add(Award("alpha", None, 7000, CEILING, date(2026, 1, 1), date(2030, 1, 1), date(2026, 1, 1)))
    add_prices(opened, {"2026-01-01": {"cpu": "0.20"}})
    opened.engine.dispose()
    return settings


@pytest.fixture(scope="module")
def hub(house, tmp_path_factory):
    try:
        proxy.command()
    except NotInstalled as problem:
        pytest.skip(str(problem))
    started = Hub(house, tmp_path_factory.mktemp("hub"))
    stray = a_stray(house)
    try:
        started.start()
        yield started
    finally:
        stray.kill()
        stray.wait(10)
        for browser in started.browsers:
            browser.client.close()
        if started.process.poll() is None:
            started.end(signal.SIGTERM)
        for process in processes_of(house.home):  # only after a failed test is there one that runs
            process.kill()


def a_stray(house) -> subprocess.Popen:
    """A server that an earlier Hub started and never wrote down."""
    opened, began = open_store(house), int(time.time())
    meter.record_request(opened, ServerRequest("stray", "op", "beta", "cpu-small", None, 0, 1, began))
    opened.engine.dispose()
    records.folder(house).mkdir(parents=True)
    options = [str(records.file_of(house, "stray")), "stray", "1", "1", "0", "0", "", "--", "sleep", "600"]
    process = subprocess.Popen([sys.executable, "-I", "-S", runner.__file__, *options], start_new_session=True)
    wait_until(records.file_of(house, "stray").exists, 10)
    return process


def jobs(house, project="alpha"):
    opened = open_store(house)
    with opened.db() as db:
        found = list(db.execute(select(Job).where(Job.project == project)).scalars())
    opened.engine.dispose()
    return found


def holds(house):
    """Key, amount and settled amount of each hold, oldest first."""
    opened = open_store(house)
    with opened.db() as db:
        holds = db.scalars(select(Hold).order_by(Hold.placed_at))
        found = [(hold.key, hold.amount_minor, hold.settled_minor) for hold in holds]
    opened.engine.dispose()
    return found


def test_a_server_that_no_hub_knows_is_ended_and_metered(hub, house):
    (job,) = wait_until(lambda: [job for job in jobs(house, "beta") if job.end_at], 30, hub.log)
    assert job.job_id == "stray"
    assert not records.file_of(house, "stray").exists()


def test_a_wrong_choice_is_answered_with_the_reason_and_starts_nothing(hub):
    ana = hub.login("ana")
    for form in ({"profile": "gpu-1", "project": "alpha"}, {"profile": "cpu-small", "project": "beta"}, {}):
        answer = ana.choose(**form)
        assert answer.status_code == 400
        assert "spawn-error-msg" in answer.text
    assert ana.server() is None


def test_more_time_than_the_award_covers_is_refused_with_what_is_free(hub, house):
    ana = hub.login("ana")
    for answer in (
        ana.choose(profile="cpu-small", project="alpha", hours="8"),
        ana.api("POST", "/users/ana/server", json={"profile": "cpu-small", "project": "alpha", "hours": 8}),
    ):
        assert answer.status_code == 400
        assert "has HK$1.00 free, this needs HK$1.12 for 8 hours: choose 4 hours" in answer.text
    assert holds(house) == []


def test_the_api_is_no_way_around_the_cards(hub):
    ana = hub.login("ana")
    for options in (
        {},
        {"profile": "cpu-small", "project": "beta"},
        {"profile": "cpu-small", "project": "alpha", "cmd": ["sh"]},
    ):
        answer = ana.api("POST", "/users/ana/server", json=options)
        assert answer.status_code == 400, answer.text
    assert not (ana.server() or {}).get("ready")


def test_nobody_starts_or_stops_another_s_server_and_operators_may_only_stop(hub):
    ana, op = hub.login("ana"), hub.login("op")
    assert ana.api("POST", "/users/op/server", json={}).status_code in (403, 404)
    assert op.api("POST", "/users/ana/server", json={}).status_code in (403, 404)
    assert op.api("GET", "/users").status_code == 200
    assert ana.api("GET", "/users").status_code == 403
    assert op.api("POST", "/users/ana/tokens", json={}).status_code in (403, 404)


def test_an_executive_lands_on_the_centre_s_page_and_can_start_nothing(hub):
    executive = hub.login("exec")
    assert executive.landed.history[0].headers["location"] == "/services/centre/occupancy"
    assert "no project" in executive.client.get("/hub/spawn").text


def test_a_server_outlives_a_killed_hub_is_found_again_and_counted_once(hub, house):
    ana = hub.login("ana")
    assert 'value="cpu-small"' in ana.client.get("/hub/spawn").text
    assert ana.choose(profile="cpu-small", project="alpha", hours="4").status_code == 200
    told = ana.progress()
    assert told[-1]["ready"], told
    (record,) = (json.loads(file.read_text()) for file in records.folder(house).glob("*.json"))
    server = psutil.Process(record["child"])
    assert (psutil.Process(record["pid"]).name(), server.name()) == ("wb-keeper", "wb-mother")
    assert (house.homes / "ana").stat().st_mode & 0o077 == 0

    assert holds(house) == [(record["server_id"], 4 * HOUR_MINOR, None)]
    assert "It is ended at" in ana.client.get("/hub/home").text

    services = psutil.Process(hub.process.pid).children()
    hub.end(signal.SIGKILL)
    wait_until(lambda: not [p for p in services if "workbench.hub.pulse" in cmdline(p) and p.is_running()], 15)
    assert server.is_running()

    hub.start()
    ana = hub.login("ana")
    found = wait_until(ana.server, 20, hub.log)
    assert found["ready"]
    assert found["user_options"] == {"profile": "cpu-small", "project": "alpha", "hours": 4}
    assert ana.client.get("/user/ana/lab").status_code == 200
    assert server.is_running()

    assert ana.api("DELETE", "/users/ana/server").status_code in (202, 204)
    (job,) = wait_until(lambda: [job for job in jobs(house) if job.end_at], 60, hub.log)
    assert not server.is_running()
    assert (job.cluster, job.job_id, job.project, job.user_name) == ("hub", record["server_id"], "alpha", "ana")
    assert int(job.start_at.timestamp()) == record["started_at"]
    assert job.end_at > job.start_at
    assert (job.cpu_cores, job.gpu_parts, job.state) == (1, 0, "COMPLETED")
    wait_until(lambda: not list(records.folder(house).glob("*.json")), 10)
    assert len(jobs(house)) == 1
    assert holds(house) == [(record["server_id"], 4 * HOUR_MINOR, 0)]  # seconds of it: less than half a cent


def test_a_server_that_ends_while_no_hub_is_there_is_counted_once(hub, house):
    ana = hub.login("ana")
    ana.choose(profile="cpu-small", project="alpha")
    assert ana.progress()[-1]["ready"]
    (record,) = (json.loads(file.read_text()) for file in records.folder(house).glob("*.json"))
    hub.end(signal.SIGKILL)
    os.kill(record["pid"], signal.SIGTERM)
    wait_until(lambda: not psutil.pid_exists(record["child"]), 15)

    hub.start()
    (job,) = wait_until(lambda: [job for job in jobs(house) if job.job_id == record["server_id"] and job.end_at], 60)
    assert int(job.start_at.timestamp()) == record["started_at"]
    assert holds(house)[-1] == (record["server_id"], 4 * HOUR_MINOR, 0)
    assert hub.login("ana").server() is None
    assert len(jobs(house)) == 2  # this one and that of the test before


def test_a_home_that_cannot_be_made_is_said_on_the_page_that_asked(hub, house):
    (house.homes / "bob").write_text("in the way")
    answer = hub.login("bob").choose(profile="cpu-small", project="alpha")
    assert f"Cannot write in {house.homes / 'bob'}" in answer.text
    assert all(job.user_name != "bob" for job in jobs(house))
    assert all(settled is not None for _key, _amount, settled in holds(house))


def test_a_hub_that_is_stopped_leaves_nothing_behind(hub, house):
    ana = hub.login("ana")
    ana.choose(profile="cpu-small", project="alpha")
    assert ana.progress()[-1]["ready"]
    family = psutil.Process(hub.process.pid).children(recursive=True)
    assert any(process.name() == "wb-keeper" for process in family)
    hub.end(signal.SIGTERM)
    _, left = psutil.wait_procs(family, timeout=10)
    assert left == []
    (record,) = (json.loads(file.read_text()) for file in records.folder(house).glob("*.json"))
    assert record["reason"] == "stopped"  # read into the books by the pulse of the next Hub


def cmdline(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
