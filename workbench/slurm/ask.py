"""What sacct is asked, and how: a window with its start and end said, in UTC, one row per attempt of a job.

A window [since, until) holds what was eligible before its end and had not ended before its start; what runs or waits is
in every window that ends after it was submitted, since it has no end yet. Times are never cut to the window.
Source: sacct(1).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from workbench.periods import epoch, moment
from workbench.slurm.runner import Runner
from workbench.slurm.sealed import sealed_delimiter

COLUMNS = (
    "JobID", "User", "Account", "Partition", "QOS", "State", "Submit", "Start", "End", "ElapsedRaw", "Suspended",
    "AllocCPUS", "AllocTRES", "ReqTRES", "Reservation", "Comment", "NodeList",
)  # fmt: skip
"""No job name: anybody may write there what looks like another row, and no figure needs it."""
WORDS = ("--allusers", "--duplicates", "--parsable2", "--noconvert", "--allocations", f"--format={','.join(COLUMNS)}")
"""Every user's; every attempt, not the newest alone; memory to the byte; allocations, no steps. Tasks of an array that
have begun have rows of their own; the option --array, which newer ones know, changes only those that wait.
"""

LIMIT_S = 600.0
"""sacct of a large centre's month may take minutes."""
FIRST_YEAR = 2010
"""Before there was any slurmdbd."""
IDS_AT_ONCE = 500
"""Job ids in one command line."""


def window(runner: Runner, since: int, until: int) -> bytes:
    """The text of a window.

    Args:
        runner: of the cluster.
        since: its start, UTC epoch seconds.
        until: its end; what ends later is in it, if it was eligible before.

    Raises:
        SlurmSilent, SlurmRefused.
    """
    return _asked(runner, since, until)


def jobs(runner: Runner, job_ids: Iterable[str], since: int, until: int) -> Iterator[bytes]:
    """The texts of these jobs, all attempts since then; several where there are many jobs."""
    ids = sorted(set(job_ids))
    for first in range(0, len(ids), IDS_AT_ONCE):
        yield _asked(runner, since, until, f"--jobs={','.join(ids[first : first + IDS_AT_ONCE])}")


def beginning(runner: Runner, now: int) -> int:
    """UTC epoch seconds of the start of the first year of which Slurm has any job, of this year where it has none."""
    this = moment(now).year
    for year in range(FIRST_YEAR, this):
        times = (f"--starttime={year}-01-01T00:00:00", f"--endtime={year + 1}-01-01T00:00:00")
        found = runner.run(
            "sacct", "--allusers", "--allocations", "--noheader", "--format=JobID", *times, limit_s=LIMIT_S
        )
        if found.strip():
            return _year(year)
    return _year(this)


def _year(year: int) -> int:
    return epoch(datetime(year, 1, 1, tzinfo=UTC))


def _asked(runner: Runner, since: int, until: int, *words: str) -> bytes:
    # The delimiter is another one each time: nobody can have written it into a comment.
    times = (f"--delimiter={sealed_delimiter()}", f"--starttime={_clock(since)}", f"--endtime={_clock(until)}")
    return runner.run_bytes("sacct", *WORDS, *times, *words, limit_s=LIMIT_S)


def _clock(at: int) -> str:
    # The runner's TZ is UTC: no hour comes twice.
    return f"{moment(at):%Y-%m-%dT%H:%M:%S}"
