"""What a project's award still has, until when this server runs: as a sentence and as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from workbench.units import money


@dataclass(frozen=True, slots=True)
class Balance:
    """Subsidy of a project's awards in force, in minor units (cents); None without one.

    ceiling_minor = drawn_minor + held_minor + free_minor: held is what running servers may still cost. said: warnings,
    in words. ends_at: when this server's time is over (ISO, UTC); None outside of one.
    """

    project: str | None
    ceiling_minor: int | None
    drawn_minor: int | None
    held_minor: int | None
    free_minor: int | None
    said: tuple[str, ...]
    ends_at: str | None
    symbol: str
    zone: str

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Balance":
        """From the facts that answer the question `balance`."""
        return cls(**{name: facts[name] for name in cls.__dataclass_fields__} | {"said": tuple(facts["said"])})

    def __repr__(self) -> str:
        if self.project is None:
            return "No project here: name one."
        return " ".join((self._free(), *self.said, *([self._end()] if self.ends_at else [])))

    def _free(self) -> str:
        if self.free_minor is None or self.ceiling_minor is None or self.held_minor is None:
            return f"{self.project} has no award in force."
        free, ceiling, held = (money(n, self.symbol) for n in (self.free_minor, self.ceiling_minor, self.held_minor))
        running = f", {held} held for what runs" if self.held_minor else ""
        return f"{self.project} has {free} of {ceiling} subsidy free{running}."

    def _end(self) -> str:
        assert self.ends_at is not None
        at = datetime.fromisoformat(self.ends_at).astimezone(ZoneInfo(self.zone))
        return f"This server is ended on {at:%A, %-d %b %Y, %H:%M} ({self.zone})."
