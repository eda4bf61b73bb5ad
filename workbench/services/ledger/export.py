"""The journal for other programs: CSV, a CSV with the column names of FOCUS, a beancount file.

CSV: one row per posting. FOCUS (FinOps Open Cost and Usage Specification): per charge a Usage row at list price and a
Credit row of the subsidy, so that BilledCost adds up to the users' share; rows of reversals are marked Correction, what
else changes a payable is an Adjustment. Beancount: accounts under its five roots, and each balance asserted at the end,
so that `bean-check` compares its sums with ours. Amounts are in whole units with two decimals.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workbench.domain import ledger
from workbench.domain.booking import LINE, PAYMENT
from workbench.domain.correcting import ADJUSTMENT
from workbench.domain.ledger import REVERSAL, counted_as, project_of
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
    ledger.PAYMENTS: "Assets:Payments",
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
    """FOCUS_COLUMNS: a Usage and a Credit row per charge, an Adjustment row per other change of what users owe.

    What moves money of the fund alone (budget, awards, holds) is nobody's cost and makes no row, nor does a payment.

    Args:
        rows: the journal.
        zone: the centre's, which cuts days and months.
        centre: its name, as the billing account.
    """
    for row in rows:
        refs = json.loads(row.refs)
        kind = counted_as(row.kind, refs)
        fixed = _Fixed(row, zone, centre, "Correction" if row.kind in (REVERSAL, ADJUSTMENT) else "")
        if kind == "charge":
            sign = -1 if row.kind == REVERSAL else 1
            for line in (dict(zip(LINE, said, strict=True)) for said in refs["lines"]):
                listed, subsidy = sign * line["list_minor"], sign * line["subsidy_minor"]
                yield _focus(fixed, "Usage", (listed, listed, listed, listed), _consumed(line, sign), line["gpu_model"])
                if subsidy:
                    yield _focus(fixed, "Credit", (0, 0, -subsidy, -subsidy), ("", ""), line["gpu_model"])
        elif kind != PAYMENT:
            yield from _other_rows(fixed, _by_purpose(row), refs)


def _other_rows(fixed: "_Fixed", sums: dict[str, int], refs: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    """What is no usage of a day: reservations and storage, what goes back, what corrects a closed month."""
    listed, subsidy = -sums.get("charges", 0), sums.get("drawn", 0)
    billed = sums.get("payable", 0) + sums.get("suspense", 0)
    if listed and not fixed.charge_class:
        quantity = (str(refs.get("quantity") or ""), str(refs.get("unit") or ""))
        yield _focus(fixed, "Usage", (listed, listed, listed, listed), quantity)
        if subsidy:
            yield _focus(fixed, "Credit", (0, 0, -subsidy, -subsidy))
    elif listed or billed:
        yield _focus(fixed, "Adjustment", (listed, listed, billed, billed))


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


def _consumed(line: dict[str, Any], sign: int) -> tuple[str, str]:
    """Quantity and unit of a line of usage; `sign` −1 where it is taken back."""
    if line["gpu_part_seconds"]:
        return f"{sign * gpu_hours(line['gpu_part_seconds']):.6f}", "GPU-Hours"
    return f"{sign * line['core_seconds'] / 3600:.6f}", "Core-Hours"


@dataclass(frozen=True, slots=True)
class _Fixed:
    """What all rows of one transaction share."""

    row: Row
    zone: ZoneInfo
    centre: str
    charge_class: str


def _focus(
    fixed: _Fixed,
    category: str,
    costs: tuple[int, int, int, int],
    quantity: tuple[str, str] = ("", ""),
    sku: str = "",
) -> tuple[object, ...]:
    """A row: costs are list, contracted, effective, billed; quantity with its unit."""
    row, zone = fixed.row, fixed.zone
    local: datetime = moment(row.at).astimezone(zone)
    month, day = month_window(f"{local:%Y-%m}", zone), day_window(local.date(), zone)
    periods = (month.start_s, month.end_s, day.start_s, day.end_s)
    return (
        fixed.centre, *(iso(second) for second in periods), category, fixed.charge_class, row.memo,
        *(decimal(cost) for cost in costs), row.postings[0].currency, *quantity, sku, row.project, row.seq, row.key,
    )  # fmt: skip


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
