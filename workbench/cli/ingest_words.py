"""What `workbench ingest` says: seconds per stage, counts of rows, the rejected ones."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.periods import iso

if TYPE_CHECKING:
    from workbench.analytics.parsed import Reject
    from workbench.services.ingest import IngestReport


class Clock:
    """Seconds per stage, and a line of progress where somebody looks on."""

    def __init__(self) -> None:
        self.begun = self.last = time.perf_counter()
        self.stages: dict[str, float] = {}
        self.rows = 0

    def tell(self, stage: str, rows: int) -> None:
        """A stage has done so many rows."""
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self.last
        self.last, self.rows = now, max(rows, self.rows)
        if sys.stderr.isatty():
            click.echo(f"\r{stage} {self.rows:,} rows, {now - self.begun:.0f} s\x1b[K", err=True, nl=False)

    @property
    def seconds(self) -> float:
        return self.last - self.begun


@contextmanager
def clock() -> Iterator[Clock]:
    """A clock for one command; its line of progress is gone when that is done."""
    running = Clock()
    try:
        yield running
    finally:
        if sys.stderr.isatty():
            click.echo("\r\x1b[K", err=True, nl=False)


def say(report: IngestReport, file: Path, clock: Clock, most: int, form: str) -> None:
    """What became of a file's rows, with up to `most` rejected ones."""
    counts = {
        "accepted": report.accepted,
        "rejected": report.rejected,
        "unchanged": report.unchanged,
        "inserted": report.inserted,
        "updated": report.updated,
        "not_started": report.not_started,
        "steps": report.steps,
        "skipped": report.skipped,
    }
    if form == "json":
        more = {
            "rows": report.rows,
            "by_reason": report.by_reason,
            "rejects": shown(report.rejects, most),
            "notices": report.notices,
            "window": report.window and {"start": iso(report.window[0]), "end": iso(report.window[1])},
            "capture": report.capture_id,
            "seconds": {stage: round(seconds, 3) for stage, seconds in clock.stages.items()},
        }
        click.echo(json.dumps({"cluster": report.cluster} | counts | more, indent=1))
        return
    tried = "" if report.capture_id is not None else "   (dry run: nothing was kept)"
    click.echo(f"{file} → cluster {report.cluster}{tried}")
    always = ("accepted", "rejected", "unchanged")
    if not report.updated:
        counts["inserted"] = 0  # says the same as accepted
    lines({name: n for name, n in counts.items() if n or name in always})
    window_line(report.window)
    for notice in report.notices:
        click.echo(f"  note: {notice}")
    rejects_lines(report.rejects, report.by_reason, most)
    if report.rejects and report.capture_id is not None:
        click.echo(f"  all of them: workbench ingest rejects --capture {report.capture_id}")
    rate = f", {report.rows / clock.seconds:,.0f} rows/s" if clock.seconds >= 0.1 else ""
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in clock.stages.items())
    click.echo(f"  {report.rows} rows in {clock.seconds:.1f} s{rate} ({stages})")


def lines(counts: dict[str, Any]) -> None:
    """A line a count, in plain digits: programs read these lines too."""
    for name, count in counts.items():
        click.echo(f"  {name.replace('_', ' '):<12} {count:>9}")


def window_line(window: tuple[int, int] | None) -> None:
    """From when to when the rows are."""
    if window:
        click.echo(f"  from {iso(window[0])} to {iso(window[1])}")


def shown(rejects: list[Reject], most: int) -> list[dict[str, Any]]:
    """The first rejected rows, for JSON."""
    return [{"line": r.line, "kind": r.kind, "reason": r.reason, "text": r.text} for r in rejects[:most]]


def rejects_lines(rejects: list[Reject], by_reason: dict[str, int], most: int) -> None:
    """How many rows were rejected for what, and the first of them."""
    for kind, count in by_reason.items():
        click.echo(f"  rejected {count}: {kind}")
    for reject in rejects[:most]:
        click.echo(f"    line {reject.line}: {reject.reason}")
    if 0 < most < len(rejects):
        click.echo(f"    … and {len(rejects) - most} more")
