"""TOML that a person wrote, checked: every problem at once, unknown names refused with the nearest that is known."""

import difflib
import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.errors import MappingError

MOST_SHOWN = 60


class Part(BaseModel):
    """A table of a mapping."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


P = TypeVar("P", bound=Part)


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """The values in a file, its numbers exact, and the SHA-256 of the file.

    Raises:
        MappingError: unreadable, or no TOML.
    """
    try:
        raw = path.read_bytes()
        values = tomllib.loads(raw.decode("utf-8-sig"), parse_float=Decimal)
    except OSError as problem:
        raise MappingError(path, [problem.strerror or str(problem)]) from problem
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise MappingError(path, [f"it is no TOML: {problem}"]) from problem
    return values, hashlib.sha256(raw).hexdigest()


def checked(kind: type[P], values: Mapping[str, Any], path: Path | str) -> P:
    """The values as this kind of mapping.

    Raises:
        MappingError: every problem found.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as problem:
        raise MappingError(path, [_sentence(kind, e) for e in problem.errors()]) from problem


def check_names(wanted: Mapping[str, str], names: Sequence[str], path: Path | str, source: Path | str) -> None:
    """Check that a log has the columns asked for: {where it is asked: column}.

    Raises:
        MappingError: every column that is not there, with the nearest that is; or that is there twice.
    """
    problems = []
    for where, column in wanted.items():
        if column not in names:
            problems.append(f"{where}: {source} has no column {column!r}{nearest(column, names)}")
        elif list(names).count(column) > 1:
            problems.append(f"{where}: {source} has {list(names).count(column)} columns {column!r}")
    if problems:
        shown = ", ".join(map(repr, names[:MOST_SHOWN])) + (", …" if len(names) > MOST_SHOWN else "")
        raise MappingError(path, [*problems, f"its columns are: {shown}"])


def nearest(name: str, names: Iterable[str]) -> str:
    """A question like "; did you mean x?" for the nearest of the names; empty where none is near."""

    def likeness(known: str) -> float:
        # Letters in a wrong order are the commonest slip.
        swapped = sorted(known.lower()) == sorted(name.lower())
        return difflib.SequenceMatcher(None, name.lower(), known.lower()).ratio() + 0.2 * swapped

    best = max(names, key=likeness, default=None)
    return f"; did you mean {best!r}?" if best is not None and likeness(best) > 0.6 else ""


def _sentence(kind: type[Part], error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"] if part not in ("str", "int", "decimal"))
    if error["type"] == "extra_forbidden":
        known = _keys_at(kind, error["loc"][:-1])
        hint = nearest(str(error["loc"][-1]), known) or "."
        return f"{where}: there is no such key{hint} Known here: {', '.join(known)}"
    if error["type"] == "missing":
        return f"{where}: missing" + (" (the table that says which column is what)" if where == "columns" else "")
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _keys_at(kind: Any, location: Iterable[int | str]) -> list[str]:
    for key in location:
        kind = kind.model_fields[key].annotation
    return [field.alias or name for name, field in kind.model_fields.items()]
