"""The questions behind the year's report, as SQL. What stands in {braces} are its bounds (services.annual.figures):

{first} and {until} days, the second not included; {from_month} and {to_month} months, both included; {start_s} and
{end_s} moments, UTC epoch seconds. Amounts are minor units, debit +, credit −.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Query:
    """A figure's words, unit and SQL. priced: it rests on list prices. zero: no row means none; else it is unknown."""

    what: str
    unit: str
    sql: str
    note: str = ""
    priced: bool = False
    zero: bool = False


_SUM = "SELECT SUM(amount_minor) FROM ledger_months WHERE "
_MINUS = "SELECT -SUM(amount_minor) FROM ledger_months WHERE "
_YEAR = "month BETWEEN '{from_month}' AND '{to_month}'"
_TO_DATE = "month <= '{to_month}'"
_CHARGED = "kind IN ('charge', 'reservation', 'cancellation', 'storage')"
_PAYABLE, _SUBSIDISED = "ledger_account LIKE 'project:%:payable'", "ledger_account LIKE 'project:%:subsidised'"
_DAYS = "day >= '{first}' AND day < '{until}'"
_RECEIVED = "stage <> 'draft' AND received_on >= '{first}' AND received_on < '{until}'"
_DECIDED = "decided_on >= '{first}' AND decided_on < '{until}'"

FUND = (
    Query("Budget given by the funder", "minor", f"{_MINUS}ledger_account = 'fund:grant' AND {_TO_DATE}"),
    Query("Security reserve", "minor", f"{_SUM}ledger_account = 'fund:reserve' AND {_TO_DATE}"),
    Query("Committed to awards", "minor", f"{_MINUS}ledger_account = 'fund:committed' AND {_TO_DATE}"),
    Query(
        "Still to award",
        "minor",
        f"{_SUM}ledger_account IN ('fund:budget', 'fund:committed') AND {_TO_DATE}",
        "budget less reserve and commitments",
    ),
    Query("Drawn in the year", "minor", f"{_SUM}ledger_account = 'fund:drawn' AND {_YEAR}", priced=True),
    Query("Drawn to date", "minor", f"{_SUM}ledger_account = 'fund:drawn' AND {_TO_DATE}", priced=True),
    Query(
        "Awarded and not drawn yet",
        "minor",
        f"{_SUM}(ledger_account LIKE 'project:%:award' OR ledger_account LIKE 'project:%:held') AND {_TO_DATE}",
    ),
)
CHARGES = (
    Query("List cost", "minor", f"{_SUM}({_PAYABLE} OR {_SUBSIDISED}) AND {_CHARGED} AND {_YEAR}", priced=True),
    Query("Paid by the scheme", "minor", f"{_SUM}{_SUBSIDISED} AND {_CHARGED} AND {_YEAR}", priced=True),
    Query("Users' share", "minor", f"{_SUM}{_PAYABLE} AND {_CHARGED} AND {_YEAR}", priced=True),
    Query("Refunds of users' share", "minor", f"{_MINUS}{_PAYABLE} AND kind = 'refund' AND {_YEAR}", zero=True),
    Query(
        "Adjustments of what users owe",
        "minor",
        f"{_SUM}{_PAYABLE} AND NOT {_CHARGED} AND kind NOT IN ('refund', 'write-off', 'payment') AND {_YEAR}",
        zero=True,
    ),
    Query("Written off", "minor", f"{_MINUS}{_PAYABLE} AND kind = 'write-off' AND {_YEAR}", zero=True),
    Query("Payments received", "minor", f"{_MINUS}{_PAYABLE} AND kind = 'payment' AND {_YEAR}", zero=True),
    Query("Owed by projects at the end", "minor", f"{_SUM}{_PAYABLE} AND {_TO_DATE}", priced=True),
    Query(
        "Usage of no known project, in suspense",
        "minor",
        f"{_SUM}ledger_account = 'suspense' AND {_TO_DATE}",
        zero=True,
    ),
)
MONTHS = (
    "SELECT month, SUM(amount_minor), SUM(CASE WHEN ledger_account LIKE '%:subsidised' THEN amount_minor ELSE 0 END)"
    f" FROM ledger_months WHERE ({_PAYABLE} OR {_SUBSIDISED}) AND {_CHARGED} AND {_YEAR} GROUP BY month ORDER BY month"
)
RECEIVED = (Query("Applications received", "count", f"SELECT COUNT(*) FROM applications WHERE {_RECEIVED}"),)
DECISIONS = (
    "SELECT decision, received_on, decided_on FROM applications"
    f" WHERE stage <> 'draft' AND decision IN ('approved', 'declined', 'deferred') AND {_DECIDED}"
    " ORDER BY decided_on, id"
)
AWARDS = (
    Query(
        "Applications open at the end",
        "count",
        "SELECT COUNT(*) FROM applications WHERE stage <> 'draft' AND received_on < '{until}'"
        " AND (decided_on IS NULL OR decided_on >= '{until}')",
    ),
    Query("Awards decided", "count", f"SELECT COUNT(*) FROM awards WHERE {_DECIDED}"),
    Query(
        "Ceilings of these awards",
        "minor",
        f"SELECT SUM(ceiling_minor) FROM awards WHERE {_DECIDED}",
        "as first decided; later changes are in what is committed",
        zero=True,
    ),
)
KINDS_RECEIVED = f"SELECT category, COUNT(*) FROM applications WHERE {_RECEIVED} GROUP BY category ORDER BY category"
CATEGORIES = (
    "SELECT COALESCE(p.category, 'unknown'), COUNT(DISTINCT c.project), SUM(c.gpu_part_seconds), SUM(c.list_minor),"
    " SUM(c.subsidy_minor), SUM(c.user_minor) FROM charges_daily c LEFT JOIN projects p ON p.slug = c.project"
    " WHERE c.day >= '{first}' AND c.day < '{until}' GROUP BY COALESCE(p.category, 'unknown')"
    " ORDER BY SUM(c.gpu_part_seconds) DESC"
)
OPERATOR = (
    Query("Months of the year closed", "count", f"SELECT COUNT(*) FROM closed_months WHERE {_YEAR}"),
    Query(
        "Transactions posted for the year",
        "count",
        "SELECT COUNT(*) FROM ledger_transactions WHERE at >= {start_s} AND at < {end_s}",
    ),
    Query("Refunds given", "count", f"SELECT COUNT(*) FROM other_charges WHERE kind = 'refund' AND {_DAYS}"),
    Query(
        "Projects with usage",
        "count",
        f"SELECT COUNT(DISTINCT project) FROM charges_daily WHERE project <> '' AND {_DAYS}",
    ),
    Query(
        "People with usage",
        "count",
        f"SELECT COUNT(DISTINCT user_name) FROM charges_user_daily WHERE user_name <> '' AND {_DAYS}",
    ),
    Query(
        "GPU time without a list price",
        "part-seconds",
        f"SELECT SUM(gpu_part_seconds) FROM charges_daily WHERE list_minor IS NULL AND {_DAYS}",
        zero=True,
    ),
)
