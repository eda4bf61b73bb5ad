"""Rule 14: storage beyond what is free, by the TB-month; deletion after closing. 1 TB is 10^12 bytes."""

from datetime import date, timedelta

from workbench.domain.rules.parameters import SchemeRules
from workbench.units import divide_half_even

TB = 10**12


def storage_minor(byte_seconds: int, month_s: int, rules: SchemeRules) -> int:
    """Charge of one month, minor units, rounded once.

    Args:
        byte_seconds: bytes stored, each for as many seconds as it lay there in the month.
        month_s: seconds of the month, > 0.
        rules: free TB and price: of the month's mean.
    """
    free = rules.storage_free_tb * TB * month_s
    beyond = max(0, byte_seconds - free)
    return divide_half_even(beyond * rules.storage_minor_per_tb_month, TB * month_s)


def deleted_on(closed_on: date, rules: SchemeRules) -> date:
    """The first day on which the files of a closed project may be deleted."""
    return closed_on + timedelta(days=rules.deletion_days)
