"""What the runners wrote down about their servers: `run/servers/<server id>.json` (workbench.hub.runner).

A runner that is gone without having written an end was killed, or the machine went down: its server then ended when it
was last seen, which is at most one heartbeat too early and never too late.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.hub.processes import Process
from workbench.services.meter import Sighting
from workbench.settings import Settings

HEARTBEAT_S = 15
LOST = "the server's supervisor was lost"


def folder(settings: Settings) -> Path:
    return settings.run / "servers"


def file_of(settings: Settings, server_id: str) -> Path:
    return folder(settings) / f"{server_id}.json"


def read(settings: Settings, alive: Callable[[Process], bool] = lambda process: process.alive) -> list[Sighting]:
    """What is known of every server that has a record, in the order of their ids.

    Args:
        settings: names the state folder.
        alive: asks the machine whether a process still runs.
    """
    found = [_sighting(file, alive) for file in sorted(folder(settings).glob("*.json"))]
    return [sighting for sighting in found if sighting is not None]


def _sighting(file: Path, alive: Callable[[Process], bool]) -> Sighting | None:
    # Asked before the file is read: a runner that ends in between has then written its end.
    first = _content(file)
    running = first is not None and alive(Process(first["pid"], first["created_at"], "server"))
    content = _content(file)
    if first is None or content is None:
        return None
    ended_at, reason = content["ended_at"], content["reason"]
    if ended_at is None and not running:
        ended_at, reason = content["seen_at"], LOST
    return Sighting(content["server_id"], content["started_at"], content["seen_at"], ended_at, reason)


def _content(file: Path) -> dict[str, Any] | None:
    """The record; None where it is not there or not one of ours, which is left alone."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    keys = ("server_id", "pid", "created_at", "started_at", "seen_at", "ended_at", "reason")
    return content if isinstance(content, dict) and all(key in content for key in keys) else None


def process_of(settings: Settings, server_id: str) -> Process | None:
    """The runner of a server, by what its record says; None without a record."""
    content = _content(file_of(settings, server_id))
    return Process(content["pid"], content["created_at"], "server") if content else None


def forget(settings: Settings, server_ids: list[str]) -> None:
    """Remove the records of servers whose end is in the books."""
    for server_id in server_ids:
        file_of(settings, server_id).unlink(missing_ok=True)
