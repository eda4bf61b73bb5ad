"""Readings of a device as NVIDIA's tools print them: "98 %", "432.10 W", "11125 MiB", "[N/A]". Unknown is None.

Source: nvidia-smi(1): what a device or driver does not support is printed as N/A.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from workbench.periods import epoch
from workbench.units import BASIS_POINTS

UNKNOWN = frozenset(
    {"", "-", "n/a", "not supported", "not found", "unknown error", "err!", "insufficient permissions", "no permission",
     "requested functionality has been deprecated", "gpu requires reset", "gpu is lost", "gpu access blocked by the"
     " operating system", "not available", "function not found", "in use by another client"}
)  # fmt: skip
"""What is printed in the place of a value that nobody has."""
_VALUE = re.compile(r"(-?\d+(?:\.\d+)?)\s*([A-Za-z%]*)")
_MIB: dict[str, int | Decimal] = {"MiB": 1, "": 1, "GiB": 1024, "KiB": Decimal(1) / 1024}
_MW: dict[str, int | Decimal] = {"W": 1000, "": 1000, "mW": 1}
_STAMPS = ("%a %b %d %H:%M:%S %Y", "%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%Y%m%d %H:%M:%S")


def basis_points(text: str) -> int | None:
    """Hundredths of a percent of "98 %". Raises ValueError: it is no share."""
    found = _read(text, {"%": 100, "": 100})
    if found is not None and not 0 <= found <= BASIS_POINTS:
        raise ValueError(f"{text.strip()!r} is no share of 0 to 100 %")
    return found


def mib(text: str) -> int | None:
    """MiB of "11125 MiB". Raises ValueError: it is no amount of memory."""
    return _least_0(text, _read(text, _MIB))


def milliwatts(text: str) -> int | None:
    """Milliwatts of "432.10 W". Raises ValueError: it is no power."""
    return _least_0(text, _read(text, _MW))


def whole(text: str) -> int | None:
    """A number such as an index. Raises ValueError: it is none."""
    return _least_0(text, _read(text, {"": 1}))


def stamp(text: str, zone: ZoneInfo) -> int | None:
    """UTC epoch seconds of a moment by the clock of the machine, whose zone it does not print.

    Raises:
        ValueError: it is no moment.
    """
    words = " ".join(text.split())
    if _unknown(words):
        return None
    for form in _STAMPS:
        try:
            return epoch(datetime.strptime(words, form).replace(tzinfo=zone))
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(words)
    except ValueError as problem:
        raise ValueError(f"{words!r} is no moment") from problem
    return epoch(found if found.tzinfo else found.replace(tzinfo=zone))


def _read(text: str, units: Mapping[str, int | Decimal]) -> int | None:
    if _unknown(text):
        return None
    match = _VALUE.fullmatch(text.strip())
    if not match or match[2] not in units:
        raise ValueError(
            f"{text.strip()!r} is no value in {', '.join(unit for unit in units if unit) or 'whole numbers'}"
        )
    return int((Decimal(match[1]) * units[match[2]]).to_integral_value())


def _unknown(text: str) -> bool:
    return text.strip().strip("[]").strip().lower() in UNKNOWN


def _least_0(text: str, value: int | None) -> int | None:
    if value is not None and value < 0:
        raise ValueError(f"{text.strip()!r} is less than nothing")
    return value
