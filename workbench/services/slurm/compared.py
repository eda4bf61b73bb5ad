"""What a comparison with Slurm holds, and how it is kept: plain values, so that one of last year can still be read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench.periods import Window

BEHIND, REFUSED, WEIGHT, RESERVED, SUMS, ATTEMPTS, UNKNOWN = CAUSES = (
    "behind", "refused", "weight", "reserved", "sums", "attempts", "",
)  # fmt: skip
"""Why ours is not Slurm's:

behind     our books do not reach so far: Slurm was not asked since, or did not answer
refused    a row of Slurm's that cannot be read; it is kept with its reason
weight     a GPU type that counts as part of a GPU with us, and as a whole one in Slurm
reserved   Slurm's sums hold the time in which a reservation for users of the account stood idle; it is no job's
sums       Slurm's jobs and Slurm's sums differ: it adds up again at the next full hour
attempts   the job is known under another submit time: requeued or resubmitted since
''         not known
"""
INNOCENT = frozenset({WEIGHT, RESERVED})
"""What is as it should be: shown, and no difference to look after."""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """GPU time of an account in the window: by our jobs, by sacct's, by sreport's sums. Part-seconds (1/420,000 GPU).

    project: whose account it is; None: of no project of ours.
    """

    account: str
    project: str | None
    ours: int
    jobs: int
    sums: int
    cause: str = ""

    @property
    def difference(self) -> int:
        return self.ours - self.sums


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job that is not the same here and in Slurm, inside the window.

    missing: 'here', 'slurm', or ''. fields: (what, here, in Slurm), texts, of what differs. ours, slurm: part-seconds.
    """

    job_id: str
    submit_at: int
    account: str
    missing: str
    fields: tuple[tuple[str, str, str], ...]
    ours: int
    slurm: int
    cause: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BookLine:
    """A project's day on which our own books disagree: usage and what of it was rated (part-seconds), charges and what
    of them was posted (minor units, list price and subsidy).
    """

    project: str
    day: str
    used: int
    rated: int
    charged_minor: int
    posted_minor: int
    drawn_minor: int
    posted_drawn_minor: int


@dataclass(frozen=True, slots=True)
class BookSums:
    """The month's sums over all projects; charges and postings of days that are over."""

    used: int = 0
    rated: int = 0
    charged_minor: int = 0
    posted_minor: int = 0


@dataclass(frozen=True)
class Comparison:
    """What was found. The window is the month's whole hours that Slurm has added up; `data_until` where our books end.

    jobs_seen: how many jobs were held against each other; jobs: those that differ, at most MOST_LISTED of them.
    """

    cluster: str
    month: str
    window: Window
    compared_at: int
    data_until: int | None
    jobs_seen: int
    accounts: tuple[AccountLine, ...]
    jobs: tuple[JobLine, ...]
    jobs_left_out: int
    book_sums: BookSums
    books: tuple[BookLine, ...]

    @property
    def differences(self) -> int:
        """Accounts, jobs and days of projects that are not the same and should be."""
        accounts = sum(bool(line.difference) and line.cause not in INNOCENT for line in self.accounts)
        jobs = sum(line.cause not in INNOCENT for line in self.jobs) + self.jobs_left_out
        return accounts + jobs + len(self.books)


MOST_LISTED = 1000


def figures_of(found: Comparison) -> dict[str, Any]:
    """The columns that a comparison is kept under."""
    return {
        "cluster": found.cluster,
        "month": found.month,
        "compared_at": found.compared_at,
        "window_start_at": found.window.start_s,
        "window_end_at": found.window.end_s,
        "differences": found.differences,
    }


def content_of(found: Comparison) -> dict[str, Any]:
    """The rest of it."""
    return {
        "data_until": found.data_until,
        "jobs_seen": found.jobs_seen,
        "jobs_left_out": found.jobs_left_out,
        "accounts": [asdict(line) for line in found.accounts],
        "jobs": [asdict(line) for line in found.jobs],
        "book_sums": asdict(found.book_sums),
        "books": [asdict(line) for line in found.books],
    }


def comparison_of(row: Mapping[str, Any]) -> Comparison:
    """A comparison as it was kept."""
    content = row["content"]
    return Comparison(
        cluster=row["cluster"],
        month=row["month"],
        window=Window(row["window_start_at"], row["window_end_at"]),
        compared_at=row["compared_at"],
        data_until=content["data_until"],
        jobs_seen=content["jobs_seen"],
        accounts=tuple(AccountLine(**line) for line in content["accounts"]),
        jobs=tuple(JobLine(**{**line, "fields": tuple(map(tuple, line["fields"]))}) for line in content["jobs"]),
        jobs_left_out=content["jobs_left_out"],
        book_sums=BookSums(**content["book_sums"]),
        books=tuple(BookLine(**line) for line in content["books"]),
    )
