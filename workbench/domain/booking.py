"""What charges, awards and the fund's money look like as ledger transactions, and how the ledger is brought up to them.

A thing that is posted has a name of its own, its subject ("award/12"); its transactions have the keys "award/12#1",
"award/12#2" … When the thing has changed its last transaction is reversed and the next one posted: nothing is edited.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import quote

from workbench.domain import ledger
from workbench.domain.ledger import Ref, Transaction, posted, reversal
from workbench.units import BASIS_POINTS


@dataclass(frozen=True, slots=True)
class DayLine:
    """A charge of one day (domain.charges): list_minor = subsidy_minor + user_minor; project '' is nobody's."""

    day: date
    cluster: str
    project: str
    partition: str
    gpu_model: str
    gpu_part_seconds: int
    core_seconds: int
    list_minor: int
    subsidy_minor: int
    user_minor: int
    price_version: str
    award_version: str
    award_id: int | None


DAILY = "daily"
"""What the subject of a day's line begins with."""


def charge(line: DayLine, at: datetime, currency: str) -> Transaction:
    """A day's charge with the drawing of its subsidy. Its list cost is more than 0."""
    project = line.project
    user = ledger.payable(project) if project else ledger.SUSPENSE
    amounts = [(ledger.CHARGES, -line.list_minor), (user, line.user_minor)]
    if line.subsidy_minor:
        drawn = [(ledger.subsidised(project), line.subsidy_minor), (ledger.DRAWN, line.subsidy_minor)]
        amounts += [*drawn, (ledger.award(project), -line.subsidy_minor)]
    refs: dict[str, Ref] = {
        "project": project,
        "day": line.day.isoformat(),
        "cluster": line.cluster,
        "partition": line.partition,
        "gpu_model": line.gpu_model,
        "gpu_part_seconds": line.gpu_part_seconds,
        "core_seconds": line.core_seconds,
        "price": line.price_version,
        "award_version": line.award_version,
        "award": line.award_id,
    }
    names = (line.day.isoformat(), line.cluster, project, line.partition, line.gpu_model)
    names += (line.price_version, line.award_version)
    subject = "/".join([DAILY, *(quote(name, safe="") for name in names)])
    what = line.gpu_model or "CPU cores"
    memo = f"{project or 'Nobody'}: {what} in {line.partition or 'an unknown partition'}, {line.day.isoformat()}"
    return Transaction(subject, at, "charge", memo, refs, posted(currency, amounts))


def grant(budget_minor: int, reserve_minor: int, at: datetime, currency: str) -> list[Transaction]:
    """The budget as the funder gave it, and the security reserve set aside of it."""
    given = posted(currency, [(ledger.BUDGET, budget_minor), (ledger.GRANT, -budget_minor)])
    kept = posted(currency, [(ledger.RESERVE, reserve_minor), (ledger.BUDGET, -reserve_minor)])
    made = [("budget", "Budget of the scheme", given), ("reserve", "Security reserve", kept)]
    return [Transaction(kind, at, kind, memo, {}, postings) for kind, memo, postings in made if postings]


def commitment(
    award_id: int, project: str, rate_bp: int, ceiling_minor: int, at: datetime, currency: str
) -> Transaction:
    """An award's ceiling, taken from the budget for its project. The ceiling is more than 0."""
    memo = f"Award {award_id} to {project}: {rate_bp * 100 / BASIS_POINTS:g}% of list price up to a ceiling"
    amounts = [(ledger.award(project), ceiling_minor), (ledger.COMMITTED, -ceiling_minor)]
    refs: dict[str, Ref] = {"project": project, "award": award_id, "rate_bp": rate_bp}
    return Transaction(f"award/{award_id}", at, "award", memo, refs, posted(currency, amounts))


def lapse(award_id: int, project: str, left_minor: int, at: datetime, currency: str) -> Transaction:
    """What an award leaves at the end of its term, given back to the budget. It is more than 0."""
    amounts = [(ledger.COMMITTED, left_minor), (ledger.award(project), -left_minor)]
    refs: dict[str, Ref] = {"project": project, "award": award_id}
    memo = f"Award {award_id} to {project} has ended: the rest lapses"
    return Transaction(f"lapse/{award_id}", at, "lapse", memo, refs, posted(currency, amounts))


@dataclass(frozen=True, slots=True)
class Standing:
    """How often a subject was posted, and its transaction that stands; None: it was taken back."""

    times: int
    transaction: Transaction | None


def standing(transactions: Iterable[Transaction]) -> dict[str, Standing]:
    """Subject → how it stands after these transactions, given in the order in which they were posted."""
    found: dict[str, Standing] = {}
    for transaction in transactions:
        taken_back = transaction.refs.get("reverses")
        subject, times = str(taken_back or transaction.key).rsplit("#", 1)
        found[subject] = Standing(int(times), None if taken_back else transaction)
    return found


def corrections(wanted: Iterable[Transaction], stands: Mapping[str, Standing]) -> list[Transaction]:
    """What has to be posted so that exactly the wanted stands: nothing where it does.

    Args:
        wanted: one transaction a subject, its key the subject.
        stands: of every subject that could be wanted.
    """
    new = {transaction.key: transaction for transaction in wanted}
    made = []
    for subject in sorted({*new, *stands}):
        want, before = new.get(subject), stands.get(subject, Standing(0, None))
        stood = before.transaction
        if want and stood and _same(want, stood):
            continue
        if stood:
            made.append(reversal(stood))
        if want:
            made.append(replace(want, key=f"{subject}#{before.times + 1}"))
    return made


def _same(one: Transaction, other: Transaction) -> bool:
    """Whether two say the same of money; how they word it may change with time."""
    return (one.at, one.kind, one.refs, one.postings) == (other.at, other.kind, other.refs, other.postings)
