"""`workbench telemetry`: samples of what GPUs do, from exporters, from files, from this machine; what is there."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.asked import format_option
from workbench.cli.ingest_words import rejects_lines
from workbench.errors import BadQuestion
from workbench.periods import iso, parse_moment
from workbench.settings import load

SHOWN = 5


@click.group()
def telemetry() -> None:
    """What GPUs do: samples of DCGM exporters, of nvidia-smi's output, of this machine.

    Example: workbench telemetry collect --once
    """


@telemetry.command()
@click.option("--once", "single", is_flag=True, help="One round. Exit status 1 where nobody answers.")
@click.option("--nvml", "own", is_flag=True, help="This machine's GPUs too, by its driver.")
def collect(single: bool, own: bool) -> None:
    """Ask the exporters of [telemetry] in the settings, again and again until Ctrl-C.

    The Hub does so by itself; one that does not answer is named, and the others are read.

    Example: workbench telemetry collect --once --nvml
    """
    from workbench.services.telemetry import collect as service

    store = _store()
    if not own and not store.settings.telemetry.exporters:
        raise BadQuestion("the settings name no exporter", "write exporters under [telemetry], or use --nvml")
    if single:
        found = service.once(store, int(time.time()), own=own)
        _round(found)
        if len(found.silent) == len(found.heard):
            sys.exit(1)
        return
    try:
        service.loop(store, Event(), own=own, tell=_round)
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)


@telemetry.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--node", metavar="NAME", help="Of which machine. Default: each file is named after it, gpu001.xml.")
@click.option("--at", "at_text", metavar="WHEN", help="When, for output without a moment. Default: the file's own.")
@click.option("--time-zone", metavar="ZONE", help="Of the machine's clock. Default: UTC.")
@click.option("--cluster", metavar="NAME", help="Whose jobs the labels name. Default: the one of [slurm].")
@click.option("--rejects", "most", type=click.IntRange(min=0), default=SHOWN, metavar="N",
              help=f"Rejected lines to show. Default: {SHOWN}.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="Default: table.")
def ingest(
    files: tuple[Path, ...], node: str | None, at_text: str | None, time_zone: str | None, cluster: str | None,
    most: int, form: str,
) -> None:  # fmt: skip
    """Bring in files, or folders of them: DCGM-exporter's text, nvidia-smi -q, -q -x, --query-gpu, dmon, captures.

    The same file twice changes nothing. What cannot be read is named with its line; exit status 1 where a file gives
    no sample at all.

    Example: workbench telemetry ingest /var/lib/gpu-samples --time-zone Asia/Hong_Kong
    """
    from zoneinfo import ZoneInfo

    from workbench.services.mapping import known_zone
    from workbench.services.telemetry import files as service

    store = _store()
    zone = ZoneInfo(_checked(known_zone, time_zone, "--time-zone") if time_zone else "UTC")
    at = _checked(lambda text: parse_moment(text, zone), at_text, "--at") if at_text else None
    told = service.Told(zone, node, at, cluster)
    listed, rows, empty = service.listed(files), [], 0
    for number, file in enumerate(listed, 1):
        if sys.stderr.isatty() and len(listed) > 1:
            click.echo(f"\r{number} of {len(listed)}: {file.name}\x1b[K", err=True, nl=False)
        found = service.ingest(store, file, told, int(time.time()))
        rows.append(_file(found, most))
        empty += not found.kept.samples
    service.tidy(store, int(time.time()))
    if sys.stderr.isatty() and len(listed) > 1:
        click.echo("\r\x1b[K", err=True, nl=False)
    if form == "json":
        click.echo(json.dumps([row for row, _ in rows], indent=1))
    else:
        for _, say in rows:
            say()
    if empty:
        sys.exit(1)


@telemetry.command()
@format_option
def status(form: str) -> None:
    """The nodes with their newest sample; days, samples and bytes that are kept.

    Example: workbench telemetry status --format json
    """
    from workbench.services.telemetry.status import status as service

    now = int(time.time())
    found = service(load(), now)
    if not found.days:
        click.echo("No samples yet. Collect some: workbench telemetry collect --once", err=True)
    rows: list[dict[str, Any]] = [
        {"node": one.name, "newest": iso(one.newest_at), "age_s": now - one.newest_at, "late": one.is_late}
        for one in found.nodes
    ]
    if form == "table":
        rows = [row | {"late": "late" if row["late"] else ""} for row in rows]
    show(["node", "newest", "age_s", "late"], rows, form)
    if form == "table" and found.days:
        first, last, size = found.days[0].day, found.days[-1].day, sum(day.bytes for day in found.days)
        samples = sum(day.rows for day in found.days)
        count = f"{len(found.days)} day{'' if len(found.days) == 1 else 's'}"
        click.echo(f"{count} from {first} to {last} (UTC): {samples:,} samples, {size / 2**20:,.1f} MiB")


def _round(found: Any) -> None:
    kept = found.kept
    told = f", {kept.placed} devices of jobs" if kept.placed else ""
    heard = len(found.heard) - len(found.silent)
    click.echo(f"{kept.samples} samples of {heard} of {len(found.heard)} sources{told}, {len(kept.rejects)} rejected")
    for address, trouble in found.troubles.items():
        click.echo(f"  {address}: {trouble}", err=True)


def _file(found: Any, most: int) -> tuple[dict[str, Any], Any]:
    """One file's figures, and what says them to a person."""
    from workbench.analytics.parsed import by_kind
    from workbench.analytics.samples import SAMPLE_KEY

    rejects, kinds = list(found.kept.rejects), by_kind(found.kept.rejects)
    samples = found.parsed.samples.drop_duplicates(list(SAMPLE_KEY))
    passed = dict(found.parsed.passed)
    figures = {
        "file": str(found.file),
        "samples": found.kept.samples,
        "rejected": len(rejects),
        "placed": found.kept.placed,
        "nodes": sorted(set(samples["node"])),
        "active_unknown": int(samples["active_bp"].isna().sum()),
        "passed": passed,
        "rejects": [{"line": r.line, "kind": r.kind, "reason": r.reason, "text": r.text} for r in rejects[:most]],
    }

    def say() -> None:
        click.echo(f"{found.file} → {', '.join(figures['nodes']) or 'nothing'}")
        for name in ("samples", "rejected"):
            click.echo(f"  {name:<12} {figures[name]:>9}")
        click.echo(f"  {'unknown use':<12} {figures['active_unknown']:>9}")
        if passed:
            click.echo(f"  {'other lines':<12} {sum(passed.values()):>9}")
        rejects_lines(rejects, kinds, most)

    return figures, say


def _checked(read: Any, text: str, option: str) -> Any:
    try:
        return read(text)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint=option) from problem


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
