"""Whatever is noted of a class has words that people can read."""

import ast
from pathlib import Path

from workbench.domain.training import TrainingEvent
from workbench.services.training import events

SOURCE = Path(events.__file__).parents[2]
NOTES = ("events.note", "events.note_few")


def noted():
    """Every kind that some line of the source notes, and where."""
    found = {}
    for file in SOURCE.rglob("*.py"):
        read = ast.parse(file.read_text(encoding="utf-8"))
        for call in ast.walk(read):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in NOTES:
                found |= dict.fromkeys(kinds(call.args[1], file, read), f"{file.name}:{call.lineno}")
    return found


def kinds(given, file, read):
    """What the expression can be: a text, one of two, a name that the file sets to such."""
    if isinstance(given, ast.IfExp):
        return kinds(given.body, file, read) | kinds(given.orelse, file, read)
    if isinstance(given, ast.Name):
        found = set().union(*(kinds(value, file, read) for value in values_of(given.id, read)))
        assert found, f"{file.name}:{given.lineno}: which kinds are these?"
        return found
    if isinstance(given, ast.Attribute) and ast.unparse(given.value) == "events":
        return {getattr(events, given.attr)}
    assert isinstance(given, ast.Constant), f"{file.name}:{given.lineno}: which kind is this?"
    return {given.value}


def values_of(name, read):
    """The expressions that the file gives to this name, also `A, B = "a", "b"`."""
    for one in ast.walk(read):
        if isinstance(one, ast.Assign):
            target, value = one.targets[0], one.value
            both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            pairs = zip(target.elts, value.elts, strict=True) if both else [(target, value)]
            yield from (given for to, given in pairs if ast.unparse(to) == name)


def test_every_kind_that_is_noted_has_words():
    found = noted()
    assert {"handed-in", "no-go", "unshared"} <= found.keys()
    assert {kind: where for kind, where in found.items() if kind not in events.kind_words()} == {}
    assert events.kind_words().keys() == found.keys(), "words of what is never noted"


def test_a_warning_says_how_long_before_the_end_and_no_number_of_seconds():
    event = TrainingEvent(1, "warned", 1, None, "", events.warning(2, 1_769_000_000), False)
    assert events.says_in_words(event) == "2 minutes before the end"
    assert events.says_in_words(TrainingEvent(1, "extended", 1, None, "", "15 minutes", False)) == "15 minutes"
