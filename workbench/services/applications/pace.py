"""How long applications wait for their decision, in days: a headline figure of the scheme (rule 4).

A day is a calendar day of the centre; the first is that of the submission, the last that of the decision (approved,
declined or deferred). Drafts and what was withdrawn do not count. The median is of the middle one or two, the 90th
percentile is the fewest days within which nine of ten were decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Literal

from sqlalchemy import select

from workbench.domain.applications import DECISIONS, days_to_decision
from workbench.domain.awards import Application
from workbench.services.spend_days import today_of
from workbench.store.engine import Store

By = Literal["category", "month"]
DECIDED = frozenset(DECISIONS.values())


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one category, of one month of decisions "2026-03", or of all (''). Days are None where nothing was decided.

    open: applications that wait; longest_open_days: of these the longest wait so far. A month has no open ones.
    """

    group: str
    decided: int
    median_days: float | None
    p90_days: int | None
    worst_days: int | None
    open: int
    longest_open_days: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An application that is not decided, and for how many days by now."""

    reference: str
    stage: str
    category: str
    received_on: date
    days: int


def pace(store: Store, now: int, by: By | None = None) -> list[Pace]:
    """Days to decision of all applications, or of each category or month of decision, in order.

    Args:
        store: any.
        now: UTC epoch seconds.
        by: None: one row, of all.
    """
    today, found = today_of(store, now), _counted(store)
    groups: dict[str, list[Application]] = {} if by else {"": []}
    for application in found:
        decided = application.decision in DECIDED and application.decided_on
        if by == "month" and not decided:
            continue
        key = {"category": application.category, "month": f"{application.decided_on or today:%Y-%m}"}.get(by or "", "")
        groups.setdefault(key, []).append(application)
    return [_pace(group, mine, today) for group, mine in sorted(groups.items())]


def waiting(store: Store, now: int) -> list[Waiting]:
    """What waits for its decision, the longest first."""
    today = today_of(store, now)
    rows = [
        Waiting(a.reference, a.stage, a.category, a.received_on, days_to_decision(a.received_on, None, today))
        for a in _counted(store)
        if a.decision is None
    ]
    return sorted(rows, key=lambda row: (-row.days, row.reference))


def _counted(store: Store) -> list[Application]:
    with store.db() as db:
        found = db.scalars(select(Application).where(Application.stage.not_in(["draft", "withdrawn"])))
        return [application for application in found if application.decision != "withdrawn"]


def _pace(group: str, applications: Sequence[Application], today: date) -> Pace:
    done = [(a.received_on, a.decided_on) for a in applications if a.decision in DECIDED and a.decided_on]
    decided = sorted(days_to_decision(received, day, today) for received, day in done)
    still = [days_to_decision(a.received_on, None, today) for a in applications if a.decision is None]
    return Pace(
        group=group,
        decided=len(decided),
        median_days=float(median(decided)) if decided else None,
        p90_days=decided[-(-9 * len(decided) // 10) - 1] if decided else None,
        worst_days=decided[-1] if decided else None,
        open=len(still),
        longest_open_days=max(still, default=None),
    )
