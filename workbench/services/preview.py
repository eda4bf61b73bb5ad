"""Before the vote: what an award would do to the centre over the next twelve months, beside the centre without it.

Shares are basis points of the GPU time in service; waits are seconds; money is minor units. None is unknown (no job
was submitted, no capacity is stated), never zero.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PreviewMonth:
    """One month "2026-12" of the centre's calendar, without and with the award.

    occupancy_bp: allocated GPU time over GPU time in service. wait_median_s, wait_p95_s: of the jobs submitted in the
    month, of every project. fund_left_minor: budget less reserve less all subsidy drawn by the month's end.
    applicant_gpu_hours: what the applicant plans for the month. applicant_wait_median_s: of the applicant's own jobs.
    """

    month: str
    occupancy_bp_without: int | None
    occupancy_bp_with: int | None
    wait_median_s_without: int | None
    wait_median_s_with: int | None
    wait_p95_s_without: int | None
    wait_p95_s_with: int | None
    fund_left_minor_without: int
    fund_left_minor_with: int
    applicant_gpu_hours: int
    applicant_wait_median_s: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Twelve months from the month after now's, for one application and the award looked at.

    The award: rate_bp, ceiling_minor, [starts_on, ends_on). fund_free_minor: budget less reserve less commitments, on
    the day of the preview. fund_lasts_until: the day on which, drawn on at this pace, nothing is left; None: not within
    a century. says: every assumption, each a sentence.
    """

    reference: str
    rate_bp: int
    ceiling_minor: int
    starts_on: date
    ends_on: date
    months: tuple[PreviewMonth, ...]
    fund_free_minor_without: int
    fund_free_minor_with: int
    fund_lasts_until_without: date | None
    fund_lasts_until_with: date | None
    says: tuple[str, ...]
