"""What every spawner of ours shares: the cards, the choice that is checked again at the start, its hold, its refusal.

The Hub keeps what came back as `user_options`; nothing is ever read from there again but through `apply_choice`.
"""

import asyncio
import time
from typing import Any

from jupyterhub.spawner import SpawnException
from traitlets import HasTraits, Instance, default

from workbench.domain.training import is_seat
from workbench.errors import ChoiceRefused
from workbench.hub import books, choosing, options
from workbench.hub.centre_store import store_of
from workbench.hub.machine import GIB
from workbench.hub.supply import Offering
from workbench.i18n import _
from workbench.services import meter
from workbench.services.quote import Quote, quote
from workbench.services.training import seats
from workbench.settings import ProfileSettings, Settings
from workbench.units import HOUR_S, gpu_parts


class Refused(SpawnException):
    """A start that cannot be: the sentence is shown on the page that asked for it."""

    def __init__(self, message: str, *, status_code: int = 400):
        super().__init__(message, reason="refused", status_code=status_code)
        self.jupyterhub_message = message


def hub_is_stopping() -> bool:
    """Whether the Hub cancels all of its tasks because it is told to stop: it keeps no other mark of that."""
    return any(getattr(task.get_coro(), "__name__", "") == "shutdown_cancel_tasks" for task in asyncio.all_tasks())


class CentreSpawner(HasTraits):
    """See the module; goes before a class of the Hub. `centre` are the settings; the store is opened once a process."""

    user: Any
    orm_spawner: Any
    cpu_limit: Any
    mem_limit: Any

    centre = Instance(Settings).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choice: options.Choice | None = None
        self.hold_s: int | None = None
        self.server_id = ""
        self.stage: tuple[int, str] = (5, _("Waiting to start"))

    def offering(self) -> Offering:
        """What there is where the server would run."""
        raise NotImplementedError

    async def get_options_form(self) -> str:
        """The cards, with what is free and what it costs now; none for a seat: its class has chosen."""
        if is_seat(self.user.name):
            return ""
        last = self.orm_spawner.user_options or {}
        return await asyncio.to_thread(lambda: choosing.draw(self.centre, self.offering(), self.user.name, last))

    @default("options_from_form")
    def _default_options_from_form(self) -> Any:
        return self.choice_from_form

    async def choice_from_form(self, form_data: dict[str, object]) -> dict[str, str | int]:
        """The options of a posted form, or of a link's query."""
        given = {key: value for key, value in form_data.items() if key != "_xsrf"}
        return (await self._check(given)).as_options()

    @default("apply_user_options")
    def _default_apply_user_options(self) -> Any:
        return type(self).apply_choice

    async def apply_choice(self, user_options: dict[str, object]) -> None:
        """Whatever way the options came (form, API, repeated): checked again just before the start."""
        self.choice = await self._check(user_options)
        profile = await asyncio.to_thread(self._profile)
        self.cpu_limit = float(profile.cpu_cores)
        self.mem_limit = profile.mem_gib * GIB

    async def _check(self, given: dict[str, object]) -> options.Choice:
        if is_seat(self.user.name):
            return await asyncio.to_thread(self._of_class)
        try:
            return await asyncio.to_thread(
                lambda: choosing.checked(self.centre, self.offering(), self.user.name, given)
            )
        except ChoiceRefused as problem:
            raise Refused(str(problem)) from problem

    def _of_class(self) -> options.Choice:
        """What the class of a seat has chosen, whatever came back; held for is the time until the class ends."""
        given = seats.chosen(store_of(self.centre), self.user.name, int(time.time()))
        if given is None:
            raise Refused(_("Your class is over."), status_code=403)
        profile = next((p for p in self.offering().profiles(self.centre) if p.id == given.profile), None)
        why = self.offering().unavailable(profile) if profile else _("There is no such profile.")
        if why:
            raise Refused(_("Your seat cannot be started: {reason}").format(reason=why))
        self.hold_s = given.hold_s
        return options.Choice(given.profile, given.project, given.hours)

    def _profile(self) -> ProfileSettings:
        wanted = self.choice.profile if self.choice else None
        return next(p for p in self.offering().profiles(self.centre) if p.id == wanted)

    def _enter(self, profile: ProfileSettings, cluster: str | None = None) -> Quote:
        """Write the request into the books and hold for it; what it costs.

        Args:
            profile: chosen.
            cluster: of Slurm; None: this machine.

        Raises:
            NoBalance: the project may not start this.
        """
        assert self.choice is not None
        store, now = store_of(self.centre), int(time.time())
        request = meter.ServerRequest(
            self.server_id, self.user.name, self.choice.project, profile.id,
            profile.gpu_model if profile.gpus else None, gpu_parts(profile.gpus), profile.cpu_cores, now,
            self.hold_s or self.choice.hours * HOUR_S, cluster,
        )  # fmt: skip
        quoted = quote(store, profile, self.choice.project, now)
        books.enter(store, request, quoted, now)
        return quoted

    async def _close_request(self, reason: str) -> None:
        await asyncio.to_thread(meter.record_refusal, store_of(self.centre), self.server_id, int(time.time()), reason)
