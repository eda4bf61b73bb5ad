"""The mapping of a job log: a TOML file that says what its columns mean. Documented in docs/bring-your-own-log.md.

All problems are listed at once; unknown keys and columns are refused with the nearest name there is.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from workbench.analytics.parsed import NAME_MAX
from workbench.errors import MappingError
from workbench.periods import parse_moment
from workbench.services.checked_toml import Part, check_names, checked, read_toml

UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "min": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
}
TIME_FIELDS = ("submit", "start", "end")
NULL_WORDS = ("", "na", "n/a", "nan", "nat", "null", "none", "nil", "unknown", "(null)", "-", "\\n")
"""Cells that mean "nothing here", in any case of letters; `null` in the mapping replaces them."""


def known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise ValueError(f"{name!r} is no time zone (write one like Europe/Berlin or UTC)") from problem
    return name


def _moment(text: object) -> str:
    found = str(text)
    parse_moment(found, ZoneInfo("UTC"))
    return found


def _fraction(value: object) -> Fraction:
    try:
        found = Fraction(value) if isinstance(value, int | Decimal) else Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError, OverflowError) as problem:
        raise ValueError(f'{value!r} is no number (write 0.5, "1/7" or 8)') from problem
    if found <= 0:
        raise ValueError(f"{value!r} is not above 0")
    return found


def time_format(value: object) -> str:
    words = str(value).replace("-", " ").replace("_", " ").split()
    if value == "auto" or "%" in str(value):
        return str(value)
    if len(words) == 2 and words[0] in ("unix", "epoch") and words[1] in UNITS_NS:
        return f"unix {words[1]}"
    units = ", ".join(f"unix {unit}" for unit in UNITS_NS)
    raise ValueError(f'{value!r} is no format of times. Known: auto, {units}, or a pattern like "%d/%m/%Y %H:%M"')


def _time_formats(value: object) -> dict[str, str]:
    given = value if isinstance(value, dict) else dict.fromkeys(TIME_FIELDS, value)
    if unknown := given.keys() - set(TIME_FIELDS):
        raise ValueError(f"{sorted(unknown)} are no times; known: {', '.join(TIME_FIELDS)}")
    return {field: time_format(given.get(field, "auto")) for field in TIME_FIELDS}


Exact = Annotated[Fraction, BeforeValidator(_fraction)]
Unit = Literal["ns", "us", "ms", "s", "min", "h", "d"]
Cell = str | int | Decimal


class Columns(Part):
    """Ours = the log's column."""

    job_id: str | None = None
    submit: str | None = None
    start: str | None = None
    end: str | None = None
    duration: str | None = None
    wait: str | None = None
    gpus: str | None = None
    gpus_times: str | None = None
    gpu_model: str | None = None
    cpus: str | None = None
    project: str | None = None
    user: str | None = None
    partition: str | None = None
    state: str | None = None
    name: str | None = None

    def given(self) -> dict[str, str]:
        return {ours: theirs for ours, theirs in self.model_dump().items() if theirs is not None}


class Values(Part):
    """Values without a column, or for empty cells."""

    duration: Cell | None = None
    wait: Cell | None = None
    gpus: Cell | None = None
    gpu_model: str | None = None
    cpus: Cell | None = None
    project: str | None = None
    user: str | None = None
    partition: str | None = None
    state: str | None = None
    name: str | None = None

    def given(self) -> dict[str, str]:
        return {ours: str(value) for ours, value in self.model_dump().items() if value is not None}


class Times(Part):
    format: Annotated[dict[str, str], BeforeValidator(_time_formats)] = Field(
        default_factory=lambda: dict.fromkeys(TIME_FIELDS, "auto")
    )
    duration: Unit = "s"
    wait: Unit = "s"
    origin: Annotated[str, BeforeValidator(_moment)] | None = None
    subsecond: Literal["reject", "round"] = "reject"
    ambiguous: Literal["reject", "earlier", "later"] = "reject"
    nonexistent: Literal["reject", "forward"] = "reject"


class GpuSpelling(Part):
    kind: Literal["auto", "count", "slurm"] = "auto"
    scale: Exact = Fraction(1)
    round: bool = False
    tres_ids: dict[str, str] = Field(default_factory=dict)
    weights: dict[str, Exact] = Field(default_factory=dict)


