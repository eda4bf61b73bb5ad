"""An analyst's afternoon in a real browser: log in, choose, start, draw, compute, stop, and be counted once.

All of it through the Hub of a whole workbench, as a person does it. The tests share one server and are read in order;
each of them starts what it needs, so that one alone can be run too.
"""

import json
import os
import re
import subprocess
import time

import httpx
import pytest
from sqlalchemy import func, select

from dashboards._filters import Filters, period_of
from tests.centre import COMMAND, logged_in
from workbench.domain.access import OwnProjects, WholeCentre
from workbench.domain.holds import held_for
from workbench.domain.jobs import Job
from workbench.hub.machine import machine
from workbench.periods import day_of, day_window, moment
from workbench.services import reports
from workbench.services.meter import CLUSTER
from workbench.services.quote import quote
from workbench.services.reports import Only
from workbench.store.engine import open_store
from workbench.units import HOUR_S, gpu_hours, money

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PATIENCE_MS = 120_000
FAR_S = 4_000_000_000
"""Later than any job."""
THREE_LINES = "import workbench.notebook as wb\ndays = wb.occupancy()\nwb.plot(days)"
SERIES_BLUE = 0x0072B2
# Hands over each thing that the pending page says.
TELL = """addEventListener("DOMContentLoaded", () => {
    const message = document.getElementById("progress-message");
    if (!message) return;
    told(message.textContent);
    new MutationObserver(() => told(message.textContent)).observe(message, { childList: true });
});"""
# The colours of all pixels that are drawn in these canvases.
COLOURS = """all => [...all.reduce((colours, canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < pixels.length; i += 4)
        if (pixels[i + 3]) colours.add(pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2]);
    return colours;
}, new Set())]"""


class Person:
    """Somebody with a browser window of their own; what left the workbench, what they were told."""

    def __init__(self, browser, centre, role):
        self.centre, self.base, self.login = centre, centre.url.rstrip("/"), centre.login(role)
        self.window = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB")
        self.window.set_default_timeout(PATIENCE_MS)
        self.outside, self.told = [], []
        self.window.on("request", lambda request: self._note(request.url))
        self.window.expose_function("told", lambda said: self.told.append(said))
        self.window.add_init_script(TELL)
        self.page = self.window.new_page()
        self.page.goto(f"{self.base}/hub/login")
        self.page.fill("#username_input", self.login.name)
        self.page.fill("#password_input", self.login.password)
        with self.page.expect_navigation():
            self.page.click("#login_submit")
        assert "/hub/login" not in self.page.url

    @property
    def own(self):
        return f"{self.base}/user/{self.login.name}"

    def _note(self, url):
        if url.startswith("http") and not url.startswith(f"{self.base}/"):
            self.outside.append(url)

    def open(self, address):
        """The answer's status."""
        return self.page.goto(f"{self.base}{address}").status

    def start_server(self, profile):
        """Choose this card and start; what the pending page said until the notebooks opened."""
        self.open("/hub/spawn")
        self.page.locator(f".choice[data-profile={profile}]").click()
        self.page.click("#start-server")
        self.page.wait_for_url(f"{self.own}/**")
        return self.told

    def stop_server(self):
        """By the button on the Hub's page."""
        self.open("/hub/home")
        self.page.click("#stop")
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while "You have no server running." not in self.page.inner_text("main"):
            assert time.monotonic() < deadline, self.page.inner_text("main")
            self.page.wait_for_timeout(500)
            self.open("/hub/home")

    def run(self, name, *cells):
        """Put these cells into a new notebook, run them all in JupyterLab; the outputs' texts, errors first."""
        self._put(name, cells)
        self.page.goto(f"{self.own}/lab/tree/{name}.ipynb?reset")  # without the tabs of before
        prompts = self.page.locator(".jp-CodeCell .jp-InputArea-prompt")
        prompts.nth(len(cells) - 1).wait_for()
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while self._kernel(name) != "idle":
            assert time.monotonic() < deadline, f"no kernel for {name}"
            self.page.wait_for_timeout(300)
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        while not all(re.search(r"\[\d+\]", prompt) for prompt in prompts.all_inner_texts()):
            assert time.monotonic() < deadline, f"not run: {self.page.locator('.jp-Notebook').inner_text()}"
            assert not self.errors(), self.errors()
            self.page.wait_for_timeout(300)
        assert not self.errors(), self.errors()
        return self.page.locator(".jp-OutputArea-output").all_inner_texts()

    def errors(self):
        wrong = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"
        return self.page.locator(wrong).all_inner_texts()

    def _put(self, name, cells):
        code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        made = [code | {"id": f"cell-{i}", "source": source} for i, source in enumerate(cells)]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        notebook = {"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        (token,) = (
            cookie["value"]
            for cookie in self.window.cookies(f"{self.own}/api")
            if cookie["name"] == "_xsrf" and cookie["path"].startswith("/user/")
        )
        answer = self.window.request.put(
            f"{self.own}/api/contents/{name}.ipynb",
            data={"type": "notebook", "format": "json", "content": notebook},
            headers={"X-XSRFToken": token},
        )
        assert answer.status in (200, 201), answer.text()

    def _kernel(self, name):
        """State of the notebook's kernel once JupyterLab is connected to it; '' before."""
        sessions = self.window.request.get(f"{self.own}/api/sessions").json()
        kernels = [session["kernel"] for session in sessions if session["path"] == f"{name}.ipynb"]
        return next((kernel["execution_state"] for kernel in kernels if kernel["connections"]), "")


