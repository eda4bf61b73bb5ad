"""`workbench ledger`: post to the ledger, close its months, look at it, check it, hand it to other programs."""

from __future__ import annotations

import csv
import sys
import time
from datetime import date

import click

from workbench.cli.answer import show
from workbench.cli.application_options import AmountOfMoney
from workbench.cli.asked import format_option, moment_of, operator, window_options
from workbench.periods import day_of, iso
from workbench.services.spreadsheet import inert
from workbench.settings import load
from workbench.units import money


@click.group()
def ledger() -> None:
    """The ledger of the scheme: double entry, append-only, chained.

    Example: workbench ledger verify
    """


@ledger.command("post")
@click.option("--everything", is_flag=True, help="Compare every project from its first day on.")
def post_(everything: bool) -> None:
    """Rate usage and post what has changed: charges of days that are over, awards, holds, the scheme's money.

    The Hub does so each minute. Running it again posts nothing.

    Example: workbench ledger post
    """
    from workbench.services.charging import rating
    from workbench.services.ledger import posting
    from workbench.store.engine import open_store

    store, now = open_store(load()), int(time.time())
    rating.rate(store, now)
    done = posting.bring_up(store, now, everything=everything)
    click.echo(
        f"{done.charges:,} transactions of charges ({done.projects:,} projects), {done.fund:,} of the fund. "
        f"Posted: whole days before {done.until:%-d %b %Y}."
    )


@ledger.command()
@click.option("--at", "at_text", metavar="WHEN", help="Only what counts for moments before this one.")
@click.option("--account", "beginning", default="", metavar="TEXT", help="Only accounts that begin so.")
@format_option
def balance(at_text: str | None, beginning: str, form: str) -> None:
    """The balance of each ledger account: debit +, credit −, in hundredths (`balance_minor`).

    Example: workbench ledger balance --account fund:
    """
    from workbench.services.ledger.books import balances
    from workbench.store.engine import open_store

    store = open_store(load())
    found = balances(store, operator(), moment_of(at_text, "--at", store.settings.centre.zone))
    rows = [{"ledger_account": name, "balance_minor": v} for name, v in found.items() if name.startswith(beginning)]
    if not rows:
        click.echo("Nothing is posted here. Post what is charged: workbench ledger post", err=True)
    total = {"ledger_account": "total", "balance_minor": sum(found.values())}
    show(["ledger_account", "balance_minor"], rows, form, total=total if not beginning else None)


@ledger.command()
@window_options
@click.option("--project", metavar="NAME", help="Only this project.")
@click.option("--last", type=click.IntRange(1), default=20, help="So many of the newest transactions. Default: 20.")
@format_option
def journal(from_text: str | None, to_text: str | None, project: str | None, last: int, form: str) -> None:
    """The newest transactions with their postings, amounts in hundredths.

    Example: workbench ledger journal --project vision --last 5
    """
    from workbench.services.ledger import books as service
    from workbench.store.engine import open_store

    store = open_store(load())
    zone = store.settings.centre.zone
    if project is not None:
        service.known_project(store, project)
    window = (moment_of(from_text, "--from", zone), moment_of(to_text, "--to", zone))
    rows = [
        {
            "seq": row.seq,
            "at": iso(row.at),
            "kind": row.kind,
            "memo": row.memo,
            "ledger_account": posting.ledger_account,
            "amount_minor": posting.amount_minor,
            "currency": posting.currency,
            "key": row.key,
        }
        for row in service.journal(store, operator(), *window, project=project, last=last)
        for posting in row.postings
    ]
    if not rows:
        click.echo("Nothing is posted here. Post what is charged: workbench ledger post", err=True)
    columns = ["seq", "at", "kind", "memo", "ledger_account", "amount_minor", "currency", "key"]
    show(columns, rows, form, seen=columns[:6])


