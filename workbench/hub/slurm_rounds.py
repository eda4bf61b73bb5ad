"""What the pulse does with Slurm, each thing at its own pace; what fails is said and comes again, the rest goes on."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from workbench.errors import SlurmError
from workbench.hub.slurm.orphans import end_orphans
from workbench.hub.slurm.strays import end_strays
from workbench.hub.strays import known_servers
from workbench.services.slurm import classes, enforce, follow, placed, reconcile
from workbench.services.slurm.capacity import capacity
from workbench.slurm.runner import Runner
from workbench.store.engine import Store
from workbench.units import DAY_S, HOUR_S

MINUTE, MINUTES_5 = 60, 300
SOON_S = 60
"""Limits follow so soon after usage that came in: it may have used an award up."""
log = logging.getLogger("workbench.pulse")


@dataclass(frozen=True, slots=True)
class Round:
    """One thing that is done again and again: every so many seconds, after a failure perhaps sooner."""

    do: Callable[[int], object]
    every_s: int
    again_s: int


class Rounds:
    """All of them, for a centre whose settings name a Slurm; none for another."""

    def __init__(self, store: Store) -> None:
        slurm, self.store = store.settings.slurm, store
        self.runner = runner = Runner.of(slurm)
        steps = {
            "accounting": Round(self._poll, slurm.poll_s, slurm.poll_s),
            "places": Round(self._places, slurm.poll_s, slurm.poll_s),
            "dask": Round(lambda now: end_orphans(store, runner, now), slurm.poll_s, slurm.poll_s),
            "strays": Round(
                lambda now: end_strays(store, runner, lambda: known_servers(os.environ), now), MINUTES_5, MINUTES_5
            ),
            "classes": Round(self._classes, MINUTE, MINUTE),
            "capacity": Round(lambda now: capacity(store, runner, now), MINUTES_5, MINUTES_5),
            "limits": Round(self._limits, MINUTES_5, MINUTES_5),
            "reconcile": Round(
                lambda now: reconcile.compare(store, runner, reconcile.month_now(store, now), now), DAY_S, HOUR_S
            ),
        }
        if not slurm.enforce:
            del steps["limits"]
        self.steps = steps if slurm.cluster else {}
        self.due = dict.fromkeys(self.steps, 0.0)

    def turn(self, now: int) -> list[str]:
        """Do what is due.

        Args:
            now: UTC epoch seconds.

        Returns: the names of what failed.
        """
        due = [(name, step) for name, step in self.steps.items() if self.due[name] <= time.monotonic()]
        return [name for name, step in due if not self._done(name, step, now)]

    def _done(self, name: str, step: Round, now: int) -> bool:
        self.due[name] = time.monotonic() + step.every_s
        try:
            step.do(now)
        except SlurmError as problem:
            log.warning("%s: %s It is tried again in %s s.", name, problem, step.again_s)
        except Exception:
            log.exception("step %s failed; it is tried again in %s s", name, step.again_s)
        else:
            return True
        self.due[name] = time.monotonic() + step.again_s
        return False

    def _poll(self, now: int) -> None:
        done = follow.poll(self.store, self.runner, now)
        if "limits" in self.due and done.taken.rows:
            self.due["limits"] = min(self.due["limits"], time.monotonic() + SOON_S)

    def _places(self, now: int) -> None:
        for reject in placed.look(self.store, self.runner).rejects:
            log.warning("places: %s", reject.reason)

    def _classes(self, now: int) -> None:
        for name, said in classes.keep(self.store, self.runner, now).refused:
            log.warning("classes: Slurm refused the reservation %s: %s", name, said)

    def _limits(self, now: int) -> None:
        for change, said in enforce.apply(self.runner, enforce.plan(self.store, self.runner, now)).failed:
            log.warning("limits: %s of %s was refused: %s", change.what, change.account or "a QOS", said)
