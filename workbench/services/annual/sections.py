"""The sections of the year's report, each a function of what it asks. See services.annual.report."""

from collections.abc import Callable, Sequence
from datetime import date
from statistics import median
from typing import Any

from workbench.domain.access import WholeCentre
from workbench.periods import iso
from workbench.services import reports
from workbench.services.annual import queries as ask
from workbench.services.annual.figures import Asking, Figure, Grid, Section, Value
from workbench.services.applications.community import funnel
from workbench.services.reports import Only
from workbench.units import GPU_PARTS


def fund(asking: Asking) -> Section:
    """Budget, promises and drawings, at the end of the year or of what is posted of it."""
    says = "Amounts at the end of the year, from the scheme's ledger."
    return Section("The fund", says, tuple(asking.figures(ask.FUND)))


def charges(asking: Asking) -> Section:
    """What was charged in the year and who bears it; refunds, adjustments; month by month."""
    rows, source = asking.rows("Month by month", ask.MONTHS)
    table = [(month, int(listed), int(subsidy), int(listed) - int(subsidy)) for month, listed, subsidy in rows]
    headings = (("Month", "text"), ("List cost", "minor"), ("Subsidy", "minor"), ("Users' share", "minor"))
    grids = (Grid("Month by month", headings, tuple(table), source, _sums("The year", table)),) if table else ()
    says = "At list price, and who bears it."
    return Section("Charges of the year", says, tuple(asking.figures(ask.CHARGES)), grids)


def applications(asking: Asking) -> Section:
    """Received, decided, days to a decision, and what was awarded."""
    received = asking.figures(ask.RECEIVED)
    rows, source = asking.rows("Decisions of the year", ask.DECISIONS)
    days = sorted((_date(row.decided_on) - _date(row.received_on)).days for row in rows)
    counts = {word: sum(row.decision == word for row in rows) for word in ("approved", "declined", "deferred")}
    found = [
        *received,
        Figure("Applications decided", len(rows), "count", source),
        *(Figure(f"… {word}", n, "count", source) for word, n in counts.items()),
        Figure("Days from submission to decision, median", median(days) if days else None, "days", source),
        Figure("Days from submission to decision, longest", days[-1] if days else None, "days", source),
        *asking.figures(ask.AWARDS),
    ]
    rows, source = asking.rows("Applications by kind of applicant", ask.KINDS_RECEIVED)
    kinds = [(str(kind), int(n)) for kind, n in rows]
    headings = (("Kind of applicant", "category"), ("Received", "count"))
    grids = (Grid("Received, by kind of applicant", headings, tuple(kinds), source, _sums("All", kinds)),)
    says = "To the scheme, and how long a decision took."
    return Section("Applications", says, tuple(found), grids if kinds else ())


def use(asking: Asking) -> Section:
    """The five numbers that are never mixed, and the shares of one in another, each with its denominator."""
    window = asking.window
    frame = reports.occupancy(
        asking.store, WholeCentre("annual report"), window.start_s, window.end_s, "day", (), Only(measured=True)
    )
    call = (
        "Python: workbench.services.reports.occupancy(store, scope, start_s, end_s, 'day', (), Only(measured=True)),"
        f" summed from {iso(window.start_s)} to {iso(window.end_s)}"
    )
    source = asking.noted("GPU time by day, against three capacities", call)
    names = {name: f"{name}_part_seconds" for name in ("installed", "in_service", "allocatable", "out", "capacity")}
    known = frame[frame[names["in_service"]].notna()] if len(frame) else frame
    sums: dict[str, int | None] = {
        name: int(known[column].sum()) if len(known) else None for name, column in names.items()
    }
    used = int(known["gpu_part_seconds"].sum()) if len(known) else None
    note = "P: the number of cards is a placeholder" if asking.made_up else ""
    part = "" if len(known) == len(frame) else f"of {len(known)} days whose capacity is known"

    def hours(what: str, value: int | None, said: str = "") -> Figure:
        return Figure(what, value, "part-seconds", source, " · ".join(x for x in (said, part) if x), asking.made_up)

    def share(what: str, of: int | None) -> Figure:
        value = used / of if used is not None and of else None
        return Figure(what, value, "share", source, note, asking.made_up)

    found = (
        hours("1. GPU time installed", sums["installed"]),
        hours("2. GPU time in service", sums["in_service"]),
        hours("3. GPU time allocatable", sums["allocatable"]),
        hours("4. GPU time allocated", used, "held by jobs and notebook servers"),
        Figure("5. GPU time actually busy", None, "part-seconds", source, "not measured on the devices: unknown"),
        share("Allocated of installed (4 of 1)", sums["installed"]),
        share("Allocated of in service (4 of 2)", sums["in_service"]),
        share("Allocated of allocatable (4 of 3)", sums["allocatable"]),
        share("Allocated of in service less outages", sums["capacity"]),
        Figure("Busy of allocated (5 of 4)", None, "share", source, "unknown, as 5 is"),
    )
    says = "Five different numbers, never mixed; each share names its denominator."
    return Section("Use of the centre", says, found)


