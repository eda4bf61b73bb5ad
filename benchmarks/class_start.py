"""A class presses *join*: our warm pool, our cold start, and a stock JupyterHub beside them, in one run.

    .venv/bin/python -m benchmarks.class_start --students 100 --ramp 60 --rival stock --json FILE

Each student is served when a kernel has printed 1+1 (benchmarks/class_driver.py). Ours is the whole way of a browser by
the class's code, through a Hub as `workbench up` starts it, with books, holds and metering; the rival's students only
ask its API. Memory is what servers, kernels, and with ours the parent and the keepers, hold (PSS: shared pages are
counted once), after the last student was served. A stall is the longest time that the Hub took for /hub/health, asked
five times a second. Then the class is ended: until nothing of it runs and no home of a seat is left.

The file has for each of warm, cold and stock: students, served, p50_s, p95_s, last_s (from the first press), pss_mib,
stall_s, cpu_s (of servers and kernels), and for ours pool_s and teardown_s.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.class_driver import Served, joining, press_all, starting, watch_stalls
from benchmarks.class_stock import of_students, stock_hub
from tests.centre import four_free_ports
from tests.class_centre import a_class, class_hub, of_class

GOALS = {"warm": {"p50_s": 1.0, "p95_s": 3.0}, "cold": {"p95_s": 10.0, "last_s": 75.0, "stall_s": 0.5}}
NAMES = {"warm": "workbench, warm pool", "cold": "workbench, cold", "stock": "stock JupyterHub"}
ROWS = {
    "students": "students",
    "served": "served",
    "p50_s": "press to kernel, median, s",
    "p95_s": "95%, s",
    "last_s": "last kernel after the first press, s",
    "stall_s": "longest stall of the Hub, s",
    "pss_mib": "memory of servers and kernels, MiB (PSS)",
    "cpu_s": "their CPU time, s",
    "pool_s": "until the pool was ready, s",
    "teardown_s": "until nothing was left after the end, s",
}
DOC = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- class -->", "<!-- end of class -->"
TEARDOWN_GOAL_S, MEMORY_GOAL = 30.0, 0.4


def main() -> int:
    chosen = arguments()
    results: dict[str, dict[str, object]] = {}
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="class-start-")))
        scratch.chmod(0o755)  # the servers of seats are other users
        for kind in chosen.only:
            results[kind] = stock(chosen, scratch) if kind == "stock" else ours(chosen, scratch, kind)
            print(line(kind, results[kind]), flush=True)
            time.sleep(3)
    whole = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M UTC}", "cores": os.cpu_count(), "ramp_s": chosen.ramp}
    whole |= {"machine": platform.machine(), "python": platform.python_version(), **results}
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(whole, indent=1) + "\n")
    print("\n".join(verdicts(results)))
    if chosen.doc:
        write_doc(whole, results)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--ramp", type=float, default=60.0, help="seconds from the first press to the last")
    parser.add_argument("--rival", choices=("stock", "none"), default="stock")
    parser.add_argument("--only", default="", help="of warm, cold, stock: those, comma between")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "out" / "class_start.json")
    parser.add_argument("--doc", action="store_true", help="put the table into docs/performance.md")
    found = parser.parse_args()
    kinds = ["warm", "cold", "stock"] if found.rival == "stock" else ["warm", "cold"]
    found.only = [kind for kind in kinds if not found.only or kind in found.only.split(",")]
    return found


def stock(chosen: argparse.Namespace, scratch: Path) -> dict[str, object]:
    port = four_free_ports()
    with stock_hub(scratch / "stock", port) as (url, token):
        served = asyncio.run(
            pressed(chosen, f"http://127.0.0.1:{port + 2}/hub/health", lambda n: starting(url, token, n))
        )
        return figures(chosen.students, served, of_students(port))


def ours(chosen: argparse.Namespace, scratch: Path, kind: str) -> dict[str, object]:
    with class_hub(scratch / kind) as hub:
        began = time.monotonic()
        held = a_class(hub, chosen.students, warm=chosen.students if kind == "warm" else 0)
        hub.wait_until_warm(held)
        pool_s = time.monotonic() - began
        seats: list[str] = []
        health = f"http://127.0.0.1:{hub.settings.hub.hub_port}/hub/health"
        served = asyncio.run(pressed(chosen, health, lambda n: joining(hub.url, held.code, n, seats)))
        found = figures(chosen.students, served, of_class(hub))
        found["pool_s"] = round(pool_s, 1) if kind == "warm" else None
        found["one_seat_each"] = len(set(seats)) == len(seats)
        found["teardown_s"] = round(hub.end_class(held), 1)
        return found


async def pressed(chosen: argparse.Namespace, health: str, one: object) -> Served:
    """All students, while the Hub is watched."""
    watched = Served()
    watcher = asyncio.ensure_future(watch_stalls(health, watched))
    try:
        served = await press_all(chosen.students, chosen.ramp, one)
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
    served.stall_s = watched.stall_s
    return served


def figures(students: int, served: Served, processes: list[psutil.Process]) -> dict[str, object]:
    """What is written of one kind; the processes are read now."""
    for problem in served.problems[:5]:
        print(f"  {problem}", file=sys.stderr)
    found: dict[str, object] = {"students": students, "served": len(served.waits_s)}
    if served.waits_s:
        found |= {"p50_s": round(served.p50_s, 2), "p95_s": round(served.p95_s, 2), "last_s": round(served.last_s, 1)}
    found |= {"stall_s": round(served.stall_s, 2), "pss_mib": round(sum(map(pss_mib, processes)))}
    return found | {"processes": len(processes), "cpu_s": round(sum(map(cpu_s, processes)), 1)}


def pss_mib(process: psutil.Process) -> float:
    """Its share of what it maps, in MiB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def line(kind: str, found: dict[str, object]) -> str:
    return f"{kind:5} " + ", ".join(f"{name} {value}" for name, value in found.items() if value is not None)


