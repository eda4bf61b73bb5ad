"""Notebook servers as processes of this machine: a home for each person, their choice in the environment.

The server is started by a runner (workbench.hub.runner) that outlives the Hub, writes the meter's record and leaves no
process behind. A Hub that comes back finds its servers by process id *and* start time.
"""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from jupyterhub.spawner import LocalProcessSpawner

from workbench.domain.training import is_seat
from workbench.errors import Refused as AgainstTheRules
from workbench.errors import WorkbenchError
from workbench.hub import (
    environment,
    homes,
    listening,
    options,
    provisioner,
    records,
    runner,
    sandbox,
    unix_ids,
    walls,
)
from workbench.hub.centre_store import store_of
from workbench.hub.choices import CentreSpawner, Refused
from workbench.hub.machine import GIB, Held, machine, share_of
from workbench.hub.ports import free_port
from workbench.hub.preloaded import client
from workbench.hub.processes import Process, process_of
from workbench.hub.strays import end_orphans
from workbench.hub.supply import ThisMachine
from workbench.i18n import _
from workbench.lab import SEAT
from workbench.services import people
from workbench.services.training import materials, seats
from workbench.units import HOUR_S

SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")
"""Names of people become names of folders."""
GRACE_S = 6.0
"""How long a server may take to end in order; shorter than what `workbench down` gives the runner."""
DATA_SLACK_BYTES = 2 * GIB
"""Address space that allocators reserve without using it, on top of the profile's memory."""


