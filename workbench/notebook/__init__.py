"""What a notebook needs of the centre: `import workbench.notebook as wb`.

    import workbench.notebook as wb
    days = wb.occupancy()
    wb.plot(days)

Every frame holds what you may see and nothing else. Units are in the names of columns: gpu_hours, gpu_seconds,
busy_gpus, in_service_gpus, occupancy_share (0–1, allocated ÷ in service net of outages), list_hkd, wait_s. Times are
aware, in the centre's own zone for days and months, in UTC for hours and jobs. Unknown is NA, never 0. Windows are
[start, end): dates or moments as text ("2026-10-01", "2026-10-01T08:00Z"); without a zone they are the centre's.
"""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.clusters import lake, local
from workbench.clusters.share import share
from workbench.notebook import failing, plots
from workbench.notebook.asking import When, frame_of, given, say, shell
from workbench.notebook.balance import Balance
from workbench.notebook.comparing import Cudf, Verdict, judge
from workbench.notebook.cost import Cost
from workbench.notebook.measured import arrived
from workbench.notebook.sources import Source, find_source
from workbench.store.lake import LAKE_SCHEMA

if TYPE_CHECKING:
    from workbench.clusters.slurm import JobClient

__all__ = [
    "balance",
    "charges",
    "cluster",
    "collect",
    "connect",
    "cost",
    "efficiency",
    "forecast",
    "jobs",
    "occupancy",
    "plot",
    "projects",
    "usage",
    "verdict",
]

plot = plots.plot
_source: Source | None = None


def connect(source: Source | None = None) -> Source:
    """Where the figures come from; found by itself at the first question, once a kernel.

    Args:
        source: use this one from now on.

    Raises:
        NoAnswer: no centre is in reach, or it does not let this server in; says what to do.
    """
    global _source
    if source is not None or _source is None:
        _source = source or find_source(os.environ, lambda: int(time.time()))
        say(f"{_source.said}.")
    return _source


def cluster(
    workers: int | tuple[int, int] | None = None,
    *,
    gpu: bool | None = None,
    gpus_per_worker: int | None = None,
    hours: int | None = None,
    profile: str | None = None,
) -> "local.LocalClient | JobClient":
    """A Dask client: on what this server has, or with workers beyond it, as jobs of Slurm that the project pays.

    On this server: its GPUs with cuDF, else its cores with pandas. Says which, and why. With gpus_per_worker, hours or
    profile, or two numbers of workers: jobs. A second call gives the running one. `with wb.cluster() as client:` closes
    it at the end of the block.

    Args:
        workers: worker processes here, default one per GPU, or per core up to four; or worker jobs. (0, 4): as many
            jobs as the work needs, at most four.
        gpu: False keeps off a GPU that is there, True insists on one.
        gpus_per_worker: of a worker job; default what this server's own profile gives.
        hours: for how long the worker jobs may run; default 1. So much is held of the award.
        profile: what a worker job gets; default the first with so many GPUs.

    Raises:
        WorkersDoNotFit: more workers than this server has room for.
        ClusterCannotStart: no GPU though you insisted, or Dask could not start; says what to do.
        NoAnswer: the centre refuses worker jobs, or does not answer; says what to do.
        EnvironmentsDiffer: notebook and workers would not understand each other.
    """
    if isinstance(workers, tuple) or (gpus_per_worker, hours, profile) != (None, None, None):
        return _cluster_of_jobs(workers, gpus_per_worker=gpus_per_worker, hours=hours, profile=profile)
    running = local.running()
    if running is not None:
        say(f"Already running: {running.line}")
        return running
    client = local.start(workers, on_gpu=gpu)
    failing.watch(shell())
    say(client.line)
    return client


def _cluster_of_jobs(wanted: int | tuple[int, int] | None, **given: int | str | None) -> "JobClient":
    # Only here: dask-jobqueue is not needed where there is no Slurm.
    from workbench.notebook import workers

    running = workers.running()
    if running is not None:
        say(f"Already running: {running.line}")
        return running
    least, most = wanted if isinstance(wanted, tuple) else (None, 1 if wanted is None else wanted)
    server = os.environ.get("WORKBENCH_SERVER_ID")
    failing.watch(shell())
    asked = {k: v for k, v in {"server": server, "workers": most, **given}.items() if v is not None}
    return workers.start(connect(), asked, least, say)


def jobs(project: str | None = None, start: When = None, end: When = None) -> Any:
    """The jobs you may see, as a lazy Dask dataframe over the lake (cuDF partitions on a GPU cluster).

    Args:
        project: only this one's.
        start: only jobs that started at or after it.
        end: only jobs that started before it.

    Returns:
        One row per job (attempt): cluster, project, job_id, user_name, partition, gpu_model, state, source (text),
        submit_at, start_at, end_at, seen_until_at (UTC; end_at NA while it runs), gpus, gpu_hours (float64),
        gpu_part_seconds (int64, exact: 1/420,000 GPU × seconds), duration_s (int64), cpu_cores, wait_s (Int64; NA where
        the log does not say).

    Raises:
        UnknownProject, NoAnswer: the project is not one of yours.
    """
    source = connect()
    found = source.ask("lake", **given(project=project, start=start, end=end))
    assert found.table is not None
    files = found.table.to_dict("records")
    parts = [lake.LakePart(source.readable(file), file["cluster"], file["project"] or None) for file in files]
    return lake.jobs(parts, LAKE_SCHEMA, found.facts["start_s"], found.facts["end_s"])


def collect(lazy: Any) -> Any:
    """The computed result of something lazy as pandas, also where a GPU computed it: for results that are small.

    Raises:
        OutOfMemory: a worker had too little memory; says what to try. The cluster goes on.
    """
    try:
        done = lazy.compute()
    except failing.RAISED as problem:
        if (sentence := failing.explain(problem, lazy)) is None:
            raise
        raise sentence from problem
    return done.to_pandas() if hasattr(done, "to_pandas") else done


