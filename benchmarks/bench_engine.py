"""One engine of `benchmarks.bench` in a process of its own: a line out when it is ready; a line in asks for a
round, a line out tells of it.

.venv/bin/python -m benchmarks.bench_engine '{"engine": "polars", "task": "both", "paths": [...]}'
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import peers
from benchmarks.resampled import FIRST_S, LAST_S

TASKS = {
    "hourly occupancy": peers.QUESTIONS[:1],
    "daily usage by project": peers.QUESTIONS[1:],
    "both": peers.QUESTIONS,
}
"""What is asked: by what, in buckets of how many seconds."""
OURS = ("workbench", "workbench-dask")
ENGINES = (*OURS, *peers.ENGINES)
WORKERS = 2
Ask = Callable[[Sequence[Path]], list[pd.DataFrame]]


def answering(engine: str, task: str, stack: ExitStack) -> Ask:
    """What answers the task; whatever it needs is started here and ends with the stack."""
    if engine in peers.ENGINES:
        return lambda paths: peers.ENGINES[engine](paths, TASKS[task])
    from workbench.analytics.scan import Question, scan

    questions = [Question((by,), np.arange(FIRST_S, LAST_S + 1, width)) for by, width in TASKS[task]]
    client = stack.enter_context(_cluster()) if engine == "workbench-dask" else None
    return lambda paths: scan(paths, questions, client=client)


def _cluster() -> Any:
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=40)
    return Client(cluster)


def digest(answers: Sequence[pd.DataFrame]) -> str:
    """Of names, buckets and amounts, to the bit."""
    seen = hashlib.sha256()
    for frame in answers:
        name, bucket, amount = (frame.iloc[:, place] for place in range(3))
        codes, names = pd.factorize(name)
        seen.update("\0".join(map(str, names)).encode())
        for column in (codes, bucket, amount):
            seen.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    return seen.hexdigest()


def peak_mib() -> int:
    """The most memory that this process and those that it started have held, each at its own time. Linux counts it."""
    import psutil

    me = psutil.Process()
    return sum(_most_kib(process.pid) for process in (me, *me.children(recursive=True))) >> 10


def _most_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def main() -> None:
    asked = json.loads(sys.argv[1])
    out = os.fdopen(os.dup(1), "w")  # what a library prints goes elsewhere
    os.dup2(2, 1)
    paths = [Path(path) for path in asked["paths"]]
    with ExitStack() as stack:
        ask = answering(asked["engine"], asked["task"], stack)
        ask(paths[:1])  # what is compiled or set up at a first question is not what is timed
        print("{}", file=out, flush=True)
        for _line in sys.stdin:
            begun = time.perf_counter()
            answers = ask(paths)
            seconds = time.perf_counter() - begun
            said = {"seconds": seconds, "digest": digest(answers), "peak_mib": peak_mib()}
            print(json.dumps(said), file=out, flush=True)


if __name__ == "__main__":
    main()
