"""From choosing to a ready server: as a job of a real Slurm beside a process of this machine, by the same Hub code.

`python -m benchmarks.slurm_spawn [TIMES]` starts a Slurm of its own and two Hubs, which take turns. The goal: through
Slurm at most one second more. Where no Slurm can run it says so.
"""

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.slurm_centre import Browser, hub_of, make_centre, wait_until
from tests.slurm_stack.missing import missing
from tests.slurm_stack.slurm import running

TIMES, GOAL_S = 5, 1.0


def ready_after(browser: Browser) -> float:
    """Start a server, wait until it is ready, stop it; seconds from sending the choice to ready."""
    began = time.monotonic()
    sent = browser.choose(profile="cpu-small", project="climate", hours="1")
    assert sent.status_code == 200, sent.text
    wait_until(lambda: (browser.server() or {}).get("ready"), 120, browser.log)
    seconds = time.monotonic() - began
    browser.stop()
    wait_until(lambda: not browser.server(), 60, browser.log)
    return seconds


class Loud(Browser):
    """A browser that can show what its Hub said."""

    def __init__(self, hub, name):
        super().__init__(hub, name)
        self.log = hub.log


def measure(times: int) -> dict[str, list[float]]:
    """Seconds of each start, by kind."""
    taken: dict[str, list[float]] = {"slurm": [], "local": []}
    with ExitStack() as stack:
        slurm = stack.enter_context(running())
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        browsers = {}
        for kind, spawn in (("slurm", True), ("local", False)):
            centre = make_centre(scratch / kind, slurm, spawn=spawn)
            stack.callback(centre.store.engine.dispose)
            hub = stack.enter_context(hub_of(centre, scratch / f"{kind}-hub"))
            browsers[kind] = Loud(hub, "wb-ana")
            hub.browsers.append(browsers[kind])
        for turn in range(times + 1):
            for kind, browser in browsers.items():
                seconds = ready_after(browser)
                if turn:  # the first start of each reads everything from disk
                    taken[kind].append(seconds)
                    print(f"{kind:6} {seconds:5.2f} s", flush=True)
    return taken


def main() -> int:
    if why := missing():
        print(f"No Slurm can run here: {why}")
        return 0
    taken = measure(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES)
    slurm, local = (statistics.median(taken[kind]) for kind in ("slurm", "local"))
    print(f"choosing to ready, median of {len(taken['slurm'])}: Slurm {slurm:.2f} s, local {local:.2f} s")
    print(f"Slurm costs {slurm - local:+.2f} s (goal: at most {GOAL_S:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
