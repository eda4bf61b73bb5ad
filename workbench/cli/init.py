"""`workbench init`: write a settings file from what is there, for the operator to edit."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import click

from workbench.cli.answer import cannot_write
from workbench.errors import WorkbenchError


@click.command()
@click.option("--slurm", "from_slurm", is_flag=True, help="From a running Slurm; it is only looked at.")
@click.option("--out", "out", type=click.Path(path_type=Path), metavar="FILE", help="Default: standard output.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--conf", default="", metavar="FILE", help="slurm.conf, where it is not the ordinary one.")
@click.option("--bin", "programs", default="", metavar="FOLDER", help="Of Slurm's programs, where not on the PATH.")
def init(from_slurm: bool, out: Path | None, force: bool, conf: str, programs: str) -> None:
    """Write settings for a Slurm cluster: a card for each GPU model, partitions, names, and what is to be checked.

    Example: workbench init --slurm --out centre.toml
    """
    from workbench.services.slurm.init import draft, look
    from workbench.settings import SlurmSettings, load
    from workbench.slurm.runner import Runner

    if not from_slurm:
        raise click.UsageError("Say from what: workbench init --slurm")
    if out is not None and out.exists() and not force:
        raise click.BadParameter(f"{out} is there; --force writes over it", param_hint="--out")
    found = look(Runner.of(SlurmSettings(conf=conf, bin=programs)))
    made = draft(found, _projects(), conf=conf, programs=programs, address=socket.gethostname())
    for warning in made.warnings:
        click.echo(f"note: {warning}", err=True)
    if out is None or str(out) == "-":
        sys.stdout.write(made.text)
        return
    try:
        out.write_text(made.text, encoding="utf-8")
    except OSError as problem:
        raise cannot_write(out, problem) from problem
    load(out)
    click.echo(f"Written to {out}. Look at the lines marked CHECK, then: WORKBENCH_CONFIG={out} workbench slurm check")


def _projects() -> set[str]:
    """The projects that there are, where there is a store already; no store is made for the question."""
    from sqlalchemy import select

    from workbench.domain.projects import Project
    from workbench.settings import load
    from workbench.store.engine import open_store

    try:
        settings = load()
        if not (settings.home / ".workbench").exists():
            return set()
        with open_store(settings).read() as conn:
            return set(conn.scalars(select(Project.slug)))
    except WorkbenchError:
        return set()
