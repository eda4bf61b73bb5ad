"""Input and settings that cannot be used."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.errors.base import BadInput, WorkbenchError


class SettingsError(WorkbenchError):
    def __init__(self, path: Path | str, problems: Sequence[str]):
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {p}" for p in problems)
        super().__init__(f"{path}: {len(problems)} problem(s) in the settings. Correct and start again:{lines}")


class FileUnreadable(BadInput):
    def __init__(self, path: Path | str, why: str):
        super().__init__(f"Cannot read {path}: {why}")


class MappingError(BadInput):
    def __init__(self, path: Path | str, problems: Sequence[str]):
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {p}" for p in problems)
        super().__init__(f"{path}: {len(problems)} problem(s) in the mapping. Nothing was stored:{lines}")


class PriceFileError(BadInput):
    def __init__(self, path: Path | str, problems: Sequence[str]):
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {p}" for p in problems)
        super().__init__(f"{path}: {len(problems)} problem(s) in the price list. Nothing was changed:{lines}")


class NothingReadable(BadInput):
    def __init__(self, path: Path | str, rejected: int, first_reason: str | None):
        why = f"all {rejected} rows were rejected, the first because: {first_reason}" if rejected else "it has no rows"
        super().__init__(f"{path}: no row could be used; {why}. Check the mapping and the file.")


class ChoiceRefused(BadInput):
    """Its text is the reason in the person's language, made where the choice is checked."""


class BadQuestion(BadInput):
    def __init__(self, what: str, what_to_do: str):
        super().__init__(f"This cannot be asked: {what}; {what_to_do}.")


class BadScenario(BadInput):
    """`problems`: field → what is wrong with it and what may stand there."""

    def __init__(self, problems: Mapping[str, str]):
        self.problems = dict(problems)
        super().__init__(f"This cannot be tried: {'; '.join(self.problems.values())}.")
