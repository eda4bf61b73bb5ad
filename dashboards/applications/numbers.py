"""Numbers as they are typed in forms: plain ASCII digits, no more than a form of ours needs."""

import re

from workbench.units import MOST_DIGITS, minor_from_text

WHOLE = re.compile(r"[0-9]{1,15}")
AMOUNT = re.compile(rf"[0-9]{{1,{MOST_DIGITS}}}(\.[0-9]{{1,2}})?|\.[0-9]{{1,2}}")


def whole(text: str, most: int, least: int = 0) -> int | None:
    """The number, or None where the text is no whole number from `least` to `most`."""
    found = int(text) if WHOLE.fullmatch(text := text.strip()) else -1
    return found if least <= found <= most else None


def minor(text: str) -> int | None:
    """Minor units of an amount ("250,000.50" → 25000050), or None where it is none below ten thousand billion."""
    text = text.replace(",", "").strip()
    return minor_from_text(text) if AMOUNT.fullmatch(text) else None
