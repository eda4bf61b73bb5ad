"""How fast usage is rated and posted: the sample centre's jobs into charges to the cent, and these into the ledger.

    .venv/bin/python -m benchmarks.rating [--home FOLDER] [--copies 1] [--keep FOLDER] [--jobs 20000]

A usage line is one job in one day of the centre. The store is a fresh SQLite file in a temporary folder: the sample
centre is loaded into it, or copied from a state folder that has it (--home), and its ledger emptied. --copies makes
so many of its jobs, projects and awards (13: ten million usage lines; without their rollups); --keep leaves the store
in a folder for other measurements. Prints lines per second of one core (CPU time) and of the clock. The last row is
charge_lines alone, in memory: what a slice costs where a ceiling is reached or a price changes in its day.
"""

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, text, update

from workbench.domain.charging import AwardVersion, charge_lines
from workbench.domain.job_price import Metered
from workbench.domain.ledger import FIRST_HASH
from workbench.domain.pricelist import NANO, PriceList, PriceVersion
from workbench.sample import loading
from workbench.services.charging.rating import rate
from workbench.services.ledger.posting import bring_up
from workbench.settings import load
from workbench.store.charged_jobs import projects_with_jobs, read_jobs
from workbench.store.engine import Store, open_store
from workbench.store.ledger_tables import ledger_head, ledger_transactions
from workbench.store.tables import charges_daily
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

Taken = tuple[int, float, float]
"""Lines, CPU seconds, clock seconds."""


def timed(work: Callable[[], int]) -> Taken:
    cpu, clock = time.process_time(), time.perf_counter()
    lines = work()
    return lines, time.process_time() - cpu, time.perf_counter() - clock


def sample_store(home: Path, given: Path | None) -> Store:
    """The sample centre in a folder, loaded or copied."""
    if given is not None:
        home.mkdir(parents=True)
        shutil.copy(given / "workbench.db", home / "workbench.db")
        return open_store(load(home=home))
    store = open_store(load(home=home))
    loading.load(store, store.settings, int(time.time()))
    return store


def empty_ledger(conn: Connection) -> None:
    """Nothing is posted nor closed any more; the triggers, which refuse this, are away for the moment."""
    tables = ("closed_months", "ledger_months", "ledger_postings", "ledger_transactions")
    found = conn.execute(text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    guards = [(name, sql) for name, table, sql in found if table in (*tables, "ledger_head")]
    for name, _ in guards:
        conn.exec_driver_sql(f"DROP TRIGGER {name}")
    for table in tables:
        conn.exec_driver_sql(f"DELETE FROM {table}")
    conn.execute(update(ledger_head).values(seq=0, hash=FIRST_HASH))
    for _, sql in guards:
        conn.exec_driver_sql(sql)


def copy_jobs(conn: Connection, copies: int) -> None:
    """The jobs, projects and awards of the store so many times in all, each copy on a cluster of its own."""
    tables = {
        "projects": {"slug": "slug || :tail"},
        "awards": {"project": "project || :tail", "application": "NULL"},
        "jobs": {"cluster": "cluster || :tail", "project": "project || :tail", "capture_id": "NULL"},
    }
    for table, changed in tables.items():
        names = [c["name"] for c in inspect(conn).get_columns(table) if c["name"] != "id"]
        taken = ", ".join(changed.get(name, f'"{name}"') for name in names)
        listed, key = ", ".join(f'"{name}"' for name in names), next(iter(changed))
        only = f"WHERE {key} NOT LIKE '%.copy%'"
        for number in range(2, copies + 1):
            statement = f"INSERT INTO {table} ({listed}) SELECT {taken} FROM {table} {only}"
            conn.execute(text(statement), {"tail": f".copy{number}"})


def read_all(store: Store) -> int:
    with store.read() as conn:
        return sum(len(read_jobs(conn, project, 0, 2**40).start) for project in projects_with_jobs(conn))


def one_by_one(jobs: int) -> Taken:
    """Jobs of 1 to 8 GPUs over two price lists and two awards whose ceilings are reached on the way."""
    lots, year, half = random.Random(7), 365 * DAY_S, 365 * DAY_S // 2
    one, two = ({"H800": 28 * NANO}, {"H800": 26 * NANO + NANO // 2})
    prices = PriceList((PriceVersion("one", 0, half, one), PriceVersion("two", half, None, two)))
    awards = [AwardVersion(n, f"award {n}", 0, year, 7000 - n, jobs * 150_000) for n in (1, 2)]
    starts = sorted(lots.randrange(year) for _ in range(jobs))
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


def rate_and_post(store: Store) -> dict[str, Taken]:
    with store.read() as conn:
        now = conn.scalar(text("SELECT max(seen_until_at) FROM jobs")) + DAY_S
    read = timed(lambda: read_all(store))
    rated = timed(lambda: rate(store, now, everything=True).usage_lines)

    def post() -> int:
        bring_up(store, now, everything=True)
        return rated[0]

    posted = timed(post)
    both = (rated[0], rated[1] + posted[1], rated[2] + posted[2])
    with store.read() as conn:
        rows, transactions = (
            conn.scalar(select(func.count()).select_from(table)) for table in (charges_daily, ledger_transactions)
        )
    print(f"{rows:,} rows of charges_daily, {transactions:,} transactions of the ledger")
    return {"read jobs (part of rating)": read, "rate": rated, "post to the ledger": posted, "rate and post": both}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--home", type=Path, help="a state folder with the sample centre")
    asked.add_argument("--copies", type=int, default=1)
    asked.add_argument("--keep", type=Path, help="leave the store in this new folder")
    asked.add_argument("--jobs", type=int, default=20_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = sample_store(given.keep or Path(folder) / "state", given.home)
        with store.begin() as conn:
            empty_ledger(conn)
            copy_jobs(conn, given.copies)
        stages = rate_and_post(store)
        store.engine.dispose()
    print(f"{'stage':32}{'lines':>12}{'CPU s':>8}{'clock s':>9}{'lines/s of one core':>21}")
    for name, (lines, cpu, clock) in (stages | {"charge_lines alone, in memory": one_by_one(given.jobs)}).items():
        print(f"{name:32}{lines:12,}{cpu:8.2f}{clock:9.2f}{lines / cpu:21,.0f}")


if __name__ == "__main__":
    main()
