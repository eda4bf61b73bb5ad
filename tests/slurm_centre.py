"""A small centre on a real Slurm: projects, awards, people who are Unix users, and its Hub as a process of its own.

`make_centre(home, slurm)` fills a store in `home`: projects climate (ana, bo), genome (bo, cy) and tiny (ana), as the
accounts of the stack; everybody's password is PASSWORD. A GPU hour is HK$28.00, a core-hour HK$0.20, the rate 70%.
`with hub_of(centre) as hub:` starts the Hub; `hub.login("wb-ana")` is a browser without a screen.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from tests.builders import add_prices
from tests.centre import four_free_ports, processes_of
from workbench.domain.awards import Award
from workbench.domain.projects import Member, Person, Project
from workbench.errors import SlurmError
from workbench.hub.running import HUB_CONFIG
from workbench.services.people import hash_random
from workbench.settings import DEFAULT_FILE, Settings, load
from workbench.slurm.runner import Runner
from workbench.store.engine import Store, open_store
from workbench.store.tables import server_events

PASSWORD = "right"
MEMBERS = {"climate": ("wb-ana", "wb-bo"), "genome": ("wb-bo", "wb-cy"), "tiny": ("wb-ana",)}
CEILINGS = {"climate": 100_000_000, "genome": 100_000_000, "tiny": 1_000}
PRICES = {"2026-01-01": {"H800": "28.00", "cpu": "0.20"}}
WITHOUT_PAGES = """
c.JupyterHub.services = [s if s["name"] != "centre" else {"name": "centre"} for s in c.JupyterHub.services]
"""


@dataclass
class SlurmCentre:
    """A centre's settings, as read from `file`; `store` is open for the test."""

    settings: Settings
    file: Path
    store: Store = field(repr=False)


def make_centre(
    home: Path,
    slurm: Any,
    *,
    members: Mapping[str, tuple[str, ...]] = MEMBERS,
    ceilings: Mapping[str, int] = CEILINGS,
    operators: tuple[str, ...] = ("op",),
    **changes: object,
) -> SlurmCentre:
    """Fill a store in `home`, which job users need not read.

    Args:
        home: state folder.
        slurm: the stack's fixture, for its settings; or the values of [slurm] as a mapping.
        members: project → its people; the first leads.
        ceilings: project → its award's ceiling in minor units; without one a project has no award.
        operators: people of that role, in no project.
        changes: of [slurm].
    """
    slurm_settings = dict(slurm) if isinstance(slurm, Mapping) else slurm.settings(home).slurm.model_dump()
    home.mkdir(parents=True, exist_ok=True)
    file = home.parent / f"{home.name}.toml"
    file.write_text(settings_text(slurm_settings | changes))
    settings = load(file, home=home, port=four_free_ports())
    store = open_store(settings)
    people = sorted({name for names in members.values() for name in names})
    with store.db() as db:
        db.add_all([Project(slug, slug.title(), "university", "University A") for slug in members])
        db.add_all([Person(name, name, None, hash_random(PASSWORD)) for name in people])
        db.add_all([Person(name, name, "operator", hash_random(PASSWORD)) for name in operators])
        db.flush()
        db.add_all(
            [
                Member(slug, name, "member" if number else "lead")
                for slug, names in members.items()
                for number, name in enumerate(names)
            ]
        )
        began, ends = date(2026, 1, 1), date(2035, 1, 1)
        db.add_all([Award(slug, None, 7000, ceiling, began, ends, began) for slug, ceiling in ceilings.items()])
    add_prices(store, PRICES)
    return SlurmCentre(settings, file, store)


def settings_text(slurm: Mapping[str, object]) -> str:
    """Our own settings file with another [slurm]."""
    lines = [f"{key} = {_toml(value)}" for key, value in slurm.items()]
    whole = DEFAULT_FILE.read_text(encoding="utf-8")
    return re.sub(r"\[slurm\].*?(?=\[\[profiles\]\])", lambda _: "\n".join(["[slurm]", *lines, ""]), whole, flags=re.S)


def _toml(value: object) -> str:
    if isinstance(value, tuple | list | dict):  # models, as pairs or as a table
        pairs = value.items() if isinstance(value, dict) else value
        return "{" + ", ".join(f"{json.dumps(key)} = {json.dumps(name)}" for key, name in pairs) + "}"
    return json.dumps(value)


