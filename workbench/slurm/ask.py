"""What sacct is asked, and how: a window with its start and end said, in UTC, one row per attempt of a job.

A window [since, until) holds what was eligible before its end and had not ended before its start; what runs or waits is
in every window that ends after it was submitted, since it has no end yet. Times are never cut to the window.
Source: sacct(1).
"""

from collections.abc import Iterable, Iterator

from workbench.periods import moment
from workbench.slurm.runner import Runner

COLUMNS = (
    "JobID", "User", "Account", "Partition", "QOS", "State", "Submit", "Start", "End", "ElapsedRaw", "Suspended",
    "AllocCPUS", "AllocTRES", "ReqTRES", "Reservation", "Comment", "NodeList",
)  # fmt: skip
"""No job name: anybody may write there what looks like another row, and no figure needs it."""
DELIMITER = "\x1f"
"""A control character that nobody types into a comment."""
WORDS = (
    "--allusers", "--duplicates", "--parsable2", "--allocations", f"--delimiter={DELIMITER}",
    f"--format={','.join(COLUMNS)}",
)  # fmt: skip
"""Every user's; every attempt, not the newest alone; allocations, no steps. sacct writes a row per task by itself
where tasks have begun; an option --array is known to newer ones only and changes the tasks that wait, which are none
of ours.
"""

LIMIT_S = 600.0
"""sacct of a large centre's month may take minutes."""
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
    return runner.run_bytes(
        "sacct", *WORDS, f"--starttime={_clock(since)}", f"--endtime={_clock(until)}", limit_s=LIMIT_S
    )


def jobs(runner: Runner, job_ids: Iterable[str], since: int, until: int) -> Iterator[bytes]:
    """The texts of these jobs, all attempts since then; several where there are many jobs."""
    ids, times = sorted(set(job_ids)), (f"--starttime={_clock(since)}", f"--endtime={_clock(until)}")
    for first in range(0, len(ids), IDS_AT_ONCE):
        some = ",".join(ids[first : first + IDS_AT_ONCE])
        yield runner.run_bytes("sacct", *WORDS, *times, f"--jobs={some}", limit_s=LIMIT_S)


def _clock(at: int) -> str:
    # The runner's TZ is UTC: no hour comes twice.
    return f"{moment(at):%Y-%m-%dT%H:%M:%S}"
