"""Text of sacct whose delimiter nobody can know: it is made up for one question, after all that it asks about was said.

Slurm neither quotes nor escapes, and a user may write anything into the comment of a job, newlines and rows of another
job among it. What users write cannot hold a delimiter that was drawn when sacct was asked: such a text is cut exactly.
"""

import re
import secrets
from collections.abc import Iterator

_SEALED = re.compile("\x1f[0-9]{18}\x1f")


def sealed_delimiter() -> str:
    """A delimiter for one question."""
    return f"\x1f{secrets.randbelow(10**18):018}\x1f"


def delimiter_in(header: str) -> str | None:
    """The delimiter of a header that was asked for with one of these; None for any other header."""
    found = _SEALED.search(header)
    return found[0] if found else None


def plain(text: str) -> str:
    """The text with its delimiter of one character: the same for two questions with the same answer."""
    delimiter = delimiter_in(text.partition("\n")[0])
    return text if delimiter is None else text.replace(delimiter, "\x1f")


def cut(text: str, delimiter: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Columns and records of such a text, the header first; of each record its line. The last may be broken off.

    A record ends with the last newline before the delimiter that follows its first cell: a job id holds none.
    """
    pieces = text.split(delimiter)
    width = len(text.partition("\n")[0].split(delimiter))
    columns = [*pieces[: width - 1], pieces[width - 1].partition("\n")[0]]
    return [name.strip().lower() for name in columns], _records(pieces, width)


def _records(pieces: list[str], width: int) -> Iterator[tuple[int, list[str]]]:
    line, first = 2, pieces[width - 1].partition("\n")[2]
    for begin in range(width, len(pieces), width - 1):
        middle, last = pieces[begin : begin + width - 2], pieces[begin + width - 2 : begin + width - 1]
        if begin + width - 1 < len(pieces):
            end, _, following = last[0].rpartition("\n")
        elif last and last[0].endswith("\n"):
            end, following = last[0][:-1], ""
        else:  # not even the newline that ends each record
            yield line, [first, *middle]
            return
        cells = [first, *middle, end]
        yield line, cells
        line, first = line + 1 + "".join(cells).count("\n"), following
    if first and len(pieces) == width:
        yield line, [first.removesuffix("\n")]
