"""Every number of the scheme's rules, as one dated set. The settings change the defaults, which are the model scheme's.

Amounts are minor units (`_minor`), shares are basis points (`_bp`). Marks as in the scheme's text: F published fact,
C copied from a comparable scheme, P placeholder of ours, to be said wherever it is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from workbench.errors import RuleBroken
from workbench.units import BASIS_POINTS


def _weights() -> dict[str, int]:
    return {"alignment": 25, "compute": 20, "capability": 25, "team": 15, "outcomes": 15}


@dataclass(frozen=True)
class SchemeRules:
    """The rules in force from a day on, until the next set.

    Attributes:
        from_on: first day (centre's calendar).
        weights: criterion → percent of the score; they add up to 100. Rule 4: alignment and compute F, the others P.
        spread_points: a criterion whose highest and lowest score lie further apart is shown as disputed. P.
        fast_lane_gpu_hours: rule 4, C. fast_lane_gpus: rule 4, C.
        term_months: rule 5, P. max_term_months: rule 5, P.
        committee_quorum: members of the Committee without a conflict who must be at a meeting for it to decide; 0: a
            decision needs no meeting. P.
        warn_left_bp: shares of the ceiling left at which a project is warned, falling. P.
        refund_max_hours: hours refunded to one job at most, rule 9, C. claim_days: rule 9, C.
        reservation_min_days: rule 10, C. reservation_max_days: rule 10, C.
        reservation_returns: (more than so many hours ahead, share returned in basis points), falling; rule 10, C.
        over_use_limit_bp: share of the ceiling to which a project that opted in may go on at list price; rule 11, C, P.
        underuse_cuts: (used at least this share of the plan, share of the unused that is cut), falling; rule 12, C.
        underuse_notice_days: rule 12, C.
        outage_days: an outage longer than this extends the term; rule 13, C.
        storage_free_tb: rule 14, C. storage_minor_per_tb_month: rule 14, P. deletion_days: after closing, rule 14, P.
        progress_report_months: rule 15, C. final_report_months: after the end, rule 15, C.
    """

    from_on: date
    weights: Mapping[str, int] = field(default_factory=_weights, hash=False)  # settings are keys of caches
    spread_points: int = 30
    fast_lane_gpu_hours: int = 5000
    fast_lane_gpus: int = 50
    term_months: int = 12
    max_term_months: int = 36
    committee_quorum: int = 3
    warn_left_bp: tuple[int, ...] = (2000, 1000, 0)
    refund_max_hours: int = 4
    claim_days: int = 14
    reservation_min_days: int = 1
    reservation_max_days: int = 30
    reservation_returns: tuple[tuple[int, int], ...] = ((168, 10_000), (24, 5000), (0, 2000))
    over_use_limit_bp: int = 12_500
    underuse_cuts: tuple[tuple[int, int], ...] = ((7000, 0), (5500, 2000), (4000, 3500), (2000, 5500), (0, 8000))
    underuse_notice_days: int = 14
    outage_days: int = 20
    storage_free_tb: int = 1
    storage_minor_per_tb_month: int = 2700
    deletion_days: int = 90
    progress_report_months: tuple[int, ...] = (1, 3, 9)
    final_report_months: int = 2

    def __post_init__(self) -> None:
        # ValueError: the settings list these beside the other problems of the file.
        if sum(self.weights.values()) != 100 or min(self.weights.values(), default=0) < 0:
            raise ValueError(f"the weights add up to {sum(self.weights.values())}, not to 100, or one is negative")
        if not 1 <= self.term_months <= self.max_term_months:
            raise ValueError("term_months must be at least 1 and at most max_term_months")
        if not 1 <= self.reservation_min_days <= self.reservation_max_days:
            raise ValueError("reservation_min_days must be at least 1 and at most reservation_max_days")
        counts = (self.refund_max_hours, self.claim_days, self.outage_days, self.storage_free_tb, self.deletion_days)
        points = (self.spread_points, self.underuse_notice_days, self.committee_quorum)
        if min(*counts, *points, self.storage_minor_per_tb_month) < 0:
            raise ValueError("no number of the rules may be negative")
        if self.over_use_limit_bp < BASIS_POINTS:
            raise ValueError("over_use_limit must be at least 100")
        for name in ("reservation_returns", "underuse_cuts"):
            steps = getattr(self, name)
            if [edge for edge, _ in steps] != sorted({edge for edge, _ in steps}, reverse=True) or steps[-1][0] != 0:
                raise ValueError(f"{name} must fall step by step and end at 0")
            if not all(0 <= part <= BASIS_POINTS for _, part in steps):
                raise ValueError(f"{name}: a share lies outside of 0 to 100%")


def rules_on(versions: Sequence[SchemeRules], day: date) -> SchemeRules:
    """The rules in force on a day: the set with the latest `from_on` not after it.

    Raises:
        RuleBroken: none had begun by then.
    """
    begun = [rules for rules in versions if rules.from_on <= day]
    if not begun:
        raise RuleBroken(0, f"no rules are in force on {day:%-d %b %Y}", "Give [[rules]] an earlier from_on.")
    return max(begun, key=lambda rules: rules.from_on)
