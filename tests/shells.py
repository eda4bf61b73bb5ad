"""A ledger changed with the database's own shell, and what somebody does there."""

import os
import subprocess
import sys
from pathlib import Path

from tests.ledgers import TAMPERED
from workbench.store.ledger import GUARDS

AMONG = (
    "INSERT INTO ledger_postings SELECT 104, line, ledger_account, amount_minor, currency "
    "FROM ledger_postings WHERE seq = 4;"
    "UPDATE ledger_postings SET seq = seq + 1000 WHERE seq BETWEEN 5 AND 10;"
    "UPDATE ledger_transactions SET seq = seq + 1000 WHERE seq BETWEEN 5 AND 10;"
    "UPDATE ledger_postings SET seq = seq - 999 WHERE seq > 1000;"
    "UPDATE ledger_transactions SET seq = seq - 999 WHERE seq > 1000;"
    "UPDATE ledger_postings SET seq = 5 WHERE seq = 104;"
    "INSERT INTO ledger_transactions SELECT 5, 'new', at, kind, project, day, memo, refs, hash, hash "
    "FROM ledger_transactions WHERE seq = 4;"
    "UPDATE ledger_head SET seq = 11"
)
DONE = {
    "an UPDATE": TAMPERED["both amounts are changed"],
    "a DELETE": TAMPERED["a transaction is removed"],
    "a row inserted behind the last": TAMPERED["a transaction is inserted behind the last"],
    "a row inserted among the others, the later ones renumbered": ([AMONG], {5, 6, 7, 8, 9, 10, 11}),
    "a swapped pair": TAMPERED["two are swapped"],
    "a sum by month": (["UPDATE ledger_months SET amount_minor = 0 WHERE ledger_account = 'centre:charges'"], {None}),
}
"""What somebody does → the numbers that verify must name; None: what is not of one number."""


def script(does: str, *, on_postgres: bool) -> str:
    """SQL for the shell: the triggers are dropped, then it is done."""
    dropped = []
    for guard in GUARDS:
        table = "_".join(guard.split("_")[:2])
        dropped.append(f"DROP TRIGGER {guard}{f' ON {table}' if on_postgres else ''};")
    if on_postgres:
        dropped.append("ALTER TABLE ledger_postings DROP CONSTRAINT fk_ledger_postings_seq_ledger_transactions;")
    statements, _ = DONE[does]
    return "\n".join([*dropped, *(f"{statement};" for statement in statements)])


def verified(home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """What `workbench ledger verify` says of the ledger there, as somebody runs it."""
    env = {**os.environ, "WORKBENCH_HOME": str(home), **more}
    command = [sys.executable, "-c", "from workbench.cli import main; main()", "ledger", "verify"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


def named(said: str) -> set[int | None]:
    """The numbers that the answer names; None for the ledger as a whole, missing triggers left out."""
    lines = [line for line in said.splitlines() if "the trigger" not in line]
    return {int(line.split(":")[0].split()[1]) if line.startswith("Number ") else None for line in lines}
