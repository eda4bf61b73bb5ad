"""What is changed: more GPUs from a day, another policy, the next applications approved, GPUs kept for a class, growth.

A scenario that changes nothing is the base case. Each of its problems is known at once, by the name of its field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from workbench.errors import BadScenario

POLICIES = ("as-now", "fifo", "backfill", "fair-share")
"""As now: the rule by which the replay comes nearest to what was."""
MOST_GPUS = 100_000
MOST_APPROVED = 5
MOST_HOURS = 7 * 24
GROWTH_BP = (-2_000, 2_000)
"""Growth of demand in a month, basis points: from 20% less to 20% more."""


@dataclass(frozen=True, slots=True)
class ClassReservation:
    """GPUs kept for a class, in use while they are kept. starts_at: UTC epoch seconds; weekly: again in each week."""

    gpus: int
    starts_at: int
    hours: int
    weekly: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """One question. pool: "partition, model", '' the largest. more_gpus: signed, from the beginning of `from_on` (None:
    the first day that is answered for). approve: so many applications, those nearest to their decision first.
    growth_bp: of demand, a month, compounded, basis points.

    Raises:
        BadScenario: with every problem there is.
    """

    pool: str = ""
    more_gpus: int = 0
    from_on: date | None = None
    policy: str = "as-now"
    approve: int = 0
    reservation: ClassReservation | None = None
    growth_bp: int = 0

    def __post_init__(self) -> None:
        refuse(dict(_problems(self)))

    @property
    def changes_nothing(self) -> bool:
        """Whether the answer is the base case on both sides."""
        return self == Scenario(self.pool, from_on=self.from_on)


def refuse(problems: Mapping[str, str]) -> None:
    """Raise BadScenario where there are problems: field → what to do."""
    if problems:
        raise BadScenario(problems)


def _problems(asked: Scenario) -> list[tuple[str, str]]:
    low, high = GROWTH_BP
    kept = asked.reservation
    rules: Sequence[tuple[str, bool, str]] = (
        ("gpus", abs(asked.more_gpus) <= MOST_GPUS, f"at most {MOST_GPUS:,} GPUs more or fewer"),
        ("policy", asked.policy in POLICIES, f"the policy is one of {', '.join(POLICIES)}"),
        ("approve", 0 <= asked.approve <= MOST_APPROVED, f"approve from 0 to {MOST_APPROVED} applications"),
        ("growth", low <= asked.growth_bp <= high, f"growth is from {low / 100:g}% to {high / 100:g}% a month"),
        ("class_gpus", kept is None or 0 < kept.gpus <= MOST_GPUS, f"a class has 1 to {MOST_GPUS:,} GPUs"),
        ("class_hours", kept is None or 0 < kept.hours <= MOST_HOURS, f"a class lasts 1 to {MOST_HOURS} hours"),
    )
    return [(field, said) for field, fine, said in rules if not fine]


def inside(asked: Scenario, window: Any, day: date, last: date, in_service: int, allocatable: int) -> None:
    """Refuse what does not fit the centre: days outside of the answer, more GPUs taken than there are.

    Args:
        asked: a scenario that is fine in itself.
        window: of the answer.
        day: its first day; last: its last.
        in_service: GPUs of the pool in service now.
        allocatable: GPUs of the pool that jobs may take now.
    """
    kept, when = asked.reservation, asked.from_on
    months = f"from {day:%-d %b %Y} to {last:%-d %b %Y}"
    there = min(in_service, allocatable)
    found = {}
    if when is not None and not day <= when <= last:
        found["from"] = f"the day lies {months}"
    if there + asked.more_gpus < 0:
        found["gpus"] = f"the pool has {there:,} GPUs: no more can go"
    if kept is not None and kept.gpus > max(there, there + asked.more_gpus):
        found["class_gpus"] = f"the pool has {max(there, there + asked.more_gpus):,} GPUs: a class cannot have more"
    if kept is not None and not window.start_s <= kept.starts_at < window.end_s:
        found["class_at"] = f"the class begins {months}"
    refuse(found)
