"""Rule 16: the lines of a monthly statement, and that they close. Minor units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """One project's month.

    opening_minor: what its users owed before. list_minor: usage at list price. subsidy_minor: the part the scheme pays.
    refunds_minor: of the user's share, ≥ 0. adjustments_minor: signed, owed +. ceiling_minor: of its award, None
    without. drawn_before_minor: subsidy drawn before the month.
    """

    opening_minor: int
    list_minor: int
    subsidy_minor: int
    refunds_minor: int = 0
    adjustments_minor: int = 0
    ceiling_minor: int | None = None
    drawn_before_minor: int = 0

    @property
    def user_minor(self) -> int:
        """The user's share: what the subsidy leaves of the list cost."""
        return self.list_minor - self.subsidy_minor

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + self.user_minor - self.refunds_minor + self.adjustments_minor

    @property
    def ceiling_left_minor(self) -> int | None:
        """What the award still pays after this month; None without an award."""
        if self.ceiling_minor is None:
            return None
        return self.ceiling_minor - self.drawn_before_minor - self.subsidy_minor

    def next_month(self, list_minor: int, subsidy_minor: int) -> "Statement":
        """The following month begins where this one closes."""
        drawn = self.drawn_before_minor + self.subsidy_minor
        closing, ceiling = self.closing_minor, self.ceiling_minor
        return Statement(closing, list_minor, subsidy_minor, ceiling_minor=ceiling, drawn_before_minor=drawn)
