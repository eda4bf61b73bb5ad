"""The queue of a pool over the year, under a policy."""

from workbench.analytics.ahead import Demand
from workbench.analytics.simulate import POLICIES, simulate
from workbench.services.whatif.changes import Kept, Steps
from workbench.services.whatif.figures import Run
from workbench.services.whatif.world import World


def replay(start: World, jobs: Demand, capacity: Steps, lessons: Kept, policy: str) -> Run:
    """Jobs with the start that the queue gives each.

    Args:
        start: pool, its stated outages, and the policy that is nearest to what was.
        jobs: by submission.
        capacity: (from, parts that jobs may take).
        lessons: (start, end, parts) that a class keeps, as a planned outage does.
        policy: one of scenario.POLICIES.
    """
    assert start.pool
    assert start.calibrated
    until, rule = start.until, POLICIES.get(policy, start.calibrated.policy)
    outages = [
        (begin, min(end, until), parts) for begin, end, parts in (*start.pool.outages, *lessons) if begin < until
    ]
    return Run(jobs, simulate(jobs, capacity, outages, rule, until), until)
