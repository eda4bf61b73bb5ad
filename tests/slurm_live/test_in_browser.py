"""Done means 1, in Chromium against a real Slurm: wait, be told the truth, work on what Slurm gave, be charged for it.

One person's afternoon, read in order; each test goes on where the one before left off.
"""

import re
import time

import pytest
from sqlalchemy import select

from tests.slurm_centre import PASSWORD, hub_of, make_centre, wait_until
from workbench.domain.access import WholeCentre
from workbench.domain.jobs import Job
from workbench.periods import day_of
from workbench.services.charging import explain, rating
from workbench.services.holds.holds import running
from workbench.services.ledger import posting
from workbench.services.statements.statements import statement
from workbench.slurm import squeue
from workbench.slurm.tres import gpus_of
from workbench.units import DAY_S, GPU_PARTS

pytestmark = [pytest.mark.slurm, pytest.mark.browser, pytest.mark.timeout(300)]
PATIENCE_MS = 60_000
LARGE = """
[[profiles]]
id = "gpu-8"
title = "Train on a whole node"
purpose = "Eight cards at once"
cpu_cores = 8
mem_gib = 16
gpus = 8
gpu_model = "H800"
"""
PROJECT = "afternoon"
DASK = """
import workbench.notebook as wb
client = wb.cluster(workers=2, gpus_per_worker=1, hours=1)
client.wait_for_workers(2, timeout=55)
total = client.submit(sum, range(1000)).result()
print(f"{len(client.scheduler_info(n_workers=-1)['workers'])} workers: {total}")
"""
# Runs code in a new kernel of the person's own server, over the websocket that JupyterLab uses; gives what it printed.
IN_KERNEL = """async ([base, code, patience]) => {
    const xsrf = document.cookie.split("; ").find((one) => one.startsWith("_xsrf="))?.slice(6) ?? "";
    const made = await fetch(base + "/api/kernels", {
        method: "POST", headers: { "X-XSRFToken": xsrf, "Content-Type": "application/json" }, body: "{}" });
    if (!made.ok) throw new Error(`no kernel: ${made.status} ${await made.text()}`);
    const kernel = await made.json(), session = crypto.randomUUID(), id = crypto.randomUUID();
    const channels = `${base.replace("http", "ws")}/api/kernels/${kernel.id}/channels`;
    const socket = new WebSocket(`${channels}?session_id=${session}`);
    let said = "";
    return await new Promise((done, fail) => {
        setTimeout(() => fail(new Error("silent kernel: " + said)), patience);
        socket.onerror = () => fail(new Error("no websocket"));
        socket.onopen = () => socket.send(JSON.stringify({
            channel: "shell", content: { code, silent: false, store_history: false, user_expressions: {} },
            header: { msg_id: id, msg_type: "execute_request", session, username: "", version: "5.3", date: "" },
            parent_header: {}, metadata: {} }));
        socket.onmessage = (event) => {
            const heard = JSON.parse(event.data);
            if (heard.parent_header?.msg_id !== id) return;
            if (heard.msg_type === "stream") said += heard.content.text;
            if (heard.msg_type === "error") fail(new Error(said + heard.content.traceback.join("\\n")));
            if (heard.msg_type === "status" && heard.content.execution_state === "idle") { socket.close(); done(said); }
        };
    });
}"""


@pytest.fixture(scope="module")
def account(slurm):
    """A project of this file's own, so that all its usage is ours."""
    slurm.sacctmgr("add", "account", PROJECT)
    slurm.sacctmgr("add", "user", "wb-ana", f"account={PROJECT}")
    return PROJECT


@pytest.fixture(scope="module")
def centre(slurm, account, tmp_path_factory):
    made = make_centre(
        tmp_path_factory.mktemp("in-browser") / "home", slurm, poll_s=1,
        members={account: ("wb-ana",), "genome": ("wb-bo",)}, ceilings={account: 100_000_000, "genome": 100_000_000},
    )  # fmt: skip
    with made.file.open("a") as file:
        file.write(LARGE)
    yield made
    made.store.engine.dispose()


@pytest.fixture(scope="module")
def hub(centre, tmp_path_factory):
    with hub_of(centre, tmp_path_factory.mktemp("hub"), pages=True) as running:
        yield running


@pytest.fixture(scope="module")
def page(browser, hub):
    window = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB")
    window.set_default_timeout(PATIENCE_MS)
    opened = window.new_page()
    opened.goto(f"{hub.url}/hub/login")
    opened.fill("#username_input", "wb-ana")
    opened.fill("#password_input", PASSWORD)
    with opened.expect_navigation():
        opened.click("#login_submit")
    yield opened
    window.close()


