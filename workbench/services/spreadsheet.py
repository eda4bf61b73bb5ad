"""What a cell of a file may begin with, so that a spreadsheet which opens the file runs nothing of it."""

import re

SPREADSHEETS = "utf-8-sig"
"""Of CSV files that people download: Excel takes those without a byte order mark for its own country's."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def inert(value: object) -> object:
    """The value; a text that would begin a formula gets an apostrophe before it. An amount below zero is none."""
    if isinstance(value, str) and value[:1] in FORMULA and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value
