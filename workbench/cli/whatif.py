"""`workbench whatif`: the next twelve months as the centre goes on, beside the same with something changed."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click

from workbench.cli.answer import show
from workbench.cli.application_options import DAY, store
from workbench.cli.asked import moment_of


@click.command()
@click.option("--pool", default="", metavar='"PARTITION, MODEL"', help="Whose jobs; default the largest.")
@click.option("--gpus", type=int, default=0, metavar="+N", help="So many GPUs more, or with a minus fewer.")
@click.option("--from", "from_on", type=DAY, help="From this day on; default the first of next month.")
@click.option("--policy", default="as-now", metavar="NAME", help="Of the queue; a wrong name lists them.")
@click.option("--approve", type=int, default=0, help="So many applications, those nearest to their decision first.")
@click.option("--growth", type=float, default=0.0, metavar="PERCENT", help="Of demand, a month, compounded.")
@click.option("--class-gpus", type=int, default=0, help="GPUs that a class keeps.")
@click.option("--class-at", metavar="WHEN", help="Its first lesson, like 2027-03-02T14:00 (the centre's clock).")
@click.option("--class-hours", type=int, default=3, help="Of a lesson; default 3.")
@click.option("--class-once", is_flag=True, help="One lesson; default one a week.")
@click.option("--json", "as_json", is_flag=True, help="The whole answer, exact, for a program.")
def whatif(
    pool: str,
    gpus: int,
    from_on: datetime | None,
    policy: str,
    approve: int,
    growth: float,
    class_gpus: int,
    class_at: str | None,
    class_hours: int,
    *,
    class_once: bool,
    as_json: bool,
) -> None:
    """What if: more GPUs, another policy, the next applications approved, a class, growth of demand.

    The job log is replayed over the next twelve months, as the centre goes on and changed. Each pair of the table is
    both; every assumption is said below it.

    Example: workbench whatif --gpus +500 --from 2027-03-01 --approve 5
    """
    from workbench.services.whatif.answer import ask
    from workbench.services.whatif.scenario import ClassReservation, Scenario

    centre = store()
    kept = None
    if class_gpus or class_at:
        at = moment_of(class_at, "--class-at", centre.settings.centre.zone)
        if at is None or not class_gpus:
            raise click.UsageError("A class needs both --class-gpus and --class-at.")
        kept = ClassReservation(class_gpus, at, class_hours, weekly=not class_once)
    day = from_on.date() if from_on else None
    asked = Scenario(pool, gpus, day, policy, approve, kept, round(growth * 100))
    found = ask(centre, asked, int(time.time()))
    if as_json:
        click.echo(json.dumps(_plain(asdict(found)), indent=1))
        return
    symbol = centre.settings.centre.symbol
    rows = [_row(found, place, symbol) for place in range(len(found.months))]
    show(list(rows[0]), rows, "table")
    click.echo(f"{found.pool or 'No pool'}: {found.gpus:,} GPUs in service. Each pair: as it goes on / changed.")
    base, changed = found.base, found.changed
    whole = _pairs(base.whole, changed.whole)
    click.echo(
        f"Twelve months: {whole['occupied']} occupied; median wait {whole['median_wait']}, 95% wait less than "
        f"{whole['95%_wait_less']}; {_pair(base.waiting, changed.waiting, _count)} jobs still wait at the end.\n"
        f"The fund lasts until {_until(base.fund_lasts_until)} / {_until(changed.fund_lasts_until)}.\n"
    )
    for said in found.says:
        click.echo(f"- {said}")


def _row(found: Any, place: int, symbol: str) -> dict[str, Any]:
    """A month in words a person reads."""
    base, changed = found.base, found.changed
    left = _pair(base.fund_left_minor[place], changed.fund_left_minor[place], lambda minor: _millions(minor, symbol))
    return {"month": found.months[place], **_pairs(base.months[place], changed.months[place]), "fund_left": left}


def _pairs(base: Any, changed: Any) -> dict[str, str]:
    return {
        "occupied": _pair(base.occupancy_bp, changed.occupancy_bp, lambda bp: f"{bp / 100:.1f}%"),
        "median_wait": _pair(base.wait_median_s, changed.wait_median_s, _hours),
        "95%_wait_less": _pair(base.wait_p95_s, changed.wait_p95_s, _hours),
    }


def _pair(base: Any, changed: Any, say: Any) -> str:
    """As it goes on / changed; '–' is unknown."""
    return " / ".join("–" if value is None else say(value) for value in (base, changed))


def _count(jobs: int) -> str:
    return f"{jobs:,}"


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.1f} h"


def _millions(minor: int, symbol: str) -> str:
    return f"{symbol}{minor / 10**8:,.1f}m"  # the same unit on both sides, so that a small change shows


def _until(day: date | None) -> str:
    return f"{day:%-d %b %Y}" if day else "no day in this century"


def _plain(value: Any) -> Any:
    """What JSON can say: days as texts."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
