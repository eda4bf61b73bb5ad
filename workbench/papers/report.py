"""The year's report to the funder as a printed paper and as Markdown: figures, tables, and where each comes from.

Its words are those of services.annual.report, in English: the funder's copy reads the same wherever it is printed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from workbench.i18n import _
from workbench.pages import words
from workbench.papers.sheets import Heading, amount, hours, sheet
from workbench.papers.typeset import frame, pdf
from workbench.services.annual.figures import AnnualReport, Figure, Grid, Section, Value
from workbench.settings import Settings

NUMBERS = ("minor", "count", "share", "days", "part-seconds")


def report_pdf(report: AnnualReport, settings: Settings, sample: str = "", dated: datetime | None = None) -> bytes:
    """The report as PDF.

    Args:
        report: what it says.
        settings: names of the centre and the scheme, currency.
        sample: what marks sample data on every page; '' where the data are real.
        dated: see `typeset.pdf`.
    """
    return pdf("report", report_data(report, settings, sample), dated)


def report_data(report: AnnualReport, settings: Settings, sample: str = "") -> dict[str, Any]:
    """What the template report.typ shows."""
    centre, state = settings.centre, _state(report)
    title = _("Annual report {year}").format(year=report.year)
    return {
        "frame": frame(centre, settings.scheme.name),
        "words": {
            "page": _("Page {n} of {of}"),
            "sources": _("Where each figure comes from"),
            "sources_say": _(
                "Every figure names its source. SQL is what was run, word for word; run again on the same ledger it "
                "gives the same figure. Months and days are the centre's, moments are UTC epoch seconds, amounts are "
                "in hundredths, GPU time is in 1/420,000 GPU-seconds."
            ),
            "verify": _("How to check the ledger under it"),
        },
        "title": f"{title}, {settings.scheme.name}",
        "description": _("Report of the operator to the funder of the scheme"),
        "keywords": [report.year, settings.scheme.name],
        "kind": _("Annual report"),
        "reference": report.year,
        "marks": [mark for mark in (sample and _("Sample data"), "" if report.closed else _("Provisional")) if mark],
        "footer": " · ".join(part for part in (title, sample) if part),
        "heading": title,
        "about": _("{first} to {last}").format(
            first=words.day(report.first), last=words.day(report.after - timedelta(days=1))
        ),
        "says": summary(report, centre.symbol),
        "notice": state,
        "placeholders": _("P marks figures that rest on placeholders: list prices or numbers of cards.")
        if any(figure.placeholder for section in report.sections for figure in section.figures)
        else "",
        "sections": [_section(section, centre.symbol) for section in report.sections],
        "sources": sheet(
            [(_("Source"), False, None), (_("What"), False, 2), (_("Asked with"), False, 5)],
            [(source.id, source.what, source.query) for source in report.sources],
        ),
        "verify": _verify(report),
    }


def report_markdown(report: AnnualReport, settings: Settings) -> str:
    """The report as Markdown."""
    data = report_data(report, settings)
    found = [f"# {data['title']}", data["about"], data["says"], data["notice"], data["placeholders"]]
    for section in data["sections"]:
        found += [f"## {section['title']}", section["says"]]
        found += [_table(table) for table in (section["figures"], *section["grids"]) if table["rows"]]
    found += [f"## {data['words']['sources']}", data["words"]["sources_say"], _table(data["sources"])]
    found.append(f"{data['verify']['says']}\n\n    {data['verify']['command']}")
    return "\n\n".join(part for part in found if part) + "\n"


def summary(report: AnnualReport, symbol: str) -> str:
    """The report in two sentences, made of its figures."""
    by_name = {figure.what: figure.value for section in report.sections for figure in section.figures}

    def said(name: str) -> str:
        value = by_name.get(name)
        return _("unknown") if value is None else f"{symbol}{amount(int(value))}"

    share = by_name.get("Allocated of in service (4 of 2)")
    first = _(
        "The scheme paid {paid} of {listed} charged at list price; {committed} of its budget is committed."
    ).format(paid=said("Paid by the scheme"), listed=said("List cost"), committed=said("Committed to awards"))
    second = _("{share} of the GPU time in service was allocated; {n} applications were received.").format(
        share=words.percent(share if isinstance(share, float) else None), n=by_name.get("Applications received")
    )
    return f"{first} {second}"


def written(value: Value, unit: str) -> str:
    """A value as it is printed; unknown where it is."""
    if value is None:
        return _("unknown")
    if unit == "minor":
        return amount(int(value))
    if unit == "part-seconds":
        return hours(int(value))
    if unit == "share":
        return words.percent(float(value))
    if unit == "category":
        return words.category(str(value))
    if unit == "text":
        return str(value)
    return f"{value:,}"


def _state(report: AnnualReport) -> str:
    if report.closed:
        return ""
    if report.until >= report.after:
        return _("Provisional: the year is over, but not all of its months are closed.")
    last = words.day(report.until - timedelta(days=1))
    return _("Provisional: the ledger holds the days of this year until {day}.").format(day=last)


def _section(section: Section, symbol: str) -> dict[str, Any]:
    units = {"minor": symbol, "part-seconds": _("GPU-hours"), "days": _("days")}
    columns: list[Heading] = [
        (_("Figure"), False, 3), (_("Value"), True, None), ("", False, None), (_("Remark"), False, 3),
        (_("Source"), False, None),
    ]  # fmt: skip
    rows = [_figure(figure, units.get(figure.unit, "")) for figure in section.figures]
    grids = [{"title": grid.title, **_grid(grid, symbol)} for grid in section.grids]
    return {"title": section.title, "says": section.says, "figures": sheet(columns, rows), "grids": grids}


def _figure(figure: Figure, unit: str) -> tuple[str, ...]:
    shown = "" if figure.value is None else unit
    mark = "P" if figure.placeholder else ""
    return (figure.what, written(figure.value, figure.unit), f"{shown} {mark}".strip(), figure.note, figure.source)


def _grid(grid: Grid, symbol: str) -> dict[str, Any]:
    columns = [
        (f"{label}, {symbol}" if unit == "minor" else label, unit in NUMBERS, None if unit in NUMBERS else 1)
        for label, unit in grid.columns
    ]
    units = [unit for _label, unit in grid.columns]

    def row(values: Sequence[Value]) -> list[str]:
        return [written(value, unit) for value, unit in zip(values, units, strict=True)]

    made = sheet(columns, [row(values) for values in grid.rows], None if grid.total is None else row(grid.total))
    return {**made, "source": _("Source: {id}").format(id=grid.source)}


def _verify(report: AnnualReport) -> dict[str, str]:
    seq, seal = report.seal
    if not seal:
        return {"says": _("Nothing is posted to the ledger yet."), "command": ""}
    says = _(
        "The report was made when the ledger's last transaction was number {n}. Its hash is in the chain still if:"
    )
    return {"says": says.format(n=f"{seq:,}"), "command": f"workbench ledger verify --seen {seal}"}


def _table(table: dict[str, Any]) -> str:
    """A table in Markdown, with its heading where it has one."""
    heads = [column["label"] or " " for column in table["columns"]]
    rules = ["---:" if column["right"] else "---" for column in table["columns"]]
    rows = [*table["rows"], *([table["total"]] if table["total"] else [])]
    lines = [_line(heads), _line(rules), *(_line(row) for row in rows)]
    title = f"### {table['title']}\n\n" if "title" in table else ""
    source = f"\n\n{table['source']}" if "source" in table else ""
    return title + "\n".join(lines) + source


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
