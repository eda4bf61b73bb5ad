"""`kill -9` while rating, posting, closing a month: afterwards all is there once (the short run of the benchmark)."""

import subprocess
import sys

from workbench.settings import ROOT


def test_what_is_killed_loses_nothing_and_doubles_nothing(workbench_home):
    command = [sys.executable, str(ROOT / "benchmarks" / "crash_ledger.py"), "--kills", "8", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 kills" in done.stdout
    assert done.stdout.count("the same") == 6
