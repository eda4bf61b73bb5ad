"""Which Parquet files of the lake a viewer may read, and whether they are still the same.

Where they lie is store.lake's: cluster=<c>/project=<p>/month=<YYYY-MM>/part.parquet. A file whose project is unknown
belongs to nobody ('' here): only the whole centre's scope sees it.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from workbench.analytics.schema import UNKNOWN
from workbench.domain.access import Scope, WholeCentre, may_see
from workbench.errors import BadQuestion, UnknownProject
from workbench.store.engine import Store
from workbench.store.lake import FILE, NO_PROJECT


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One file. `name` is its path below the lake, `path` where it lies; `version` changes when its content does."""

    name: str
    path: str
    cluster: str
    project: str
    month: str
    bytes: int
    version: str


def lake_files(store: Store, scope: Scope, project: str | None = None) -> list[LakeFile]:
    """The files that this scope may read, by name.

    Args:
        store: the centre's.
        scope: the viewer's.
        project: only this one's.

    Raises:
        UnknownProject: the scope does not hold the project.
    """
    if project is not None and not may_see(scope, project):
        raise UnknownProject(project, scope.projects if not isinstance(scope, WholeCentre) else ())
    lake = store.settings.lake
    files = (_described(lake, path) for path in lake.glob("cluster=*/project=*/month=*/*"))
    seen = (f for f in files if f is not None and may_see(scope, f.project) and project in (None, f.project))
    return sorted(seen, key=lambda f: f.name)


def lake_file(store: Store, scope: Scope, name: str) -> LakeFile:
    """One of those files by its name; a name is compared, never opened as a path.

    Raises:
        BadQuestion: no such file for this scope.
    """
    for file in lake_files(store, scope):
        if file.name == name:
            return file
    raise BadQuestion(f"the lake has no file {name!r} of yours", "list the files first: GET lake")


def _described(lake: Path, path: Path) -> LakeFile | None:
    """None for what is no finished file: one being written, or one that has just gone."""
    if path.name != FILE:
        return None
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    keys = dict(part.split("=", 1) for part in path.relative_to(lake).parts[:-1])
    return LakeFile(
        name=path.relative_to(lake).as_posix(),
        path=str(path),
        cluster=unquote(keys["cluster"]),
        project=UNKNOWN if keys["project"] == NO_PROJECT else unquote(keys["project"]),
        month=unquote(keys["month"]),
        bytes=stat.st_size,
        version=f"{stat.st_mtime_ns:x}-{stat.st_size:x}",
    )
