"""`workbench applications`: the way of an application, for applicant, secretariat, reviewer and Committee.

Who types here can read the state folder; `--as` says in whose name, and the rules hold for that person.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

import click

from workbench.cli.answer import show as show_rows
from workbench.cli.application_drafts import revise
from workbench.cli.application_options import AMOUNT, MANY, as_option, store
from workbench.cli.application_preview import preview
from workbench.cli.application_steps import conflict, recommend, score, steps
from workbench.cli.asked import format_option
from workbench.cli.committee import decide, meeting, minutes, vote
from workbench.cli.pace import community, funnel, pace
from workbench.domain.projects import CATEGORIES
from workbench.settings import Settings
from workbench.units import money

Command = Callable[..., Any]
COLUMNS = ("reference", "stage", "category", "title", "received_on", "days", "fast_lane")
AMOUNTS = ("requested_minor", "recommended_minor", "awarded_minor")


@click.group()
def applications() -> None:
    """Applications to the subsidy scheme, from draft to award.

    Example: workbench applications list --as secretariat-01
    """


COMMANDS = (
    revise,
    *steps(),
    conflict,
    score,
    recommend,
    preview,
    vote,
    decide,
    meeting,
    minutes,
    pace,
    funnel,
    community,
)

for _command in COMMANDS:
    applications.add_command(_command)


@applications.command("list")
@as_option
@click.option("--stage", metavar="STAGE", help="Only those in this stage.")
@format_option
def list_(who: str, stage: str | None, form: str) -> None:
    """The applications that a person may see, newest first. csv and json are exact, in hundredths (`…_minor`).

    Example: workbench applications list --as secretariat-01 --stage committee
    """
    from workbench.services.applications.files import listed

    centre, now = store(), int(time.time())
    found = [one for one in listed(centre, who, now) if stage in (None, one.stage)]
    if not found:
        click.echo("No applications that this person may see.", err=True)
    rows = [{name: _plain(getattr(one, name)) for name in (*COLUMNS, *AMOUNTS)} for one in found]
    if form == "table":
        rows = [_readable(row, centre.settings) for row in rows]
        return show_rows([name.removesuffix("_minor") for name in (*COLUMNS, *AMOUNTS)], rows, form)
    return show_rows([*COLUMNS, *AMOUNTS], rows, form)


@applications.command("show")
@click.argument("reference")
@as_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
def show_one(reference: str, who: str, form: str) -> None:
    """All of one application that a person may read, with its history.

    Example: workbench applications show A-2026-001 --as committee-01
    """
    import json

    from workbench.services.applications.files import file_of

    centre = store()
    found = file_of(centre, reference, who, int(time.time()))
    facts = _facts(found)
    if form == "json":
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    for name, value in facts.items():
        if name not in ("history", "scores"):
            said = (
                money(value, centre.settings.centre.symbol) if name.endswith("_minor") and value is not None else value
            )
            said = ", ".join(map(str, said)) if isinstance(said, list) else said
            label = name.removesuffix("_minor").replace("_", " ")
            click.echo(f"{label:<20} {'–' if said in (None, '') else said}")
    for name in ("scores", "history"):
        if facts[name]:
            show_rows(list(facts[name][0]), facts[name], "table")


@applications.command()
@click.argument("slug")
@as_option
@click.option("--title", required=True)
@click.option("--category", type=click.Choice(CATEGORIES), required=True)
@click.option("--organisation", required=True)
@click.option("--requested", type=AMOUNT, required=True, help="Subsidy asked for.")
@click.option("--need", default="", help="Model size, data, precision: what it is for.")
@click.option("--gpu-model")
@click.option("--gpus", type=MANY)
@click.option("--hours", multiple=True, type=MANY, help="GPU-hours of each month, once a month.")
@click.option("--member", multiple=True, metavar="PERSON", help="Who else shall work in the project.")
def draft(slug: str, who: str, hours: tuple[int, ...], member: tuple[str, ...], requested: int, **given: Any) -> None:
    """Begin an application for a project.

    Example: workbench applications draft cantonese-asr --as ana --title "Cantonese speech" --category university
    --organisation "University of Sai Wan" --requested 250000 --gpu-model H800 --gpus 8 --hours 400 --hours 800
    """
    from workbench.services.applications.steps import Draft, begin

    wanted = Draft(slug, requested_minor=requested, gpu_hours_by_month=hours, members=member, **given)
    click.echo(f"{begin(store(), wanted, who, int(time.time()))} is a draft. Hand it in: workbench applications submit")


def _facts(found: Any) -> dict[str, Any]:
    facts = {name: _plain(getattr(found.listed, name)) for name in found.listed.__slots__}
    facts |= {name: getattr(found, name) for name in ("applicant", "project", "need", "gpu_model", "gpus")}
    facts |= {name: list(getattr(found, name)) for name in ("gpu_hours_by_month", "members", "conflicts")}
    if found.award:
        facts |= {"rate_percent": found.award.rate_bp / 100, "conditions": found.award.conditions}
        facts |= {name: getattr(found.award, name).isoformat() for name in ("starts_on", "ends_on")}
    facts["score"] = round(float(found.score.total), 2) if found.score else None
    facts["scores"] = [
        {"criterion": c.criterion, "weight": c.weight, "mean": round(float(c.mean), 2), "spread": c.spread}
        | {"disputed": "yes" if c.disputed else "no"}
        for c in (found.score.criteria if found.score else ())
    ]
    facts["history"] = [
        {"at": f"{e.at:%Y-%m-%d %H:%M} UTC", "actor": e.actor, "action": e.action, "stage": e.to_stage, "note": e.note}
        for e in found.history
    ]
    return facts


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _readable(row: dict[str, Any], settings: Settings) -> dict[str, Any]:
    symbol = settings.centre.symbol
    said: dict[str, Any] = {name: "yes" if v is True else "no" if v is False else v for name, v in row.items()}
    said["days"] = "–" if row["days"] is None else row["days"]
    for name in AMOUNTS:
        said[name.removesuffix("_minor")] = "–" if row[name] is None else money(row[name], symbol)
    return said
