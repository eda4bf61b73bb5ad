"""Values of a price file: counts, sizes, factors and shares, exact. Each raises ValueError with the reason."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from workbench.units import BASIS_POINTS, GPU_PARTS

LARGEST_FACTOR = 100 * BASIS_POINTS


def exact_of(value: Any) -> Fraction:
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        raise ValueError("missing" if value is None else f"{value!r} is no exact number: write it in quotes")
    try:
        return Fraction(value.strip() if isinstance(value, str) else value)
    except (ValueError, ZeroDivisionError, OverflowError) as problem:
        raise ValueError(f"{value!r} is no number") from problem


def count_of(value: Any) -> int:
    number = exact_of(value)
    if number.denominator != 1 or number < 0:
        raise ValueError(f"{value!r} is no whole number of at least 0")
    return int(number)


def size_of(value: Any) -> int:
    number = count_of(value)
    if not number:
        raise ValueError("it must be at least 1")
    return number


def mebibytes_of(gib: Any) -> int:
    """Whole MiB of an amount in GiB."""
    mib = exact_of(gib) * 1024
    if mib.denominator != 1 or mib <= 0:
        raise ValueError(f"{gib!r} is no memory in GiB")
    return int(mib)


def factor_of(value: Any) -> int:
    scaled = exact_of(value) * BASIS_POINTS
    if scaled.denominator != 1 or not 0 < scaled <= LARGEST_FACTOR:
        raise ValueError(f"{value} is no factor: above 0, at most 100, at most four decimals")
    return int(scaled)


def share_of(value: Any) -> int:
    """GPU parts of a share of a board; one that is no whole number of parts is rounded up."""
    share = exact_of(value)
    if not 0 < share <= 1:
        raise ValueError(f"{value} is no share of a board: above 0, at most 1")
    return int(-(-share * GPU_PARTS // 1))
