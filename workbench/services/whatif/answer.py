"""The answer to a what-if: the centre over the next twelve months as it goes on, beside the same under a scenario."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from workbench.analytics.ahead import Demand, both
from workbench.analytics.sweep_arrays import Int64s
from workbench.periods import day_start
from workbench.services.kept import Kept, standing
from workbench.services.preview.demand import Pool, newcomer, pools
from workbench.services.spend_days import today_of
from workbench.services.whatif import changes, money, said
from workbench.services.whatif.figures import Case, Run, stretches
from workbench.services.whatif.replay import replay
from workbench.services.whatif.scenario import Scenario, inside, refuse
from workbench.services.whatif.waiting import Waiting, plan_of, waiting
from workbench.services.whatif.world import World, Year, fund_of, world, year_from
from workbench.store.engine import Store
from workbench.units import GPU_PARTS

_WORLDS, _KEPT = Kept(4), Kept(64)
"""A world is tens of megabytes, an answer some kilobytes."""
FRESH_S = 3600
"""Jobs that came in since are not in it: what is replayed ends at a Monday a week ago, and a slider shall not wait."""


@dataclass(frozen=True, slots=True)
class Approved:
    """One application that the scenario approves. gpu_hours: of its use in the twelve months, on this pool or not."""

    reference: str
    title: str
    stage: str
    amount_minor: int
    gpu_hours: int
    here: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """`base` as it goes on, `changed` under the scenario. pools: what can be asked for, the largest first; pool: ''
    where no capacity is stated. gpus: of it in service today; months: "2026-12" …; waiting: all applications before a
    decision, the nearest first. free_minor: of the fund, to promise. says: every assumption, each a sentence.
    """

    scenario: Scenario
    pool: str
    gpu_model: str
    gpus: int
    pools: tuple[str, ...]
    months: tuple[str, ...]
    first: date
    last: date
    base: Case
    changed: Case
    approved: tuple[Approved, ...]
    waiting: int
    free_minor: int
    says: tuple[str, ...]


def ask(store: Store, scenario: Scenario, now: int) -> Answer:
    """What would be, beside what will be if nothing changes.

    The base case is kept while awards, capacity and prices stay as they are, at most for FRESH_S; the same question has
    the same answer, at no cost.

    Args:
        store: any.
        scenario: what is changed.
        now: UTC epoch seconds.

    Raises:
        BadScenario: it does not fit the centre, with every reason.
    """
    year = year_from(today_of(store, now), store.settings)
    with store.read() as conn:
        there = pools(conn, now)
        if scenario.pool and scenario.pool not in [one.name for one in there]:
            names = "; ".join(one.name for one in there) or "none: no capacity is stated"
            refuse({"pool": f"the pool is one of {names}"})
        pool = next((one for one in there if scenario.pool in ("", one.name)), None)
        offered, in_service = _gpus(pool, now)
        inside(scenario, year.window, year.first, year.last, in_service, offered)
        open_ = waiting(conn)
        version = (str(store.engine.url), year.today, now // FRESH_S, standing(conn))
        asked = replace(scenario, pool=pool.name if pool else "", from_on=scenario.from_on or year.first)
        key = ("answer", version, asked, open_)
        made = lambda: _made(conn, store, there, pool, year, asked, open_, now, version)  # noqa: E731
        found: Answer = _KEPT.get(key, made)
        return found


def _gpus(pool: Pool | None, now: int) -> tuple[int, int]:
    """GPUs that jobs may take now, and in service now."""
    if pool is None:
        return 0, 0
    parts = [parts for at, parts in pool.capacity if at <= now][-1:]
    rows = pool.rows[0]
    return (parts[0] // GPU_PARTS if parts else 0), int(rows[rows["from_at"] <= now]["in_service"].iloc[-1])


def _made(
    conn: Connection,
    store: Store,
    there: list[Pool],
    pool: Pool | None,
    year: Year,
    asked: Scenario,
    open_: tuple[Waiting, ...],
    now: int,
    version: Any,
) -> Answer:
    settings = store.settings
    place = pool.name if pool else ""
    fund = lambda: _KEPT.get(("fund", version), lambda: fund_of(conn, settings, year.today, year.months))  # noqa: E731
    start: World = _WORLDS.get(("world", version, place), lambda: world(conn, settings, pool, year, now, fund))
    base: Case = _KEPT.get(("base", version, place), lambda: _base(start))
    plans = [(one, *_planned(conn, settings, start, there, one)) for one in open_[: asked.approve]]
    more = [(one, plan) for one, plan, here in plans if here]
    subsidies = [plan.subsidy for _, plan, _ in plans]
    if asked.changes_nothing:
        changed, dropped = base, 0
    else:
        changed, dropped = _changed(conn, settings, start, asked, more, subsidies)
    approved = tuple(
        Approved(one.reference, one.title, one.stage, one.amount_minor, _hours(plan, year), here)
        for one, plan, here in plans
    )
    return Answer(
        scenario=asked,
        pool=place,
        gpu_model=pool.gpu_model if pool else "",
        gpus=_gpus(pool, now)[1],
        pools=tuple(one.name for one in there),
        months=year.months,
        first=year.first,
        last=year.last,
        base=base,
        changed=changed,
        approved=approved,
        waiting=len(open_),
        free_minor=start.fund.free_minor - sum(one.amount_minor for one in approved),
        says=said.says(settings, start, asked, approved, [plan for _, plan, _ in plans], dropped),
    )


def _base(start: World) -> Case:
    run = replay(start, start.jobs, start.pool.capacity, (), "as-now") if start.pool and len(start.jobs) else None
    fund = start.fund
    return _case(start, run, {}, (), fund.left, fund.lasts_until())


def _changed(
    conn: Connection, settings: Any, start: World, asked: Scenario, more: Any, subsidies: Any
) -> tuple[Case, int]:
    """The side of the scenario, and how many jobs would not fit its GPUs."""
    year, fund = start.year, start.fund
    at = day_start(asked.from_on or year.first, settings.centre.zone)
    lessons = changes.kept_for(asked.reservation, year.window, settings.centre.zone)
    left = money.left_grown(conn, settings, fund, year.today, year.months, asked.growth_bp)
    left = money.left(left, year.months, subsidies)
    lasts = fund.lasts_until(fund.left[-1] - left[-1])
    run, dropped = None, 0
    if start.pool and start.seen and len(start.jobs):
        steps = changes.capacity(start.pool.capacity, at, asked.more_gpus * GPU_PARTS)
        jobs = _more_jobs(start, asked, more)
        if asked.more_gpus < 0:
            jobs, dropped = changes.fitting(jobs, steps, year.window)
        run = replay(start, jobs, steps, lessons, asked.policy)
    return _case(start, run, {at: asked.more_gpus * GPU_PARTS}, lessons, left, lasts), dropped


def _more_jobs(start: World, asked: Scenario, more: Any) -> Demand:
    """Demand as it goes on, grown, with the jobs of those approved."""
    assert start.seen
    jobs = changes.grown(start.jobs, start.year.month_edges[:-1].tolist(), asked.growth_bp)
    for nth, (one, plan) in enumerate(more):
        hours = [(window, amount) for _, window, amount in plan.use if window.start_s < start.until]
        most = one.gpus * GPU_PARTS if one.gpus else None
        jobs = both(jobs, newcomer(start.seen, one.reference, one.category, most, hours, new=True, nth=nth)[0])
    return jobs


def _planned(conn: Connection, settings: Any, start: World, there: list[Pool], one: Waiting) -> tuple[Any, bool]:
    """Its plan, and whether it would run on this pool: where its model is, else on the largest."""
    runs_on = next((pool for pool in there if pool.gpu_model == one.gpu_model), there[0] if there else None)
    model = one.gpu_model or (runs_on.gpu_model if runs_on else "")
    here = bool(start.pool and runs_on and runs_on.name == start.pool.name)
    return plan_of(conn, settings, one, model, start.year.today), here


def _hours(plan: Any, year: Year) -> int:
    return round(sum(hours for month, _, hours in plan.use if month in year.months))


def _case(
    start: World,
    run: Run | None,
    more: dict[int, int],
    lessons: changes.Kept,
    left: tuple[int, ...],
    lasts: date | None,
) -> Case:
    year = start.year
    weeks, months = year.week_edges, year.month_edges
    whole = months[[0, -1]]
    sides = [
        stretches(run, edges, _there(start, edges, more), changes.parts_kept(lessons, edges), waits=waits)
        for edges, waits in ((weeks, False), (months, True), (whole, True))
    ]
    waits_on = run.waiting(year.window.start_s, year.window.end_s) if run else None
    return Case(sides[0], sides[1], sides[2][0], waits_on, left, lasts)


def _there(start: World, edges: Int64s, more: dict[int, int]) -> Int64s | None:
    """Part-seconds in service, with so many parts more from a moment on."""
    there = start.there(edges)
    if there is None:
        return None
    for at, parts in more.items():
        seconds = (edges[1:] - edges[:-1]).clip(max=(edges[1:] - at).clip(min=0))
        there = (there + seconds * parts).clip(min=0)
    return there
