"""A server of this machine, from a prepared home to a process: forked by the parent of servers, else executed.

A part of the spawner (workbench.hub.spawners), which decides when; here is how: home, user, walls, environment, limits.
"""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from workbench.domain.training import is_seat
from workbench.hub import (
    environment,
    homes,
    kept_ports,
    kernels,
    provisioner,
    records,
    runner,
    sandbox,
    unix_ids,
    walls,
)
from workbench.hub.centre_store import store_of
from workbench.hub.choices import Refused
from workbench.hub.machine import GIB, Held
from workbench.hub.options import Choice
from workbench.hub.ports import free_port
from workbench.hub.preloaded import client
from workbench.hub.processes import Process, process_of
from workbench.i18n import _
from workbench.lab import SEAT
from workbench.services import people
from workbench.services.training import materials, seats
from workbench.settings import Settings
from workbench.units import HOUR_S

GRACE_S = 6.0
"""How long a server may take to end in order; shorter than what `workbench down` gives the runner."""
DATA_SLACK_BYTES = 2 * GIB
"""Address space that allocators reserve without using it, on top of the profile's memory."""


class Carried:
    """See the module; what it takes from the Hub's spawner stands first."""

    centre: Settings
    user: Any
    log: Any
    _log_name: str
    choice: Choice | None
    server_id: str
    mem_limit: Any
    port: int
    pid: int
    cmd: list[str]
    notebook_dir: str
    default_url: str
    get_env: Any
    get_args: Any

    proc: subprocess.Popen[bytes] | None
    process: Process | None
    forked: bool
    runs_as: int | None = None
    """The user of its own that a server was started as; None: the Hub's."""
    shown: list[Path]
    kernel: tuple[str, ...] = ()
    """Arguments of a server that offers one kernel alone."""
    patience_s: ClassVar[float] = client.PATIENCE_S
    """How long the next start waits for a parent that is not there."""
    ports: ClassVar[dict[str, int]] = {}
    """Where servers listen, or are about to, by server id."""

    @property
    def home(self) -> Path:
        return self.centre.homes / self.user.name

    @property
    def log_file(self) -> Path:
        return self.centre.log / "servers" / f"{self.user.name}.log"

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        return env | environment.person(self.user.name, self.home)

    async def _prepare_home(self) -> None:
        others = (records.folder(self.centre), self.log_file.parent)
        self.default_url, done = await asyncio.to_thread(homes.prepare, self.home, *others)
        if is_seat(self.user.name):
            self.shown, self.kernel = await asyncio.to_thread(self._given_by_class)
        if os.geteuid() == 0:
            uid = await asyncio.to_thread(self._unix_id)
            await asyncio.to_thread(unix_ids.give, self.home, uid or 0)
        self.log.info("Course for %s: %s", self.user.name, {k: len(v) for k, v in asdict(done).items()})

    def _given_by_class(self) -> tuple[list[Path], tuple[str, ...]]:
        """Put a class's materials into its seat's home; the folder that new ones come from, arguments of its kernel."""
        found = seats.seat_of(store_of(self.centre), self.user.name)
        if found is None:
            return [], ()
        session, shown = found[0], []
        if session.materials:
            materials.prepare(store_of(self.centre), session, self.home)
            shown = [materials.shown(self.centre, session.handle)]
        return shown, kernels.arguments_of(session.environment)

    def _unix_id(self) -> int | None:
        """The user that the server runs as; None: the Hub's own, where there is no choice."""
        if os.geteuid() != 0 or walls.possible():
            return None
        return unix_ids.unix_id(self.centre, self.user.name)

    def _apart_or_refuse(self, why: str) -> None:
        """A server that cannot be kept apart is started with a warning; a class's seat is not, where that is required.

        Raises:
            Refused: for the seat.
        """
        if is_seat(self.user.name) and self.centre.training.isolation == "required":
            self.log.error("%s is not started, it could not be kept apart from others: %s", self._log_name, why)
            raise Refused(
                _("This seat cannot be kept apart from others now. Try again in a minute, or ask your instructor."),
                status_code=503,
            )
        self.log.warning("%s is not kept apart from others: %s", self._log_name, why)

    async def _fork(self, mine: Held) -> bool:
        """Have the parent of servers fork it; False where there is none, or it cannot."""
        if not client.wanted(self.centre):
            return False
        if walls.possible() and await asyncio.to_thread(sandbox.bwrap) is not None:
            return False  # slower, but apart
        around = await asyncio.to_thread(self._walls, mine)
        env, arguments = self._environ(mine), self._arguments()
        if around is not None:
            env, arguments = env | environment.PRIVATE_KERNELS, [*arguments, environment.PRIVATE_TRANSPORT]
        env |= {"JUPYTER_DEFAULT_PROVISIONER_NAME": provisioner.NAME}
        request = client.Request(
            tuple(arguments), env, str(self.home), str(records.file_of(self.centre, self.server_id)),
            self.server_id, records.HEARTBEAT_S, GRACE_S, self._time_limit_s(), self._data_limit(mine), mine.cores,
            around,
        )  # fmt: skip
        asked = asyncio.ensure_future(asyncio.to_thread(self._ask_parent, request))
        try:
            self.pid = await asyncio.shield(asked)
        except asyncio.CancelledError:
            asked.add_done_callback(_end_unwanted)  # a thread cannot be called back: the server comes all the same
            raise
        except client.NotForked as problem:
            Carried.patience_s = 0.0  # one start has waited; the others need not
            self.log.warning("%s is not forked but started: %s", self._log_name, problem)
            return False
        Carried.patience_s = client.PATIENCE_S
        self.proc, self.process, self.forked = None, process_of(self.pid, "server"), True
        self.runs_as = around.uid if around is not None else None
        return True

    def _ask_parent(self, request: client.Request) -> int:
        with self.log_file.open("wb") as log:
            return client.start(self.centre.hub_state / client.SOCKET, request, log.fileno(), self.patience_s)

    def _walls(self, mine: Held) -> walls.Walls | None:
        if why := walls.possible():
            self._apart_or_refuse(why)
            return None
        return walls.plan(self.centre, self.home, self._projects(), self._unix_id(), self.shown, self._limits(mine))

    def _limits(self, mine: Held) -> walls.Limits:
        return walls.Limits.of(int(self.mem_limit), len(mine.cores))

    def _arguments(self) -> list[str]:
        return [*self.get_args(), *self.kernel]

    def _environ(self, mine: Held) -> dict[str, str]:
        self.port = self.ports[self.server_id] = free_port(set(self.ports.values()))
        self.notebook_dir = str(self.home)
        assert self.choice is not None
        env = self.get_env() | environment.server(self.centre, self.choice, self.server_id, len(mine.cores))
        env |= {SEAT: self.user.name} if is_seat(self.user.name) else {}
        return env | {"CUDA_VISIBLE_DEVICES": ",".join(mine.devices)}

    def _launch(self, mine: Held, isolation: list[str]) -> None:
        env, home = self._environ(mine), str(self.home)
        command = [*self._runner(mine), *isolation, *self.cmd, *self._arguments()]
        if isolation:
            env, command = env | environment.PRIVATE_KERNELS, [*command, environment.PRIVATE_TRANSPORT]
        with self.log_file.open("wb") as log:
            self.proc = subprocess.Popen(
                command, env=env, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, umask=0o077,
            )  # fmt: skip
        self.pid, self.forked = self.proc.pid, False
        self.process = process_of(self.pid, "server")

    def _runner(self, mine: Held) -> list[str]:
        numbers = [
            str(records.HEARTBEAT_S),
            str(GRACE_S),
            str(self._time_limit_s()),
            str(self._data_limit(mine)),
            ",".join(map(str, mine.cores)),
        ]
        record = records.file_of(self.centre, self.server_id)
        plain = [sys.executable, "-I", "-S"]
        before = [*plain, kept_ports.__file__, ",".join(map(str, self.centre.hub.ports)), "--"]
        # A root's only: where root is not, it would take from bubblewrap what it may need.
        kept = before if os.geteuid() == 0 and kept_ports.possible() else []
        return [*kept, *plain, runner.__file__, str(record), self.server_id, *numbers, "--"]

    def _time_limit_s(self) -> int:
        assert self.choice is not None
        return self.choice.hours * HOUR_S

    def _data_limit(self, mine: Held) -> int:
        """Bytes; limited only without a GPU: CUDA maps far more than it uses."""
        return 0 if mine.devices else int(self.mem_limit) + DATA_SLACK_BYTES

    def _sandbox(self, mine: Held) -> list[str]:
        program, uid = sandbox.bwrap(), self._unix_id()
        self.runs_as = uid if program is not None else None
        if program is None:
            self._apart_or_refuse("bubblewrap is not there or not allowed")
            return []
        if uid is None and os.geteuid() == 0:
            self._apart_or_refuse(f"it would be root's, {walls.possible()}")
        return sandbox.prefix(self.centre, self.home, self._projects(), program, self.shown, uid, self._limits(mine))

    def _projects(self) -> list[str]:
        return [place.project for place in people.places(store_of(self.centre), self.user.name)]


def _end_unwanted(asked: "asyncio.Future[int]") -> None:
    """End a server that was forked for a start that had been given up by then."""
    if not asked.cancelled() and asked.exception() is None:
        with suppress(ProcessLookupError):
            os.kill(asked.result(), signal.SIGTERM)
