"""The months ahead of one pool of GPUs: the job log replayed against its capacity, without and with a newcomer."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from workbench.analytics.ahead import WEEK_S, Demand, both, busy, repeated, waits
from workbench.analytics.simulate import Policy, simulate
from workbench.analytics.sweep import Int64s
from workbench.periods import Window, month_window
from workbench.services.preview.calibrate import IN_WORDS, Calibrated, calibrated
from workbench.services.preview.demand import Pool, Seen, coming, newcomer, seen
from workbench.services.preview.fund import Fund
from workbench.settings import Settings
from workbench.units import BASIS_POINTS, GPU_PARTS

OVERRUN_S = 4 * WEEK_S
"""The replay goes on past the last month, so that who is submitted at its end gets a start."""

Keep = Callable[[Hashable, Callable[[], Any]], Any]
Figures = dict[tuple[str, str], int | None]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who applies: reference, category, most GPUs of a job, and (month, window, GPU-hours) of use."""

    reference: str
    category: str
    gpus: int | None
    use: Sequence[tuple[str, Window, float]]


@dataclass(frozen=True, slots=True)
class Ahead:
    """months: of each (figure, 'without' | 'with') → value. says: what was assumed."""

    months: tuple[Mapping[tuple[str, str], int | None], ...]
    says: tuple[str, ...]


@dataclass(frozen=True)
class Replay:
    """Jobs with the start that the queue gives each, until a moment."""

    jobs: Demand
    start: Int64s
    until: int


@dataclass(frozen=True)
class Without:
    """The pool as it goes on without the newcomer."""

    seen: Seen
    replay: Replay
    calibrated: Calibrated
    others: int


def replayed(
    conn: Connection,
    settings: Settings,
    pool: Pool,
    fund: Fund,
    months: Sequence[str],
    who: Newcomer,
    now: int,
    keep: Keep,
    say: Callable[[str, int, int], None],
) -> Ahead:
    """Occupancy and waits of each month, without and with the newcomer.

    Args:
        conn: any connection.
        settings: the centre's calendar.
        pool: where they run.
        fund: awards whose projects have no jobs yet ask for what they planned.
        months: "2026-12" …, in order.
        who: applies.
        now: UTC epoch seconds.
        keep: keeps what does not depend on the newcomer.
        say: told how far it is.
    """
    windows = [month_window(month, settings.centre.zone) for month in months]
    until = windows[-1].end_s + OVERRUN_S
    say("replay without", 0, 2)
    without: Without = keep("without", lambda: _without(conn, settings, pool, fund, now, until))
    found = without.seen
    if not len(found.jobs):
        nothing = "No job of this pool is in the log: occupancy and waits ahead are unknown."
        return Ahead(tuple({} for _ in months), (nothing,))
    say("replay with", 1, 2)
    use = [(window, hours) for _, window, hours in who.use if window.start_s < until]
    most = who.gpus * GPU_PARTS if who.gpus else None
    more, whose = newcomer(found, who.reference, who.category, most, use, new=True)
    cases = {
        "without": without.replay,
        "with": _queued(pool, both(without.replay.jobs, more), until, without.calibrated.policy),
    }
    say("replay with", 2, 2)
    says = [*_says(without), f"Its jobs are drawn by lot (always the same for this application) from {whose}."]
    return Ahead(tuple(_figures(pool, cases, window) for window in windows), tuple(says))


def _without(conn: Connection, settings: Settings, pool: Pool, fund: Fund, now: int, until: int) -> Without:
    found = seen(conn, pool, settings.centre, now)
    others, count = coming(conn, settings, pool, found, fund, Window(now, until)) if len(found.jobs) else (None, 0)
    jobs = repeated(found.jobs, found.weeks, until)
    made = calibrated(settings, pool, found)
    replay = _queued(pool, both(jobs, others) if others else jobs, until, made.policy)
    return Without(found, replay, made, count)


def _queued(pool: Pool, jobs: Demand, until: int, policy: Policy) -> Replay:
    outages = [(start, min(end, until), parts) for start, end, parts in pool.outages if start < until]
    return Replay(jobs, simulate(jobs, pool.capacity, outages, policy, until), until)


def _figures(pool: Pool, cases: Mapping[str, Replay], window: Window) -> Figures:
    there, figures = pool.in_service(window), Figures()
    for case, run in cases.items():
        taken = busy(run.jobs, run.start, window)
        figures["occupancy_bp", case] = round(BASIS_POINTS * taken / there) if there else None
        waited = waits(run.jobs, run.start, window, run.until)
        figures["wait_median_s", case], figures["wait_p95_s", case] = waited or (None, None)
    own = waits(cases["with"].jobs, cases["with"].start, window, cases["with"].until, new=True)
    figures["applicant_wait_median_s", "with"] = own[0] if own else None
    return figures


def _says(without: Without) -> list[str]:
    found = without.seen
    says = [
        f"The jobs of the last {found.weeks} weeks ({len(found.jobs):,} jobs) are repeated over the months ahead, "
        "weekday on weekday; no project grows, shrinks or stops when its award ends.",
        f"One queue: {IN_WORDS[without.calibrated.policy.name]}; stated capacity and outages are applied. A "
        "job's length is taken as known to the scheduler: logs keep no time limits.",
        without.calibrated.says,
    ]
    counts = (
        (without.others, "projects with an award and no jobs yet ask for what they planned"),
        (found.moved_weeks, "weeks lie between the log's end and now: it is moved up"),
        (found.running, "jobs still run: they count as long as they have run so far"),
        (found.too_large, "jobs are larger than the pool will be and are left out"),
        (found.no_submit, "jobs have no known submission: they count as submitted when they started"),
    )
    return says + [f"{count:,} {what}." for count, what in counts if count]
