"""Two ways out of a start that waits, each one POST of a plain form: give it up, or start a smaller card in its place.

Handlers of the Hub itself, as its own pages are: they act with the rights and under the XSRF check of whoever is logged
in. A service could not: it would need the right to stop everybody's servers.
"""

import asyncio
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.utils import url_path_join
from tornado import web

from workbench.hub.options import hours_of
from workbench.hub.slurm.pending import QUEUE

SETTLES_WITHIN_S = 30.0
"""How long a start that was given up may take to end: the job is cancelled, what it held is given back."""


def handlers() -> list[tuple[str, type[BaseHandler]]]:
    """For the Hub's configuration."""
    return [
        (r"/cancel-start/(?P<user_name>[^/]+)", CancelStart),
        (r"/start-instead/(?P<user_name>[^/]+)", StartInstead),
    ]


class CancelStart(BaseHandler):
    """Ends a start, or the server that it has become meanwhile."""

    @web.authenticated
    @needs_scope("servers")
    async def post(self, user_name: str) -> None:
        await _give_up(self, _user(self, user_name))
        self.redirect(url_path_join(self.hub.base_url, "home"))


class StartInstead(SpawnHandler):
    """Gives up what waits and starts what the form says, if that can start at once; checked as every start is."""

    def get(self, user_name: str) -> None:
        """Nothing: the page that a GET of the Hub's own handler draws has its own address."""
        raise web.HTTPError(405)

    @web.authenticated
    def post(self, user_name: str) -> Any:
        # Two stages as in the Hub's own handler: a coroutine under `authenticated` hides the name from `needs_scope`.
        return self._instead(user_name=user_name)

    @needs_scope("servers")
    async def _instead(self, user_name: str) -> Any:
        user = _user(self, user_name)
        if not await self._can_have(user.spawners[""]):
            # The place in the queue is not thrown away for what is gone: the page says what can be had now.
            return self.redirect(self._get_pending_url(user, ""))
        await _give_up(self, user)
        return await self._post(user_name=user_name, server_name="", display_name="")

    async def _can_have(self, spawner: Any) -> bool:
        if not spawner.pending:
            return not spawner.ready
        if not hasattr(spawner, "watch"):
            return False
        view = await spawner.watch.now()
        asked = self.get_body_argument("profile", ""), hours_of(self.get_body_argument("hours", ""))
        return view.step == QUEUE and asked in [(one.profile, one.hours) for one in view.instead]


def _user(handler: BaseHandler, user_name: str) -> Any:
    user = handler.find_user(user_name)
    if user is None:
        raise web.HTTPError(404)
    return user


async def _give_up(handler: BaseHandler, user: Any) -> None:
    spawner = user.spawners[""]
    if spawner.pending == "spawn":
        if spawner._spawn_future is not None:
            spawner._spawn_future.cancel()
        await _until_settled(spawner)
    if spawner.pending == "stop":
        await _until_settled(spawner)
    elif not spawner.pending:
        # Also after a start that was cut off: the Hub then forgets its server.
        await handler.stop_single_user(user, "")
        await _until_settled(spawner)


async def _until_settled(spawner: Any) -> None:
    deadline = asyncio.get_running_loop().time() + SETTLES_WITHIN_S
    while spawner.pending and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.05)