@dataclass
class Hub:
    """The Hub's process, and how to talk to it."""

    centre: SlurmCentre
    folder: Path
    pages: bool = False
    process: subprocess.Popen[bytes] | None = None
    browsers: list[Browser] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.centre.settings.hub.port}"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        text = f"exec(compile(open({str(HUB_CONFIG)!r}).read(), {str(HUB_CONFIG)!r}, 'exec'))\n"
        (self.folder / "config.py").write_text(text + ("" if self.pages else WITHOUT_PAGES))
        settings = self.centre.settings
        env = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
        env |= {"WORKBENCH_HOME": str(settings.home), "WORKBENCH_PORT": str(settings.hub.port)}
        env |= {"WORKBENCH_CONFIG": str(self.centre.file)}
        with (self.folder / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(self.folder / "config.py")],
                cwd=self.folder, env=env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_until(lambda: self._answers() or self.process.poll() is not None, 120, self.log)
        assert self.process.poll() is None, self.log()

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url + "/hub/health", timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def log(self) -> str:
        """The end of what it said."""
        said = (self.folder / "hub.log").read_text(errors="replace").splitlines()
        told = [line for line in said if not line.startswith(("    at ", "  ", "}")) and "[ConfigProxy]" not in line]
        return "\n".join(told)[-8000:]

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(60)

    def login(self, name: str) -> Browser:
        self.browsers.append(Browser(self, name))
        return self.browsers[-1]


class Browser:
    """Somebody who is logged in, without a screen."""

    def __init__(self, hub: Hub, name: str):
        self.name = name
        self.client = httpx.Client(base_url=hub.url, follow_redirects=True, timeout=60, trust_env=False)
        form = self.client.get("/hub/login").text
        token = re.search(r'name="_xsrf"\s+value="([^"]+)"', form).group(1)
        self.landed = self.client.post("/hub/login", data={"username": name, "password": PASSWORD, "_xsrf": token})

    @property
    def headers(self) -> dict[str, str]:
        return {"X-XSRFToken": self.client.cookies.get("_xsrf", path="/hub/")}

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, f"/hub/api{path}", headers=self.headers, **options)

    def choose(self, **form: object) -> httpx.Response:
        """Send the start page's form."""
        return self.client.post(f"/hub/spawn/{self.name}", params={"_xsrf": self.headers["X-XSRFToken"]}, data=form)

    def progress(self) -> list[dict[str, Any]]:
        """What the pending page tells until the server is ready or has failed."""
        with self.client.stream("GET", f"/hub/api/users/{self.name}/server/progress", headers=self.headers) as lines:
            return [json.loads(line.removeprefix("data:")) for line in lines.iter_lines() if line.startswith("data:")]

    def server(self) -> dict[str, Any] | None:
        return self.api("GET", f"/users/{self.name}").json()["servers"].get("")

    def stop(self) -> httpx.Response:
        return self.api("DELETE", f"/users/{self.name}/server")


@contextmanager
def hub_of(centre: SlurmCentre, folder: Path, *, pages: bool = False) -> Iterator[Hub]:
    """The Hub of a centre; its servers are cancelled at the end. With `pages` the dashboards too.

    Args:
        centre: of `make_centre`.
        folder: for its log and configuration.
        pages: whether the centre's pages are started beside it.
    """
    hub = Hub(centre, folder, pages)
    try:
        hub.start()
        yield hub
    finally:
        for browser in hub.browsers:
            browser.client.close()
        if hub.process is not None and hub.process.poll() is None:
            hub.end()
        for process in processes_of(centre.settings.home):
            process.kill()
        _end_jobs(centre)


def _end_jobs(centre: SlurmCentre) -> None:
    """Cancel the servers' jobs: they outlive the Hub."""
    table = server_events.c
    with centre.store.read() as conn:
        there = conn.execute(select(table.server_id, table.user_name).where(table.slurm_job_id.is_not(None))).all()
    for row in there:
        with suppress(SlurmError):  # a test may have left it without its daemons
            Runner.of(centre.settings.slurm).run("scancel", f"--user={row.user_name}", f"--name=wb-{row.server_id}")


def wait_until(condition: Any, seconds: float, log: Any = lambda: "") -> Any:
    """What the condition gives, once it gives something; fails with the log after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s\n{log()}"
        time.sleep(0.1)
    return found
