"""Notebook servers as processes of this machine: a home for each person, their choice in the environment.

The server is started by a runner (workbench.hub.runner) that outlives the Hub, writes the meter's record and leaves no
process behind. A Hub that comes back finds its servers by process id *and* start time.
"""

import asyncio
import re
import secrets
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from jupyterhub.spawner import LocalProcessSpawner

from workbench.errors import Refused as AgainstTheRules
from workbench.errors import WorkbenchError
from workbench.hub import (
    listening,
    options,
)
from workbench.hub.carried import GRACE_S, Carried
from workbench.hub.choices import CentreSpawner, Refused
from workbench.hub.machine import Held, machine, share_of
from workbench.hub.processes import Process
from workbench.hub.strays import end_orphans
from workbench.hub.supply import ThisMachine
from workbench.i18n import _

SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")
"""Names of people become names of folders."""


class LocalSpawner(CentreSpawner, Carried, LocalProcessSpawner):
    """See the module."""

    proc: subprocess.Popen[bytes] | None
    held: ClassVar[dict[str, Held]] = {}
    """What the running servers hold of this machine, by server id."""

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
                self._launch(mine, await asyncio.to_thread(self._sandbox, mine))
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

    async def _listening(self) -> None:
        """Return when the server takes connections.

        Raises:
            Refused: it ended first; the end of its log is in the sentence. Or somebody else listens on its port, who
            would be shown who comes.
        """
        started, uid = time.monotonic(), self.runs_as
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
        if uid is not None and (there := await asyncio.to_thread(listening.listeners, self.port)) - {uid}:
            self.log.error("port %s of %s is taken by user id %s", self.port, self._log_name, sorted(there))
            raise Refused(_("Its port was taken by another program meanwhile. Start it again."), status_code=500)

    async def progress(self) -> AsyncIterator[dict[str, object]]:
        """What is being done, while it is being done."""
        told = None
        while self._spawn_pending:
            if self.stage != told:
                told = self.stage
                yield {"progress": told[0], "message": told[1]}
            await asyncio.sleep(0.3)

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
