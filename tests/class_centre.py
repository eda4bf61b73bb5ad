"""A class on a real Hub: a centre with one project, the Hub with all its services, a class, its end."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import select

from tests.builders import add_prices
from tests.centre import four_free_ports
from workbench.domain.awards import Award
from workbench.domain.projects import Member, Person, Project
from workbench.domain.training import TrainingCode, TrainingSeat, TrainingSession
from workbench.hub import records, running
from workbench.services.training.deciding import cancel, decide, end
from workbench.services.training.plan import Plan, propose
from workbench.settings import DEFAULT_FILE, Settings, load
from workbench.store.engine import Store, open_store

INSTRUCTOR, SECRETARIAT, PROJECT = "ina", "sec", "training"
PRICES = {"2026-01-01": {"H800": "28.00", "cpu": "0.20"}}
CLASS_S = 2 * 3600
WARM_WITHIN_S = 600


@dataclass(frozen=True)
class Held:
    """A class that may be joined."""

    handle: str
    code: str
    warm: int


class ClassHub:
    """The Hub and its services, as `workbench up` starts them, on a store of its own."""

    def __init__(self, settings: Settings, store: Store, file: Path = DEFAULT_FILE) -> None:
        self.settings, self.store, self.file = settings, store, file
        self.url = running.url_of(settings).rstrip("/")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the Hub and wait until it and its services answer."""
        kept = {name: os.environ.pop(name) for name in ("WORKBENCH_CONFIG",) if name in os.environ}
        if self.file != DEFAULT_FILE:
            os.environ["WORKBENCH_CONFIG"] = str(self.file)
        try:
            self.process = running.start_hub(self.settings)
            running.wait_until_it_answers(self.settings, self.process)
        finally:
            os.environ.pop("WORKBENCH_CONFIG", None)
            os.environ.update(kept)

    def kill(self) -> None:
        """Kill the Hub as a crash would; what is bound to it ends with it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def seats(self, handle: str) -> list[TrainingSeat]:
        with self.store.db() as db:
            of = select(TrainingSeat).join(TrainingSession, TrainingSession.id == TrainingSeat.session)
            return list(db.scalars(of.where(TrainingSession.handle == handle)))

    def wait_until_warm(self, held: Held) -> None:
        deadline = time.monotonic() + WARM_WITHIN_S
        while sum(seat.ready_at is not None for seat in self.seats(held.handle)) < held.warm:
            if time.monotonic() > deadline:
                failures = {seat.failure for seat in self.seats(held.handle) if seat.failure}
                raise SystemExit(f"the pool was not ready within {WARM_WITHIN_S} s: {failures}")
            time.sleep(0.5)

    def end_class(self, held: Held) -> float:
        """End the class now, or call it off before it has begun; seconds until nothing of it runs, no home is left."""
        began, now = time.monotonic(), int(time.time())
        with self.store.db() as db:
            ask = select(TrainingSession.starts_at).where(TrainingSession.handle == held.handle)
            begun = db.scalars(ask).one() <= now
        if begun:
            end(self.store, held.handle, INSTRUCTOR, now)
        else:
            cancel(self.store, held.handle, INSTRUCTOR, "as a test wants it", now)
        while self.left_over(held):
            if time.monotonic() - began > 300:
                raise SystemExit(f"left after the end of the class: {self.left_over(held)}")
            time.sleep(0.2)
        return time.monotonic() - began

    def left_over(self, held: Held) -> list[str]:
        """Processes, homes and records of seats that are still there."""
        homes = [home.name for home in self.settings.homes.glob(f"seat-{held.handle}-*")]
        logs = [str(log) for log in (self.settings.log / "servers").glob(f"seat-{held.handle}-*")]
        return [*homes, *logs, *(str(process) for process in of_class(self, parent=False))]


def of_class(hub: ClassHub, *, parent: bool = True) -> list[psutil.Process]:
    """The keepers, servers and kernels of the seats, and the parent that they were forked from."""
    found = []
    for file in records.folder(hub.settings).glob("*.json"):
        process = records.process_of(hub.settings, file.stem)
        if process is not None and process.alive:
            with suppress(psutil.Error):
                keeper = psutil.Process(process.pid)
                found += [keeper, *keeper.children(recursive=True)]
    if parent:
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                words = process.cmdline()
                ours = any(word.startswith(str(hub.settings.home)) for word in words)
                if "workbench.hub.preloaded.parent" in words and ours and process not in found:
                    found.append(process)
    return found


@contextmanager
def class_hub(home: Path, file: Path = DEFAULT_FILE, port: int | None = None) -> Iterator[ClassHub]:
    """A Hub with its services on a new store in this folder; stopped after it, with all that it started."""
    settings = load(file, home=home, port=port or four_free_ports())
    home.mkdir(parents=True, exist_ok=True)
    store = open_store(settings)
    fill(store)
    hub = ClassHub(settings, store, file)
    try:
        hub.start()
        yield hub
    finally:
        if hub.process is not None:
            running.stop_hub(settings, hub.process)
        store.engine.dispose()


def fill(store: Store) -> None:
    """One project with an award, its instructor, and somebody of the secretariat who accepts the class."""
    began, ends = date(2026, 1, 1), date(2035, 1, 1)
    with store.db() as db:
        db.add(Project(PROJECT, "Training", "university", "The centre"))
        db.add_all([Person(INSTRUCTOR, "Ina", "instructor", None), Person(SECRETARIAT, "Sec", "secretariat", None)])
        db.flush()
        db.add_all([Member(PROJECT, INSTRUCTOR, "lead"), Award(PROJECT, None, 7000, 100_000_000, began, ends, began)])
    add_prices(store, PRICES)


def a_class(hub: ClassHub, seats: int, warm: int, **given: Any) -> Held:
    """A class that has begun: planned, accepted, with its code; `given`: more of its plan."""
    now = int(time.time())
    plan = Plan("Measured class", PROJECT, INSTRUCTOR, now + 1, now + CLASS_S, seats, "cpu-small", warm=warm, **given)
    made = propose(hub.store, plan, INSTRUCTOR, now)
    decide(hub.store, made.handle, SECRETARIAT, approve=True, reason="measured", now=now)
    with hub.store.db() as db:
        code = db.scalars(select(TrainingCode.code).where(TrainingCode.session == made.id)).one()
    return Held(made.handle, code, warm)