@pytest.fixture(scope="module")
def books(running_centre):
    """The workbench's own store, to compare what pages and commands say with it."""
    opened = open_store(running_centre.settings)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def analyst(browser, running_centre):
    person = Person(browser, running_centre, "analyst")
    yield person
    person.window.close()


@pytest.fixture(scope="module")
def counted_before(running_centre):
    """The analyst's notebook servers before this one."""
    return servers_counted(running_centre, "analyst")


@pytest.fixture(scope="module")
def started(analyst, counted_before):
    """The analyst with a server that runs; what the pending page said, and where the browser was taken."""
    said = analyst.start_server("cpu-small")
    return analyst, said, analyst.page.url


@pytest.fixture
def at_work(started):
    return started[0]


def servers_counted(centre, role):
    """How many notebook servers `workbench usage` knows of this person in their project."""
    login = centre.login(role)
    rows = usage(centre, "--cluster", CLUSTER, "--by", "project,user")
    return sum(row["jobs"] for row in rows if (row["project"], row["user"]) == (login.project, login.name))


def usage(centre, *options):
    env = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    command = [COMMAND[0], "usage", *options, "--format", "json"]
    ran = subprocess.run(
        command, env=env | {"WORKBENCH_HOME": str(centre.home)}, capture_output=True, text=True, timeout=120, check=True
    )
    return json.loads(ran.stdout)


def test_each_card_says_its_price_and_what_the_project_pays(analyst, books):
    analyst.open("/hub/spawn")
    assert analyst.page.locator("input[name=project]").input_value() == analyst.login.project
    for profile in books.settings.profiles:
        quoted = quote(books, profile, analyst.login.project, int(time.time()))
        symbol = books.settings.centre.symbol
        said = analyst.page.locator(f".choice[data-profile={profile.id}] .price").inner_text().replace("\n", " ")
        assert f"Project pays {money(quoted.user_minor_per_hour, symbol)} per hour" in said
        assert f"List price {money(quoted.list_minor_per_hour, symbol)} per hour" in said
        assert quoted.user_minor_per_hour < quoted.list_minor_per_hour


def test_the_hours_say_what_is_held_of_the_award(analyst, books):
    analyst.open("/hub/spawn")
    quoted = quote(books, books.settings.profiles[0], analyst.login.project, int(time.time()))
    card = analyst.page.locator(f".choice[data-profile={quoted.profile}]")
    for hours in (4, 24, 1):
        analyst.page.select_option("#hours", str(hours))
        held = held_for(quoted.list_minor_per_hour, quoted.rate_bp, hours * HOUR_S)
        said = card.locator(".price").inner_text().replace("\n", " ")
        assert f"Held of award {money(held, books.settings.centre.symbol)}" in said
        assert said.count("Held of award") == 1


