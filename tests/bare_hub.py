"""A real Hub and its proxy without its services: its own pages, log-ins and redirects, on a store of its own."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import httpx
from sqlalchemy import select

from tests.centre import four_free_ports, processes_of
from workbench.domain.projects import Person, Project
from workbench.domain.training import TrainingSession
from workbench.hub.running import HUB_CONFIG, check_ports
from workbench.services.training import seats
from workbench.settings import DEFAULT_FILE, load
from workbench.store.engine import open_store

CONFIG = f"""
exec(compile(open({str(HUB_CONFIG)!r}).read(), {str(HUB_CONFIG)!r}, "exec"))
c.JupyterHub.services = []
c.JupyterHub.load_roles = []
"""


class BareHub:
    """`toml`: the text of its settings."""

    def __init__(self, folder, toml=None):
        self.folder, self.file = folder, folder / "workbench.toml"
        self.file.write_text(toml or DEFAULT_FILE.read_text())
        self.settings = load(self.file, home=folder / "state", port=four_free_ports())
        self.store = open_store(self.settings)
        self.url = f"http://127.0.0.1:{self.settings.hub.port}"

    def start(self):
        check_ports(self.settings)
        (self.folder / "config.py").write_text(CONFIG)
        env = os.environ | {
            "WORKBENCH_CONFIG": str(self.file),
            "WORKBENCH_HOME": str(self.settings.home),
            "WORKBENCH_PORT": str(self.settings.hub.port),
        }
        command = [sys.executable, "-m", "jupyterhub", "-f", str(self.folder / "config.py")]
        with (self.folder / "hub.log").open("wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while not self.answers():
            assert time.monotonic() < deadline, self.log()
            assert self.process.poll() is None, self.log()
            time.sleep(0.1)

    def answers(self):
        try:
            return httpx.get(self.url + "/hub/health", timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def log(self):
        return (self.folder / "hub.log").read_text(errors="replace")[-6000:]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.store.engine.dispose()
        for process in processes_of(self.settings.home):
            process.kill()

    def browser(self):
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def rows(self, table):
        with self.store.db() as db:
            return list(db.scalars(select(table).order_by(table.id)))

    def classes(self, *told):
        """Classes with their seats: handle, project, state, seconds until the start, hours, seats, whom it expects."""
        now = int(time.time())
        with self.store.db() as db:
            db.add_all([Project(slug, slug.title(), "university", "University A") for slug in {one[1] for one in told}])
            db.add(Person("ina", "Ina", "instructor", None))
            db.flush()
            for handle, project, state, starts_in, hours, places, roster in told:
                held = TrainingSession(
                    handle=handle, title=f"Class {handle}", project=project, instructor="ina", planned_by="ina",
                    planned_at=now - 9000, starts_at=now + starts_in, ends_at=now + starts_in + hours * 3600,
                    seats=places, warm=0, profile="cpu-small", state=state, walk_ins=not roster,
                )  # fmt: skip
                db.add(held)
                db.flush()
                seats.make(db, held, roster)

    def of_the_hub(self, name):
        """Whether a user of the Hub is an administrator, and their groups, as the Hub keeps them."""
        with closing(sqlite3.connect(self.settings.hub_state / "jupyterhub.sqlite")) as hub:
            ((number, admin),) = hub.execute("select id, admin from users where name = ?", [name]).fetchall()
            of = "select name from groups join user_group_map on id = group_id where user_id = ?"
            return admin, {group for (group,) in hub.execute(of, [number])}


def who_is(browser):
    """The name under which the Hub knows a browser, None where it knows it not (or no longer)."""
    token = next((c.value for c in browser.cookies.jar if c.name == "_xsrf" and c.path == "/hub/"), "")
    answer = browser.get("/hub/api/user", headers={"X-XSRFToken": token})
    return answer.json()["name"] if answer.status_code == 200 else None
