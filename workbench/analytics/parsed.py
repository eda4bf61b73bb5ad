"""What comes out of reading a job log: a job frame, the rows that could not be used, and what else must be said."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from workbench.periods import iso
from workbench.units import GPU_PARTS


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be used.

    Args:
        line: physical line of the text file where the row begins, as an editor shows it; in Parquet the row, from 1.
        kind: what is wrong, in few words, the same for all rows with this trouble.
        reason: what is wrong with this very row, with the cell.
        text: the row as it stands in the source (shortened).
    """

    line: int
    kind: str
    reason: str
    text: str


@dataclass(frozen=True)
class ParsedLog:
    """One job log, read. Every row of the source is in exactly one place: `jobs`, `rejects`, or one of the counts.

    Args:
        jobs: job frame (analytics.schema), without `capture_id`.
        rejects: rows that could not be used, by line.
        steps: rows of job steps; their allocation row counts, not they.
        not_started: rows of jobs that never began to run.
        skipped: rows that the mapping leaves out by their state.
        notices: sentences about what was read but looks odd.
        observed_until: the newest moment that the log tells of, epoch seconds; None for a log without any.
    """

    jobs: pd.DataFrame
    rejects: list[Reject] = field(default_factory=list)
    steps: int = 0
    not_started: int = 0
    skipped: int = 0
    notices: list[str] = field(default_factory=list)
    observed_until: int | None = None

    @property
    def understood(self) -> int:
        """Rows that could be read, be they jobs or not."""
        return len(self.jobs) + self.steps + self.not_started + self.skipped

    @property
    def rows(self) -> int:
        """All rows of the source."""
        return self.understood + len(self.rejects)


def by_kind(rejects: Iterable[Reject]) -> dict[str, int]:
    """How many rows were rejected for what, most frequent first."""
    return dict(Counter(reject.kind for reject in rejects).most_common())


def first_reason(rejects: Sequence[Reject]) -> str | None:
    """Line and reason of the first rejected row; None where there is none."""
    return f"line {rejects[0].line}: {rejects[0].reason}" if rejects else None


LONGEST_S = 10 * 366 * 86_400
"""No job runs for more than ten years; a row that says so has a wrong time or unit."""

MOST_PART_SECONDS = 2**60
"""More GPU time than this in one job would not add up in 64 bits."""

NAME_MAX = 80
"""Characters of a project, user, partition or model (store.tables)."""


def trouble(start_s: int, end_s: int, gpu_parts: int) -> tuple[str, str] | None:
    """What is wrong with a job of this length and size, as (kind, reason); None where nothing is."""
    if end_s < start_s:
        return "end before start", f"it ends ({iso(end_s)}) before it starts ({iso(start_s)})"
    if end_s - start_s > LONGEST_S:
        return "longer than ten years", f"it runs from {iso(start_s)} to {iso(end_s)}, more than ten years"
    if gpu_parts * (end_s - start_s) > MOST_PART_SECONDS:
        return "too many GPUs", f"{gpu_parts // GPU_PARTS} GPUs for {end_s - start_s} s is more than can be real"
    return None


TEXT_MAX = 400
"""Characters of a rejected row that are kept."""


def shortened(text: str) -> str:
    """The row's text as it can be stored: bytes that are no UTF-8 shown by their number, cut at TEXT_MAX."""
    shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    return shown if len(shown) <= TEXT_MAX else shown[: TEXT_MAX - 1] + "…"