def test_without_a_gpu_its_card_is_there_with_the_reason_and_cannot_be_chosen(analyst):
    if machine().gpus.count:
        pytest.skip("an NVIDIA GPU answers here")
    analyst.open("/hub/spawn")
    card = analyst.page.locator(".choice[data-profile=gpu-1]")
    assert card.is_visible()
    assert "No NVIDIA GPU answers on this machine. You can start: " in card.locator(".reason").inner_text()
    assert card.locator("input").is_disabled()
    card.click(force=True)
    assert analyst.page.locator("input[name=profile]:checked").input_value() != "gpu-1"


def test_the_start_opens_the_course_and_a_page_of_waiting_says_what_is_being_done(started):
    analyst, said, taken_to = started  # said: nothing, where the server is there before a page could be shown
    steps = r"Asked for; waiting for the first word\.|Server requested|Waiting to start"
    steps += r"|Preparing your home and the course|Starting JupyterLab(: \d+ s so far)?|JupyterLab answers"
    steps += rf"|Server ready at /user/{analyst.login.name}/"
    assert [told for told in said if not re.fullmatch(steps, told)] == []
    assert taken_to == f"{analyst.own}/lab/tree/course/01_explore_occupancy.ipynb"
    analyst.page.goto(taken_to)
    analyst.page.get_by_role("heading", name="How busy are the GPUs?").wait_for()


def test_three_lines_draw_a_picture(at_work):
    at_work.run("three_lines", THREE_LINES)
    figure = at_work.page.locator(".jp-OutputArea .bk-Figure")
    figure.locator("canvas").first.wait_for(state="attached")
    assert figure.count() == 1
    deadline = time.monotonic() + 60
    while SERIES_BLUE not in figure.locator("canvas").evaluate_all(COLOURS):
        assert time.monotonic() < deadline, "no line was drawn in the figure"
        at_work.page.wait_for_timeout(300)
    assert at_work.outside == []


def test_a_cluster_computes_on_own_jobs_only_and_its_dashboard_opens(at_work, books):
    project = at_work.login.project
    used = [gpu_hours_of(books, project)]
    texts = at_work.run(
        "cluster",
        "import workbench.notebook as wb\nclient = wb.cluster()",
        "print('added up:', client.submit(sum, range(1001)).result())",
        "jobs = wb.jobs()\nprint('projects:', sorted(wb.collect(jobs['project'].unique())))",
        "print('GPU-hours:', float(jobs['gpu_hours'].sum().compute()))",
    )
    used.append(gpu_hours_of(books, project))
    said = "\n".join(texts)
    assert re.search(r"Dask on \d+ CPU core\(s\), dataframes in pandas|Dask-CUDA on .*, dataframes in cuDF", said)
    assert "added up: 500500\n" in said
    assert f"projects: ['{project}']\n" in said
    # The centre goes on: the lake follows the books within a minute.
    computed = float(re.search(r"GPU-hours: ([\d.]+)", said).group(1))
    assert used[0] * (1 - 1e-3) <= computed <= used[1]

    link = at_work.page.locator(".jp-OutputArea a[href$='/status']").first.get_attribute("href")
    assert re.fullmatch(rf"/user/{at_work.login.name}/proxy/\d+/status", link)
    seen = at_work.window.new_page()
    assert seen.goto(at_work.base + link).status == 200
    # What it shows comes over a websocket: a figure with a canvas is there only when that goes through the proxy too.
    seen.locator(".bk-Figure canvas").first.wait_for(state="attached")
    assert "Dask" in seen.title()
    seen.close()
    with logged_in(at_work.centre, "student") as other:
        refused = other.get(link)
        assert refused.status_code in (403, 404)
        assert "bk-" not in refused.text


