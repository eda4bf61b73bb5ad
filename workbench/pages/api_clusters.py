"""Dask clusters beyond a notebook's server, asked for through the API.

    POST /api/cluster         {"server", "workers", "gpus_per_worker", "hours", "profile"}: one is opened and held for
    POST /api/cluster/close   {"id"}: none of its workers may run on
    GET  /api/cluster?id=     whether it is open; why not

The answer of the first says all that its workers may ask of Slurm: account, partition, cards and time come from the
centre, none from the notebook. Whose a server and a cluster is, is checked against the token's owner.
"""

import asyncio
import json
import sys
import time
from dataclasses import replace
from typing import Any

from workbench.analytics.wire import dumps
from workbench.clusters.versions import here
from workbench.errors import BadQuestion
from workbench.pages.api import Api, Refused
from workbench.services.dask_clusters import Asked, Opened, close_cluster, open_cluster, standing
from workbench.settings import Settings
from workbench.slurm.jobscript import directives
from workbench.slurm.profiles import ask_of
from workbench.slurm.tags import CLUSTER, PROFILE, PROJECT, SERVER

MOST_BYTES = 4096
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "SLURM_CONF")
"""Variables of the notebook that its workers get: no token is among them."""
WHAT = {"server": str, "workers": int, "gpus_per_worker": int, "hours": int, "profile": str}


class Clusters(Api):
    """See the module."""

    async def get(self, closing: str | None) -> None:
        user = (await self.scope()).viewer
        if closing:
            raise Refused(405, "A cluster is closed with POST.", "Send POST.")
        said = await asyncio.to_thread(standing, self.store, user, self.parameters().get("id", ""))
        self.finish(dumps(said))

    async def post(self, closing: str | None) -> None:
        user, now = (await self.scope()).viewer, int(time.time())
        given = self.body()
        if closing:
            _only(given, {"id": str})
            cluster_id = given.get("id", "")
            await asyncio.to_thread(close_cluster, self.store, user, cluster_id, now)
            self.finish(dumps({"id": cluster_id}))
            return
        _only(given, WHAT)
        asked = Asked(
            server_id=given.get("server", ""),
            workers=given.get("workers", 1),
            gpus_per_worker=given.get("gpus_per_worker"),
            hours=given.get("hours", 1),
            profile=given.get("profile"),
        )
        opened = await asyncio.to_thread(open_cluster, self.store, user, asked, now)
        self.finish(dumps(told(self.store.settings, opened)))

    def body(self) -> dict[str, Any]:
        """The posted JSON object; BadQuestion for anything else."""
        if len(self.request.body) > MOST_BYTES:
            raise BadQuestion("that is too long", f"send at most {MOST_BYTES} bytes")
        try:
            given = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as problem:
            raise BadQuestion("the body is not JSON", "send one JSON object") from problem
        if not isinstance(given, dict):
            raise BadQuestion("the body is no JSON object", "send one JSON object")
        return {name: value for name, value in given.items() if value is not None}


def told(settings: Settings, opened: Opened) -> dict[str, Any]:
    """What the notebook is told: all that it needs to submit the workers and to say what they cost."""
    tags = {CLUSTER: opened.id, SERVER: opened.server_id, PROJECT: opened.project, PROFILE: opened.profile.id}
    ask = replace(ask_of(settings, opened.profile, opened.project, opened.asked.hours, tags, opened.id), export=KEPT)
    slurm = settings.slurm
    return {
        "id": opened.id,
        "project": opened.project,
        "profile": opened.profile.title,
        "workers": opened.asked.workers,
        "gpus_per_worker": opened.profile.gpus,
        "hours": opened.asked.hours,
        "cores": ask.cpus,
        "mem_mib": ask.mem_mib,
        "time_s": ask.time_s,
        "directives": directives(ask),
        "python": slurm.python or sys.executable,
        "interface": slurm.interface,
        "idle_s": slurm.worker_idle_s,
        "versions": here(),
        "list_minor_per_hour": opened.list_minor_per_hour,
        "subsidy_minor_per_hour": opened.subsidy_minor_per_hour,
        "why": opened.why,
        "symbol": settings.centre.symbol,
    }


def _only(given: dict[str, Any], what: dict[str, type]) -> None:
    """Raises BadQuestion where something else is given, or as another kind."""
    if unknown := sorted(set(given) - set(what)):
        raise BadQuestion(f"there is no {', '.join(map(repr, unknown))}", f"it takes {', '.join(what)}")
    for name, value in given.items():
        if type(value) is not what[name]:
            raise BadQuestion(f"{name}={value!r} is of another kind", f"send a JSON {what[name].__name__}")
