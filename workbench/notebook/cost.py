"""What a server has cost so far and what its project still has, as a sentence and as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.units import money


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate, never a bill. Money in minor units (cents), None where it is not known; `why` says why.

    seconds, list_minor, subsidy_minor, user_minor: this server's, until now; None outside of a server.
    award_left_minor: what the project's award still holds; award_until: its last day is the one before.
    """

    server: str | None
    profile: str | None
    project: str | None
    seconds: int | None
    list_minor: int | None
    subsidy_minor: int | None
    user_minor: int | None
    award_left_minor: int | None
    award_ceiling_minor: int | None
    award_state: str | None
    award_until: str | None
    why: str
    symbol: str

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Cost":
        """From the facts that answer the question `cost`."""
        return cls(**{name: facts[name] for name in cls.__dataclass_fields__})

    def __repr__(self) -> str:
        return " ".join(part for part in (self._server(), self._balance()) if part) or "No server and no project here."

    def _server(self) -> str:
        if self.server is None:
            return ""
        minutes = (self.seconds or 0) // 60
        ran = f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
        what = f"This server ({self.profile}, {self.project}) has run {ran}"
        if self.list_minor is None or self.subsidy_minor is None or self.user_minor is None:
            return f"{what}; its cost is not known. {self.why}".strip()
        parts = (money(amount, self.symbol) for amount in (self.list_minor, self.subsidy_minor, self.user_minor))
        return "{}: {} at list price, of which {} subsidy and {} your project's share.".format(what, *parts)

    def _balance(self) -> str:
        if self.project is None:
            return ""
        if self.award_left_minor is None or self.award_ceiling_minor is None:
            return f"{self.project} has no award: it pays the list price."
        left, ceiling = (money(amount, self.symbol) for amount in (self.award_left_minor, self.award_ceiling_minor))
        until = f", until {self.award_until}" if self.award_state in ("live", "exhausted") else f" ({self.award_state})"
        return f"{self.project} has {left} of {ceiling} subsidy left{until}."
