"""Charges with the column names of FOCUS, the FinOps Open Cost and Usage Specification (1.0, its mandatory columns).

How ours are said there, so that sums over a file mean what they say:

- usage is a Usage row: ListCost, ContractedCost, EffectiveCost and BilledCost all at list price;
- the subsidy of it is a Credit row beside it, billed −subsidy. It is reckoned from the list cost of the row that it
  goes with, so it has no list cost of its own (0). Hence Σ ListCost of Usage and Purchase = list cost less what was
  refunded, and Σ BilledCost = what the month adds to what users owe;
- a reservation or storage is a Purchase, a refund a negative Usage row (with its Credit taken back), adjustments and
  write-offs are Adjustment rows;
- ChargeClass is Correction where a row goes back to usage of an earlier month; within its month it stays empty.

Source: FOCUS specification, column definitions of BilledCost, ContractedCost, ChargeCategory, ChargeClass. Payments are
no charge and have no row. Amounts are whole units with two decimals; times are UTC, ends not included.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from workbench.periods import Window, day_window, iso
from workbench.services.statements.lines import DayLine, OtherLine
from workbench.services.statements.statements import StatementPaper
from workbench.settings import Settings
from workbench.units import GPU_PARTS, HOUR_S, decimal

COLUMNS = (
    "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd",
    "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "ListCost", "ContractedCost", "EffectiveCost", "BilledCost", "ListUnitPrice", "ContractedUnitPrice",
    "ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit", "PricingCategory", "ServiceName",
    "ServiceCategory", "ProviderName", "PublisherName", "InvoiceIssuerName", "SubAccountId", "SubAccountName", "SkuId",
    "SkuPriceId", "x_Cluster", "x_Partition", "x_AwardVersion",
)  # fmt: skip
CATEGORY = {
    "reservation": "Purchase",
    "cancellation": "Purchase",
    "storage": "Usage",
    "refund": "Usage",
}
"""Of charges beside usage; all others are Adjustment."""
SERVICE = {"storage": ("Project storage", "Storage")}
COMPUTE = ("GPU computing", "AI and Machine Learning")


@dataclass(frozen=True, slots=True)
class Whose:
    """What is the same in every row of a file: who is billed (a project: it gets the statement), in which month."""

    account: str
    account_name: str
    provider: str
    currency: str
    billing: Window

    def row(self, charged: Window, costs: tuple[int, int], **values: str) -> dict[str, str]:
        """A row by column. costs: at list price, and as it is billed; minor units."""
        listed, billed = (decimal(minor) for minor in costs)
        found = dict.fromkeys(COLUMNS, "")
        found |= {
            "BillingAccountId": self.account,
            "BillingAccountName": self.account_name,
            "BillingCurrency": self.currency,
            "BillingPeriodStart": iso(self.billing.start_s),
            "BillingPeriodEnd": iso(self.billing.end_s),
            "ChargePeriodStart": iso(charged.start_s),
            "ChargePeriodEnd": iso(charged.end_s),
            "ListCost": listed,
            "ContractedCost": listed,
            "EffectiveCost": billed,
            "BilledCost": billed,
            "ProviderName": self.provider,
            "PublisherName": self.provider,
            "InvoiceIssuerName": self.provider,
            "SubAccountId": self.account,
            "SubAccountName": self.account_name,
        }
        return found | values


def focus_rows(paper: StatementPaper, settings: Settings) -> Iterator[dict[str, str]]:
    """The rows of a statement, COLUMNS as their keys: usage by day, then charges beside it."""
    centre = settings.centre
    whose = Whose(paper.row.project, paper.row.title, centre.name, centre.currency, paper.of.window)
    for line in paper.days:
        yield from usage_rows(whose, line, day_window(line.day, centre.zone))
    for other in paper.others:
        yield from other_rows(whose, other, day_window(other.day, centre.zone))


def usage_rows(whose: Whose, line: DayLine, charged: Window) -> Iterator[dict[str, str]]:
    """A Usage row and, where a subsidy was paid, its Credit row. What has no price costs nothing known: no row."""
    if line.list_minor is None:
        return
    quantity, unit = consumed(line.gpu_part_seconds, line.core_seconds)
    name, category = COMPUTE
    what = line.gpu_model or ("unknown GPU model" if line.gpu_part_seconds else "CPU cores")
    same = {
        "ChargeFrequency": "Usage-Based",
        "ServiceName": name,
        "ServiceCategory": category,
        "PricingCategory": "Standard",
        "SkuId": what,
        "SkuPriceId": f"{what}@{line.price}",
        "x_Cluster": line.cluster,
        "x_Partition": line.partition,
        "x_AwardVersion": line.award,
    }
    quantities = {"ConsumedQuantity": quantity, "ConsumedUnit": unit, "PricingQuantity": quantity, "PricingUnit": unit}
    unit_price = _unit_price(line.list_minor, quantity)
    prices = {"ListUnitPrice": unit_price, "ContractedUnitPrice": unit_price}
    said = f"{what} in {line.partition or 'an unknown partition'}"
    yield whose.row(
        charged, (line.list_minor,) * 2, ChargeCategory="Usage", ChargeDescription=said, **same, **quantities, **prices
    )
    if line.subsidy_minor:
        credit = f"Subsidy of {said}, {line.award or 'award'}"
        yield whose.row(charged, (0, -line.subsidy_minor), ChargeCategory="Credit", ChargeDescription=credit, **same)


def other_rows(whose: Whose, other: OtherLine, charged: Window) -> Iterator[dict[str, str]]:
    """Of a charge beside usage: its row, and a Credit row of its subsidy."""
    name, category = SERVICE.get(other.kind, COMPUTE)
    same = {
        "ChargeFrequency": "Recurring" if other.kind == "storage" else "One-Time",
        "ServiceName": name,
        "ServiceCategory": category,
        "ChargeClass": "Correction" if other.correction else "",
        "ChargeDescription": other.memo,
        "SkuId": other.kind,
    }
    quantity = {} if other.quantity is None else {"ConsumedQuantity": str(other.quantity), "ConsumedUnit": other.unit}
    kind = CATEGORY.get(other.kind, "Adjustment")
    yield whose.row(charged, (other.list_minor,) * 2, ChargeCategory=kind, **same, **quantity)
    if other.subsidy_minor:
        yield whose.row(charged, (0, -other.subsidy_minor), ChargeCategory="Credit", **same)


def consumed(gpu_part_seconds: int, core_seconds: int) -> tuple[str, str]:
    """Quantity and unit of usage; core-hours where no GPU was used. Both '' where nothing is known."""
    if gpu_part_seconds:
        return f"{Decimal(gpu_part_seconds) / (GPU_PARTS * HOUR_S):.6f}", "GPU-Hours"
    return (f"{Decimal(core_seconds) / HOUR_S:.6f}", "Core-Hours") if core_seconds else ("", "")


def _unit_price(list_minor: int, quantity: str) -> str:
    """What one unit cost on this line, so that price × quantity comes to the list cost (to the cent)."""
    return f"{Decimal(list_minor) / 100 / Decimal(quantity):.6f}" if quantity and Decimal(quantity) else ""