class Others:
    """Jobs of somebody else, who takes GPUs of nodes or waits for them."""

    def __init__(self, slurm):
        self.slurm, self.running, self.waiting = slurm, [], []
        said = slurm.runner.run("sinfo", "--noheader", "--Node", "--partition=gpu", "--format=%N %G")
        self.nodes = {name: gpus_of(gres).parts // GPU_PARTS for name, gres in map(str.split, said.splitlines())}

    def fill(self, leave=0):
        """Take all GPUs but `leave` of the first node."""
        for place, (node, gpus) in enumerate(self.nodes.items()):
            self.running.append(self._submit(gpus - (leave if place == 0 else 0), f"--nodelist={node}"))
        for job in self.running:
            self.slurm.wait(job, "RUNNING", limit_s=30)

    def queue_first(self):
        """Wait for a whole node before everybody else."""
        self.waiting.append(self._submit(8))
        self.slurm.runner.run("scontrol", "update", f"JobId={self.waiting[-1]}", "Priority=1000000000")

    def leave_queue(self):
        self._cancel(self.waiting)

    def give_back(self):
        self._cancel(self.waiting)
        self._cancel(self.running)

    def _submit(self, gpus, *words):
        return int(self.slurm.sbatch("wb-bo", "genome", f"--gres=gpu:{gpus}", "--time=10", *words, command="sleep 600"))

    def _cancel(self, jobs):
        if jobs:
            self.slurm.runner.run("scancel", *map(str, jobs))
            jobs.clear()


@pytest.fixture(scope="module")
def others(slurm):
    found = Others(slurm)
    yield found
    found.give_back()


def choose(page, hub, profile):
    """Choose this card for an hour; what it says of itself."""
    page.goto(f"{hub.url}/hub/spawn")
    card = page.locator(f".choice[data-profile={profile}]")
    card.click()
    page.select_option("#hours", "1")
    return card.locator("dl").inner_text()


def own_jobs(slurm):
    """ana's jobs that wait or run."""
    said = slurm.runner.run(
        "squeue", "--noheader", "--user=wb-ana", f"--account={PROJECT}", "--states=PENDING,RUNNING,COMPLETING",
        "--format=%A",
    )  # fmt: skip
    return [int(number) for number in said.split()]


def left(slurm):
    """What squeue says of everybody's jobs, for the message of a test that failed."""
    return slurm.runner.run("squeue", "--noheader", "--format=%A %j %u %T %r %M", "--states=all")


def says(page, words):
    page.wait_for_function("words => document.getElementById('says')?.textContent.includes(words)", arg=words)


def in_kernel(page, hub, code):
    return page.evaluate(IN_KERNEL, [f"{hub.url}/user/wb-ana", code, PATIENCE_MS])


@pytest.fixture(scope="module")
def at_work(page, hub, slurm, others):
    """In the Lab, after a wait that was told truly; gives the number of the job."""
    others.fill()
    others.queue_first()
    assert "in the queue: 1 job before it" in choose(page, hub, "gpu-1")
    page.click("#start-server")
    says(page, "1 job before yours")
    (mine,) = own_jobs(slurm)
    assert page.locator("#job").inner_text() == f"Slurm job {mine}"
    asked = squeue.look(slurm.runner, mine)
    assert (asked.pending, asked.ahead, asked.account) == (True, 1, PROJECT)
    assert "Other jobs come first" in page.locator("#why").inner_text()
    assert page.locator("[aria-current=step]").inner_text() == "In the queue"
    assert "You may close this page" in page.inner_text("main")

    # The page follows by itself, without being loaded again, until the server is there.
    page.evaluate("window.same = true")
    others.leave_queue()
    says(page, "Next in the queue")
    assert page.evaluate("window.same")
    others.give_back()
    page.wait_for_url("**/user/wb-ana/lab**")
    return mine


@pytest.fixture(scope="module")
def worked(at_work, page, hub, slurm):
    """What Slurm set in the kernel, and two Dask workers that are jobs; then the server is stopped."""
    seen = in_kernel(page, hub, "import os; print(*(os.environ[n] for n in ('SLURM_JOB_ID', 'CUDA_VISIBLE_DEVICES')))")
    dask = in_kernel(page, hub, DASK)
    # A press before the page's script is there is not lost.
    page.route("**/jhapi*", lambda route: (time.sleep(2), route.continue_()))
    page.goto(f"{hub.url}/hub/home", wait_until="domcontentloaded")
    page.click("#stop")
    page.unroute("**/jhapi*")
    wait_until(lambda: not own_jobs(slurm), 90, lambda: f"left: {left(slurm)}\n{hub.log()}")
    return seen, dask


def test_the_pending_page_tells_the_truth_and_the_lab_opens(at_work, page):
    assert "/user/wb-ana/lab" in page.url
    page.locator(".jp-LabShell").wait_for()


def test_the_kernel_sees_the_gpu_that_slurm_gave_and_two_workers_beside_it(at_work, worked):
    seen, dask = worked
    job, devices = seen.split()
    assert int(job) == at_work
    assert re.fullmatch(r"[0-7]", devices)
    assert dask.splitlines()[-1] == "2 workers: 499500"


def test_sacct_charge_and_statement_say_the_same_gpu_seconds(worked, at_work, centre, slurm, hub):
    rows = wait_until(lambda: ended_rows(slurm, 3), 50)  # the server and two workers
    assert {(user, account) for _, user, account, _, _ in rows} == {("wb-ana", PROJECT)}
    assert str(at_work) in {job for job, *_ in rows}
    assert all("gres/gpu:h800=1" in tres for *_, tres, _ in rows)
    used = {job: gpus_of(tres).parts * int(elapsed) for job, _, _, tres, elapsed in rows}

    store = centre.store
    wait_until(lambda: set(used) <= ended_in_books(store), 50, hub.log)
    rating.rate(store, int(time.time()))
    charged = {job: charged_parts(store, job) for job in used}
    assert charged == used

    # A statement holds the days that are over.
    tomorrow = int(time.time()) + DAY_S
    posting.bring_up(store, tomorrow)
    month = day_of(int(time.time()), centre.settings.centre.zone).strftime("%Y-%m")
    paper = statement(store, WholeCentre("test"), PROJECT, month, tomorrow)
    assert sum(day.gpu_part_seconds for day in paper.days) == sum(used.values()) > 0
    assert paper.differences == ()


def ended_rows(slurm, jobs):
    """JobID, user, account, TRES, seconds of the project's jobs once so many are there, which lags, and all ended."""
    said = slurm.runner.run(
        "sacct", "--allusers", "--duplicates", "--allocations", "--parsable2", "--noheader", f"--accounts={PROJECT}",
        "--starttime=now-1hour", "--format=JobIDRaw,User,Account,AllocTRES,ElapsedRaw,State,End",
    )  # fmt: skip
    rows = [line.split("|") for line in said.splitlines()]
    return [tuple(row[:5]) for row in rows] if len(rows) == jobs and all(row[6] != "Unknown" for row in rows) else None


def ended_in_books(store):
    with store.read() as conn:
        ask = select(Job.job_id).where(Job.project == PROJECT, Job.end_at.is_not(None))
        return set(conn.execute(ask).scalars())


def charged_parts(store, job):
    with store.read() as conn:
        parts = conn.execute(select(Job.gpu_parts).where(Job.project == PROJECT, Job.job_id == job)).scalar_one()
    (charged,) = explain.explain(store, job)
    return sum(line.window.end_s - line.window.start_s for line in charged.lines) * parts


def test_cancel_by_keyboard_leaves_no_job_and_gives_the_hold_back(worked, page, hub, centre, slurm, others):
    others.fill(leave=4)
    choose(page, hub, "gpu-8")
    page.click("#start-server")
    page.wait_for_function("document.getElementById('job')?.textContent")
    assert own_jobs(slurm)
    page.focus("#cancel")
    with page.expect_navigation(url="**/hub/home"):
        page.keyboard.press("Enter")
    assert "You have no server running." in page.inner_text("main")
    wait_until(lambda: not own_jobs(slurm), 30)
    wait_until(lambda: not held_by_servers(centre.store), 40, lambda: running(centre.store, PROJECT))


def held_by_servers(store):
    return [hold.key for hold in running(store, PROJECT) if not hold.key.startswith("d-")]  # a Dask cluster's own


def test_a_smaller_slice_starts_in_place_of_what_waits(worked, page, hub, slurm, others):
    if not others.running:
        others.fill(leave=4)
    choose(page, hub, "gpu-8")
    page.click("#start-server")
    slice_ = page.get_by_role("button", name="Start Train or compute on one GPU now, in place of what waits")
    slice_.wait_for()
    (large,) = own_jobs(slurm)
    slice_.click()
    page.wait_for_url("**/user/wb-ana/lab**")
    (small,) = own_jobs(slurm)
    assert small != large
    assert squeue.look(slurm.runner, large).state == "CANCELLED"
    assert "gpu:h800:1" in squeue.look(slurm.runner, small).gres
