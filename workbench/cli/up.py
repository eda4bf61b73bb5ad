"""`workbench up`, `down`, `status`, `reset`: the whole workbench on this machine, started and stopped as one.

`up` stays in the foreground: Ctrl-C, a closed or killed terminal and `workbench down` all end it in the same order.
"""

from __future__ import annotations

import os
import shutil
import signal
import time

import click
from rich.console import Console

from workbench.cli.box import login_box
from workbench.cli.terminal import Terminal, a_screen, progress, say, step
from workbench.errors import AlreadyRunning, NotOurs
from workbench.hub import running
from workbench.hub.launch import end_with_parent
from workbench.settings import Settings, load
from workbench.store.engine import Store, open_store

# Everything that `up` and its parts write; whatever else lies in the folder is a person's own.
STATE = ("workbench.db*", "raw", "lake", "sample", "homes", "run", "hub", "log", "secrets", ".workbench")
LOOK_EVERY_S = 2


class Stop(BaseException):
    """Asked to stop by Ctrl-C, `down`, or a terminal that went away."""


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65_532), help="Public port; the next three are used too. Default: settings."
)
@click.option(
    "--until-parent-ends", is_flag=True, hidden=True, help="Stop when the program that started this one ends."
)
def up(port: int | None, until_parent_ends: bool) -> None:
    """Start everything and show where to log in; Ctrl-C stops it.

    Example: workbench up --port 9000
    """
    settings = load(port=port)
    screen, terminal = a_screen(), Terminal()
    if until_parent_ends:
        end_with_parent(os.getppid())  # make: killing it stops us in order
    for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked, _stop)
    try:
        with running.held(settings):
            store = open_store(settings)
            ended = running.end_leftovers(settings, servers=False)
            if ended:
                screen.print(f"Ended {len(ended)} process(es) that an earlier run had left.")
            running.check_ports(settings)
            fill(store, settings, screen)
            serve(settings, screen, terminal)
    except Stop:
        say(screen, "Stopped.")


def _stop(_signal: int, _frame: object) -> None:
    raise Stop


def fill(store: Store, settings: Settings, screen: Console) -> None:
    """Load the sample centre on the first run, extend it up to now on later ones; none where a real Slurm is named."""
    from workbench import sample  # here, because `down` and `status` shall not wait for pandas

    now = int(time.time())
    if sample.is_loaded(store):
        with step(screen, "Bringing the sample centre up to now"):
            sample.top_up(store, settings, now)
        return
    if settings.slurm.cluster:  # its jobs, people and money are real: workbench sample load, for who wants both
        return
    with step(screen, "Loading the sample centre (once)"), progress(screen) as told:
        sample.load(store, settings, now, told)


def serve(settings: Settings, screen: Console, terminal: Terminal) -> None:
    """Start the Hub, show the box when all answers, and stay until asked to stop.

    Raises:
        Stop: asked to, after everything was stopped in order.
        CannotStart: the Hub did not come up, or ended by itself.
    """
    hub = running.start_hub(settings)
    try:
        with step(screen, "Starting the Hub and the dashboards"):
            running.wait_until_it_answers(settings, hub)
        running.remember(settings, hub.pid)
        say(screen, login_box(settings))
        while (status := running.ended(hub, within_s=LOOK_EVERY_S)) is None:
            running.remember(settings, hub.pid)
            if terminal.gone():
                raise Stop
    finally:
        for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(asked, signal.SIG_IGN)  # once is enough; the order is kept
        if hub.poll() is None:
            say(screen, "Stopping …")
            running.stop_hub(settings, hub)
        else:
            # Notebook servers are left alone: the next start finds them and goes on counting.
            running.end_leftovers(settings, servers=False)
    raise running.ended_by_itself(settings, status)


@click.command()
def down() -> None:
    """Stop everything that `up` started, also what a crash has left.

    Example: workbench down
    """
    settings = load()
    found = running.instance(settings)
    if found:
        click.echo(f"Stopping the workbench at {found.url} …")
        running.ask_to_stop(found)
    ended = running.end_leftovers(settings)
    click.echo("Stopped." if found or ended else "Nothing was running.")


@click.command()
def status() -> None:
    """Say what is running, and where; exit status 1 when nothing is.

    Example: workbench status
    """
    settings = load()
    found = running.instance(settings)
    left = [] if found else running.leftovers(settings, servers=True)
    if found:
        click.echo(f"Running at {found.url} (process {found.pid}), state in {settings.home}.")
        return
    rest = f" {len(left)} process(es) of an earlier run are left; end them: make down." if left else ""
    click.echo(f"Not running; state in {settings.home}.{rest}")
    raise SystemExit(1)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Ask, then clear the state folder: records, homes of the users, log-ins.

    Example: workbench reset --yes
    """
    settings = load()
    home = settings.home
    if not home.exists() or not any(home.iterdir()):
        click.echo(f"{home} is empty already.")
        return
    if not (home / ".workbench").exists():
        raise NotOurs(home)
    if (found := running.instance(settings)) or running.leftovers(settings, servers=True):
        raise AlreadyRunning(found.url if found else running.url_of(settings), found.pid if found else 0)
    if not yes:
        click.confirm(f"Clear {home}: all records, users' homes and log-ins?", abort=True)
    with running.held(settings):
        for pattern in STATE:
            for path in home.glob(pattern):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    left = sorted(path.name for path in home.iterdir())
    click.echo(f"Cleared {home}." + (f" Left alone, not ours: {', '.join(left)}." if left else ""))
