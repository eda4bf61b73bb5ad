"""`workbench applications revise`: a draft written anew, where only what is given changes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import click

from workbench.cli.application_options import AMOUNT, MANY, as_option, store
from workbench.domain.projects import CATEGORIES


@click.command()
@click.argument("reference")
@as_option
@click.option("--slug", help="Name that the project will have.")
@click.option("--title")
@click.option("--category", type=click.Choice(CATEGORIES))
@click.option("--organisation")
@click.option("--requested", "requested_minor", type=AMOUNT, help="Subsidy asked for.")
@click.option("--need", help="Model size, data, precision: what it is for.")
@click.option("--gpu-model")
@click.option("--gpus", type=MANY)
@click.option("--hours", "gpu_hours_by_month", multiple=True, type=MANY, help="All months anew, once a month.")
@click.option("--member", "members", multiple=True, metavar="PERSON", help="All members anew.")
def revise(reference: str, who: str, **given: Any) -> None:
    """Change a draft of one's own; what is not given stays.

    Example: workbench applications revise A-2026-001 --as ana --requested 300000 --gpus 16
    """
    from workbench.services.applications.drafts import begun
    from workbench.services.applications.drafts import revise as write

    centre = store()
    changed = {name: value for name, value in given.items() if value not in (None, ())}
    if not changed:
        raise click.UsageError("Nothing to change was given.")
    write(centre, reference, replace(begun(centre, reference, who).draft, **changed), who, int(time.time()))
    click.echo(f"{reference} is changed: {', '.join(name.removesuffix('_minor') for name in changed)}.")
