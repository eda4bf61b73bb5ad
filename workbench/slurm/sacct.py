"""`sacct --parsable2` text to a job frame. Source: sacct(1)."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from zoneinfo import ZoneInfo

from workbench.analytics.parsed import ParsedLog, shortened
from workbench.slurm.allocated import Cell, Models
from workbench.slurm.attempts import Attempts, ReadAs
from workbench.slurm.records import Record, Records, read_records

FORMAT = (
    "JobID,User,Account,Partition,QOS,State,Submit,Start,End,ElapsedRaw,Suspended,AllocCPUS,AllocTRES,ReqTRES,"
    "Reservation,NodeList"
)
COMMAND = f"sacct --allusers --duplicates --parsable2 --noconvert --format={FORMAT}"
"""How to ask sacct for what is read here; without name and comment, in which anybody may write what looks like another
row: those only with a delimiter of slurm.sealed."""


def parse_sacct(
    text: str,
    cluster: str,
    zone: ZoneInfo,
    *,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    weights: Mapping[str, Fraction] | None = None,
    models: Models | None = None,
    projects: Callable[[str], str | None] | None = None,
) -> ParsedLog:
    """Jobs of a sacct text.

    Args:
        text: `sacct --parsable2` output; bytes that were no UTF-8 as surrogates.
        cluster: name to file the jobs under.
        zone: of the clock that sacct printed.
        delimiter: as given to sacct; default: found in the header.
        columns: names in order where the text has no header.
        weights: GPUs that one unit of a GPU type counts for (slurm.tres).
        models: GPU type → model in the price list; default: as it is written.
        projects: account → project; without it, or where it says None, an account stays as it is written.

    Raises:
        ValueError: it is no such text, or columns are missing without which no GPU time can be told.
    """
    records = read_records(text, delimiter=delimiter, columns=columns)
    place = {name: at for at, name in reversed(list(enumerate(records.columns)))}
    _check_columns(place)
    attempts = Attempts(ReadAs(cluster, zone, weights or {}, models, projects), place.__contains__)
    for record in records.rows:
        attempts.take(record.line, _cells(record, place), _shown(record, records))
    return attempts.log(records.broken, _open_to(records))


def _cells(record: Record, place: Mapping[str, int]) -> Cell:
    cells = record.cells

    def cell(name: str) -> str:
        at = place.get(name)
        return "" if at is None else cells[at] if name == "jobname" else cells[at].strip()

    return cell


def _shown(record: Record, records: Records) -> Callable[[], str]:
    return lambda: shortened(records.delimiter.join(record.cells))


def _open_to(records: Records) -> list[str]:
    """What must be said of a text that a user may have written into."""
    if not records.forgeable:
        return []
    columns = " and ".join(name.capitalize() for name in records.forgeable)
    return [f"What users write ({columns}) may look like a row of another job: export without it."]


def _check_columns(place: Mapping[str, int]) -> None:
    lacks = []
    if not {"jobid", "jobidraw"} & place.keys():
        lacks.append("JobID")
    if "start" not in place:
        lacks.append("Start")
    if not {"end", "elapsed", "elapsedraw"} & place.keys():
        lacks.append("End or Elapsed")
    if not {"alloctres", "allocgres"} & place.keys():
        lacks.append("AllocTRES (what GPUs a job was given)")
    if lacks:
        raise ValueError(f"it lacks {', '.join(lacks)}. Ask for them: {COMMAND}")
