"""The newest attempt of each job in sacct's text, waiting, running or ended: what the books' jobs leave out.

A job that was cancelled before it could start used nothing and is no job there; whoever waits for it must know.
"""

from dataclasses import dataclass

from workbench.slurm.attempts import WAITS
from workbench.slurm.records import read_records
from workbench.slurm.times import wall_seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: UTC epoch seconds where sacct was asked in UTC, None where there is no such moment (yet)."""

    job_id: str
    user: str
    submit_at: int
    start_at: int | None
    end_at: int | None
    state: str

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.end_at is not None and self.state not in WAITS


def newest_attempts(text: str) -> dict[tuple[str, str], Attempt]:
    """By job id and user, since ids come again, the attempt that was submitted last; unreadable rows are left out.

    Raises:
        ValueError: it is no sacct text.
    """
    records = read_records(text)
    place = {name: at for at, name in enumerate(records.columns)}
    found: dict[tuple[str, str], Attempt] = {}
    for record in records.rows:
        job_id, state = record.cells[place["jobid"]], record.cells[place["state"]].partition(" ")[0]
        user = record.cells[place["user"]]
        submit, start, end = (_moment(record.cells[place[name]]) for name in ("submit", "start", "end"))
        before = found.get((job_id, user))
        if submit is not None and (before is None or before.submit_at <= submit):
            found[job_id, user] = Attempt(job_id, user, submit, start, end, state)
    return found


def _moment(text: str) -> int | None:
    try:
        found = wall_seconds(text)
    except ValueError:
        return None
    return found[0] if found else None
