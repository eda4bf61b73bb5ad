"""`kill -9` at random moments while usage is rated, posted and months are closed: nothing is lost, nothing is double.

    .venv/bin/python -m benchmarks.crash_ledger [--kills 200] [--seed 7]

A child process works on a store in a temporary folder, round after round: three days of usage come in (some of it late,
for months that are closed), are rated and posted; a refund and a payment now and then; each month that is over is
closed. The parent kills it, by turns at any moment and soon after it began to rate, to post, to close. After each kill
the ledger must verify; then a new child goes on with the round that was cut off. At the end the same rounds run once
without a kill: charges, ledger, sums by month and closed months must be the same, row by row, hash by hash.

Prints the figures; exit status 1 where anything differs.
"""

import argparse
import mmap
import os
import random
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from workbench.analytics.schema import job_frame
from workbench.domain.awards import Award
from workbench.domain.other_charges import OtherCharge
from workbench.domain.projects import Project
from workbench.periods import day_of, day_start
from workbench.services.beside_usage.rows import record
from workbench.services.charging.rating import rate
from workbench.services.ledger import closing, payments
from workbench.services.ledger.posting import bring_up
from workbench.services.ledger.verify import verify
from workbench.services.prices.stored import add_versions, plain_contents
from workbench.settings import load
from workbench.store.engine import Store, open_store
from workbench.store.jobs import upsert_jobs
from workbench.store.ledger_tables import closed_months, ledger_months, ledger_postings, ledger_transactions
from workbench.store.tables import charges_daily, charges_user_daily
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

FIRST = date(2025, 1, 1)
DAYS = 3
PROJECTS = ("p0", "p1", "p2", "p3")
COMPARED = (charges_daily, charges_user_daily, ledger_transactions, ledger_postings, ledger_months, closed_months)
OTHER, RATE, POST, CLOSE = range(4)
NAMES = ("bringing in, between", "rating", "posting", "closing a month")
SOON_S = 0.02


