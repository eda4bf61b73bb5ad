"""`workbench ingest slurm`: a running Slurm's accounting, once or from now on."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.ingest_words import clock, lines, window_line
from workbench.periods import iso

if TYPE_CHECKING:
    from workbench.periods import Window
    from workbench.services.slurm.follow import Polled
    from workbench.services.slurm.taken import Taken
    from workbench.slurm.runner import Runner
    from workbench.store.engine import Store

COUNTS = ("rows", "inserted", "updated", "unchanged", "rejected")


@click.command()
@click.option("--follow", is_flag=True, help="Go on: ask again every poll_s of the settings, until Ctrl-C.")
@click.option(
    "--since", metavar="DATE", help="Ask from this day or moment on. Default: what is new; all, the first time."
)
@click.option("--dry-run", is_flag=True, help="Ask and report; keep nothing.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="Default: table.")
def slurm(follow: bool, since: str | None, dry_run: bool, form: str) -> None:
    """Bring in the accounting of the Slurm that the settings name: jobs, charges, ends of servers, nodes.

    Where `workbench up` runs, this is done every few seconds without being asked. With --format json --follow each
    look is one line.

    Example: workbench ingest slurm --since 2026-10-01
    """
    from workbench.errors import NoSlurm
    from workbench.periods import parse_moment
    from workbench.services.slurm.follow import poll, preview
    from workbench.settings import load
    from workbench.slurm.runner import Runner
    from workbench.store.engine import open_store

    settings = load()
    if not settings.slurm.cluster:
        raise NoSlurm
    if follow and dry_run:
        raise click.UsageError("--follow with --dry-run would show the same again and again; leave one out.")
    try:
        begin = None if since is None else parse_moment(since, settings.centre.zone)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--since") from problem
    store, runner = open_store(settings), Runner.of(settings.slurm)
    with clock() as running:

        def tell(window: Window, part: Taken) -> None:
            running.tell(f"until {iso(window.end_s)[:10]}", part.rows)

        look = preview if dry_run else poll
        done = look(store, runner, int(time.time()), since=begin, progress=tell)
        if not dry_run:
            _afterwards(store, runner)
    _say(done, settings.slurm.cluster, form, seconds=time.perf_counter() - running.begun, dry_run=dry_run)
    if follow:
        _go_on(store, runner, form)


def _go_on(store: Store, runner: Runner, form: str) -> None:
    from workbench.errors import SlurmError
    from workbench.services.slurm.follow import poll

    while True:
        time.sleep(store.settings.slurm.poll_s)
        begun = time.perf_counter()
        try:
            done = poll(store, runner, int(time.time()))
            if done.taken.rows or done.ended:
                _afterwards(store, runner)
                _say(done, store.settings.slurm.cluster, form, seconds=time.perf_counter() - begun, dry_run=False)
        except SlurmError as problem:
            click.echo(f"{problem} It is asked again in {store.settings.slurm.poll_s} s.", err=True)


def _afterwards(store: Store, runner: Runner) -> None:
    from workbench.services.slurm.capacity import capacity
    from workbench.store import lake

    capacity(store, runner, int(time.time()))
    lake.refresh(store)


def _say(done: Polled, cluster: str, form: str, *, seconds: float, dry_run: bool) -> None:
    counts: dict[str, Any] = {name: getattr(done.taken, name) for name in COUNTS}
    if form == "json":
        window = {"start": iso(done.window.start_s), "end": iso(done.window.end_s)}
        more = {"window": window, "ended": done.ended, "captures": done.taken.captures, "notices": done.notices}
        click.echo(json.dumps({"cluster": cluster} | counts | more | {"seconds": round(seconds, 3)}))
        return
    tried = "   (dry run: nothing was kept)" if dry_run else ""
    click.echo(f"Slurm → cluster {cluster}{tried}")
    lines(counts)
    window_line((done.window.start_s, done.window.end_s))
    for notice in done.notices:
        click.echo(f"  note: {notice}")
    if done.ended:
        click.echo(f"  ended: {', '.join(done.ended)}")
    for number in done.taken.captures if done.taken.rejected else ():
        click.echo(f"  rejected rows: workbench ingest rejects --capture {number}")
    click.echo(f"  {done.taken.rows} rows in {seconds:.1f} s")
