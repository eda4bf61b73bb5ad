"""`workbench statements`: monthly statements of the projects: list, show, export."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from workbench.cli.answer import cannot_write, deliver
from workbench.cli.answer import show as show_rows
from workbench.cli.asked import format_option, operator
from workbench.settings import load

FORMATS = {"csv": "csv", "focus": "csv", "pdf": "pdf", "json": "json"}
"""Form of a file → how its name ends."""


@click.group()
def statements() -> None:
    """Monthly statements: what each project owed, used, was subsidised, and owes.

    Example: workbench statements list --month 2026-10
    """


@statements.command("list")
@click.option("--month", metavar="YYYY-MM", help="Default: the month before this one.")
@format_option
def list_(month: str | None, form: str) -> None:
    """The statements of a month, one line a project, with their sum. Amounts in hundredths.

    Example: workbench statements list --month 2026-10
    """
    from workbench.services.statements import statements as service
    from workbench.services.statements.files import account
    from workbench.services.statements.months import month_before

    store, now = _store(), int(time.time())
    found = service.statements(store, operator(), month or month_before(store, now), now)
    rows: list[dict[str, Any]] = [{"project": row.project, **account(row.figures)} for row in found.rows]
    if not rows:
        click.echo(f"No project has anything to account for in {found.of.month}.", err=True)
    columns = ["project", *account(found.total)]
    show_rows(columns, rows, form, total={"project": "total", **account(found.total)}, seen=_seen(columns, found.total))
    if form == "table":
        click.echo(_state(found.of))


@statements.command()
@click.argument("project")
@click.argument("month")
@click.option("--days", is_flag=True, help="Also usage by day.")
def show(project: str, month: str, days: bool) -> None:
    """One project's statement: the account, its awards, usage by person.

    Example: workbench statements show cantonese-speech 2026-10
    """
    from workbench.services.statements import statements as service
    from workbench.services.statements.files import ACCOUNT
    from workbench.units import gpu_hours, money

    store = _store()
    symbol = store.settings.centre.symbol
    paper = service.statement(store, operator(), project, month, int(time.time()))

    def said(minor: int | None) -> str:
        return "unknown" if minor is None else money(minor, symbol)

    click.echo(f"Statement {paper.number}: {paper.row.title}\n{_state(paper.of)}\n")
    for name, column in ACCOUNT:
        click.echo(f"  {name:<14}{said(getattr(paper.figures, column)):>22}")
    for award in paper.awards:
        rate = f"{award.rate_bp / 100:g}%"
        click.echo(
            f"\nAward {award.award}: {rate} up to {said(award.ceiling_minor)}, {award.starts_on} to {award.ends_on}; "
            f"drawn before {said(award.drawn_before_minor)}, this month {said(award.drawn_minor)}, "
            f"left {said(award.left_minor)} ({award.state})."
        )
    for one in paper.differences:
        click.echo(f"\nDifference of {said(one.minor)} in {one.what} between ledger and detail: {one.reason}.")
    click.echo("")
    names = ("list_minor", "subsidy_minor", "user_minor")

    def values(line: Any) -> dict[str, Any]:
        return {"gpu_hours": round(gpu_hours(line.gpu_part_seconds), 3)} | {n: getattr(line, n) for n in names}

    users = [{"user": user.user_name or "unknown"} | values(user) for user in paper.users]
    show_rows(["user", "gpu_hours", *names], users, "table")
    if days:
        lines = [
            {"day": str(line.day), "partition": line.partition, "resource": line.gpu_model or "CPU cores"}
            | values(line)
            | {"price": line.price, "award": line.award}
            for line in paper.days
        ]
        show_rows(["day", "partition", "resource", "gpu_hours", *names, "price", "award"], lines, "table")


@statements.command()
@click.argument("project_and_month", nargs=-1, metavar="[PROJECT] MONTH")
@click.option("--format", "form", type=click.Choice([*FORMATS]), default="pdf", help="Default: pdf.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File (with --all: folder). Default: screen.")
@click.option("--all", "every", is_flag=True, help="Of all projects, into a folder.")
def export(project_and_month: tuple[str, ...], form: str, output: Path | None, every: bool) -> None:
    """A statement as PDF, CSV, CSV with the columns of FOCUS, or JSON; or those of all projects into a folder.

    Example: workbench statements export cantonese-speech 2026-10 --format pdf -o statement.pdf
    """
    from workbench.services.statements import statements as service

    wanted = 1 if every else 2
    if len(project_and_month) != wanted:
        raise click.UsageError("Write PROJECT MONTH, or --all MONTH.")
    *projects, month = project_and_month
    store, now = _store(), int(time.time())
    if not every:
        deliver(_made(store, service.statement(store, operator(), projects[0], month, now), form), output)
        return
    if output is None:
        raise click.UsageError("--all needs a folder: -o FOLDER")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise cannot_write(output, problem) from problem
    found = service.statements(store, operator(), month, now)
    for row in found.rows:
        paper = service.statement(store, operator(), row.project, month, now)
        ends = ".focus.csv" if form == "focus" else f".{FORMATS[form]}"
        deliver(_made(store, paper, form), output / f"{month}-{row.project}{ends}")
    click.echo(f"{len(found.rows):,} statements of {month} in {output}", err=True)


def _made(store: Any, paper: Any, form: str) -> bytes:
    from workbench.papers.statement import statement_pdf
    from workbench.sample.description import LABEL
    from workbench.services.statements import files

    if form == "pdf":
        return statement_pdf(paper, store.settings, LABEL if paper.row.made_up else "")
    if form == "csv":
        return files.statement_csv(paper).encode()
    if form == "focus":
        return files.statement_focus([paper], store.settings).encode()
    return files.statement_json(paper).encode()


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())


def _state(of: Any) -> str:
    if of.closed:
        return f"{of.month} is closed: these figures are final."
    return f"{of.month} is open: provisional, the ledger holds its days before {of.until}."


def _seen(columns: list[str], total: Any) -> list[str]:
    """The columns of the table: without those in which every amount is 0."""
    rare = {"write_offs_minor", "payments_minor"}
    return [name for name in columns if name not in rare or getattr(total, name)]
