"""Servers that no Hub knows: one was killed while it started them. They would be charged and never reached.

Looked for once after each start of the Hub. What was started since then may not be known yet and is left alone.
"""

from collections.abc import Mapping
from typing import Any

import httpx
import psutil

from workbench.hub import records
from workbench.hub.processes import end
from workbench.settings import Settings

GRACE_S = 10


def known_servers(environ: Mapping[str, str]) -> set[str]:
    """The ids of the servers that the Hub knows, asked of its API with the token of this service.

    Raises:
        httpx.HTTPError: the Hub does not answer, or refuses.
    """
    found: set[str] = set()
    headers = {"Authorization": f"token {environ['JUPYTERHUB_API_TOKEN']}"}
    headers["Accept"] = "application/jupyterhub-pagination+json"
    with httpx.Client(headers=headers, trust_env=False, timeout=30) as client:
        page: dict[str, Any] | None = {"url": f"{environ['JUPYTERHUB_API_URL']}/users?state=active"}
        while page:
            answer = client.get(page["url"]).raise_for_status().json()
            found |= {server_id for user in answer["items"] for server_id in _ids(user)}
            page = answer["_pagination"]["next"]
    return found


def _ids(user: Mapping[str, Any]) -> list[str]:
    states = [server.get("state") or {} for server in user["servers"].values()]
    return [state["server_id"] for state in states if "server_id" in state]


def end_strays(settings: Settings, known: set[str], hub_began_at: float) -> list[str]:
    """End the servers that began before the Hub did (Process.began_at) and are not known to it; their ids."""
    running = [sighting.server_id for sighting in records.read(settings) if sighting.ended_at is None]
    strays = {
        server_id: process
        for server_id in running
        if server_id not in known
        and (process := records.process_of(settings, server_id)) is not None
        and (began_at := process.began_at) is not None
        and began_at < hub_began_at
    }
    end(list(strays.values()), grace_s=GRACE_S)
    return list(strays)


def end_orphans(server_id: str) -> None:
    """End whatever of this server outlived its runner, which only happens where that was killed.

    For servers that were executed: one that was forked has its environment in its memory only, and a mother for this.
    """
    for process in psutil.process_iter():
        try:
            if process.environ().get("WORKBENCH_SERVER_ID") == server_id:
                process.kill()
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            continue  # gone, or somebody else's
