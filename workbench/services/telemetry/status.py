"""What the lake of samples holds, and how old the newest sample of each node is."""

from dataclasses import dataclass

from workbench.settings import Settings
from workbench.telemetry import lake


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its newest sample, UTC epoch seconds, and whether that is older than two rounds."""

    name: str
    newest_at: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class Status:
    """Days of the lake, the oldest first; the nodes of its last day, by name."""

    days: tuple[lake.Day, ...]
    nodes: tuple[Node, ...]


def status(settings: Settings, now: int) -> Status:
    """What is there now.

    Args:
        settings: name the lake and the interval.
        now: UTC epoch seconds.
    """
    late = now - 2 * settings.telemetry.interval_s
    newest = lake.newest(settings.telemetry_folder)
    nodes = tuple(Node(name, at, at < late) for name, at in sorted(newest.items()))
    return Status(tuple(lake.days(settings.telemetry_folder)), nodes)
