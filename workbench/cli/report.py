"""`workbench report annual`: the year's report to the funder."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from workbench.cli.answer import deliver
from workbench.settings import load

ENDS = (".pdf", ".json", ".md")


@click.group()
def report() -> None:
    """Reports of the whole centre.

    Example: workbench report annual 2025-26 -o report.pdf
    """


@report.command()
@click.argument("year", metavar="YEAR")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file .pdf, .json or .md. Default: Markdown here."
)
def annual(year: str, output: Path | None) -> None:
    """The year's report to the funder, each figure with the question that gives it.

    Example: workbench report annual 2025-26 -o report.pdf
    """
    from workbench.papers.report import report_markdown, report_pdf
    from workbench.sample.description import LABEL
    from workbench.services.annual.report import annual_report
    from workbench.store.engine import open_store

    ends = ".md" if output is None else output.suffix
    if ends not in ENDS:
        raise click.BadParameter(f"{output} ends in none of {', '.join(ENDS)}", param_hint="-o")
    store = open_store(load())
    made = annual_report(store, year, int(time.time()))
    if ends == ".pdf":
        content = report_pdf(made, store.settings, LABEL if made.made_up else "")
    elif ends == ".json":
        content = json.dumps(asdict(made), ensure_ascii=False, indent=1, default=date.isoformat).encode() + b"\n"
    else:
        content = report_markdown(made, store.settings).encode()
    deliver(content, output)
