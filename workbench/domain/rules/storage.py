"""Rule 14: storage beyond what is free, by the TB-month; deletion after closing. 1 TB is 10^12 bytes."""

from dataclasses import dataclass
from datetime import date, timedelta

from workbench.domain.pricelist import NANO_PER_MINOR
from workbench.domain.rules.parameters import SchemeRules
from workbench.units import divide_half_even

TB = 10**12


@dataclass(frozen=True, slots=True)
class StoragePrice:
    """What a TB-month beyond `free_tb` costs, in 10⁻⁹ of the currency's major unit; `source`: who says so."""

    free_tb: int
    nano_per_tb_month: int
    source: str


def price_of_rule(rules: SchemeRules) -> StoragePrice:
    """The rule's own price, where the price list has none."""
    return StoragePrice(rules.storage_free_tb, rules.storage_minor_per_tb_month * NANO_PER_MINOR, "rule 14")


def storage_minor(byte_days: int, days: int, price: StoragePrice) -> int:
    """Charge of one month for its mean, minor units, rounded once, halves to even.

    Args:
        byte_days: sum of the bytes stored on each day that was measured.
        days: how many days were measured, > 0; the others are unknown and not in the mean.
        price: of the month.
    """
    beyond = max(0, byte_days - price.free_tb * TB * days)
    return divide_half_even(beyond * price.nano_per_tb_month, TB * days * NANO_PER_MINOR)


def deleted_on(closed_on: date, rules: SchemeRules) -> date:
    """The first day on which the files of a closed project may be deleted."""
    return closed_on + timedelta(days=rules.deletion_days)