def gpu_hours_of(store, project):
    frame = reports.usage(store, WholeCentre("test"), 0, FAR_S, (), Only(project=project))
    return gpu_hours(int(frame["gpu_part_seconds"].sum()))


def test_a_server_that_was_stopped_is_counted_once_and_its_lead_sees_it(started, counted_before, browser, books):
    analyst, centre = started[0], started[0].centre
    analyst.stop_server()
    assert httpx.get(f"{analyst.own}/lab", trust_env=False).status_code in (302, 303, 424)
    deadline = time.monotonic() + 90
    while ended(books, analyst.login) <= counted_before:
        assert time.monotonic() < deadline, "the stopped server is not in the books"
        time.sleep(0.5)
    assert servers_counted(centre, "analyst") == counted_before + 1
    mine = [r for r in usage(centre, "--cluster", CLUSTER, "--by", "project") if r["project"] == analyst.login.project]
    assert len(mine) == 1
    assert mine[0]["jobs"] >= counted_before + 1
    assert mine[0]["gpu_seconds"] == 0
    assert mine[0]["core_seconds"] > 0

    lead = Person(browser, centre, "lead")
    try:
        for _ in range(3):  # the replay may go on between the page and the count
            before = jobs_started(books, analyst.login)
            assert lead.open("/services/centre/projects?period=7days") == 200
            row = lead.page.locator("#table-users tbody tr").filter(has_text=analyst.login.name)
            shown = int(row.locator("td, th").nth(3).inner_text().replace(",", ""))
            if before == jobs_started(books, analyst.login):
                break
        assert shown == before
    finally:
        lead.window.close()


def ended(store, login):
    """Notebook servers of this person with an end, in the table of jobs itself."""
    mine = (Job.cluster == CLUSTER, Job.user_name == login.name, Job.project == login.project)
    with store.db() as db:
        return db.execute(select(func.count()).select_from(Job).where(*mine, Job.end_at.is_not(None))).scalar_one()


def jobs_started(store, login):
    """Jobs of this person in their project that started in the page's last seven whole days, to its data's own."""
    found = reports.freshness(store, OwnProjects("lead", frozenset({login.project})), int(time.time()))
    fresh = next(f for f in found if f.cluster != CLUSTER)  # as the pages choose it
    zone, opened_on = store.settings.centre.zone, store.settings.centre.opened_on
    window = period_of(Filters(period="7days"), fresh.data_until_s, opened_on, zone).window
    first, after = moment(window.start_s), moment(day_window(day_of(window.end_s - 1, zone), zone).end_s)
    mine = (Job.user_name == login.name, Job.project == login.project, Job.start_at >= first, Job.start_at < after)
    with store.db() as db:
        return db.execute(select(func.count()).select_from(Job).where(*mine)).scalar_one()


def test_a_student_may_open_no_page_and_can_start_a_server(browser, running_centre):
    student = Person(browser, running_centre, "student")
    try:
        for page in ("occupancy", "spend", "projects"):
            assert student.open(f"/services/centre/{page}") == 403
            said = student.page.inner_text("main")
            assert "is not open to you" in said
            assert f"You are here as {student.login.name}" in said
            assert "Ask the centre's operator for the role, or your project's lead to add you." in said
        student.start_server("cpu-small")
        student.page.get_by_role("heading", name="How busy are the GPUs?").wait_for()
        student.stop_server()
    finally:
        student.window.close()


def test_a_lead_who_names_another_project_in_the_address_is_told_no(browser, running_centre):
    lead, other = Person(browser, running_centre, "lead"), running_centre.login("lead2")
    try:
        assert lead.open(f"/services/centre/projects?project={lead.login.project}") == 200
        for project in (other.project, "no-such-project"):
            assert lead.open(f"/services/centre/projects?project={project}") == 403
            assert "This project is not open to you" in lead.page.inner_text("main")
        assert lead.open(f"/services/centre/projects/download/users.csv?project={other.project}") == 403
    finally:
        lead.window.close()