def write_doc(whole: dict[str, object], results: dict[str, dict[str, object]]) -> None:
    """Replace what stands between the marks of docs/performance.md by this run's table."""
    rows = [f"{whole['at']}, {whole['cores']} cores; {whole['ramp_s']:.0f} s from the first press to the last.", ""]
    rows += ["| | " + " | ".join(NAMES[kind] for kind in results) + " |", "|---|" + "---:|" * len(results)]
    for key, says in ROWS.items():
        values = [found.get(key) for found in results.values()]
        if any(value is not None for value in values):
            rows.append(f"| {says} | " + " | ".join("" if value is None else f"{value:,}" for value in values) + " |")
    text = DOC.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    DOC.write_text(f"{before}{BEGIN}\n\n" + "\n".join(rows) + f"\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def verdicts(results: dict[str, dict[str, object]]) -> list[str]:
    """Each goal of the figures there are: met or not."""
    said = []
    for kind, goals in GOALS.items():
        found = results.get(kind)
        if found is None:
            continue
        said.append(
            f"{kind}: served {found['served']} of {found['students']}{goal(found['served'] == found['students'])}"
        )
        for name, most in goals.items():
            if name in found:
                said.append(f"{kind}: {name} {found[name]} (goal ≤ {most}){goal(float(str(found[name])) <= most)}")
        teardown = float(str(found["teardown_s"]))
        said.append(f"{kind}: teardown_s {teardown} (goal ≤ {TEARDOWN_GOAL_S}){goal(teardown <= TEARDOWN_GOAL_S)}")
    if "stock" in results:
        rival = float(str(results["stock"]["pss_mib"]))
        for kind in ("warm", "cold"):
            if kind in results and rival:
                share = float(str(results[kind]["pss_mib"])) / rival
                said.append(
                    f"{kind}: {share:.2f}× the memory of stock (goal ≤ {MEMORY_GOAL}){goal(share <= MEMORY_GOAL)}"
                )
    return said


def goal(met: object) -> str:
    return ": met" if met else ": NOT MET"


if __name__ == "__main__":
    sys.exit(main())
