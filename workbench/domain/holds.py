"""Holds: the subsidy of the full requested time is set aside at the start and settled at the end. Minor units.

    free = ceiling − drawn − held          (of the award that pays; never below zero by a hold)

A settled hold still counts with the actual amount until accounting has charged the usage: the final charge comes only
from accounting, and what is used but not yet charged must not be promised twice. Source: scheme rule 8 (as at ABCI).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Amount, Stored, UtcMoment
from workbench.errors import HoldRefused
from workbench.units import BASIS_POINTS, HOUR_S, divide_half_even


class Hold(Stored):
    """Subsidy set aside for one start. `key` is the start's own name: a repeated request finds the same hold.

    amount_minor: set aside; settled_minor: what the actual time came to, None while it runs.
    """

    __tablename__ = "holds"
    __table_args__ = (Index("ix_holds_award", "award", "ended_at"),)

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    award: Mapped[int] = mapped_column(ForeignKey("awards.id"))
    project: Mapped[str] = mapped_column(String(80))
    cluster: Mapped[str] = mapped_column(String(80))
    list_minor_per_hour: Mapped[int] = mapped_column(Amount)
    rate_bp: Mapped[int]
    requested_s: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(Amount)
    placed_at: Mapped[datetime] = mapped_column(UtcMoment)
    settled_minor: Mapped[int | None] = mapped_column(Amount, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment, default=None)


@dataclass(frozen=True, slots=True)
class Balance:
    """An award's subsidy in minor units: ceiling = drawn + held + free; free is negative where too much was drawn."""

    ceiling_minor: int
    drawn_minor: int
    held_minor: int

    @property
    def free_minor(self) -> int:
        return self.ceiling_minor - self.drawn_minor - self.held_minor

    @property
    def left_bp(self) -> int:
        """Share of the ceiling that is free, in basis points, not below 0."""
        return max(0, self.free_minor) * BASIS_POINTS // self.ceiling_minor if self.ceiling_minor else 0


def held_for(list_minor_per_hour: int, rate_bp: int, seconds: int) -> int:
    """Subsidy of so many seconds at this list price and rate, minor units, rounded as a charge is: each step once.

    Raises:
        HoldRefused: a negative amount of time or money.
    """
    if min(list_minor_per_hour, rate_bp, seconds) < 0:
        raise HoldRefused("", "time, price and rate cannot be negative", "Ask for a time from 0 seconds on.")
    listed = divide_half_even(list_minor_per_hour * seconds, HOUR_S)
    return divide_half_even(listed * rate_bp, BASIS_POINTS)


def settled_for(hold: Hold, used_s: int) -> int:
    """What so much use comes to, minor units: never more than was set aside."""
    used = held_for(hold.list_minor_per_hour, hold.rate_bp, min(used_s, hold.requested_s))
    return min(used, hold.amount_minor)


def counts(hold: Hold, accounted_until: Mapping[str, datetime]) -> bool:
    """Whether a hold takes from the free balance: while it runs, and until accounting has charged what it used.

    Args:
        hold: any.
        accounted_until: cluster → until when its usage is charged; nothing is for one that is not there.
    """
    until = accounted_until.get(hold.cluster)
    return hold.ended_at is None or until is None or hold.ended_at > until


def still_held(
    holds: Iterable[Hold], accounted_until: Mapping[str, datetime], charged_s: Mapping[str, int] | None = None
) -> int:
    """What these holds take from the free balance now.

    Args:
        holds: of one award.
        accounted_until: see `counts`.
        charged_s: key of a running hold → seconds of it that accounting has charged already.

    Returns:
        Of the running ones what is not charged yet, of the ended ones the actual amount until it is charged.
    """
    charged, total = charged_s or {}, 0
    for hold in holds:
        if hold.ended_at is None:
            total += hold.amount_minor - settled_for(hold, charged.get(hold.key, 0))
        elif counts(hold, accounted_until):
            total += hold.settled_minor or 0
    return total


def warnings(balance: Balance, warn_left_bp: Sequence[int]) -> list[int]:
    """The marks (basis points of the ceiling left) that an award has reached, the lowest last.

    Args:
        balance: of the award.
        warn_left_bp: marks, falling: 2000 warns at 20% left, 0 when nothing is left.
    """
    left = max(0, balance.free_minor)
    return [mark for mark in warn_left_bp if left * BASIS_POINTS <= mark * balance.ceiling_minor]


def gone_at_s(now_s: int, free_minor: int, burn_minor_per_hour: int) -> int | None:
    """The epoch second at which the free amount is used up at this burn; None where nothing burns.

    Args:
        now_s: UTC epoch seconds.
        free_minor: what is free and held by running work, minor units.
        burn_minor_per_hour: subsidy that running work draws in an hour.
    """
    if burn_minor_per_hour <= 0:
        return None
    return now_s + int(Fraction(max(0, free_minor) * HOUR_S, burn_minor_per_hour))
