"""All settings, read once by a face, checked, frozen. The commented original is hub_config/workbench.toml.

Unknown keys are refused; all problems are listed at once. Paths of the state folder are derived here and nowhere else.
"""

import os
import tomllib
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from workbench.domain.rules.parameters import SchemeRules
from workbench.errors import SettingsError
from workbench.settings.domains import Domain
from workbench.settings.section import Section
from workbench.settings.slurm import SlurmName, SlurmSettings
from workbench.settings.telemetry import TelemetrySettings
from workbench.settings.training import TrainingSettings
from workbench.units import minor_from_text

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_FILE = ROOT / "hub_config" / "workbench.toml"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise ValueError(f"{name!r} is no time zone (write one like Asia/Hong_Kong)") from problem
    return name


def _basis_points(percent: object) -> object:
    # Percent with at most two decimals in the file, whole basis points inside.
    return minor_from_text(percent) if isinstance(percent, int | str) else percent


Money = Annotated[int, BeforeValidator(lambda v: minor_from_text(v) if isinstance(v, int | str) else v)]
Percent = Annotated[int, BeforeValidator(_basis_points), Field(ge=0, lt=10_000)]


def _rising(hours: tuple[int, ...]) -> tuple[int, ...]:
    if not hours or list(hours) != sorted(set(hours)):
        raise ValueError("write at least one number of hours, each larger than the one before")
    return hours


Hours = Annotated[int, Field(ge=1, le=24 * 365)]


def _dated_rules(versions: object) -> object:
    """Each set of rules in our own units, completed by what the set before it says."""
    if not isinstance(versions, list) or not all(isinstance(version, dict) for version in versions):
        return versions
    names = {
        field.name.removesuffix("_bp").replace("_minor_per_tb_month", "_price"): field.name
        for field in fields(SchemeRules)
    }
    whole: dict[str, Any] = {}
    sets = []
    for version in versions:
        if unknown := sorted(set(version) - set(names)):
            raise ValueError(f"there is no rule {', '.join(unknown)}; known: {', '.join(names)}")
        first = version.get("from_on")
        if not isinstance(first, date) or first <= whole.get("from_on", date.min):
            raise ValueError("each set needs its first day from_on, later than that of the set before it")
        try:
            whole |= {names[name]: _inside(name, value) for name, value in version.items()}
        except TypeError as problem:
            raise ValueError("underuse_cuts and reservation_returns are lists of pairs of numbers") from problem
        sets.append(dict(whole))
    return sets


def _inside(name: str, value: Any) -> Any:
    if name in ("warn_left", "over_use_limit", "storage_price"):
        return [minor_from_text(part) for part in value] if isinstance(value, list) else minor_from_text(value)
    if name == "underuse_cuts":  # both numbers of a step are percent
        return [[minor_from_text(part) for part in step] for step in value]
    if name == "reservation_returns":  # hours ahead, percent
        return [[hours, minor_from_text(percent)] for hours, percent in value]
    return value


class Centre(Section):
    """Who we are: the name on every page and how its calendar is cut."""

    name: str
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    currency: str = "HKD"
    symbol: str = "HK$"
    opened_on: date

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Scheme(Section):
    """The subsidy scheme: amounts in minor units, rates in basis points."""

    name: str
    budget: Money
    reserve: Money = 0
    starts_on: date
    ends_on: date
    rate: Percent
    max_rate: Percent
    start_without_award: Literal["refuse", "list-price"] = "refuse"
    report_year_from: Annotated[int, Field(ge=1, le=12)] = 4


class HubSettings(Section):
    """Where it listens; for how many hours a server may be asked (a profile may say otherwise), how long an idle one
    lives. subdomain_host: its public address, below which each user's server has a domain of its own; "": none has.
    preload: servers of this machine are forked from a parent that has loaded JupyterLab; first_uid: of the user ids
    that they are given where the Hub runs as root.
    """

    ip: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_532)] = 8000
    subdomain_host: Domain = ""
    idle_timeout_s: Annotated[int, Field(ge=60)] = 3600
    start_timeout_s: Annotated[int, Field(ge=10)] = 120
    hours: Annotated[tuple[Hours, ...], AfterValidator(_rising)] = (1, 2, 4, 8, 12, 24)
    default_hours: Hours = 4
    preload: bool = True
    first_uid: Annotated[int, Field(ge=1000, le=2_000_000_000)] = 70_000

    @property
    def proxy_api_port(self) -> int:
        return self.port + 1

    @property
    def hub_port(self) -> int:
        return self.port + 2

    @property
    def dashboards_port(self) -> int:
        return self.port + 3

    @property
    def ports(self) -> tuple[int, ...]:
        """All of them, the public one first."""
        return (self.port, self.proxy_api_port, self.hub_port, self.dashboards_port)


