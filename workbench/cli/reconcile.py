"""`workbench reconcile`: our books against Slurm's, and the ledger against our usage. Zero differences are expected."""

from __future__ import annotations

import csv
import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.answer import show
from workbench.periods import iso
from workbench.settings import load
from workbench.units import decimal, gpu_seconds, money

if TYPE_CHECKING:
    from workbench.services.slurm.compared import Comparison

ACCOUNTS = ("account", "project", "ours_gpu_seconds", "slurm_gpu_seconds", "difference", "cause")
JOBS = ("job_id", "submitted", "account", "difference", "what", "cause")
BOOKS = ("project", "day", "used_gpu_seconds", "rated_gpu_seconds", "charged", "posted")
LINES = ("kind", "account", "job_id", "submitted", "day", "ours", "slurm", "difference", "what", "cause")


def _month(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
        raise click.BadParameter(f"{value!r} is no month like 2026-10")
    return value


@click.command()
@click.option("--month", callback=_month, metavar="YYYY-MM", help="Of the centre's calendar. Default: this one.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", help="Default: table.")
@click.pass_context
def reconcile(context: click.Context, month: str | None, form: str) -> None:
    """Compare our GPU time with Slurm's, by account and by job, and the ledger with our usage.

    Slurm adds its usage up once an hour: the window ends with the last hour that it has. Exit status 0: everything is
    the same; 1: something differs. What was found is kept and shown on the page "About the data".

    Example: workbench reconcile --month 2026-10 --format csv
    """
    from workbench.errors import NoSlurm
    from workbench.services.slurm.reconcile import compare, month_now
    from workbench.slurm.runner import Runner
    from workbench.store.engine import open_store

    settings = load()
    if not settings.slurm.cluster:
        raise NoSlurm
    store, now = open_store(settings), int(time.time())
    found = compare(store, Runner.of(settings.slurm), month or month_now(store, now), now)
    {"json": _json, "csv": _csv, "table": _tables}[form](found, settings.centre.symbol)
    if found.differences:
        context.exit(1)


def _tables(found: Comparison, symbol: str) -> None:
    from workbench.services.slurm.causes import verdict

    window = f"{iso(found.window.start_s)} to {iso(found.window.end_s)}"
    click.echo(f"{found.month}, cluster {found.cluster}: {window}, the hours that Slurm has added up")
    sums = {
        "account": "total",
        "ours_gpu_seconds": gpu_seconds(sum(line.ours for line in found.accounts)),
        "slurm_gpu_seconds": gpu_seconds(sum(line.sums for line in found.accounts)),
        "difference": gpu_seconds(sum(line.difference for line in found.accounts)),
    }
    named = {"project": "none of ours", "account": "no account"}
    rows = [row | {name: row[name] or word for name, word in named.items()} for row in _accounts(found)]
    show(ACCOUNTS, rows, "table", total=sums)
    click.echo(f"{found.jobs_seen:,} jobs held against each other, {len(found.jobs) + found.jobs_left_out:,} differ.")
    show(JOBS, _jobs(found), "table")
    if found.jobs_left_out:
        click.echo(f"… and {found.jobs_left_out:,} more.")
    books = found.book_sums
    used, rated = gpu_seconds(books.used), gpu_seconds(books.rated)
    charged, posted = money(books.charged_minor, symbol), money(books.posted_minor, symbol)
    click.echo(f"Our books of {found.month}: {used:,} GPU-seconds used, {rated:,} rated.")
    click.echo(f"Of its days that are over: {charged} charged, {posted} posted to the ledger.")
    show(BOOKS, _books(found), "table")
    click.echo(verdict(found))


def _accounts(found: Comparison) -> list[dict[str, Any]]:
    from workbench.services.slurm.causes import in_words

    return [
        {
            "account": line.account,
            "project": line.project,
            "ours_gpu_seconds": gpu_seconds(line.ours),
            "slurm_gpu_seconds": gpu_seconds(line.sums),
            "difference": gpu_seconds(line.difference),
            "cause": in_words(line.cause),
        }
        for line in found.accounts
    ]


def _jobs(found: Comparison) -> list[dict[str, Any]]:
    from workbench.services.slurm.causes import in_words, what_differs

    return [
        {
            "job_id": line.job_id,
            "submitted": iso(line.submit_at) if line.job_id else "",
            "account": line.account,
            "difference": gpu_seconds(line.ours - line.slurm),
            "what": what_differs(line),
            "cause": in_words(line.cause),
        }
        for line in found.jobs
    ]


def _books(found: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "project": line.project or None,
            "day": line.day,
            "used_gpu_seconds": gpu_seconds(line.used),
            "rated_gpu_seconds": gpu_seconds(line.rated),
            "charged": decimal(line.charged_minor),
            "posted": decimal(line.posted_minor),
        }
        for line in found.books
    ]


def _csv(found: Comparison, _symbol: str) -> None:
    """Every account, then every difference: one kind of line for a spreadsheet or a program."""
    rows: list[dict[str, Any]] = []
    for line in _accounts(found):
        amounts = {"ours": line["ours_gpu_seconds"], "slurm": line["slurm_gpu_seconds"]}
        rows.append({"kind": "account", **line, **amounts})
    for job, line in zip(found.jobs, _jobs(found), strict=True):
        rows.append({"kind": "job", **line, "ours": gpu_seconds(job.ours), "slurm": gpu_seconds(job.slurm)})
    for line in _books(found):
        what = f"rated {line['rated_gpu_seconds']} of {line['used_gpu_seconds']} GPU-seconds used, " \
               f"posted {line['posted']} of {line['charged']} charged"  # fmt: skip
        rows.append({"kind": "books", "account": line["project"] or "", "day": line["day"], "what": what})
    writer = csv.DictWriter(sys.stdout, LINES, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _json(found: Comparison, _symbol: str) -> None:
    from dataclasses import asdict

    whole = {
        "cluster": found.cluster,
        "month": found.month,
        "window": {"start": iso(found.window.start_s), "end": iso(found.window.end_s)},
        "compared_at": iso(found.compared_at),
        "data_until": None if found.data_until is None else iso(found.data_until),
        "differences": found.differences,
        "accounts": _accounts(found),
        "jobs_seen": found.jobs_seen,
        "jobs": [
            row | {"fields": [list(field) for field in job.fields], "missing": job.missing}
            for job, row in zip(found.jobs, _jobs(found), strict=True)
        ],
        "jobs_left_out": found.jobs_left_out,
        "books": {"sums": asdict(found.book_sums), "days": _books(found)},
    }
    click.echo(json.dumps(whole, indent=1))
