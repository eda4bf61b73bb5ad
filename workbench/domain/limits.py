"""What limit an account's minutes get in Slurm: a spent award is stopped, one that can still pay never is.

Money is fungible between GPU models, Slurm counts minutes. So a limit is

    limit = minutes that Slurm has counted + minutes that what is left of the award buys where they are cheapest

rounded up. It is an upper bound: the exact word is the Hub's hold at each start, and a project that computes where it
is dearer is stopped when its money is gone, since the limit follows what is left. With nothing left the limit is what
Slurm has counted, whatever that is; nothing more fits under it, running jobs go on (AccountingStorageEnforce: safe).
A counter that begins anew, by a wipe of Slurm's state or a reset period, moves the limit with it.

GPU minutes and CPU minutes each have their limit: a job without GPU is stopped by the second.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from workbench.units import BASIS_POINTS

TOLERANCE_BP = 500
"""A limit stays as it is while it is above what it is to be by at most this share of the minutes left (5%)."""


@dataclass(frozen=True, slots=True)
class Purse:
    """What is left of one award, minor units, and the share of a list price that it pays (basis points)."""

    left_minor: int
    rate_bp: int


def minutes_bought(purses: Iterable[Purse], price: Fraction | None) -> int | None:
    """Minutes that awards pay, one after the other, rounded up.

    Args:
        purses: the awards in force; below zero is left nothing.
        price: cheapest list price of a minute, minor units; None: there is none, so no use draws on an award.

    Returns:
        None: there is no end to it, since something is left and a minute costs nothing of it.
    """
    total = Fraction(0)
    for purse in purses:
        if purse.left_minor > 0:
            if not price or not purse.rate_bp:
                return None
            total += Fraction(purse.left_minor * BASIS_POINTS, purse.rate_bp) / price
    return ceil(total)


def limit_of(bought: int | None, used: int) -> int | None:
    """The limit on minutes; None: none."""
    return None if bought is None else used + bought


def stays(there: int | None, bought: int | None, used: int) -> bool:
    """Whether a limit is near enough to what it is to be.

    Running jobs move the counter by the second and the money by the minute: a limit that followed each step would be
    changed at each look. It may be somewhat high, never low: that would stop a project that can pay. Where nothing is
    left, every limit that is not above the counter stops as well as another.

    Args:
        there: the limit now, None without one.
        bought: see `minutes_bought`.
        used: minutes that Slurm has counted.
    """
    if there is None or bought is None:
        return there is None and bought is None
    if not bought:
        return there <= used
    return 0 <= (there - used - bought) * BASIS_POINTS <= bought * TOLERANCE_BP