class Shared:
    """What outlives the child: the step it is in, and the last round that it has done."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, 16)
        self.set(OTHER, -1)

    def set(self, step: int | None = None, done: int | None = None) -> None:
        was = self.get()
        self.memory[:] = struct.pack("qq", was[0] if step is None else step, was[1] if done is None else done)

    def get(self) -> tuple[int, int]:
        return struct.unpack("qq", self.memory[:])


def filled(home: Path) -> Store:
    """A store with projects, prices that change on the way, and awards that end or are used up on the way."""
    store = open_store(load(home=home))
    centre = store.settings.centre
    with store.db(writes=True) as db:
        db.add_all(Project(slug, slug, "university", "University A", made_up=True) for slug in PROJECTS)
        db.flush()
        for number, slug in enumerate(PROJECTS):
            ends = FIRST + timedelta(days=120 + 90 * number)
            db.add(Award(slug, None, 7000 - 500 * number, 40_000_00 * (number + 1), FIRST, ends, date(2024, 12, 1)))
    prices = {date(2024, 12, 1): "28.00", date(2025, 2, 10): "26.50", date(2025, 6, 1): "27.01"}
    contents = plain_contents({day: ({"H800": each, "cpu": "0.20"}, "") for day, each in prices.items()})
    with store.begin() as conn:
        add_versions(conn, contents, centre.currency, centre, "crash run", day_start(date(2024, 12, 1), centre.zone))
    return store


def jobs_of(number: int, start_s: int) -> list[dict[str, object]]:
    """The jobs that come in with a round, the same whenever they are asked for."""
    lots = random.Random(f"round {number}")
    made = []
    for one in range(14):
        late = 45 * DAY_S if one == 0 and number > 16 and number % 3 == 0 else 0
        start = start_s + lots.randrange(DAYS * DAY_S - 6 * HOUR_S) - late
        end = start + lots.randint(60, 6 * HOUR_S)
        project = lots.choice((*PROJECTS, *PROJECTS, None))
        job = {"cluster": "alpha", "job_id": f"{number}.{one}", "submit_at": start, "start_at": start, "end_at": end}
        job |= {"seen_until_at": end, "project": project, "user_name": "ana", "partition": "main", "gpu_model": "H800"}
        job |= {"gpu_parts": lots.randint(1, 8) * GPU_PARTS, "cpu_cores": 8, "state": "COMPLETED", "name": None}
        made.append(job | {"source": "joblog", "submit_known": True, "capture_id": None})
    return made


def one_round(store: Store, number: int, shared: Shared) -> None:
    zone = store.settings.centre.zone
    first, after = FIRST + timedelta(days=number * DAYS), FIRST + timedelta(days=(number + 1) * DAYS)
    start_s, now = day_start(first, zone), day_start(after, zone) + 60
    with store.begin() as conn:
        upsert_jobs(conn, job_frame(jobs_of(number, start_s)), zone)
    if number % 4 == 3:
        row = OtherCharge(f"refund/{number}", "refund", "p0", first, -101, 0, -101, "a fault", "ana", now)
        with store.begin() as conn:
            record(conn, row)
    shared.set(RATE)
    rate(store, now)
    shared.set(POST)
    bring_up(store, now)
    shared.set(OTHER)
    if number % 5 == 4:
        payments.pay(store, "p1", 1000 + number, day_of(now, zone), f"INV-{number}", now)
    last_month = f"{after.replace(day=1) - timedelta(days=1):%Y-%m}"
    with store.read() as conn:
        months = closing.months_to_close(conn, last_month)
    for month in months:
        shared.set(CLOSE)
        closing.close(store, month, "the crash run", now)
    shared.set(OTHER)


def work(home: Path, shared: Shared, last: int) -> None:
    """Rounds from the first that is not done up to `last`."""
    store = open_store(load(home=home))
    for number in range(shared.get()[1] + 1, last + 1):
        one_round(store, number, shared)
        shared.set(done=number)
    store.engine.dispose()


def started(home: Path, shared: Shared, last: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work(home, shared, last)
        status = 0
    finally:
        if status:
            sys.excepthook(*sys.exc_info())
        os._exit(status)


def killed(home: Path, shared: Shared, target: int | None, lots: random.Random) -> int:
    """Start a child and kill it; the step it was in."""
    shared.set(OTHER)
    pid = started(home, shared, sys.maxsize)
    until = time.monotonic() + 60
    if target is None:
        time.sleep(lots.uniform(0, 0.6))
    else:
        while shared.get()[0] != target and time.monotonic() < until:
            time.sleep(0.0005)
        time.sleep(lots.uniform(0, SOON_S))
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        sys.exit(f"The child ended by itself (status {status}) in round {shared.get()[1] + 1}.")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return shared.get()[0]


def rows_of(home: Path) -> dict[str, list[tuple[object, ...]]]:
    store = open_store(load(home=home))
    with store.read() as conn:
        asks = {table.name: select(table).order_by(*table.primary_key.columns) for table in COMPARED}
        found = {name: [tuple(row) for row in conn.execute(ask)] for name, ask in asks.items()}
    store.engine.dispose()
    return found


def problems_of(home: Path) -> list[str]:
    store = open_store(load(home=home))
    found = verify(store)
    store.engine.dispose()
    return [f"{problem.seq}: {problem.reason}" for problem in found.problems]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--seed", type=int, default=7)
    given = asked.parse_args()
    lots, shared, where, began = random.Random(given.seed), Shared(), Counter[int](), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        home, whole = Path(folder) / "killed", Path(folder) / "whole"
        for each in (home, whole):
            filled(each).engine.dispose()
        for number in range(given.kills):
            where[killed(home, shared, (None, RATE, POST, CLOSE)[number % 4], lots)] += 1
            if problems := problems_of(home):
                print(f"After kill {number + 1} the ledger is not sound:", *problems, sep="\n  ")
                return 1
        last = shared.get()[1] + 1
        if os.waitpid(started(home, shared, last), 0)[1] or os.waitpid(started(whole, Shared(), last), 0)[1]:
            return 1
        found, wanted = rows_of(home), rows_of(whole)
        problems = problems_of(home)
        differing = [name for name in wanted if found[name] != wanted[name]]
    print(f"{given.kills} kills in {time.monotonic() - began:.0f} s; the ledger was sound after each. Killed while:")
    for step, name in enumerate(NAMES):
        print(f"  {name:22}{where[step]:5}")
    adjusted = sum(row[3] == "adjustment" for row in wanted["ledger_transactions"])
    print(
        f"{last + 1} rounds of {DAYS} days; {adjusted} adjustments of closed months. Compared with a run without kills:"
    )
    for name, rows in wanted.items():
        print(f"  {name:22}{len(rows):7,} rows, {'the same' if name not in differing else 'NOT THE SAME'}")
    print(*problems, sep="\n")
    return 1 if differing or problems else 0


if __name__ == "__main__":
    sys.exit(main())