def categories(asking: Asking) -> Section:
    """Usage and money by kind of applicant."""
    rows, source = asking.rows("Usage by kind of applicant", ask.CATEGORIES)
    table: list[tuple[Value, ...]] = [(str(kind), *(int(value or 0) for value in values)) for kind, *values in rows]
    headings = (
        ("Kind of applicant", "category"),
        ("Projects", "count"),
        ("GPU-hours", "part-seconds"),
        ("List cost", "minor"),
        ("Subsidy", "minor"),
        ("Users' share", "minor"),
    )
    grid = Grid("Usage by kind of applicant", headings, tuple(table), source, _sums("All", table))
    return Section("By kind of applicant", "Metered usage of the year's days.", (), (grid,) if table else ())


def outages(asking: Asking) -> Section:
    """What was out of service, when, and what GPU time that cost."""
    window = asking.window
    frame = reports.outages(asking.store, window.start_s, window.end_s)
    source = asking.noted(
        "Outages", f"Python: workbench.services.reports.outages(store, {window.start_s}, {window.end_s})"
    )
    table, lost = [], 0
    for row in frame.itertuples():
        start, end = max(int(row.start_at.timestamp()), window.start_s), window.end_s
        if row.end_at == row.end_at:  # an outage that lasts has no end (NaT)
            end = min(int(row.end_at.timestamp()), end)
        part_seconds = row.gpus * GPU_PARTS * max(0, end - start)
        lost += part_seconds
        planned = "planned" if row.planned else "not planned"
        table.append(
            (
                f"{row.start_at.tz_convert(asking.store.settings.centre.zone):%Y-%m-%d %H:%M}",
                row.partition,
                row.gpus,
                part_seconds,
                planned,
                row.reason,
            )
        )
    found = (
        Figure("Outages", len(table), "count", source),
        Figure("GPU time lost by them", lost, "part-seconds", source, "GPUs out × time, inside of the year"),
    )
    headings = (
        ("From", "text"),
        ("Partition", "text"),
        ("GPUs", "count"),
        ("GPU-hours lost", "part-seconds"),
        ("", "text"),
        ("Reason", "text"),
    )
    grids = (Grid("Outages", headings, tuple(table), source),) if table else ()
    return Section("Outages", "Of GPUs that were in service.", found, grids)


def community(asking: Asking) -> Section:
    """From the members of the park to active users, at the end of the year or of what is in of it."""
    end_s = asking.window.end_s - 1
    steps = funnel(asking.store, end_s)
    source = asking.noted("Community", f"Python: workbench.services.applications.community.funnel(store, {end_s})")
    table = [(step.name, step.organisations, step.members, step.new_members) for step in steps]
    headings = (
        ("Step", "category"),
        ("Organisations", "count"),
        ("Of them members", "count"),
        ("New in a year", "count"),
    )
    grids = (Grid("From the community to its users", headings, tuple(table), source),)
    says = "Organisations that joined the community, applied, were approved, have an award in force, use the centre."
    return Section("Community", says, (), grids if any(step.organisations for step in steps) else ())


def operator(asking: Asking) -> Section:
    """The operator's key figures beside those above: closing of months, refunds, who used the centre."""
    says = "Beside the use of the centre, outages and days to a decision. Targets are not agreed: none is shown."
    return Section("Key figures of the operator", says, tuple(asking.figures(ask.OPERATOR)))


IN_ORDER: tuple[Callable[[Asking], Section], ...] = (
    fund,
    charges,
    applications,
    community,
    use,
    categories,
    outages,
    operator,
)
"""The sections as they stand in the report."""


def _sums(label: str, rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    """A total under the columns of numbers, all but the first."""
    return (label, *(sum(column) for column in list(zip(*rows, strict=True))[1:])) if rows else None


def _date(value: Any) -> date:
    """A day as the database gave it for bare SQL: SQLite says a text."""
    return date.fromisoformat(value) if isinstance(value, str) else value
