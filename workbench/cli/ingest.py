"""`workbench ingest`: job logs, sacct's text, capacity; a mapping to begin with; the rows that were rejected."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.asked import format_option
from workbench.cli.ingest_slurm import slurm
from workbench.cli.ingest_words import clock, lines, rejects_lines, say, shown, window_line

if TYPE_CHECKING:
    from workbench.store.engine import Store

Command = Callable[..., Any]
SHOWN = 5


@click.group()
def ingest() -> None:
    """Bring in a job log, sacct's text, how many GPUs there were, or a running Slurm's accounting.

    Example: workbench ingest joblog jobs.csv --mapping jobs.toml
    """


ingest.add_command(slurm)


def _common(command: Command) -> Command:
    command = click.option("--dry-run", is_flag=True, help="Read and report; keep nothing.")(command)
    command = click.option(
        "--rejects",
        type=click.IntRange(min=0),
        default=SHOWN,
        metavar="N",
        help=f"Rejected rows to show. Default: {SHOWN}.",
    )(command)
    return click.option(
        "--format", "form", type=click.Choice(["table", "json"]), default="table", help="Default: table."
    )(command)


_file = click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
_mapping = click.option(
    "--mapping",
    required=True,
    type=click.Path(path_type=Path),
    help="What the columns mean (docs/bring-your-own-log.md).",
)


@ingest.command()
@_file
@_mapping
@click.option("--cluster", metavar="NAME", help="Name to file the jobs under. Default: the mapping's.")
@_common
def joblog(file: Path, mapping: Path, cluster: str | None, dry_run: bool, rejects: int, form: str) -> None:
    """Bring in any CSV or Parquet job log through a mapping.

    The same file twice changes nothing; files may overlap; rows that cannot be used are kept with line and reason.

    Example: workbench ingest joblog jobs.csv --mapping jobs.toml
    """
    from workbench.services.ingest import ingest_joblog

    with _path(file) as path, clock() as running:
        report = ingest_joblog(
            _store(), path, mapping, int(time.time()), cluster=cluster, dry_run=dry_run, progress=running.tell
        )
    say(report, file, running, rejects, form)


@ingest.command()
@_file
@click.option("--cluster", required=True, metavar="NAME", help="Name to file the jobs under.")
@click.option("--time-zone", metavar="ZONE", help="Of the clock that sacct printed. Default: the centre's.")
@click.option("--delimiter", metavar="TEXT", help="As given to sacct. Default: found in the header.")
@click.option("--columns", metavar="A,B,…", help="Columns in order, for text without a header.")
@click.option("--weight", multiple=True, metavar="TYPE=N", help="GPUs that one of a type counts: a100_1g.5gb=1/7.")
@_common
def sacct(
    file: Path,
    cluster: str,
    time_zone: str | None,
    delimiter: str | None,
    columns: str | None,
    weight: Sequence[str],
    dry_run: bool,
    rejects: int,
    form: str,
) -> None:
    """Bring in sacct's text or JSON, or slurmrestd's; FILE may be - for standard input.

    Job steps are counted, not added up; requeued jobs are a job per attempt; running jobs may be completed later.

    Example: workbench ingest sacct october.txt --cluster alpha --time-zone Europe/Berlin
    """
    from workbench.services.ingest import SacctOptions, ingest_sacct
    from workbench.services.mapping import known_zone

    store = _store()
    zone = _checked(known_zone, time_zone, "--time-zone") if time_zone else store.settings.centre.time_zone
    names = [name.strip() for name in columns.split(",") if name.strip()] if columns else None
    options = SacctOptions(_zone(zone), delimiter, names, dict(_weight(text) for text in weight))
    with _path(file) as path, clock() as running:
        report = ingest_sacct(store, path, cluster, int(time.time()), options, dry_run=dry_run, progress=running.tell)
    say(report, file, running, rejects, form)


@ingest.command()
@_file
@_mapping
@click.option("--cluster", metavar="NAME", help="Name of the cluster. Default: the mapping's.")
@_common
def capacity(file: Path, mapping: Path, cluster: str | None, dry_run: bool, rejects: int, form: str) -> None:
    """Bring in how many GPUs there were over time: the denominator of occupancy.

    Example: workbench ingest capacity gpus.csv --mapping gpus.toml
    """
    from workbench.services.capacity_log import ingest_capacity

    with _path(file) as path:
        report = ingest_capacity(_store(), path, mapping, int(time.time()), cluster=cluster, dry_run=dry_run)
    figures = {
        "cluster": report.cluster,
        "rows": report.rows,
        "changes": report.changes,
        "accepted": report.added,
        "unchanged": report.changes - report.added,
        "removed": report.removed,
        "rejected": len(report.rejects),
    }
    if form == "json":
        click.echo(
            json.dumps(figures | {"by_reason": report.by_reason, "rejects": shown(report.rejects, rejects)}, indent=1)
        )
        return
    click.echo(f"{file} → capacity of {report.cluster}")
    lines({name: figures[name] for name in ("rows", "accepted", "rejected", "unchanged", "removed")})
    window_line(report.window)
    rejects_lines(report.rejects, report.by_reason, rejects)


@ingest.command("mapping-template")
@_file
@click.option("--delimiter", metavar="TEXT", help="Of a CSV file. Default: found in its header.")
def mapping_template(file: Path, delimiter: str | None) -> None:
    """Print a mapping to begin with, guessed from the file's columns.

    Example: workbench ingest mapping-template jobs.csv > jobs.toml
    """
    from workbench.services.mapping import Csv
    from workbench.services.mapping_guess import guessed_mapping

    with _path(file) as path:
        click.echo(guessed_mapping(path, Csv(delimiter=delimiter)), nl=False)


@ingest.command()
@click.option(
    "--capture", type=int, metavar="N", help="Rejected rows of this capture; default: those of the last ingest."
)
@click.option("--limit", type=click.IntRange(min=1), default=50, metavar="N", help="Most rows to show. Default: 50.")
@format_option
def rejects(capture: int | None, limit: int, form: str) -> None:
    """List the rows that were rejected, with line and reason.

    Example: workbench ingest rejects --capture 3 --format csv
    """
    from workbench.cli.answer import show
    from workbench.store.raw import last_capture, rejects_of

    with _store().read() as conn:
        asked = capture if capture is not None else last_capture(conn)
        rows = rejects_of(conn, asked, limit) if asked is not None else []
    if not rows:
        click.echo("No rejected rows." if asked is not None else "Nothing was brought in yet.", err=True)
    show(["line", "reason", "text"], rows, form)


@contextmanager
def _path(file: Path) -> Iterator[Path]:
    """The file; standard input is first laid down in one, since its bytes are to be kept."""
    if str(file) != "-":
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdin"
        path.write_bytes(sys.stdin.buffer.read())
        yield path


def _store() -> Store:
    from workbench.settings import load
    from workbench.store.engine import open_store

    return open_store(load())


def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def _weight(text: str) -> tuple[str, Fraction]:
    name, _, count = text.rpartition("=")
    return name, _checked(Fraction, count, "--weight")


def _checked(read: Callable[[str], Any], text: str, option: str) -> Any:
    try:
        return read(text)
    except (ValueError, ZeroDivisionError) as problem:
        raise click.BadParameter(str(problem), param_hint=option) from problem
