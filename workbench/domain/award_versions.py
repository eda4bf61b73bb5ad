"""What an award says from a day on: its versions. Amounts are minor units, days are the centre's calendar days.

The row in `awards` is the original decision and version 1. Each action that changes an award (workbench.domain.
award_actions) adds a version, which holds from its day on: a supplement of 1 June never pays for usage of May, however
often May is rated again. No version is changed or removed (triggers).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.awards import Award
from workbench.domain.base import Amount, Stored
from workbench.domain.rules.terms import Terms, months_after, months_of, spread


class Version(Stored):
    """`rate_bp` of list cost until `ceiling_minor`, in [starts_on, ends_on); in force from `from_on` on.

    `action` is what made it; None for version 1, which is the original decision.
    """

    __tablename__ = "award_versions"

    award: Mapped[int] = mapped_column(ForeignKey("awards.id"), primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_on: Mapped[date]
    rate_bp: Mapped[int]
    ceiling_minor: Mapped[int] = mapped_column(Amount)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    action: Mapped[int | None] = mapped_column(ForeignKey("award_actions.id"), nullable=False, index=True)


def first_version(award: Award) -> Version:
    """The original decision. It pays for its whole term, also where it was decided after its first day."""
    begins = min(award.starts_on, award.decided_on)
    return Version(award.id, 1, begins, award.rate_bp, award.ceiling_minor, award.starts_on, award.ends_on, None)


def in_force(versions: Sequence[Version], day: date) -> Version:
    """The version of a day: the last one that had begun; the first before that.

    Args:
        versions: of one award, 1, 2, 3 …
        day: the centre's day.
    """
    return next((version for version in reversed(versions) if version.from_on <= day), versions[0])


def as_of(award: Award, versions: Sequence[Version], day: date) -> Award:
    """The award with the rate, ceiling and term that it has on a day; not the stored row, which stays."""
    now = in_force(versions, day)
    found = Award(
        project=award.project,
        application=award.application,
        rate_bp=now.rate_bp,
        ceiling_minor=now.ceiling_minor,
        starts_on=now.starts_on,
        ends_on=now.ends_on,
        decided_on=award.decided_on,
        reason=award.reason,
        conditions=award.conditions,
    )
    found.id = award.id
    return found


def spans(versions: Sequence[Version]) -> Iterator[tuple[Version, date, date]]:
    """Each version with the days [first, after) on which it is the one that pays; none for one that never does."""
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        first = version.starts_on if version.version == 1 else max(version.from_on, version.starts_on)
        after = version.ends_on if following is None else min(version.ends_on, following.from_on)
        if first < after:
            yield version, first, after


def terms_of(version: Version) -> Terms:
    return Terms(version.starts_on, version.ends_on, version.ceiling_minor)


def changed(version: Version, terms: Terms, day: date, action: int, *, rate_bp: int | None = None) -> Version:
    """The version that follows: these terms from a day on."""
    return Version(
        award=version.award,
        version=version.version + 1,
        from_on=day,
        rate_bp=version.rate_bp if rate_bp is None else rate_bp,
        ceiling_minor=terms.ceiling_minor,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        action=action,
    )


def planned(versions: Sequence[Version], first_plan: Mapping[str, int]) -> dict[str, int]:
    """The planned schedule as the versions have it: month "2026-01" → subsidy, minor units.

    A version leaves the plan of the months until its own as it was. What its ceiling has beyond them is spread over the
    months that follow, in the shape that they had; evenly where the term's end has moved or they had no plan.

    Args:
        versions: of one award, 1, 2, 3 …
        first_plan: of version 1; empty: the award has no plan, and gets none.
    """
    plan = dict(first_plan)
    for before, version in pairwise(versions):
        if plan and (before.ceiling_minor, before.ends_on) != (version.ceiling_minor, version.ends_on):
            plan = _planned_again(plan, version, moved=before.ends_on != version.ends_on)
    return plan


def _planned_again(plan: Mapping[str, int], version: Version, *, moved: bool) -> dict[str, int]:
    months = months_of(terms_of(version))
    this = f"{version.from_on:%Y-%m}" if version.from_on > version.starts_on else ""
    kept = {month: amount for month, amount in plan.items() if month <= this}
    ahead = [month for month in months if month > this]
    shares = [0] * len(ahead) if moved else [plan.get(month, 0) for month in ahead]
    left = max(0, version.ceiling_minor - sum(kept.values()))
    return kept | dict(zip(ahead, spread(left, shares), strict=True))


def quarter_of(day: date) -> str:
    """The calendar quarter that holds a day: "2026Q1"."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def quarter_days(quarter: str) -> tuple[date, date]:
    """Its days [first, after).

    Raises:
        ValueError: not written like 2026Q1.
    """
    year, letter, number = quarter.upper().partition("Q")
    if letter != "Q" or len(year) != 4 or not year.isdecimal() or number not in {"1", "2", "3", "4"}:
        raise ValueError(f"{quarter!r} is no quarter (write one like 2026Q1)")
    first = date(int(year), 3 * int(number) - 2, 1)
    return first, months_after(first, 3)


def quarters_of(terms: Terms, today: date) -> list[str]:
    """The quarters of a term that have begun by a day, in order."""
    day, found = terms.starts_on.replace(day=1), []
    while day < terms.ends_on and day <= today:
        if quarter_of(day) not in found:
            found.append(quarter_of(day))
        day = months_after(day, 1)
    return found


def quarter_plan(plan: Mapping[str, int], quarter: str) -> int | None:
    """What is planned for a quarter, minor units; None without any plan."""
    first, after = quarter_days(quarter)
    if not plan:
        return None
    return sum(amount for month, amount in plan.items() if f"{first:%Y-%m}" <= month < f"{after:%Y-%m}")


def last_whole_quarter(today: date) -> str:
    """The last quarter that is over."""
    first, _ = quarter_days(quarter_of(today))
    return quarter_of(first - timedelta(days=1))
