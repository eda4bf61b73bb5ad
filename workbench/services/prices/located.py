"""A TOML or YAML text that a person wrote: its values, all numbers exact, and the line on which each of them stands."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[\w-]+)((?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")


@dataclass(frozen=True)
class Located:
    """Values as TOML gives them (in YAML every scalar is a text), and place → line; problems of the text itself."""

    values: dict[str, Any]
    lines: Mapping[Place, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def line(self, place: Place) -> int:
        """The line of a place, or of what is around it where it has none of its own; 1 at the least."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def located(text: str, path: Path) -> Located:
    """Read a text: YAML where the path ends in .yaml or .yml, else TOML. A text that is neither is one problem."""
    return _yaml(text) if path.suffix.lower() in (".yaml", ".yml") else _toml(text)


def _toml(text: str) -> Located:
    try:
        values = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as problem:
        return Located({}, {}, (f"it is no TOML: {problem}",))
    lines: dict[Place, int] = {}
    here: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if table := _TABLE.match(line):
            here = _resolved(_names(table[2]), counts, new=table[1] == "[[")
            lines.setdefault(here, number)
        elif key := _KEY.match(line):
            lines.setdefault((*here, *_names(key[1] + key[2])), number)
    return Located(values, lines)


def _names(dotted: str) -> Place:
    return tuple(next(name for name in part.groups() if name is not None) for part in _PART.finditer(dotted))


def _resolved(names: Place, counts: dict[Place, int], *, new: bool) -> Place:
    """A table's name with the number of each list it goes through: version.nodes → (version, 1, nodes)."""
    place: Place = ()
    for depth, name in enumerate(names):
        place = (*place, name)
        if new and depth == len(names) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _yaml(text: str) -> Located:
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as problem:
        return Located({}, {}, (f"it is no YAML: {problem}",))
    lines: dict[Place, int] = {}
    problems: list[str] = []
    values = _value(root, (), lines, problems) if root is not None else {}
    if not isinstance(values, dict):
        return Located({}, {}, ("its outermost part is no table of names and values",))
    return Located(values, lines, tuple(problems))


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], problems: list[str]) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(part, (*place, number), lines, problems) for number, part in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value)
        lines[*place, name] = key.start_mark.line + 1
        if name in found:
            problems.append(f"line {key.start_mark.line + 1}: {name} is there twice")
        found[name] = _value(value, (*place, name), lines, problems)
    return found