class ProfileSettings(Section):
    """One card of the start page: what a server gets. `gpus` 0 is priced by the core-hour.

    Of Slurm: partition and qos (None: its defaults), gres: what one GPU is called there, without a count; None:
    gpu:<gpu_model in lower case>.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    title: str
    purpose: str
    cpu_cores: Annotated[int, Field(ge=1)]
    mem_gib: Annotated[int, Field(ge=1)]
    gpus: Annotated[int, Field(ge=0)] = 0
    gpu_model: str | None = None
    default_hours: Hours | None = None
    most_hours: Hours | None = None
    partition: SlurmName | None = None
    qos: SlurmName | None = None
    gres: Annotated[str, Field(pattern=r"^gpu(:[A-Za-z0-9_.+-]+)?$")] | None = None


class PlannedCapacity(Section):
    """GPUs that are planned and not stated yet: a quick choice of the what-if. from_on: None: no day is known."""

    name: str
    gpus: Annotated[int, Field(ge=1)]
    from_on: date | None = None
    note: str = ""


class StoreSettings(Section):
    """Where the records are: empty means SQLite in the state folder."""

    url: str = ""


class Settings(Section):
    home: Path
    centre: Centre
    scheme: Scheme
    hub: HubSettings = HubSettings()
    store: StoreSettings = StoreSettings()
    slurm: SlurmSettings = SlurmSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    training: TrainingSettings = TrainingSettings()
    rules: Annotated[tuple[SchemeRules, ...], BeforeValidator(_dated_rules)] = (SchemeRules(date.min),)
    profiles: tuple[ProfileSettings, ...]
    plans: tuple[PlannedCapacity, ...] = ()

    @model_validator(mode="after")
    def _hours_can_be_asked(self) -> "Settings":
        for profile in self.profiles:
            if self.default_hours(profile) not in self.hours(profile):
                raise ValueError(
                    f"profile {profile.id}: default_hours {self.default_hours(profile)} is none of its choices "
                    f"{', '.join(map(str, self.hours(profile)))}"
                )
        return self

    def hours(self, profile: ProfileSettings) -> tuple[int, ...]:
        """For how many hours a server of this profile can be asked."""
        return tuple(n for n in self.hub.hours if profile.most_hours is None or n <= profile.most_hours)

    def default_hours(self, profile: ProfileSettings) -> int:
        return profile.default_hours or self.hub.default_hours

    @property
    def database_url(self) -> str:
        return self.store.url or f"sqlite:///{self.home / 'workbench.db'}"

    @property
    def raw(self) -> Path:
        return self.home / "raw"

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    @property
    def telemetry_folder(self) -> Path:
        return (ROOT / Path(self.telemetry.folder).expanduser()) if self.telemetry.folder else self.home / "telemetry"

    @property
    def homes(self) -> Path:
        return self.home / "homes"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def hub_state(self) -> Path:
        return self.home / "hub"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def training_folder(self) -> Path:
        """Materials and saved work of training sessions."""
        return self.home / "training"


def load(file: Path | None = None, *, home: Path | None = None, port: int | None = None) -> Settings:
    """The settings from a TOML file; WORKBENCH_CONFIG names another file, WORKBENCH_HOME another state folder.

    Args:
        file: settings file; default the one named by WORKBENCH_CONFIG, else hub_config/workbench.toml.
        home: state folder; default WORKBENCH_HOME, else the file's `home`, else var/ beside the package.
        port: public port; default WORKBENCH_PORT, else the file's.

    Raises:
        SettingsError: unreadable file, or every problem found in it.
    """
    path = file or Path(os.environ.get("WORKBENCH_CONFIG", DEFAULT_FILE))
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SettingsError(path, [str(problem)]) from problem
    folder = home or os.environ.get("WORKBENCH_HOME") or values.get("home") or "var"
    values["home"] = (ROOT / Path(folder).expanduser()).resolve()
    chosen_port = port or os.environ.get("WORKBENCH_PORT")
    if chosen_port:
        values.setdefault("hub", {})["port"] = chosen_port
    try:
        return Settings.model_validate(values)
    except ValidationError as problem:
        raise SettingsError(path, [f"{_where(e['loc'])}: {e['msg']}" for e in problem.errors()]) from problem


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "file"
