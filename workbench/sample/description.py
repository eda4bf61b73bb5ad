"""What the sample centre is made of, in a few lines: for the command and the page about the data."""

from dataclasses import dataclass

from workbench.analytics.queue import DEPTH, HOLD_S
from workbench.sample.definition import Definition, definition
from workbench.sample.demand import block
from workbench.settings import Settings
from workbench.units import HOUR_S

LABEL = "sample data: Philly 2017 job log, replayed"
"""What every page that shows it says."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers of the sample centre that do not depend on the moment."""

    log_title: str
    licence: str
    log_jobs: int
    block_jobs: int
    block_start: str
    block_weeks: int
    opened_on: str
    projects: int
    projects_with_jobs: int
    virtual_clusters: int
    partitions: tuple[tuple[str, str, str, int, int, int], ...]
    """(partition, GPU model, from day, installed, in service, allocatable), in order of the day."""
    outages: tuple[tuple[str, str, str, int, str], ...]
    """(partition, start, end in local time, GPUs, reason)."""


def facts(plan: Definition | None = None) -> Facts:
    """The numbers behind `describe`; it reads the log (a few hundredths of a second)."""
    import pyarrow.parquet as pq

    plan = plan or definition()
    taken = block(plan)
    working = [p for p in plan.projects if p.vc]
    return Facts(
        log_title=plan.log.title,
        licence=plan.log.licence,
        log_jobs=pq.read_metadata(plan.log.path).num_rows,
        block_jobs=len(taken.row),
        block_start=plan.log.block_start.isoformat(),
        block_weeks=plan.log.block_weeks,
        opened_on=plan.calendar.opened_on.isoformat(),
        projects=len(plan.projects),
        projects_with_jobs=len(working),
        virtual_clusters=len({p.vc for p in working}),
        partitions=tuple(
            (c.partition, c.gpu_model, c.from_on.isoformat(), c.installed, c.in_service, c.allocatable)
            for c in sorted(plan.capacity, key=lambda c: (c.partition, c.from_on))
        ),
        outages=tuple(
            (o.partition, f"{o.start:%Y-%m-%d %H:%M}", f"{o.end:%Y-%m-%d %H:%M}", o.gpus, o.reason)
            for o in plan.outages
        ),
    )


def describe(settings: Settings) -> str:
    """The rule and the numbers as plain text."""
    known = facts()
    idle = known.projects - known.projects_with_jobs
    lines = [
        f"{known.log_title} ({known.licence}): {known.log_jobs:,} jobs. The {known.block_jobs:,} of them",
        f"submitted in {known.block_weeks} weeks from {known.block_start} are laid end to end from {known.opened_on},",
        f"in the local time of {settings.centre.time_zone}. {known.virtual_clusters} virtual clusters stand behind",
        f"{known.projects_with_jobs} projects ({idle} more have no jobs yet).",
        "",
        "A job starts when its partition has GPUs free: first come, first served; later jobs may go past one that does",
        f"not fit (the first {DEPTH} are looked at) until it has waited {HOLD_S // HOUR_S} hours.",
        "",
        "Capacity (GPUs installed, in service, allocatable):",
        *(f"  {p} {model} from {day}: {i:,}, {s:,}, {a:,}" for p, model, day, i, s, a in known.partitions),
        "Planned outages (GPUs):",
        *(f"  {p} {start} to {end}: {gpus:,} ({why})" for p, start, end, gpus, why in known.outages),
        "",
        "Projects, people, prices, applications and awards are invented, within what has been published of the scheme.",
        "More: docs/sample-centre.md",
    ]
    return "\n".join(lines)