class LocalSpawner(CentreSpawner, LocalProcessSpawner):
    """See the module."""

    proc: subprocess.Popen[bytes] | None
    held: ClassVar[dict[str, Held]] = {}
    """What the running servers hold of this machine, by server id."""
    patience_s: ClassVar[float] = client.PATIENCE_S
    """How long the next start waits for a parent that is not there."""
    ports: ClassVar[dict[str, int]] = {}
    """Where they listen, or are about to, by server id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.process: Process | None = None
        self.forked = False
        self.shown: list[Path] = []

    def offering(self) -> ThisMachine:
        """This machine, with what its running servers hold."""
        return ThisMachine(machine(), tuple(self.held.values()))

    # --- start ------------------------------------------------------------------------------------------------------

    async def start(self) -> tuple[str, int]:
        """Prepare the home, write the request into the books, start, and wait until the server listens.

        Raises:
            Refused: with the reason, shown on the pending page.
        """
        if self.choice is None or not SAFE_NAME.fullmatch(self.user.name):
            raise Refused(_("This server cannot be started. Open the start page and choose there."))
        profile, self.server_id = self._profile(), secrets.token_hex(8)
        try:
            self.held[self.server_id] = mine = share_of(profile, machine(), self.held.values())
        except ValueError as problem:
            raise Refused(_("All GPUs of this machine are taken now. Choose another card or try later.")) from problem
        try:
            self.stage = (15, _("Preparing your home and the course"))
            await self._prepare_home()
            self.stage = (25, _("Holding its time of the award"))
            await asyncio.to_thread(self._enter, profile)
            self.stage = (35, _("Starting JupyterLab"))
            if not await self._fork(mine):
                self._launch(mine, await asyncio.to_thread(self._sandbox))
            await self._listening()
        except BaseException as problem:
            # Whatever it was, also the Hub's own time limit: nothing may be left running, and the books say why.
            await self.stop(now=True)
            await self._close_request(str(problem) or "the start was given up")
            if isinstance(problem, WorkbenchError | OSError):
                status = 400 if isinstance(problem, AgainstTheRules) else 500
                raise Refused(str(problem), status_code=status) from problem
            raise
        self.stage = (90, _("JupyterLab answers"))
        return "127.0.0.1", self.port

    async def _prepare_home(self) -> None:
        others = (records.folder(self.centre), self.log_file.parent)
        self.default_url, done = await asyncio.to_thread(homes.prepare, self.home, *others)
        if is_seat(self.user.name):
            self.shown = await asyncio.to_thread(self._materials)
        if (uid := await asyncio.to_thread(self._unix_id)) is not None:
            await asyncio.to_thread(unix_ids.give, self.home, uid)
        self.log.info("Course for %s: %s", self.user.name, {k: len(v) for k, v in asdict(done).items()})

    def _materials(self) -> list[Path]:
        """Put a class's materials into its seat's home; the folder that new ones come from."""
        found = seats.seat_of(store_of(self.centre), self.user.name)
        if found is None or not found[0].materials:
            return []
        materials.prepare(store_of(self.centre), found[0], self.home)
        return [materials.shown(self.centre, found[0].handle)]

    def _unix_id(self) -> int | None:
        """The user that the server runs as; None: the Hub's own, where there is no choice."""
        if os.geteuid() != 0 or not self.centre.hub.preload or walls.possible():
            return None
        return unix_ids.unix_id(self.centre, self.user.name)

    async def _fork(self, mine: Held) -> bool:
        """Have the parent of servers fork it; False where there is none, or it cannot."""
        if not self.centre.hub.preload:
            return False
        around = await asyncio.to_thread(self._walls)
        env, arguments = self._environ(mine), self.get_args()
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
            LocalSpawner.patience_s = 0.0  # one start has waited; the others need not
            self.log.warning("%s is not forked but started: %s", self._log_name, problem)
            return False
        LocalSpawner.patience_s = client.PATIENCE_S
        self.proc, self.process, self.forked = None, process_of(self.pid, "server"), True
        return True

    def _ask_parent(self, request: client.Request) -> int:
        with self.log_file.open("wb") as log:
            return client.start(self.centre.hub_state / client.SOCKET, request, log.fileno(), self.patience_s)

    def _walls(self) -> walls.Walls | None:
        if why := walls.possible():
            self.log.warning("%s shares files with all others: %s", self._log_name, why)
            return None
        return walls.plan(self.centre, self.home, self._projects(), self._unix_id(), self.shown)

    def _environ(self, mine: Held) -> dict[str, str]:
        self.port = self.ports[self.server_id] = free_port(set(self.ports.values()))
        self.notebook_dir = str(self.home)
        assert self.choice is not None
        env = self.get_env() | environment.server(self.centre, self.choice, self.server_id, len(mine.cores))
        env |= {SEAT: self.user.name} if is_seat(self.user.name) else {}
        return env | {"CUDA_VISIBLE_DEVICES": ",".join(mine.devices)}

    def _launch(self, mine: Held, isolation: list[str]) -> None:
        env, home = self._environ(mine), str(self.home)
        command = [*self._runner(mine), *isolation, *self.cmd, *self.get_args()]
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
        return [sys.executable, "-I", "-S", runner.__file__, str(record), self.server_id, *numbers, "--"]

    def _time_limit_s(self) -> int:
        assert self.choice is not None
        return self.choice.hours * HOUR_S

    def _data_limit(self, mine: Held) -> int:
        """Bytes; limited only without a GPU: CUDA maps far more than it uses."""
        return 0 if mine.devices else int(self.mem_limit) + DATA_SLACK_BYTES

    def _sandbox(self) -> list[str]:
        program = sandbox.bwrap()
        if program is None:
            self.log.warning("bubblewrap is not there or not allowed: %s shares files with all others", self._log_name)
            return []
        isolation = sandbox.prefix(self.centre, self.home, self._projects(), program, self.shown)
        uid = self._unix_id()
        return isolation if uid is None else [*isolation, *sandbox.as_user(uid)]

    def _projects(self) -> list[str]:
        return [place.project for place in people.places(store_of(self.centre), self.user.name)]

    async def _listening(self) -> None:
        """Return when the server takes connections.

        Raises:
            Refused: it ended first; the end of its log is in the sentence.
        """
        started = time.monotonic()
        while not await asyncio.to_thread(listening.answers, self.port):
            if await self.poll() is not None:
                raise Refused(
                    _("JupyterLab ended while starting. Its log ends: {end}").format(
                        end=listening.log_end(self.log_file)
                    ),
                    status_code=500,
                )
            elapsed_s = int(time.monotonic() - started)
            self.stage = (min(85, 40 + 3 * elapsed_s), _("Starting JupyterLab: {n} s so far").format(n=elapsed_s))
            await asyncio.sleep(0.2)

    async def progress(self) -> AsyncIterator[dict[str, object]]:
        """What is being done, while it is being done."""
        told = None
        while self._spawn_pending:
            if self.stage != told:
                told = self.stage
                yield {"progress": told[0], "message": told[1]}
            await asyncio.sleep(0.3)

    # --- folders, environment -----------------------------------------------------------------------------------------

    @property
    def home(self) -> Path:
        return self.centre.homes / self.user.name

    @property
    def log_file(self) -> Path:
        return self.centre.log / "servers" / f"{self.user.name}.log"

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        return env | environment.person(self.user.name, self.home)

    # --- state and end ----------------------------------------------------------------------------------------------

    def get_state(self) -> dict[str, Any]:
        """What a later Hub needs to find this server and to know what it holds."""
        state = super().get_state()
        if self.process is not None:
            mine = self.held.get(self.server_id, Held((), ()))
            state |= {"created_at": self.process.created_at, "server_id": self.server_id, "held": asdict(mine)}
            state |= {"forked": self.forked}
            state |= {"choice": self.choice.as_options() if self.choice else None}
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Find the server of an earlier Hub; one with our id but another start time is not ours."""
        super().load_state(state)
        if "created_at" not in state:
            return
        self.server_id, self.forked = state["server_id"], state.get("forked", False)
        self.process = Process(state["pid"], state["created_at"], "server")
        # A server of before hours were asked runs without a limit.
        self.choice = options.Choice(**{"hours": 0} | state["choice"]) if state["choice"] else None
        self.held[self.server_id] = Held(tuple(state["held"]["cores"]), tuple(state["held"]["devices"]))

    def clear_state(self) -> None:
        """Forget a server that has ended: what it held is free."""
        super().clear_state()
        self.held.pop(self.server_id, None)
        self.ports.pop(self.server_id, None)
        self.process = None

    async def poll(self) -> int | None:
        """None while the server's runner lives; else its status, 0 where it is not known."""
        if self.proc is not None:
            status = self.proc.poll()
        else:
            status = None if self.process is not None and self.process.alive else 0
        if status is not None:
            # The mother of a forked server ends its family also where its keeper was killed.
            if self.process is not None and not self.forked:
                await asyncio.to_thread(end_orphans, self.server_id)
            self.clear_state()
        return status

    async def stop(self, now: bool = False) -> None:  # noqa: FBT001, FBT002 - the Hub's signature
        """Tell the runner to stop; it ends all that the server started and writes down when."""
        if await self.poll() is None and self.process is not None:
            await self._signal(signal.SIGTERM)
            if not await self.wait_for_death(GRACE_S + 4):
                await self._signal(signal.SIGKILL)
                await self.wait_for_death(5)
        self.held.pop(self.server_id, None)
        self.ports.pop(self.server_id, None)

    async def wait_for_death(self, timeout: float = 10) -> bool:
        """Whether the server has ended within so many seconds; the Hub's own look comes up to five seconds late."""
        deadline = time.monotonic() + timeout
        while await self.poll() is None:
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(0.1)
        return True

    async def _signal(self, sig: int) -> bool:
        if self.process is None or not self.process.alive:
            return False
        return bool(await super()._signal(sig))


def _end_unwanted(asked: "asyncio.Future[int]") -> None:
    """End a server that was forked for a start that had been given up by then."""
    if not asked.cancelled() and asked.exception() is None:
        with suppress(ProcessLookupError):
            os.kill(asked.result(), signal.SIGTERM)
