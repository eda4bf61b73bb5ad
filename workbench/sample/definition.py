"""centre.toml, read and checked: what is invented about the sample centre. Money in minor units."""

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from workbench.domain.projects import CATEGORIES
from workbench.errors import SettingsError
from workbench.units import minor_from_text

HERE = Path(__file__).parent
FILE = HERE / "centre.toml"

Money = Annotated[int, BeforeValidator(minor_from_text)]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Log(Part):
    """The job log and the whole weeks of it that are replayed."""

    file: str
    title: str
    licence: str
    block_start: date
    block_weeks: Annotated[int, Field(ge=1)]

    @property
    def path(self) -> Path:
        return HERE / self.file


class Calendar(Part):
    opened_on: date


class Capacity(Part):
    """GPUs of a partition from a day on: installed ≥ in service ≥ allocatable."""

    partition: str
    gpu_model: str
    from_on: date
    installed: int
    in_service: int
    allocatable: int
    note: str

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.installed >= self.in_service >= self.allocatable >= 0:
            raise ValueError("it must be installed ≥ in_service ≥ allocatable ≥ 0")
        return self


class OutageWindow(Part):
    """GPUs out of service between two moments of the centre's local time."""

    partition: str
    gpu_model: str
    start: datetime
    end: datetime
    gpus: int
    reason: str


class Prices(Part):
    """List prices from a day on, per GPU-hour of a model or per core-hour ("cpu"); `factors`: service, priority."""

    from_on: date
    note: str
    per_hour: dict[str, Money]
    factors: dict[str, dict[str, str]]


class SampleProject(Part):
    """A project, and the virtual cluster of the log whose jobs it runs, once for each number of weeks in `copies`."""

    slug: Slug
    title: str
    category: str
    organisation: str
    starts_on: date
    people: Annotated[int, Field(ge=1)]
    ends_on: date | None = None
    vc: str | None = None
    copies: tuple[int, ...] = ()
    partition: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.category not in CATEGORIES:
            raise ValueError(f"{self.category!r} is none of {', '.join(CATEGORIES)}")
        if (self.vc is None) != (not self.copies) or (self.vc is None) != (self.partition is None):
            raise ValueError("a project with jobs has vc, copies and partition; one without has none of them")
        return self


class SampleAward(Part):
    rate: Annotated[int, BeforeValidator(minor_from_text), Field(gt=0, lt=10_000)]
    ceiling: Money
    starts_on: date
    ends_on: date
    reason: str = ""


class SampleNeed(Part):
    """What an application says that it needs (domain.need)."""

    purpose: str
    model_size: str = ""
    data: str = ""
    precision: str = ""


class SampleApplication(Part):
    """An application of a project of the file, or of somebody else (then with category, organisation, title).

    Of one that is not decided the stage is said, what it needs, and GPU-hours by month; of a decided one they follow
    by lot (history.py). conflicts: person → reason.
    """

    reference: str
    received_on: date
    requested: Money
    project: Slug | None = None
    category: str | None = None
    organisation: str | None = None
    title: str | None = None
    decided_on: date | None = None
    decision: Literal["approved", "declined", "deferred"] | None = None
    award: SampleAward | None = None
    stage: Literal["draft", "submitted", "secretariat-check", "further", "committee"] | None = None
    applicant: str | None = None
    slug: Slug | None = None
    gpu_model: str | None = None
    gpus: int | None = None
    hours: tuple[int, ...] = ()
    need: SampleNeed | None = None
    conflicts: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.award is None) == (self.decision == "approved"):
            raise ValueError("an approved application has an award, no other has one")
        if self.project is None and not (self.category and self.organisation and self.title):
            raise ValueError("without a project it needs category, organisation and title")
        if (self.decision is None) == (self.stage is None):
            raise ValueError("an application is decided, or it waits in a stage")
        return self


class Extension(Part):
    """A later end of a project's award."""

    project: Slug
    asked_on: date
    decided_on: date
    ends_on: date
    reason: str


class Supplement(Part):
    """A higher ceiling of a project's award."""

    project: Slug
    asked_on: date
    decided_on: date
    amount: Money
    reason: str


class Community(Part):
    """How many organisations belong to the community on a day, and how many of them joined in the year before."""

    members: Annotated[int, Field(ge=0)]
    new: Annotated[int, Field(ge=0)]
    until: date


class Training(Part):
    """The award of the centre's own training project."""

    decided_on: date
    award: SampleAward


class Definition(Part):
    """The whole file."""

    cluster: str
    seed: int
    log: Log
    calendar: Calendar
    capacity: tuple[Capacity, ...]
    outages: tuple[OutageWindow, ...]
    prices: tuple[Prices, ...]
    projects: tuple[SampleProject, ...]
    applications: tuple[SampleApplication, ...]
    extensions: tuple[Extension, ...]
    supplements: tuple[Supplement, ...]
    community: Community
    training: Training

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        partitions = {row.partition for row in self.capacity}
        slugs = [project.slug for project in self.projects]
        if len(set(slugs)) != len(slugs):
            raise ValueError("a project is there twice")
        lost = {p.partition for p in self.projects if p.partition} - partitions
        named = {a.project for a in self.applications if a.project}
        named |= {change.project for change in self.extensions} | {change.project for change in self.supplements}
        lost |= named - set(slugs)
        if lost:
            raise ValueError(f"nothing stands behind the name(s) {', '.join(sorted(lost))}")
        copies = [(p.vc, weeks) for p in self.projects for weeks in p.copies]
        if len(set(copies)) != len(copies):
            raise ValueError("a virtual cluster is replayed twice with the same shift")
        return self


@cache
def definition(file: Path = FILE) -> Definition:
    """The sample centre as its file says.

    Raises:
        SettingsError: every problem found in the file.
    """
    try:
        return Definition.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError) as problem:
        raise SettingsError(file, [str(problem)]) from problem
    except ValidationError as problem:
        found = [f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in problem.errors()]
        raise SettingsError(file, found) from problem


def digest(file: Path = FILE) -> str:
    """SHA-256 of everything that decides how the jobs come out: the file, the log, and the rule's version."""
    made_of = hashlib.sha256(RULE.encode())
    made_of.update(file.read_bytes())
    made_of.update(definition(file).log.path.read_bytes())
    return made_of.hexdigest()


RULE = "replay 1"
"""Raise it with any change of demand.py or analytics/queue.py: a centre loaded under another rule is not continued."""
