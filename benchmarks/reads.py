"""How long pages wait for the ledger and for what is spent, with ten million charges in the database.

    .venv/bin/python -m benchmarks.rating --home STATE_FOLDER --copies 13 --keep BIG      # makes it, once
    .venv/bin/python -m benchmarks.reads [--home BIG] [--times 5]

Without --home it takes the sample centre, which has a thirteenth of that.
A charge is one job in one day. Times are milliseconds of the clock, the median and the slowest of several after a first
one that warms the cache; the most is 300. The statement is that of the project and month with the largest charges.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select, text

from benchmarks.bean_check import loaded
from workbench.domain.access import WholeCentre
from workbench.services import spend
from workbench.services.ledger import books as ledger
from workbench.services.statements import statements
from workbench.settings import load
from workbench.store.engine import Store, open_store
from workbench.store.tables import charges_daily

ALL = WholeCentre("reads")
MOST_MS = 300
COUNTED = ("jobs", "charges_daily", "charges_user_daily", "ledger_transactions", "ledger_postings", "ledger_months")


def taken_ms(work: Callable[[], object], times: int) -> tuple[float, list[float]]:
    """Of the first run, and of so many after it."""
    found = []
    for _ in range(times + 1):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return found[0], found[1:]


def largest(store: Store) -> tuple[str, str]:
    """Project and month that cost the most."""
    mine = charges_daily.c
    month = func.substr(mine.day, 1, 7)
    ask = select(mine.project, month).where(mine.project != "").group_by(mine.project, month)
    with store.read() as conn:
        project, found = conn.execute(ask.order_by(func.sum(mine.list_minor).desc()).limit(1)).one()
    return project, found


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--home", type=Path)
    asked.add_argument("--times", type=int, default=5)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="reads-") as folder:
        if given.home is None:
            loaded(Path(folder) / "state", None)[0].engine.dispose()
        return measured(given.home or Path(folder) / "state", given.times)


def measured(home: Path, times: int) -> int:
    store = open_store(load(home=home))
    with store.read() as conn:
        counts = {table: conn.scalar(text(f"SELECT count(*) FROM {table}")) for table in COUNTED}
        now = int(conn.scalar(text("SELECT max(seen_until_at) FROM jobs")))
    print(", ".join(f"{count:,} {table}" for table, count in counts.items()))
    project, month = largest(store)
    asks: dict[str, Callable[[], object]] = {
        "ledger balances": lambda: ledger.balances(store, ALL),
        "balances at a moment": lambda: ledger.balances(store, ALL, now - 40 * 86_400),
        "the fund (spend page)": lambda: spend.envelope(store, ALL, now),
        "burn (spend page)": lambda: spend.burn(store, ALL, now),
        f"statement of {project}": lambda: statements.statement(store, ALL, project, month, now),
        f"statements of {month}": lambda: statements.statements(store, ALL, month, now),
    }
    print(f"{'asked':34}{'first':>8}{'median':>8}{'slowest':>9}  (ms)")
    slow = []
    for name, work in asks.items():
        first, later = taken_ms(work, times)
        print(f"{name:34}{first:8.0f}{statistics.median(later):8.0f}{max(later):9.0f}")
        if statistics.median(later) > MOST_MS:
            slow.append(name)
    store.engine.dispose()
    print(f"Over {MOST_MS} ms: {', '.join(slow)}" if slow else f"All within {MOST_MS} ms.")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