class States(Part):
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


class Csv(Part):
    delimiter: str | None = None
    encoding: str = "utf-8"
    header: bool = True
    columns: tuple[str, ...] = ()
    quote: Annotated[str, Field(max_length=1)] = '"'
    escape: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    decimal: Literal[".", ","] = "."
    skip_lines: Annotated[int, Field(ge=0)] = 0


class Rename(Part):
    project: dict[str, str] = Field(default_factory=dict)
    user: dict[str, str] = Field(default_factory=dict)
    partition: dict[str, str] = Field(default_factory=dict)
    gpu_model: dict[str, str] = Field(default_factory=dict)
    state: dict[str, str] = Field(default_factory=dict)


class LogMapping(Part):
    """What a job log's columns mean; every key is explained in docs/bring-your-own-log.md."""

    cluster: Annotated[str, Field(min_length=1, max_length=NAME_MAX)] | None = None
    time_zone: Annotated[str, AfterValidator(known_zone)] | None = None
    one_row_per: Literal["job", "attempt"] = "job"
    observed_at: Annotated[str, BeforeValidator(_moment)] | None = None
    null: tuple[str, ...] = NULL_WORDS
    columns: Columns
    constants: Values = Values()
    defaults: Values = Values()
    times: Times = Times()
    gpus: GpuSpelling = GpuSpelling()
    states: States = States()
    csv: Csv = Csv()
    rename: Rename = Rename()

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.time_zone) if self.time_zone else None

    def has(self, field: str) -> bool:
        return field in self.columns.given() or field in self.constants.given()


def load_mapping(path: Path) -> tuple[LogMapping, str]:
    """The mapping in a file, and the SHA-256 of the file.

    Raises:
        MappingError: unreadable, no TOML, or every problem found in it.
    """
    values, digest = read_toml(path)
    return checked_mapping(values, path), digest


def checked_mapping(values: Mapping[str, Any], path: Path | str = "mapping") -> LogMapping:
    """The mapping of these values.

    Raises:
        MappingError: every problem found.
    """
    mapping = checked(LogMapping, values, path)
    problems = _contradictions(mapping)
    if problems:
        raise MappingError(path, problems)
    return mapping


def check_columns(mapping: LogMapping, names: Sequence[str], path: Path | str, source: Path | str) -> None:
    """Check that a log has the columns that the mapping names.

    Raises:
        MappingError: every column that is not there, with the nearest that is; or that is there twice.
    """
    wanted = {f"columns.{ours}": theirs for ours, theirs in mapping.columns.given().items()}
    check_names(wanted, names, path, source)


def _contradictions(mapping: LogMapping) -> list[str]:
    columns, constants = mapping.columns.given(), mapping.constants.given()
    problems = [
        f"{field}: it is both a column ({columns[field]!r}) and a constant; leave one out"
        for field in constants
        if field in columns
    ]
    if not mapping.has("gpus"):
        problems.append("columns.gpus: missing; name the column with GPUs, or set constants.gpus (0 if there are none)")
    has = mapping.has
    if not (has("start") or has("submit") or (has("end") and has("duration"))):
        problems.append("columns.start: missing; name start, or submit (with wait), or end and duration")
    elif not (has("start") or has("wait") or has("duration")):
        problems.append("columns.start: submit and end alone do not say when a job ran; add start, wait or duration")
    if not (has("end") or has("duration")):
        problems.append("columns.end: missing; name end or duration, or set constants.duration")
    if mapping.columns.gpus_times and not mapping.has("gpus"):
        problems.append("columns.gpus_times: it multiplies gpus, which is missing")
    if mapping.csv.columns and mapping.csv.header:
        problems.append("csv.columns: the log has a header; set csv.header = false where it has none")
    if mapping.csv.delimiter is not None and len(mapping.csv.delimiter) != 1:
        problems.append(f"csv.delimiter: {mapping.csv.delimiter!r} is not one character")
    if mapping.times.origin and not any(form.startswith("unix") for form in mapping.times.format.values()):
        problems.append('times.origin: it needs times.format = "unix s" (or another unit)')
    problems += [f"gpus.tres_ids.{key}: not a number" for key in mapping.gpus.tres_ids if not key.isdecimal()]
    return problems
