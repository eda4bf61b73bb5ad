"""Which policy the queue ahead is simulated under: the one whose replay of the last weeks is nearest to what was."""

from dataclasses import dataclass

from workbench.analytics.ahead import WEEK_S
from workbench.analytics.replayed import Replayed, best_of, self_replay
from workbench.analytics.simulate import POLICIES, Policy
from workbench.periods import Window, moment
from workbench.services.preview.demand import Pool, Seen
from workbench.settings import Settings

CHECKED_WEEKS = 13
FILLING_WEEKS = 4
"""So long before the weeks that are compared the replay begins, to find the machine as full as it was."""
IN_WORDS = {
    "greedy": "first come, first served, where a job goes past one that does not fit yet, until that one has waited "
    "for a day",
    "fifo": "strictly first come, first served",
    "backfill": "first come, first served, with backfill that delays nobody (at most 100 jobs looked at)",
    "fair-share": "fair share (use of a week ago counts half) with backfill; who has waited for a week comes first",
}

SHORT = {
    "greedy": "greedy backfill",
    "fifo": "first come, first served",
    "backfill": "backfill that delays nobody",
    "fair-share": "fair share",
}


@dataclass(frozen=True)
class Calibrated:
    """The policy; what it was chosen among, () where nothing could be compared; how good it is, in a sentence."""

    policy: Policy
    tries: tuple[Replayed, ...]
    says: str


def calibrated(settings: Settings, pool: Pool, found: Seen) -> Calibrated:
    """Replay the last weeks of a pool with its own capacity under each policy, against the starts as they were."""
    usual = POLICIES["greedy"]
    weeks = min(CHECKED_WEEKS, found.weeks // 2)
    if found.moved_weeks or not weeks or not len(found.jobs):
        return Calibrated(usual, (), "The log is too short or too old to check the replay against what was.")
    window = Window(found.until - weeks * WEEK_S, found.until)
    there = pool.in_service(window)
    if not there:
        nothing = "No capacity is stated for the weeks replayed: the replay is not checked against what was."
        return Calibrated(usual, (), nothing)
    late = found.jobs.submit >= window.start_s - FILLING_WEEKS * WEEK_S
    jobs, start = found.jobs.take(late), found.start[late]
    outages = [(begin, min(end, window.end_s), parts) for begin, end, parts in pool.outages if begin < window.end_s]
    tries = tuple(self_replay(jobs, start, pool.capacity, outages, one, window) for one in POLICIES.values())
    best = best_of(tries)
    return Calibrated(best.policy, tries, _says(settings, found, weeks, best, tries))


def _says(settings: Settings, found: Seen, weeks: int, best: Replayed, tries: tuple[Replayed, ...]) -> str:
    if best.error is None:
        return "No GPU was busy in the weeks replayed: the replay is not checked against what was."
    until = moment(found.until).astimezone(settings.centre.zone)
    others = ", ".join(
        f"{SHORT[one.policy.name]} {100 * one.error:.1f}%" for one in tries if one is not best and one.error is not None
    )
    said = (
        f"Check: the {weeks} weeks to {until:%-d %b %Y} replayed with their own capacity: the GPUs in use are "
        f"{100 * best.error:.1f}% off by the hour under {SHORT[best.policy.name]} ({others})"
    )
    if best.wait and best.real_wait and not found.no_submit:
        said += (
            f"; 95% waited up to {best.wait[1] / 3600:.1f} h in the replay, {best.real_wait[1] / 3600:.1f} h as it was"
        )
    if found.replayed:
        said += ". The sample centre's jobs were started by this same queue: here the check proves the arithmetic alone"
    return f"{said}."
