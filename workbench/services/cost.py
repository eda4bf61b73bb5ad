"""What a notebook server has cost so far: a live estimate from the quote, never posted.

The charge itself comes later from the job that the meter makes of the server: one meter, no double count. Money is
minor units, time is UTC epoch seconds.
"""

from dataclasses import dataclass

from sqlalchemy import select

from workbench.domain.access import Scope, WholeCentre
from workbench.errors import UnknownServer
from workbench.services.quote import quote
from workbench.store.engine import Store
from workbench.store.tables import server_events
from workbench.units import HOUR_S, divide_half_even


@dataclass(frozen=True, slots=True)
class ServerCost:
    """One server until now (or until its end). Amounts are None where there is no list price; `why` says so.

    seconds: whole seconds it has run, 0 before it started. ends_at: UTC epoch second at which its time is over, None
    where it does not run or was asked for no time. list_minor = subsidy_minor + user_minor.
    """

    server: str
    profile: str
    project: str
    seconds: int
    running: bool
    ends_at: int | None
    list_minor: int | None
    subsidy_minor: int | None
    user_minor: int | None
    why: str


def server_cost(store: Store, scope: Scope, server: str, now: int) -> ServerCost:
    """The cost so far of a server.

    Args:
        store: the centre's records.
        scope: its viewer must have started the server, lead its project, or see the whole centre.
        server: its id (WORKBENCH_SERVER_ID).
        now: UTC epoch seconds.

    Raises:
        UnknownServer: there is none, or the scope does not hold it (the same words: nothing is given away).
    """
    with store.read() as conn:
        row = conn.execute(select(server_events).where(server_events.c.server_id == server)).mappings().first()
    if row is None or not _may_see(scope, row["user_name"], row["project"]):
        raise UnknownServer(server)
    end = row["ended_at"] if row["ended_at"] is not None else now
    seconds = max(0, end - row["started_at"]) if row["started_at"] is not None else 0
    profile = next((p for p in store.settings.profiles if p.id == row["profile"]), None)
    facts = {"server": server, "profile": profile.title if profile else row["profile"], "project": row["project"]}
    running = row["started_at"] is not None and row["ended_at"] is None
    ends_at = row["started_at"] + row["limit_s"] if running and row["limit_s"] else None
    facts |= {"seconds": seconds, "running": running, "ends_at": ends_at}
    if profile is None:
        why = f"The profile {row['profile']} is no longer offered, so it has no price here."
        return ServerCost(**facts, list_minor=None, subsidy_minor=None, user_minor=None, why=why)
    price = quote(store, profile, row["project"], now)
    if price.list_minor_per_hour is None or price.subsidy_minor_per_hour is None:
        return ServerCost(**facts, list_minor=None, subsidy_minor=None, user_minor=None, why=price.why)
    total = divide_half_even(price.list_minor_per_hour * seconds, HOUR_S)
    subsidy = divide_half_even(price.subsidy_minor_per_hour * seconds, HOUR_S)
    return ServerCost(**facts, list_minor=total, subsidy_minor=subsidy, user_minor=total - subsidy, why=price.why)


def _may_see(scope: Scope, user_name: str, project: str) -> bool:
    return isinstance(scope, WholeCentre) or scope.viewer == user_name or project in scope.leads
