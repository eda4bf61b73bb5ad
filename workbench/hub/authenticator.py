"""Log-in with name and password against the centre's people; their groups follow their roles and places.

Groups are asked for again every minute, so that a role that was given or taken counts within minutes, also for somebody
who stays logged in. Guessing is slowed down per name: one attempt at a time, each failure doubling the wait.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyterhub.auth import Authenticator
from tornado import web
from traitlets import Instance

from workbench.domain.access import pages_of, scope_of
from workbench.domain.training import is_seat
from workbench.hub.centre_store import store_of
from workbench.hub.training import joining
from workbench.hub.training.entering import SEAT_GROUPS
from workbench.i18n import _
from workbench.services import people
from workbench.services.training import seats
from workbench.settings import Settings

VIEWERS = "centre-viewers"
"""Hub group of all who may reach the centre's pages or its interface for notebooks; what they see is their scope."""
FIRST_WAIT_S, LONGEST_WAIT_S, FORGIVEN_AFTER_S = 0.5, 8.0, 900.0
WAITING_AT_MOST = 5
NAMES_REMEMBERED = 10_000

Clock = Callable[[], float]
Sleep = Callable[[float], Any]


class CentreAuthenticator(Authenticator):
    """See the module. `centre` are the settings."""

    centre = Instance(Settings).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.brake = Brake()

    async def authenticate(self, _handler: web.RequestHandler, data: dict[str, str]) -> dict[str, object] | None:
        """The person with this name and password, with their groups; None where there is none."""
        name = self.normalize_username(str(data.get("username", "")).strip())
        if not name or len(name) > 80:
            return None
        async with self.brake.turn(name) as turn:
            found = await asyncio.to_thread(
                people.check_password, store_of(self.centre), name, str(data.get("password", ""))
            )
            turn.failed = found is None
        return None if found is None else await self._model(name)

    async def refresh_user(self, user: Any, _handler: web.RequestHandler | None = None) -> dict[str, object] | bool:
        """Their groups as they are now; False (log in again) for who is no longer here, or whose class is over."""
        if is_seat(user.name):
            sits = await asyncio.to_thread(seats.allowed, store_of(self.centre), user.name, int(time.time()))
            return {"name": user.name, "groups": SEAT_GROUPS} if sits else False
        try:
            await asyncio.to_thread(people.person, store_of(self.centre), user.name)
        except people.UnknownPerson:
            return False
        return await self._model(user.name)

    def get_handlers(self, app: Any) -> list[Any]:
        """Those of the log-in, and of joining a class."""
        return [*super().get_handlers(app), *joining.handlers()]

    async def _model(self, name: str) -> dict[str, object]:
        groups = await asyncio.to_thread(people.groups, store_of(self.centre), name)
        return {"name": name, "groups": hub_groups(name, groups)}


def hub_groups(name: str, groups: list[str]) -> list[str]:
    """The groups of a person, and that of the viewers where they have a page or a project to see."""
    scope = scope_of(name, groups)
    sees_something = bool(pages_of(scope, groups)) or bool(getattr(scope, "projects", ()))
    return sorted([*groups, VIEWERS] if sees_something else groups)


@dataclass
class Turn:
    """One attempt for one name."""

    failed: bool = False


@dataclass
class Failures:
    """Failed attempts for one name since the last good one."""

    count: int = 0
    last_at: float = 0.0
    waiting: int = 0
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)


class Brake:
    """Slows down guessing: attempts for one name come one after the other, with a wait that grows with each failure.

    A name is never locked: whoever knows the password waits some seconds, whoever guesses gets a few tries a minute.
    """

    def __init__(self, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._clock, self._sleep = clock, sleep
        self._names: OrderedDict[str, Failures] = OrderedDict()

    def turn(self, name: str) -> "_Turn":
        return _Turn(self, name)

    def wait_s(self, name: str) -> float:
        """How long the next attempt for this name waits."""
        known = self._names.get(name)
        if known is None or not known.count or self._clock() - known.last_at > FORGIVEN_AFTER_S:
            return 0.0
        wait_s: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(known.count - 1, 10))
        return wait_s

    def _known(self, name: str) -> Failures:
        known = self._names.setdefault(name, Failures())
        self._names.move_to_end(name)
        for other in list(self._names)[: max(0, len(self._names) - NAMES_REMEMBERED)]:
            if not self._names[other].waiting:
                del self._names[other]
        return known


class _Turn:
    def __init__(self, brake: Brake, name: str) -> None:
        self._brake, self._name, self._turn = brake, name, Turn()
        self._known = brake._known(name)

    async def __aenter__(self) -> Turn:
        if self._known.waiting >= WAITING_AT_MOST:
            raise web.HTTPError(403, _("Too many attempts for this name at once. Wait a minute and try again."))
        self._known.waiting += 1
        try:
            await self._known.one_at_a_time.acquire()
        except BaseException:
            self._known.waiting -= 1
            raise
        await self._brake._sleep(self._brake.wait_s(self._name))
        return self._turn

    async def __aexit__(self, problem: object, *_rest: object) -> None:
        if problem is None:
            self._known.count = self._known.count + 1 if self._turn.failed else 0
            self._known.last_at = self._brake._clock()
        self._known.waiting -= 1
        self._known.one_at_a_time.release()
