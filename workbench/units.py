"""Units, and the only places where they change: GPU parts, GPU-seconds, money.

Inside, everything is an integer. One GPU is 420,000 *parts*: that holds four decimals (0.0625), sevenths and eighths
(MIG slices), thirds, exactly; a century of 3,000 GPUs still fits in an int64 of part-seconds. Money is minor units
(HK cents), rates are basis points. Floats appear only in what a person reads.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

GPU_PARTS = 420_000
"""Parts of one GPU: 2^5 · 3 · 5^4 · 7."""

HOUR_S = 3600
DAY_S = 86_400
BASIS_POINTS = 10_000
MOST_DIGITS = 13
"""Digits before the point of an amount that somebody types: sums of thousands of them still fit in an int64."""


def gpu_parts(gpus: int | Decimal | Fraction | str) -> int:
    """Parts of so many GPUs.

    Args:
        gpus: GPUs ≥ 0; a text is read as a decimal number. No float: 0.1 is not 0.1 there.

    Raises:
        ValueError: negative, not a number, or not a whole number of parts (says the nearest that is).
    """
    try:
        exact = Fraction(gpus) if not isinstance(gpus, str) else Fraction(gpus.strip())
    except (ValueError, ZeroDivisionError, OverflowError) as problem:
        raise ValueError(f"GPU count {gpus!r} is not a number") from problem
    parts = exact * GPU_PARTS
    if parts < 0:
        raise ValueError(f"GPU count {gpus} is negative")
    if parts.denominator != 1:
        near = Decimal(round(parts)) / GPU_PARTS
        raise ValueError(f"GPU count {gpus} is no whole number of 1/{GPU_PARTS} GPU (nearest {near:.6f})")
    return int(parts)


def gpu_seconds(part_seconds: int) -> int | float:
    """GPU-seconds of so many part-seconds: an int where whole, else a float of at most six decimals."""
    whole, rest = divmod(int(part_seconds), GPU_PARTS)
    return whole if rest == 0 else round(int(part_seconds) / GPU_PARTS, 6)


def gpu_hours(part_seconds: int) -> float:
    """GPU-hours of so many part-seconds, for people."""
    return int(part_seconds) / GPU_PARTS / HOUR_S


def divide_half_even(numerator: int, denominator: int) -> int:
    """The quotient as a whole number, halves to even: the one rounding rule for money. The denominator is > 0."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))


def minor_from_text(amount: str | int | Decimal) -> int:
    """Minor units of an amount in major units ("28.50" → 2850).

    Raises:
        ValueError: more than two decimals, too large to be meant, or not a number (in the digits 0 to 9).
    """
    try:
        major = Decimal(str(amount) if str(amount).isascii() else "")
    except ArithmeticError as problem:
        raise ValueError(f"{amount!r} is not an amount of money") from problem
    if major.is_finite() and major.adjusted() >= MOST_DIGITS:
        raise ValueError(f"{str(amount)[:40]!r} is more than an amount of money can be")
    minor = major * 100
    if not minor.is_finite() or minor != minor.to_integral_value(ROUND_HALF_EVEN):
        raise ValueError(f"{amount!r} is not an amount with at most two decimals")
    return int(minor)


def decimal(amount_minor: int) -> str:
    """The exact amount for a program: whole units with two decimals and no grouping, −123456 → "-1234.56"."""
    major, minor = divmod(abs(int(amount_minor)), 100)
    return f"{'-' if amount_minor < 0 else ''}{major}.{minor:02d}"


def money(amount_minor: int, symbol: str = "HK$") -> str:
    """The exact amount for a person: 1234567 → "HK$12,345.67"; negative amounts with a minus sign."""
    sign = "\N{MINUS SIGN}" if amount_minor < 0 else ""
    major, minor = divmod(abs(int(amount_minor)), 100)
    return f"{sign}{symbol}{major:,}.{minor:02d}"


def money_short(amount_minor: int, symbol: str = "HK$") -> str:
    """The amount at a glance: HK$412m, HK$3.0bn, HK$9,120; the exact one belongs beside it on hover or in a table."""
    sign = "\N{MINUS SIGN}" if amount_minor < 0 else ""
    major = abs(Decimal(int(amount_minor))) / 100
    if major >= 999_500_000:
        return f"{sign}{symbol}{major / 10**9:.1f}bn"
    if major >= 9_950_000:
        return f"{sign}{symbol}{major / 10**6:.0f}m"
    if major >= 999_500:
        return f"{sign}{symbol}{major / 10**6:.1f}m"
    return f"{sign}{symbol}{major:,.0f}"
