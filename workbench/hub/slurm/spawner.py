"""Notebook servers as jobs of Slurm: under the project's account, as the user's own Unix account.

Of batchspawner stays what it keeps of a job. Its script is not used: nothing of `user_options` can reach the job but
the checked choice. A Slurm that does not answer says nothing of a server: unknown is not ended. A Hub that comes back
finds its jobs by their id, also those that still wait in the queue.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from batchspawner import JobStatus, SlurmSpawner

from workbench.errors import Refused as AgainstTheRules
from workbench.errors import SlurmError, WorkbenchError
from workbench.hub import environment, options
from workbench.hub.centre_store import store_of
from workbench.hub.choices import CentreSpawner, Refused, hub_is_stopping
from workbench.hub.slurm import allowed, asking, job, listening, pending
from workbench.hub.slurm.answering import until_it_answers
from workbench.hub.supply import OnSlurm, fits_now
from workbench.i18n import _
from workbench.services import meter
from workbench.services.holds.words import duration
from workbench.services.quote import Quote
from workbench.services.slurm import classes
from workbench.settings import ProfileSettings
from workbench.slurm.runner import Runner
from workbench.units import HOUR_S

LOOKS = ((30.0, 0.5), (300.0, 2.0), (float("inf"), 5.0))
"""How often a job that waits is looked at: after so many seconds more rarely."""
STOP_WITHIN_S = 10.0
T = TypeVar("T")
THREADS = ThreadPoolExecutor(8, "slurm")
"""Of their own: while Slurm is silent these wait, and whoever reads and chooses does not."""
STATUS = {job.WAITS: JobStatus.PENDING, job.RUNS: JobStatus.RUNNING, job.ENDED: JobStatus.NOTFOUND}


class CentreSlurmSpawner(CentreSpawner, SlurmSpawner):
    """See the module. job_id: '' before sbatch; ended: how the last job ended where nobody here asked for it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ended: dict[str, Any] | None = None
        self.token_digest = ""
        self.node = ""
        self.submitted_at = 0
        self.waits_for_port = False
        self.problem = ""
        self._told = asyncio.Event()
        self.runner = Runner.of(self.centre.slurm)
        self.watch = pending.Watch(self, fits_now)

    def offering(self) -> OnSlurm:
        """What Slurm has."""
        return OnSlurm(self.centre)

    def progress(self) -> AsyncIterator[dict[str, object]]:
        """What the queue says, while it waits."""
        return self.watch.lines()

    async def waiting(self) -> pending.View:
        """The same once, for the page."""
        return await self.watch.now()

    # --- start ------------------------------------------------------------------------------------------------------

    async def start(self) -> tuple[str, int]:
        """Hold the time, submit the job, wait for its turn and until its server says where it listens.

        Raises:
            Refused: with the reason, shown on the pending page.
        """
        self.ended = None
        if self.choice is None:
            raise Refused(_("This server cannot be started. Open the start page and choose there."))
        allowed.check(self.centre, self.user.name)
        self.server_id, profile = secrets.token_hex(8), await asyncio.to_thread(self._profile)
        self._begin_waiting()
        try:
            self.stage = (10, _("Holding its time of the award"))
            quoted = await asyncio.to_thread(self._enter, profile, self.centre.slurm.cluster)
            self.stage = (20, _("Submitting the job"))
            await self._submit(profile, quoted)
            return await self._until_it_listens()
        except BaseException as problem:
            if self.job_id and isinstance(problem, asyncio.CancelledError) and hub_is_stopping():
                raise  # the next Hub finds it
            await self._give_up(problem)
            if isinstance(problem, WorkbenchError | ValueError):
                status = 400 if isinstance(problem, AgainstTheRules) else 500
                words = job.refusal(problem) if isinstance(problem, SlurmError) else str(problem)
                raise Refused(words, status_code=status) from problem
            raise
        finally:
            self.waits_for_port = False

    async def _submit(self, profile: ProfileSettings, quoted: Quote) -> None:
        account = job.account_of(self.user.name)
        assert self.choice is not None
        assert account is not None
        self.ip = "127.0.0.1" if environment.is_loopback(self.centre.slurm.address) else "0.0.0.0"  # noqa: S104 - of a node
        self.port = 0
        self.notebook_dir = account.pw_dir
        ask = asking.ask_for(self.centre, self.choice, profile, quoted, self.server_id, account.pw_dir)
        now = int(time.time())
        kept = await asyncio.to_thread(classes.open_for, store_of(self.centre), self.choice.project, now)
        if kept is not None:  # a job that would outlast a reservation does not start in it
            ask = replace(ask, reservation=kept[0], time_s=max(60, min(ask.time_s, kept[1] - now)))
        environ = asking.environ_for(self.centre, self.choice, profile, self.server_id, self.get_env())
        text = asking.body([*self.cmd, *self.get_args()], environ["PATH"])
        sent = asyncio.ensure_future(self._slurm(job.submit, self.centre, self.user.name, ask, text, environ))
        try:
            self.job_id = await asyncio.shield(sent)
        except asyncio.CancelledError:
            # Given up meanwhile: the job that comes of it must be known, to be cancelled.
            self.job_id = await sent
            raise
        finally:
            if self.job_id:
                self.submitted_at = int(time.time())
                self._keep_state()
                await asyncio.to_thread(meter.note_slurm_job, store_of(self.centre), self.server_id, self.job_id)
        self.log.info("Server %s of %s is job %s", self.server_id, self._log_name, self.job_id)

    def _keep_state(self) -> None:
        """At once: a Hub that is killed while the job waits finds it again."""
        self.orm_spawner.state = self.get_state()
        self.user.db.commit()

    @property
    def mine(self) -> job.Mine:
        """The job, as it is told from another of its id."""
        return job.Mine(self.job_id, self.user.name, self.server_id, self.submitted_at)

    async def _slurm(self, do: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(THREADS, do, *given)

    def _begin_waiting(self) -> None:
        self.token_digest = listening.digest(self.api_token) if self.api_token else self.token_digest
        self.problem, self.waits_for_port = "", True
        self._told.clear()

    def heard(self, port: int, problem: str) -> bool:
        """Take what the server said of itself; False where nobody waits for it, or it was said before."""
        if not self.waits_for_port or self._told.is_set():
            return False
        self.port, self.problem = port, problem
        self._told.set()
        return True

    async def _until_it_listens(self) -> tuple[str, int]:
        """Where the server listens, once its job has had its turn.

        Raises:
            Refused: the job ended first; how.
        """
        began, running_since = time.monotonic(), None
        while not self._told.is_set():
            status, node = await self._slurm(job.look, self.runner, self.mine)
            if status == job.ENDED:
                raise await self._ended_first()
            if status == job.RUNS:
                running_since = running_since or time.monotonic()
                elapsed_s = int(time.monotonic() - running_since)
                self.stage = (min(85, 40 + 3 * elapsed_s), _("Starting JupyterLab: {n} s so far").format(n=elapsed_s))
                if elapsed_s > self.centre.hub.start_timeout_s:
                    raise Refused(
                        _("JupyterLab did not come up in its job. Its log is {log} in your home.").format(
                            log=asking.LOG
                        ),
                        status_code=500,
                    )
            waited_s = time.monotonic() - (running_since or began)
            pause_s = next(pause for until, pause in LOOKS if waited_s < until)
            try:
                await asyncio.wait_for(self._told.wait(), pause_s)
            except TimeoutError:
                continue
        if self.problem:
            raise Refused(_("The server could not start in its job: {why}").format(why=self.problem), status_code=500)
        while not self.node:
            status, node = await self._slurm(job.look, self.runner, self.mine)
            if status == job.ENDED:
                raise await self._ended_first()
            self.node = await self._slurm(job.address_of, self.runner, node) if node else ""
            await asyncio.sleep(0 if self.node else 1)
        if not await until_it_answers(
            self.node, self.port, self._has_ended, self.centre.hub.start_timeout_s, asking.LOG
        ):
            raise await self._ended_first()
        self.stage = (90, _("JupyterLab answers"))
        return self.node, self.port

    async def _has_ended(self) -> bool:
        return (await self._slurm(job.look, self.runner, self.mine))[0] == job.ENDED

    async def _ended_first(self) -> Refused:
        """What to raise where the job has ended before its server could be used."""
        await self._note_end()
        return Refused((self.ended or {}).get("words") or _("The job is gone, and Slurm does not say why."))

    async def _give_up(self, problem: BaseException) -> None:
        """Whatever it was, also the Hub's own time limit: nothing may be left running, and the books say why."""
        sent = self.job_id or isinstance(problem, SlurmError)  # a silent sbatch may have sent it all the same
        if sent and not self.ended:
            await self._cancel()
        reason = str(problem) or "the start was given up"
        if self.job_id and not self.ended:
            await asyncio.to_thread(meter.note_reason, store_of(self.centre), self.server_id, reason)
        await self._close_request(reason)

    # --- after a Hub was down -----------------------------------------------------------------------------------------

    async def get_url(self) -> str:
        """Where it listens; asked by a Hub that comes back, maybe while the job still waits for its turn."""
        if not self.job_id or self.node:
            return str(await super().get_url())
        self._begin_waiting()
        try:
            host, port = await asyncio.wait_for(self._until_it_listens(), self.start_timeout)
        except (Refused, TimeoutError) as problem:
            self.log.warning("%s did not start: %s", self._log_name, problem)
            await self._give_up(problem)
            self.http_timeout = 1  # nothing will answer: the Hub need not wait to forget it
            return str(await super().get_url())
        finally:
            self.waits_for_port = False
        self._keep_state()
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{self.server.base_url}"

    def get_state(self) -> dict[str, Any]:
        """What a later Hub needs to find the job; and how the last one ended."""
        state = super().get_state()
        state.pop("job_status", None)
        if self.job_id:
            state |= {"server_id": self.server_id, "node": self.node, "token_digest": self.token_digest}
            state["submitted_at"] = self.submitted_at
            state |= {"choice": self.choice.as_options() if self.choice else None}
        return state | ({"ended": self.ended} if self.ended else {})

    def load_state(self, state: dict[str, Any]) -> None:
        """Find the job of an earlier Hub."""
        super().load_state(state)
        self.ended = state.get("ended")
        if self.job_id:
            self.server_id, self.node = state.get("server_id", ""), state.get("node", "")
            self.token_digest, self.submitted_at = state.get("token_digest", ""), state.get("submitted_at", 0)
            self.choice = options.Choice(**state["choice"]) if state.get("choice") else None

    def clear_state(self) -> None:
        """Forget a job that has ended, but for how it did."""
        super().clear_state()
        self.node = self.token_digest = ""
        self.submitted_at = 0

    # --- look, stop ---------------------------------------------------------------------------------------------------

    async def query_job_status(self) -> JobStatus:
        """As Slurm says now; UNKNOWN where it is silent."""
        if not self.job_id:
            return JobStatus.NOTFOUND
        status, _node = await self._slurm(job.look, self.runner, self.mine)
        return STATUS.get(status, JobStatus.UNKNOWN)

    async def poll(self) -> int | None:
        """None while the job is there, or Slurm does not answer; else why it ended is kept, and 1."""
        if not self.job_id:
            return 0
        if await self.query_job_status() is not JobStatus.NOTFOUND:
            return None
        await self._note_end()
        self.clear_state()
        return 1

    async def stop(self, now: bool = False) -> None:  # noqa: FBT001, FBT002 - the Hub's signature
        """End the job and wait until its node is told; a Slurm that is away is asked again by the pulse."""
        if not self.job_id:
            return
        await self._cancel()
        deadline = time.monotonic() + (0 if now else STOP_WITHIN_S)
        while time.monotonic() < deadline and await self.query_job_status() is not JobStatus.NOTFOUND:
            await asyncio.sleep(0.2)

    async def _cancel(self) -> None:
        try:
            await self._slurm(job.cancel, self.runner, self.mine)
        except SlurmError as problem:
            self.log.error("Job %s of %s was not cancelled: %s", self.job_id, self._log_name, problem)

    async def _note_end(self) -> None:
        """Keep how a job ended that nobody here ended."""
        end = await self._slurm(job.end_of, self.runner, self.mine)
        if end is None:
            return
        limit = duration(self.choice.hours * HOUR_S) if self.choice else ""
        self.ended = job.ended_facts(end, self.job_id, job.account_of(self.user.name), limit, int(time.time()))
        words = str(self.ended["words"])
        if self.server_id and words:
            await asyncio.to_thread(meter.note_reason, store_of(self.centre), self.server_id, words)
