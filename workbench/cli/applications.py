"""`workbench applications`: the way of an application, for applicant, secretariat, reviewer and Committee.

Who types here can read the state folder; `--as` says in whose name, and the rules hold for that person.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click

from workbench.cli.answer import show as show_rows
from workbench.cli.asked import format_option
from workbench.domain.projects import CATEGORIES
from workbench.errors import RuleBroken
from workbench.settings import Settings, load
from workbench.units import minor_from_text, money

Command = Callable[..., Any]
COLUMNS = ("reference", "stage", "category", "title", "received_on", "days", "fast_lane")
AMOUNTS = ("requested_minor", "recommended_minor", "awarded_minor")


def as_option(command: Command) -> Command:
    return click.option("--as", "who", required=True, metavar="PERSON", help="In whose name.")(command)


def note_option(command: Command) -> Command:
    return click.option("--note", default="", metavar="TEXT", help="The reason, kept in the history.")(command)


class AmountOfMoney(click.ParamType):
    """An amount in the currency's major units, like 250000 or 1200.50; in minor units inside."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return minor_from_text(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


AMOUNT = AmountOfMoney()
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def applications() -> None:
    """Applications to the subsidy scheme, from draft to award.

    Example: workbench applications list --as secretariat-01
    """


@applications.command("list")
@as_option
@click.option("--stage", metavar="STAGE", help="Only those in this stage.")
@format_option
def list_(who: str, stage: str | None, form: str) -> None:
    """The applications that a person may see, newest first. csv and json are exact, in hundredths (`…_minor`).

    Example: workbench applications list --as secretariat-01 --stage committee
    """
    from workbench.services.application_files import listed

    store, now = _store(), int(time.time())
    found = [one for one in listed(store, who, now) if stage in (None, one.stage)]
    if not found:
        click.echo("No applications that this person may see.", err=True)
    rows = [{name: _plain(getattr(one, name)) for name in (*COLUMNS, *AMOUNTS)} for one in found]
    if form == "table":
        rows = [_readable(row, store.settings) for row in rows]
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

    from workbench.services.application_files import file_of

    store = _store()
    found = file_of(store, reference, who, int(time.time()))
    facts = _facts(found)
    if form == "json":
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    for name, value in facts.items():
        if name not in ("history", "scores"):
            said = (
                money(value, store.settings.centre.symbol) if name.endswith("_minor") and value is not None else value
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
@click.option("--gpus", type=click.IntRange(min=0))
@click.option("--hours", multiple=True, type=click.IntRange(min=0), help="GPU-hours of each month, once a month.")
@click.option("--member", multiple=True, metavar="PERSON", help="Who else shall work in the project.")
def draft(slug: str, who: str, hours: tuple[int, ...], member: tuple[str, ...], requested: int, **given: Any) -> None:
    """Begin an application for a project.

    Example: workbench applications draft cantonese-asr --as ana --title "Cantonese speech" --category university
    --organisation "University of Sai Wan" --requested 250000 --gpu-model H800 --gpus 8 --hours 400 --hours 800
    """
    from workbench.services.applications import Draft, begin

    wanted = Draft(slug, requested_minor=requested, gpu_hours_by_month=hours, members=member, **given)
    click.echo(
        f"{begin(_store(), wanted, who, int(time.time()))} is a draft. Hand it in: workbench applications submit"
    )


def _plain_step(action: str, what: str) -> None:
    @applications.command(action, help=f"{what}\n\nExample: workbench applications {action} A-2026-001 --as PERSON")
    @click.argument("reference")
    @as_option
    @note_option
    def step(reference: str, who: str, note: str) -> None:
        from workbench.services.applications import act

        stage = act(_store(), reference, action, who, int(time.time()), note)
        click.echo(f"{reference} is now in the stage {stage}.")


for _action, _what in (
    ("submit", "The applicant hands it in."),
    ("check", "The secretariat takes it up."),
    ("return", "The secretariat gives it back to the applicant, with the reason."),
    ("assess", "The secretariat passes it on: to the preliminary, then to the further assessment."),
    ("resume", "A deferred application is assessed further."),
    ("agree", "The applicant accepts the award and its conditions."),
    ("activate", "The project has been brought on board."),
    ("close", "The project has ended."),
    ("withdraw", "The applicant takes it back, at any time before the agreement."),
):
    _plain_step(_action, _what)


@applications.command("declare-conflict")
@click.argument("reference")
@as_option
@click.option("--reason", required=True)
def declare_conflict(reference: str, who: str, reason: str) -> None:
    """Declare a conflict of interest: the application is then closed to this person.

    Example: workbench applications declare-conflict A-2026-001 --as reviewer-01 --reason "Former employer"
    """
    from workbench.services.applications import declare_conflict as declare

    declare(_store(), reference, who, reason, int(time.time()))
    click.echo(f"{reference} is now closed to {who}.")


@applications.command()
@click.argument("reference")
@click.argument("points", nargs=-1, required=True, metavar="CRITERION=POINTS…")
@as_option
def score(reference: str, points: tuple[str, ...], who: str) -> None:
    """A reviewer's points, 0 to 100, for every criterion.

    Example: workbench applications score A-2026-001 alignment=80 compute=70 capability=60 team=75 outcomes=65 --as rev
    """
    from workbench.services.applications import score as give

    pairs = [given.partition("=") for given in points]
    if bad := [name for name, _, value in pairs if not value.isdecimal()]:
        raise click.BadParameter(f"{', '.join(bad)}: write CRITERION=POINTS, points from 0 to 100", param_hint="POINTS")
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise click.BadParameter("a criterion is there twice", param_hint="POINTS")
    give(_store(), reference, who, {name: int(value) for name, _, value in pairs}, int(time.time()))
    click.echo(f"The points of {who} for {reference} are kept.")


@applications.command()
@click.argument("reference")
@as_option
@click.option("--amount", type=AMOUNT, required=True, help="Subsidy recommended; 0 advises against.")
@note_option
def recommend(reference: str, who: str, amount: int, note: str) -> None:
    """Recommend an amount to the Committee, with the reason.

    Example: workbench applications recommend A-2026-001 --as reviewer-01 --amount 200000 --note "Sound plan."
    """
    from workbench.services.applications import recommend as give

    give(_store(), reference, who, amount, note, int(time.time()))
    click.echo(f"{reference} is before the Committee.")


@applications.command()
@click.argument("reference")
@click.argument("decision", type=click.Choice(["approve", "decline", "defer"]))
@as_option
@click.option("--rate", type=AMOUNT, help="Percent of the list price; default the scheme's.")
@click.option("--ceiling", type=AMOUNT, help="Most subsidy; with an approval.")
@click.option("--from", "starts", type=DAY, help="First day; with an approval.")
@click.option("--to", "ends", type=DAY, help="Day after the last; default after the scheme's usual term.")
@click.option("--conditions", default="")
@click.option("--exceptional", is_flag=True, help="A rate above the normal one; needs --note.")
@note_option
def decide(reference: str, decision: str, who: str, note: str, **award: Any) -> None:
    """The Committee's decision. An approval makes project, award, planned schedule and members.

    Example: workbench applications decide A-2026-001 approve --as committee-01 --ceiling 200000 --from 2026-12-01
    """
    from workbench.services import applications as service

    store, now = _store(), int(time.time())
    granted = _award(store.settings, note=note, **award) if decision == "approve" else None
    service.decide(store, reference, decision, who, now, award=granted, note=note)
    click.echo(f"{reference} is {service.DECISIONS[decision]}.")


def _award(
    settings: Settings,
    *,
    rate: int | None,
    ceiling: int | None,
    starts: datetime | None,
    ends: datetime | None,
    conditions: str,
    exceptional: bool,
    note: str,
) -> Any:
    from workbench.domain.rules.parameters import rules_on
    from workbench.domain.rules.terms import months_after
    from workbench.services.awarding import Decided

    if ceiling is None or starts is None:
        raise RuleBroken(1, "an approval needs a ceiling and a first day", "Give --ceiling and --from.")
    first = starts.date()
    last = ends.date() if ends else months_after(first, rules_on(settings.rules, first).term_months)
    return Decided(settings.scheme.rate if rate is None else rate, ceiling, first, last, conditions, exceptional, note)


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())


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
