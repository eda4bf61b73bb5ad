"""Files of samples: what an exporter answered, or what nvidia-smi printed; told apart by what is in them."""

import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.errors import FileUnreadable
from workbench.services.telemetry.keep import Kept, keep
from workbench.store.engine import Store
from workbench.telemetry import dcgm, lake, nvidia_smi
from workbench.telemetry.parsed import ParsedSamples

MOST_BYTES = 256 * 2**20
_DCGM = re.compile(rb"^(?:# (?:HELP|TYPE) )?DCGM_FI_", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """What the file itself may not say.

    Args:
        node: the machine's short name; None: the file is named after it, gpu001.xml.
        at: UTC epoch seconds of lines without a moment; None: when the file was written.
        zone: of the machine's clock.
        cluster: whose jobs the labels name; None: the one of the settings.
    """

    zone: ZoneInfo
    node: str | None = None
    at: int | None = None
    cluster: str | None = None


@dataclass(frozen=True)
class Ingested:
    """One file: what was read, and what was kept of it."""

    file: Path
    parsed: ParsedSamples
    kept: Kept


def listed(paths: tuple[Path, ...]) -> list[Path]:
    """The files, and those in the folders among them; hidden ones are left out."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")) \
            if path.is_dir() else [path]  # fmt: skip
        found += inside
    return found


def ingest(store: Store, file: Path, told: Told, now: int) -> Ingested:
    """Bring in the samples of one file; the same file again changes nothing.

    Raises:
        FileUnreadable: it cannot be opened, or is too large to be one.
    """
    try:
        size, written = file.stat().st_size, int(file.stat().st_mtime)
        if size > MOST_BYTES:
            raise FileUnreadable(file, f"it is larger than {MOST_BYTES // 2**20} MiB; cut it into parts")
        content = file.read_bytes()
    except OSError as problem:
        raise FileUnreadable(file, problem.strerror or str(problem)) from problem
    parsed = _parsed(content, file, told, written if told.at is None else told.at)
    return Ingested(file, parsed, keep(store, parsed, now, told.cluster))


def tidy(store: Store, now: int) -> int:
    """Merge the files of days that are past; how many days. Once, when all is brought in."""
    return lake.compact(store.settings.telemetry_folder, now)


def _parsed(content: bytes, file: Path, told: Told, at: int) -> ParsedSamples:
    if _DCGM.search(content):
        return dcgm.parse(content.decode("utf-8", "replace"), at, told.node)
    return nvidia_smi.parse(content, told.node or file.name.split(".")[0], at, told.zone)
