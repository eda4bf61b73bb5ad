"""How fast usage is charged: jobs into lines to the cent; a year of daily usage lines rated, and posted to the ledger.

    .venv/bin/python benchmarks/rating.py [--jobs 100000] [--lines 100000] [--times 2]

Prints lines per second of one core (CPU time) and of the clock, the best of several runs. Rating and posting write into
a new SQLite file in a temporary folder each time. Jobs: 1 to 8 GPUs for 5 minutes to 48 hours over two price lists and
two awards whose ceilings are reached on the way. Usage lines: 40 projects with an award each, 365 days, both GPU models
and as many partitions as it takes.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from workbench.domain.awards import Award
from workbench.domain.charging import AwardVersion, charge_lines
from workbench.domain.job_price import Metered
from workbench.domain.pricelist import NANO, PriceList, PriceVersion
from workbench.domain.pricing import ListPrice
from workbench.domain.projects import Project
from workbench.services.posting import bring_up
from workbench.services.rating import rate
from workbench.settings import load
from workbench.store.engine import Store, open_store
from workbench.store.tables import rollup_daily
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

FIRST = date(2025, 1, 1)
YEAR_S = 365 * DAY_S
START_S = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
NOW = START_S + YEAR_S + DAY_S
PROJECTS = 40
MODELS = ("H800", "L40S")
Taken = tuple[int, float, float]
"""Lines, CPU seconds, clock seconds."""


def timed(work: Callable[[], int]) -> Taken:
    cpu, clock = time.process_time(), time.perf_counter()
    lines = work()
    return lines, time.process_time() - cpu, time.perf_counter() - clock


def charge_jobs(jobs: int) -> Taken:
    lots = random.Random(7)
    middle = START_S + YEAR_S // 2
    prices = PriceList(
        (
            PriceVersion("one", START_S - DAY_S, middle, {"H800": 28 * NANO}),
            PriceVersion("two", middle, None, {"H800": 26 * NANO + NANO // 2}),
        )
    )
    ceiling = jobs * 150_000
    awards = [AwardVersion(n, f"award {n}", START_S, START_S + YEAR_S, 7000 - n, ceiling) for n in (1, 2)]
    starts = sorted(lots.randrange(START_S, START_S + YEAR_S) for _ in range(jobs))
    made = [
        Metered(str(n), start, start + lots.randint(300, 48 * HOUR_S), "H800", lots.randint(1, 8) * GPU_PARTS)
        for n, start in enumerate(starts)
    ]

    def work() -> int:
        drawn: dict[int, int] = {}
        lines = 0
        for job in made:
            for line in charge_lines(job, prices, awards, drawn):
                lines += 1
                if line.award is not None:
                    drawn[line.award] = drawn.get(line.award, 0) + (line.subsidy_minor or 0)
        return lines

    return timed(work)


def fill(store: Store, lines: int) -> None:
    """Prices, projects with awards, and so many usage lines."""
    lots = random.Random(7)
    slugs = [f"project-{n:02}" for n in range(PROJECTS)]
    with store.db(writes=True) as db:
        db.add_all(Project(slug, slug, "university", "University A", made_up=True) for slug in slugs)
        db.add_all(
            ListPrice(model, day, minor) for model in MODELS for day, minor in ((FIRST, 2800), (date(2025, 7, 1), 2650))
        )
        db.flush()
        db.add_all(Award(s, None, 7000, lines * 10_000, FIRST, date(2026, 1, 1), FIRST) for s in slugs)
    days = [(FIRST + timedelta(days=n)).isoformat() for n in range(365)]
    partitions = -(-lines // (len(days) * PROJECTS * len(MODELS)))
    keys = (
        (day, f"part-{p}", model, slug)
        for day in days for slug in slugs for model in MODELS for p in range(partitions)
    )  # fmt: skip
    rows = [
        {
            "day": day, "cluster": "alpha", "partition": partition, "gpu_model": model, "project": slug,
            "gpu_part_seconds": lots.randint(1, 64 * DAY_S) * GPU_PARTS, "core_seconds": 0,
            "jobs_started": 1, "wait_known_jobs": 0, "wait_s": 0,
        }
        for (day, partition, model, slug), _ in zip(keys, range(lines), strict=False)
    ]  # fmt: skip
    with store.begin() as conn:
        conn.execute(insert(rollup_daily), rows)


def rate_and_post(lines: int) -> tuple[Taken, Taken]:
    with tempfile.TemporaryDirectory() as home:
        store = open_store(load(home=Path(home)))
        fill(store, lines)
        rated = timed(lambda: rate(store, NOW, everything=True).lines)

        def post() -> int:
            bring_up(store, NOW, everything=True)
            return rated[0]

        posted = timed(post)
        store.engine.dispose()
    return rated, posted


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--jobs", type=int, default=100_000)
    asked.add_argument("--lines", type=int, default=100_000)
    asked.add_argument("--times", type=int, default=2)
    given = asked.parse_args()
    charged = min((charge_jobs(given.jobs) for _ in range(given.times)), key=lambda taken: taken[1])
    both = min((rate_and_post(given.lines) for _ in range(given.times)), key=lambda two: two[0][1] + two[1][1])
    rated, posted = both
    together = (rated[0], rated[1] + posted[1], rated[2] + posted[2])
    print(f"{given.jobs:,} jobs, {given.lines:,} usage lines, best of {given.times}")
    print(f"{'stage':28}{'lines':>10}{'CPU s':>8}{'clock s':>9}{'lines/s of one core':>21}")
    stages = {"charge jobs (no database)": charged, "rate, by day": rated, "post to the ledger": posted}
    for name, (lines, cpu, clock) in (stages | {"rate and post": together}).items():
        print(f"{name:28}{lines:10,}{cpu:8.2f}{clock:9.2f}{lines / cpu:21,.0f}")


if __name__ == "__main__":
    main()
