"""The queue of a pool over the year, under a policy; and what it is worth: the log replayed against what was."""

from sqlalchemy import Connection

from workbench.analytics.ahead import Demand
from workbench.analytics.simulate import POLICIES, simulate
from workbench.services.preview.replay import Replay, _checked
from workbench.services.whatif.changes import Kept, Steps
from workbench.services.whatif.figures import Run
from workbench.services.whatif.world import World
from workbench.settings import Settings

RULE = {"as-now": "greedy"}
"""Policy of a scenario → of analytics.simulate, where it is called otherwise there."""


def replay(start: World, jobs: Demand, capacity: Steps, lessons: Kept, policy: str) -> Run:
    """Jobs with the start that the queue gives each.

    Args:
        start: pool and its stated outages.
        jobs: by submission.
        capacity: (from, parts that jobs may take).
        lessons: (start, end, parts) that a class keeps, as a planned outage does.
        policy: one of scenario.POLICIES.
    """
    assert start.pool
    until = start.until
    outages = [
        (begin, min(end, until), parts) for begin, end, parts in (*start.pool.outages, *lessons) if begin < until
    ]
    return Run(jobs, simulate(jobs, capacity, outages, POLICIES[RULE.get(policy, policy)], until), until)


def checked(conn: Connection, settings: Settings, start: World) -> str:
    """The replay of the last weeks against what was, in words; '' where there is nothing to replay."""
    if start.pool is None or start.seen is None or not len(start.jobs):
        return ""
    run = replay(start, start.jobs, start.pool.capacity, (), "as-now")
    return _checked(conn, settings, start.pool, start.seen, Replay(run.jobs, run.start, run.until))
