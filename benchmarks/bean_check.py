"""An independent judge of our sums: beancount takes the sample centre's ledger and comes to the same balances.

    .venv/bin/python -m benchmarks.bean_check [--home STATE_FOLDER]

Loads the sample centre into a temporary folder (or takes a copy of the database of a state folder that has it), rates
and posts it, exports it as `workbench ledger export --format beancount` does, runs `bean-check` on the file, and
compares each balance of ours with what beancount's own postings come to. Exit status 1 where they differ.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

from beancount import loader
from beancount.core import data
from sqlalchemy import func, select

from workbench import sample
from workbench.domain.access import WholeCentre
from workbench.services.charging import rating
from workbench.services.ledger import export as ledger_export
from workbench.services.ledger import posting
from workbench.services.ledger.books import balances, journal
from workbench.services.ledger.verify import verify
from workbench.settings import load
from workbench.store.engine import Store, open_store
from workbench.store.tables import freshness

ALL = WholeCentre("bean_check")


def loaded(home: Path, given: Path | None) -> tuple[Store, int]:
    """The sample centre, rated and posted, and its "now": the end of its data, UTC epoch seconds."""
    if given is not None:
        home.mkdir()
        for file in given.glob("workbench.db*"):
            shutil.copy2(file, home / file.name)
    store = open_store(load(home=home))
    if given is None:
        sample.load(store, store.settings, int(time.time()))
    with store.read() as conn:
        now = int(conn.scalar(select(func.max(freshness.c.data_until_at))) or 0)
    rating.rate(store, now)
    posting.bring_up(store, now)
    return store, now


def exported(store: Store, file: Path) -> dict[str, int]:
    """Write the file; our balances, minor units."""
    centre, sums = store.settings.centre, balances(store, ALL)
    lines = ledger_export.beancount_lines(journal(store, ALL), sums, centre.zone, centre.currency)
    with file.open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines)
    return sums


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--home", type=Path)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="beans-") as folder:
        store, _ = loaded(Path(folder) / "state", given.home)
        checked = verify(store)
        file = Path(folder) / "centre.beancount"
        sums = exported(store, file)
        store.engine.dispose()
        began = time.monotonic()
        judge = Path(sys.executable).with_name("bean-check")
        said = subprocess.run([str(judge), str(file)], capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        entries, errors, _ = loader.load_file(str(file))
    theirs: Counter[str] = Counter()
    transactions = [entry for entry in entries if isinstance(entry, data.Transaction)]
    for entry in transactions:
        for line in entry.postings:
            theirs[line.account] += int(line.units.number * Decimal(100))
    ours = {ledger_export.beancount_account(name): minor for name, minor in sums.items()}
    differing = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    sound = not (said.returncode or errors or differing or checked.problems)
    print(f"ledger verify: {checked.transactions:,} transactions, {len(checked.problems)} problem(s)")
    print(f"bean-check: exit status {said.returncode}, {len(errors)} error(s), {took:.1f} s")
    postings = sum(len(entry.postings) for entry in transactions)
    print(f"beancount read {len(transactions):,} transactions with {postings:,} postings")
    print(f"balances: {len(ours)} accounts of ours, {len(theirs)} of theirs, {len(differing)} differ")
    print(*differing, said.stderr, sep="\n")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
