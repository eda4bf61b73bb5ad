"""The journal for other programs: CSV, a CSV with the column names of FOCUS, a beancount file.

CSV: one row per posting. FOCUS (FinOps Open Cost and Usage Specification): per charge a Usage row at list price and a
Credit row of the subsidy, so that BilledCost adds up to the users' share; rows of reversals are marked Correction, what
else changes a payable is an Adjustment. Beancount: accounts under its five roots, and each balance asserted at the end,
so that `bean-check` compares its sums with ours. Amounts are in whole units with two decimals.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from workbench.domain import ledger
from workbench.domain.ledger import project_of
from workbench.periods import day_window, iso, moment, month_window
from workbench.store.ledger import Row
from workbench.units import decimal, gpu_hours

POSTING_COLUMNS = (
    "seq", "at", "key", "kind", "project", "day", "memo", "ledger_account", "amount", "currency", "hash",
)  # fmt: skip
FOCUS_COLUMNS = (
    "BillingAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd",
    "ChargeCategory", "ChargeClass", "ChargeDescription", "ListCost", "ContractedCost", "EffectiveCost", "BilledCost",
    "BillingCurrency", "ConsumedQuantity", "ConsumedUnit", "SkuId", "SubAccountId", "x_LedgerSeq", "x_LedgerKey",
)  # fmt: skip
ROOTS = {
    ledger.GRANT: "Equity:Fund:Grant",
    ledger.BUDGET: "Assets:Fund:Budget",
    ledger.RESERVE: "Assets:Fund:Reserve",
    ledger.COMMITTED: "Liabilities:Fund:Committed",
    ledger.DRAWN: "Expenses:Fund:Drawn",
    ledger.CHARGES: "Income:Charges",
    ledger.SUSPENSE: "Assets:Suspense",
    ledger.REFUNDS: "Expenses:Refunds",
    ledger.ADJUSTMENTS: "Expenses:Adjustments",
    ledger.WRITE_OFF: "Expenses:Write-Off",
}
PROJECT_ROOTS = {"award": "Assets", "held": "Assets", "payable": "Assets", "subsidised": "Expenses"}


def posting_rows(rows: Iterable[Row]) -> Iterator[tuple[object, ...]]:
    """One row per posting, POSTING_COLUMNS."""
    for row in rows:
        head = (row.seq, iso(row.at), row.key, row.kind, row.project, row.day, row.memo)
        for posting in row.postings:
            yield (*head, posting.ledger_account, decimal(posting.amount_minor), posting.currency, row.hash)


def focus_rows(rows: Iterable[Row], zone: ZoneInfo, centre: str) -> Iterator[tuple[object, ...]]:
    """FOCUS_COLUMNS, a Usage and a Credit row per charge, an Adjustment row per other change of what users owe.

    What moves money of the fund alone (budget, awards, holds) is nobody's cost and makes no row.

    Args:
        rows: the journal.
        zone: the centre's, which cuts days and months.
        centre: its name, as the billing account.
    """
    for row in rows:
        sums = _by_purpose(row)
        listed, subsidy = -sums.get("charges", 0), sums.get("drawn", 0)
        billed = sums.get("payable", 0) + sums.get("suspense", 0)
        refs = json.loads(row.refs)
        correction = "Correction" if row.kind == "reversal" else ""
        if listed:
            quantity, unit = _consumed(refs, negative=listed < 0)
            yield _focus(row, zone, centre, "Usage", correction, (listed, listed, listed, listed), quantity, unit)
            if subsidy:
                yield _focus(row, zone, centre, "Credit", correction, (0, 0, -subsidy, -subsidy), "", "")
        elif billed:
            yield _focus(row, zone, centre, "Adjustment", correction, (0, 0, billed, billed), "", "")


def beancount_lines(rows: Iterable[Row], balances: dict[str, int], zone: ZoneInfo, currency: str) -> Iterator[str]:
    """A beancount file, line by line.

    Args:
        rows: the whole journal, by number.
        balances: of every account in it, minor units; asserted on the day after the last transaction.
        zone: the centre's: a transaction's date is its day there.
        currency: of the balances.
    """
    dated = sorted(((moment(row.at).astimezone(zone).date(), row.seq, row) for row in rows), key=lambda d: d[:2])
    yield f'option "operating_currency" "{currency}"'
    if not dated:
        return
    for account in sorted(balances):
        yield f"{dated[0][0]} open {beancount_account(account)} {currency}"
        yield f"  ledger-account: {_quoted(account)}"
    for day, seq, row in dated:
        yield f"{day} * {_quoted(row.kind)} {_quoted(row.memo)}"
        yield f"  seq: {seq}"
        yield f"  key: {_quoted(row.key)}"
        yield f"  hash: {_quoted(row.hash)}"
        for posting in row.postings:
            amount = decimal(posting.amount_minor)
            yield f"  {beancount_account(posting.ledger_account)}  {amount} {posting.currency}"
    after = dated[-1][0] + timedelta(days=1)
    for account, minor in sorted(balances.items()):
        yield f"{after} balance {beancount_account(account)} {decimal(minor)} {currency}"


def beancount_account(ledger_account: str) -> str:
    """The account's name in beancount; two of ours are never one of theirs."""
    project = project_of(ledger_account)
    if project is None:
        return ROOTS[ledger_account]
    purpose = ledger_account.rsplit(":", 1)[1]
    # Letters, digits and hyphens alone; the rest as -x<hex>-, and so is a "-x" of the slug's own.
    name = re.sub(r"-x|[^A-Za-z0-9-]", lambda m: "".join(f"-x{ord(c):x}-" for c in m.group()), project)
    return f"{PROJECT_ROOTS[purpose]}:Project:P-{name}:{purpose.capitalize()}"


def _by_purpose(row: Row) -> dict[str, int]:
    """'charges', 'drawn', 'payable', 'suspense' … → sum of the postings on such accounts."""
    sums: dict[str, int] = {}
    for posting in row.postings:
        purpose = posting.ledger_account.rsplit(":", 1)[-1]
        sums[purpose] = sums.get(purpose, 0) + posting.amount_minor
    return sums


def _consumed(refs: dict[str, object], *, negative: bool) -> tuple[str, str]:
    """Quantity and unit of a charge; a reversal gives it back. Both empty where the charge does not say."""
    parts, cores = refs.get("gpu_part_seconds"), refs.get("core_seconds")
    sign = -1 if negative else 1
    if isinstance(parts, int) and parts:
        return f"{sign * gpu_hours(parts):.6f}", "GPU-Hours"
    if isinstance(cores, int) and cores:
        return f"{sign * cores / 3600:.6f}", "Core-Hours"
    return "", ""


def _focus(
    row: Row,
    zone: ZoneInfo,
    centre: str,
    category: str,
    charge_class: str,
    costs: tuple[int, int, int, int],
    quantity: str,
    unit: str,
) -> tuple[object, ...]:
    local: datetime = moment(row.at).astimezone(zone)
    month, day = month_window(f"{local:%Y-%m}", zone), day_window(local.date(), zone)
    refs = json.loads(row.refs)
    periods = (month.start_s, month.end_s, day.start_s, day.end_s)
    currency = row.postings[0].currency
    return (
        centre, *(iso(second) for second in periods), category, charge_class, row.memo,
        *(decimal(cost) for cost in costs), currency, quantity, unit,
        refs.get("gpu_model") or "", row.project, row.seq, row.key,
    )  # fmt: skip


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