def occupancy(by: str = "day", start: When = None, end: When = None, split: str | None = None) -> pd.DataFrame:
    """Allocated GPUs against GPUs in service.

    Args:
        by: 'hour', 'day', 'week' or 'month'.
        start: default the first day with data.
        end: default the end of the data.
        split: also by 'partition', 'gpu_model' or 'project'.

    Returns:
        One row per period (and split), in order: hour_start (UTC) or day_start, … (the centre's zone), the split,
        busy_gpus (mean), in_service_gpus (mean, net of outages), occupancy_share, gpu_hours, gpu_seconds. In-service
        GPUs and share are NA where no capacity is stated, and where split by project.
    """
    return _frame("occupancy", by=by, start=start, end=end, split=split)


def usage(by: str = "project", start: When = None, end: When = None, project: str | None = None) -> pd.DataFrame:
    """GPU time used.

    Args:
        by: 'project', 'user', 'partition', 'gpu_model', 'hour', 'day', 'week' or 'month'.
        start: default the first day with data.
        end: default the end of the data.
        project: only this one's.

    Returns:
        One row per group, most GPU time first (periods in order): the group's column, jobs, gpu_hours, gpu_seconds,
        core_hours.
    """
    return _frame("usage", by=by, start=start, end=end, project=project)


def charges(by: str = "project", start: When = None, end: When = None, project: str | None = None) -> pd.DataFrame:
    """What usage costs: list price = subsidy + the user's share.

    Args:
        by: 'project', 'category', 'partition', 'gpu_model' or 'day'.
        start: default the first day with data; whole days of the centre.
        end: default now.
        project: only this one's.

    Returns:
        One row per group, most list cost first (days in order): the group's column, gpu_hours, list_hkd, subsidy_hkd,
        user_hkd, unpriced_gpu_hours (GPU time without a list price, in none of the amounts).
    """
    return _frame("charges", by=by, start=start, end=end, project=project)


def efficiency(by: str = "project", start: When = None, end: When = None, project: str | None = None) -> pd.DataFrame:
    """How busy held GPUs were, by samples of them; what no sample covers is unknown, not idle.

    Args:
        by: 'project', 'user', 'model', 'partition', 'day' or 'job'.
        start: default the first day with samples; whole days of the centre.
        end: default the last one's end.
        project: only this one's.

    Returns:
        One row per group, most idle time first (days in order): the group's column, held_gpu_hours = active + idle +
        unknown, idle_subsidy_hkd and idle_user_hkd (of the idle time, as charged); by job also `advice`: what to ask
        for next time. frame.attrs: says (whether the samples are made up).
    """
    return _frame("efficiency", by=by, start=start, end=end, project=project)


def forecast(of: str = "occupancy", by: str = "day") -> pd.DataFrame:
    """What is likely ahead, for those who see the whole centre: the middle, and the range that holds 80% of it.

    Args:
        of: 'occupancy' (a year ahead) or 'fund' (a year, and to the scheme's end).
        by: 'day' or 'month'.

    Returns:
        One row per day or month, in order. occupancy: busy_gpus, demand_gpus (busy and waiting), in_service_gpus,
        occupancy_share, each with _low and _high; by month `chance`, that the GPUs in service are used up by its end.
        fund: drawn_total_hkd if usage goes on, decided_total_hkd by awards as decided; by month `chance`, that the fund
        is. frame.attrs: method, coverage of the range in the back-test, says (every assumption).
    """
    return _frame("forecast", of=of, by=by)


def projects() -> pd.DataFrame:
    """Your projects (all, for those who see the whole centre): title, category, award and what is left of it."""
    return _frame("projects")


def cost() -> Cost:
    """What this server has cost so far, and what its project's award still holds. An estimate, never a bill."""
    server, project = os.environ.get("WORKBENCH_SERVER_ID"), os.environ.get("WORKBENCH_PROJECT")
    return Cost.of(connect().ask("cost", **given(server=server, project=project)).facts)


def balance(project: str | None = None) -> Balance:
    """What a project's award still has: drawn, held, free, warnings, when it is gone; and until when this server runs.

    Args:
        project: default the one of this server.

    Raises:
        UnknownProject, NoAnswer: the project is not one of yours.
    """
    server = os.environ.get("WORKBENCH_SERVER_ID")
    asked = given(server=server, project=project or os.environ.get("WORKBENCH_PROJECT"))
    return Balance.of(connect().ask("balance", **asked).facts)


def verdict(question: Callable[[Any], Any], frame: Any = None) -> Verdict:
    """Whether the GPU is worth its price for a question of yours: measured, as a sentence and as numbers.

        wb.verdict(lambda jobs: jobs.groupby("project")["gpu_hours"].sum())

    The question is asked several times of the same frame in pandas and in cuDF, both in memory; results must be equal.
    Without a GPU nothing is measured, and it says why.

    Args:
        question: takes a frame and gives a frame, a series or a number; uses only what the frame itself can.
        frame: of pandas, or lazy, then computed once before; default all jobs you may see.
    """
    back = Cudf()
    if back.why:
        return judge(question, pd.DataFrame(), (), "", 0, back)
    held = collect(jobs()) if frame is None else collect(frame) if hasattr(frame, "compute") else frame
    facts = connect().ask("cards").facts
    return judge(question, arrived(held), facts["cards"], facts["symbol"], share(os.environ).cores, back)


def _frame(question: str, **params: When) -> pd.DataFrame:
    return frame_of(connect().ask(question, **given(**params)))
