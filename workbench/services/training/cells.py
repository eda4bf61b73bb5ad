"""The cells of a class's notebooks in their order, read from its materials: id → place and first line."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from workbench.domain.training import TrainingSession
from workbench.services.training.asked import materials_folder
from workbench.settings import Settings

MOST_BYTES = 20 * 1024**2
LONGEST_LINE = 120


@dataclass(frozen=True, slots=True)
class Cell:
    """`index`: among all cells that hold code, from 1."""

    index: int
    first_line: str


def cells_of(settings: Settings, session: TrainingSession, notebook: str) -> dict[str, Cell]:
    """The code cells of a notebook of the materials, by id, in order; empty where it is not there or cannot be read.

    Args:
        settings: where materials are kept.
        session: the class.
        notebook: path as a seat has it; looked for as it is and without its first folder (that of the materials).
    """
    path = PurePosixPath(notebook)
    if path.is_absolute() or ".." in path.parts:
        return {}
    folders = [settings.training_folder / session.handle / "tree"]
    if (given := materials_folder(session.materials)) is not None:
        folders.append(given)
    names = [path, PurePosixPath(*path.parts[1:])] if len(path.parts) > 1 else [path]
    for file in (folder / name for folder in folders for name in names):
        try:
            known = file.stat()
        except OSError:
            continue
        if file.is_file() and known.st_size <= MOST_BYTES:
            return _read(file, known.st_mtime_ns)
    return {}


@lru_cache(maxsize=64)
def _read(file: Path, _changed_ns: int) -> dict[str, Cell]:
    try:
        cells = json.loads(file.read_bytes())["cells"]
        code = [cell for cell in cells if cell.get("cell_type") == "code"]
        sources = {cell["id"]: cell.get("source", "") for cell in code if "id" in cell}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # somebody's notebook, not ours to complain about
    return {name: Cell(place, _first(source)) for place, (name, source) in enumerate(sources.items(), start=1)}


def _first(source: object) -> str:
    text = "".join(source) if isinstance(source, list) else str(source)
    return next((line.strip()[:LONGEST_LINE] for line in text.splitlines() if line.strip()), "")
