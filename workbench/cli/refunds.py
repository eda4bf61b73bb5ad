"""`workbench refunds`: what goes back for jobs that ended by a fault, by itself or on a claim."""

from __future__ import annotations

import time
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.application_options import NUMBER
from workbench.cli.asked import format_option
from workbench.domain.asked import ASKED, GRANTED, REFUSED, WAITING
from workbench.domain.rules.refunds import CAUSES
from workbench.settings import load
from workbench.units import money

AMOUNTS = ("list_minor", "subsidy_minor", "user_minor")


@click.group()
def refunds() -> None:
    """Refunds for faults of hardware and system software (rule 9). A user's own error is never refunded.

    Example: workbench refunds list --state asked
    """


@refunds.command()
@click.option("--dry-run", is_flag=True, help="Say what would go back, and write nothing.")
@format_option
def run(dry_run: bool, form: str) -> None:
    """Refund every job that Slurm says ended by a failed node (NODE_FAIL, BOOT_FAIL). The Hub does so each minute.

    Those that waited for a price are looked at again.

    Example: workbench refunds run --dry-run
    """
    from workbench.services.beside_usage import refunds as service

    store = _store()
    found = service.run(store, int(time.time()), waiting=True, dry_run=dry_run)
    rows: list[dict[str, Any]] = [
        {
            "project": one.project,
            "cluster": one.cluster,
            "job": one.job_id,
            "state": one.state,
            "seconds": one.refund.seconds,
            **{name: getattr(one.refund, name) for name in AMOUNTS},
            "why": one.refund.why,
        }
        for one in found
    ]
    if not rows:
        click.echo("No job has failed by a node since the last look.", err=True)
    columns = ["project", "cluster", "job", "state", "seconds", *AMOUNTS, "why"]
    if form == "table":
        symbol = store.settings.centre.symbol
        names = {name: name.removesuffix("_minor") for name in AMOUNTS}
        rows = [row | {short: money(row[name], symbol) for name, short in names.items()} for row in rows]
        columns = [names.get(name, name) for name in columns]
    show(columns, rows, form)


@refunds.command()
@click.argument("job")
@click.option("--by", "who", required=True, metavar="PERSON", help="One of the project, or of the secretariat.")
@click.option("--cause", type=click.Choice(CAUSES), required=True, help="What failed.")
@click.option("--reason", required=True, metavar="TEXT", help="What happened.")
@click.option("--cluster", metavar="NAME", help="Only on this cluster.")
def claim(job: str, who: str, cause: Any, reason: str, cluster: str | None) -> None:
    """Claim a refund for the last finished attempt of a job, within 14 days of its end.

    Example: workbench refunds claim 4711 --by ana --cause system --reason "The file system hung at 03:10"
    """
    from workbench.services.beside_usage import refunds as service

    made = service.claim(_store(), job, cause, reason, who, int(time.time()), cluster=cluster)
    click.echo(
        f"Claim {made.id} is made. Another person decides: workbench refunds decide {made.id} --grant --by PERSON"
    )


@refunds.command()
@click.argument("claim_id", type=NUMBER, metavar="CLAIM")
@click.option("--by", "who", required=True, metavar="PERSON", help="Secretariat or operator, not who claimed.")
@click.option("--grant/--refuse", required=True, help="What is decided.")
@click.option("--note", default="", metavar="TEXT", help="The reason; a refusal needs one.")
def decide(claim_id: int, who: str, grant: bool, note: str) -> None:
    """Grant or refuse a claim.

    Example: workbench refunds decide 12 --grant --by secretariat-01
    """
    from workbench.services.beside_usage import refunds as service

    store = _store()
    done = service.decide(store, claim_id, who, int(time.time()), grant=grant, note=note)
    if done is None:
        click.echo(f"Claim {claim_id} is refused.")
        return
    total, subsidy, user = (money(getattr(done.refund, name), store.settings.centre.symbol) for name in AMOUNTS)
    click.echo(f"Claim {claim_id} is granted: {total} go back (subsidy {subsidy}, user {user}). {done.refund.why}")


@refunds.command("list")
@click.option("--project", metavar="NAME", help="Only this project.")
@click.option("--state", type=click.Choice([ASKED, GRANTED, REFUSED, WAITING]), help="Only those in this state.")
@format_option
def list_(project: str | None, state: str | None, form: str) -> None:
    """Claims and automatic refunds, the newest first.

    Example: workbench refunds list --project vision
    """
    from workbench.services.beside_usage import refunds as service

    names = ["id", "project", "cluster", "job_id", "cause", "state", "asked_by", "decided_by", "reason", "why"]
    rows = [{name: getattr(one, name) or "" for name in names} for one in service.claims(_store(), project, state)]
    if not rows:
        click.echo("No claims.", err=True)
    show(names, rows, form)


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