@ledger.command()
@click.argument("month")
@click.option("--by", required=True, metavar="NAME", help="Who answers for it.")
@click.option("--with-earlier", is_flag=True, help="Close the open months before it too, in order.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def close(month: str, by: str, with_earlier: bool, yes: bool) -> None:
    """Close a month: nothing is posted for it any more. What changes later becomes an adjustment in the open month.

    It cannot be opened again. Keep the hash that this gives outside of the database (workbench ledger verify --seen).

    Example: workbench ledger close 2026-03 --by "Ada Wong"
    """
    from workbench.services.ledger import closing
    from workbench.store.engine import open_store

    store = open_store(load())
    if not yes:
        click.confirm(f"Close {month}{' and all open months before it' if with_earlier else ''} for good?", abort=True)
    now = int(time.time())
    done = closing.close_up_to(store, month, by, now) if with_earlier else [closing.close(store, month, by, now)]
    for one in done:
        for note in one.notes:
            click.echo(f"Note on {one.month}: {note}", err=True)
        said = "is closed" if one.new else f"was closed before by {one.closed_by} on {iso(one.closed_at)}"
        click.echo(f"{one.month} {said}. Head: {one.seq} {one.hash}")


@ledger.command()
@click.argument("project")
@click.argument("amount", type=AmountOfMoney())
@click.option("--on", "on_text", metavar="DAY", help="The day on which it came in, like 2026-03-31. Default: today.")
@click.option("--reference", required=True, metavar="TEXT", help="The payment's own, once in a project.")
def pay(project: str, amount: int, on_text: str | None, reference: str) -> None:
    """Post a payment of a project's own part; the same reference again posts nothing.

    Example: workbench ledger pay vision 1250.00 --on 2026-03-31 --reference INV-2026-014
    """
    from workbench.services.ledger import payments
    from workbench.store.engine import open_store

    store, now = open_store(load()), int(time.time())
    try:
        day = date.fromisoformat(on_text) if on_text else day_of(now, store.settings.centre.zone)
    except ValueError as problem:
        raise click.BadParameter(f"{on_text!r} is no day. Write it like 2026-03-31.", param_hint="--on") from problem
    _, new = payments.pay(store, project, amount, day, reference, now)
    symbol = store.settings.centre.symbol
    left = money(payments.payable(store, project), symbol)
    click.echo(f"{'Posted' if new else 'Posted before, nothing new'}: {money(amount, symbol)} of {project}.")
    click.echo(f"{project} has {left} left to pay of what is posted.")


@ledger.command()
@click.option("--seen", metavar="HASH", help="A head's hash noted earlier, which must be in the chain still.")
def verify(seen: str | None) -> None:
    """Check every row against the chain of hashes; exit status 1 and the places where something is wrong.

    Note the hash that it gives outside of the database: --seen then finds also a ledger rewritten as a whole.

    Example: workbench ledger verify
    """
    from workbench.services.ledger import verify as ledger_verify
    from workbench.store.engine import open_store

    found = ledger_verify.verify(open_store(load()), seen)
    for problem in found.problems:
        click.echo(f"{'The ledger' if problem.seq is None else f'Number {problem.seq}'}: {problem.reason}")
    if found.problems:
        raise click.ClickException(f"{len(found.problems):,} problem(s) in {found.transactions:,} transactions.")
    click.echo(f"{found.transactions:,} transactions, each as it was posted. Head: {found.seq} {found.hash}")


@ledger.command()
@window_options
@click.option("--format", "form", type=click.Choice(["csv", "focus", "beancount"]), default="csv", help="Default: csv.")
def export(from_text: str | None, to_text: str | None, form: str) -> None:
    """The journal as CSV (a row per posting), as CSV with the columns of FOCUS, or as a beancount file (always whole).

    Example: workbench ledger export --format beancount > centre.beancount
    """
    from workbench.services.ledger import books as service
    from workbench.services.ledger import export as out
    from workbench.store.engine import open_store

    store, scope = open_store(load()), operator()
    centre = store.settings.centre
    window = (moment_of(from_text, "--from", centre.zone), moment_of(to_text, "--to", centre.zone))
    if form == "beancount":
        if window != (None, None):
            raise click.UsageError("A beancount file is the whole journal: leave --from and --to out.")
        sums = service.balances(store, scope)
        for line in out.beancount_lines(service.journal(store, scope), sums, centre.zone, centre.currency):
            click.echo(line)
        return
    rows = service.journal(store, scope, *window)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if form == "focus":
        writer.writerow(out.FOCUS_COLUMNS)
        writer.writerows(map(inert, row) for row in out.focus_rows(rows, centre.zone, centre.name))
    else:
        writer.writerow(out.POSTING_COLUMNS)
        writer.writerows(map(inert, row) for row in out.posting_rows(rows))
