"""`workbench charges explain JOB`: what a job was charged, in sentences and sums."""

from __future__ import annotations

from typing import Any

import click

from workbench.settings import load


@click.group()
def charges() -> None:
    """What jobs were charged.

    Example: workbench charges explain 4711
    """


@charges.command()
@click.argument("job")
@click.option("--cluster", metavar="NAME", help="Only on this cluster; default: wherever this job id is.")
def explain(job: str, cluster: str | None) -> None:
    """Say line by line what a job was charged: the price list, the award, the sum, who pays.

    Each attempt of a job (a requeue) is charged by itself.

    Example: workbench charges explain 4711 --cluster alpha
    """
    from workbench.services.charging import explain as service
    from workbench.store.engine import open_store

    store = open_store(load())
    centre = store.settings.centre
    for charged in service.explain(store, job, cluster):
        click.echo(_head(charged))
        for number, (sentence, sums) in enumerate(service.told(charged, centre.zone, centre.symbol), 1):
            click.echo(f"\n{number}. {sentence}")
            for line in sums:
                click.echo(f"     {line}")
        click.echo(f"\n{_total(charged, centre.symbol)}\n{_posted(service.posted(store, charged))}\n")


def _head(charged: Any) -> str:
    from workbench.periods import iso

    cluster, job, submit_s = charged.key
    whose = f"project {charged.project}" if charged.project else "of no known project: it waits in suspense"
    still = "; still running: provisional" if charged.running else ""
    return f"Job {job} on {cluster}, submitted {iso(submit_s)}, {whose}{still}."


def _posted(days: dict[str, int | None]) -> str:
    done = {day: seq for day, seq in days.items() if seq is not None}
    if not done:
        return "Not posted to the ledger yet."
    some = ", ".join(f"{day} in {seq}" for day, seq in list(done.items())[:3])
    more = f" and so on, {len(done)} days until {max(done)}" if len(done) > 3 else ""
    wait = f" Not posted yet: {len(days) - len(done)} day(s)." if len(done) < len(days) else ""
    return f"Posted with the project's other jobs of the day, by number of transaction: {some}{more}.{wait}"


def _total(charged: Any, symbol: str) -> str:
    from workbench.units import money

    amounts = [charged.total(name) for name in ("list_minor", "subsidy_minor", "user_minor")]
    if not charged.lines:
        return "It ran for no second: nothing is charged."
    if None in amounts:
        return "In all: not known, a part of it has no price."
    listed, subsidy, user = (money(amount, symbol) for amount in amounts)
    return f"In all {listed} at list price = subsidy {subsidy} + user {user}."
