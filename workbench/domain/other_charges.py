"""A charge beside metered usage. Minor units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

RESERVATION, CANCELLATION, STORAGE = "reservation", "cancellation", "storage"
REFUND, ADJUSTMENT, WRITE_OFF = "refund", "adjustment", "write-off"
KINDS = (RESERVATION, CANCELLATION, STORAGE, REFUND, ADJUSTMENT, WRITE_OFF)

Ref = str | int | None


@dataclass(frozen=True, slots=True)
class OtherCharge:
    """One row of other_charges: list_minor = subsidy_minor + user_minor, negative where money goes back.

    key: names it once for all. day: the centre's day that it counts for. quantity: whole, in `unit`; None without one.
    memo: a sentence for the statement. refs: what it comes from. made_at: UTC epoch seconds.
    """

    key: str
    kind: str
    project: str
    day: date
    list_minor: int
    subsidy_minor: int
    user_minor: int
    memo: str
    made_by: str
    made_at: int
    award_id: int | None = None
    quantity: int | None = None
    unit: str = ""
    refs: Mapping[str, Ref] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.key}: {self.kind!r} is no kind of charge; there are {', '.join(KINDS)}")
        if self.list_minor != self.subsidy_minor + self.user_minor:
            raise ValueError(f"{self.key}: subsidy and user's part do not add up to the amount at list price")
        if self.subsidy_minor and self.award_id is None:
            raise ValueError(f"{self.key}: a subsidy needs the award that pays it")


@dataclass(frozen=True, slots=True)
class Split:
    """Who pays an amount at list price; `award_id` None: no award holds, or it has nothing left."""

    subsidy_minor: int
    user_minor: int
    award_id: int | None
