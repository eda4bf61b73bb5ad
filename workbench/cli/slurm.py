"""`workbench slurm`: what the books want of Slurm, shown first and then applied; pause, resume, downscale."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.asked import format_option
from workbench.settings import load

COLUMNS = ["account", "what", "before", "after", "why"]
WANTED = 2
"""Exit status of `plan` where something is to be changed."""


@click.group()
def slurm() -> None:
    """Accounts, people and limits in Slurm, from awards and projects.

    Example: workbench slurm plan
    """


@slurm.command()
@format_option
def check(form: str) -> None:
    """Whether Slurm is reached and set up so that limits hold; exit status 1 where they would not.

    Example: workbench slurm check
    """
    from workbench.services.slurm.checked import checked

    store, runner = _store_and_runner()
    found = checked(store, runner)
    rows: list[dict[str, Any]] = [{"what": one.what, "found": one.found, "wrong": one.wrong} for one in found]
    show(["what", "found", "wrong"], rows, form)
    if any(one.grave for one in found):
        sys.exit(1)


@slurm.command()
@format_option
def plan(form: str) -> None:
    """What `apply` would change; nothing is changed. Exit status: 0 nothing to do, 2 changes are wanted, 1 an error.

    Example: workbench slurm plan --format json
    """
    from workbench.services.slurm import enforce

    store, runner = _store_and_runner()
    planned = enforce.plan(store, runner, int(time.time()))
    _show(planned, form)
    if planned.changes:
        sys.exit(WANTED)


@slurm.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def apply(yes: bool) -> None:
    """Show the plan, ask, and make the changes. Applied again it changes nothing.

    Example: workbench slurm apply --yes
    """
    from workbench.services.slurm import enforce

    store, runner = _store_and_runner()
    planned = enforce.plan(store, runner, int(time.time()))
    _show(planned, "table")
    if planned.changes and (yes or click.confirm(f"Make these {len(planned.changes)} changes?", abort=True)):
        _apply(runner, planned)


def _braking(command: Any) -> Any:
    who = click.option("--by", "who", required=True, metavar="PERSON", help="Secretariat or operator.")
    why = click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept.")
    return click.argument("project")(who(why(command)))


@slurm.command()
@_braking
def pause(project: str, who: str, reason: str) -> None:
    """Let running jobs go on and start no other.

    Example: workbench slurm pause vision --by operator-01 --reason "Fills the shared file system"
    """
    from workbench.services.slurm import brakes

    store, runner = _store_and_runner()
    brakes.pause(store, project, who, reason, int(time.time()))
    _follow(store, runner, project, f"{project} is paused.")


@slurm.command()
@_braking
def resume(project: str, who: str, reason: str) -> None:
    """Take off a pause and a downscale.

    Example: workbench slurm resume vision --by operator-01 --reason "Cleaned up"
    """
    from workbench.services.slurm import brakes

    store, runner = _store_and_runner()
    brakes.resume(store, project, who, reason, int(time.time()))
    _follow(store, runner, project, f"{project} goes on.")


@slurm.command()
@_braking
@click.option("--gpus", type=click.IntRange(min=0, max=1_000_000), required=True, help="Of all its jobs together.")
def downscale(project: str, gpus: int, who: str, reason: str) -> None:
    """Bound the GPUs of all jobs of a project together; running jobs go on.

    Example: workbench slurm downscale vision --gpus 4 --by operator-01 --reason "Deadline of another project"
    """
    from workbench.domain.brakes import DOWNSCALE, Brake
    from workbench.periods import moment
    from workbench.services.slurm import brakes

    store, runner = _store_and_runner()
    brakes.downscale(store, runner, Brake(project, DOWNSCALE, who, moment(int(time.time())), reason, gpus))
    _follow(store, runner, project, f"{project} may use {gpus} GPU{'' if gpus == 1 else 's'} at a time.")


@slurm.command()
@click.option("--project", metavar="NAME", help="Only this project.")
@format_option
def brakes(project: str | None, form: str) -> None:
    """Who paused, resumed or downscaled what and why, the newest first.

    Example: workbench slurm brakes --project vision
    """
    from workbench.services.slurm.brakes import history

    columns = ["at", "project", "kind", "gpus", "who", "reason"]
    store = _store()
    rows: list[dict[str, Any]] = [
        {name: getattr(one, name) for name in columns}
        | {"at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}", "gpus": "" if one.gpus is None else one.gpus}
        for one in history(store, project)
    ]
    if not rows:
        click.echo("No project was ever paused or downscaled.", err=True)
    show(columns, rows, form)


def _follow(store: Any, runner: Any, project: str, said: str) -> None:
    """Have Slurm follow at once, for this project alone."""
    from workbench.errors import SlurmError
    from workbench.services.slurm import enforce

    try:
        planned = enforce.plan(store, runner, int(time.time()))
        _apply(runner, planned.of(store.settings.slurm.account(project)))
    except SlurmError:
        click.echo("It is kept, but Slurm does not follow yet; then run: workbench slurm apply", err=True)
        raise
    click.echo(said)


def _apply(runner: Any, planned: Any) -> None:
    from workbench.services.slurm import enforce

    done = enforce.apply(runner, planned)
    for change in done.done:
        click.echo(f"{change.account or 'Slurm'}: {change.what} {change.before} → {change.after}")
    for change, said in done.failed:
        click.echo(f"{change.account or 'Slurm'}: {change.what} was refused: {said}", err=True)
    if done.failed:
        sys.exit(1)


def _show(planned: Any, form: str) -> None:
    rows = [{name: getattr(one, name) for name in COLUMNS} for one in planned.changes]
    if form == "json":
        rows = [row | {"command": ["sacctmgr", *one.command]} for row, one in zip(rows, planned.changes, strict=True)]
    for sentence in (*(fault.says for fault in planned.faults), *planned.reported):
        click.echo(sentence, err=True)
    if not rows:
        click.echo("Slurm has what the books want.", err=True)
    show([*COLUMNS, "command"] if form == "json" else COLUMNS, rows, form)


def _store_and_runner() -> Any:
    from workbench.errors import NoSlurm
    from workbench.slurm.runner import Runner

    store = _store()
    if not store.settings.slurm.cluster:
        raise NoSlurm
    return store, Runner.of(store.settings.slurm)


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
