"""`workbench training`: classes planned, decided, run and accounted for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from workbench.cli.answer import deliver, show
from workbench.cli.application_options import NUMBER
from workbench.cli.asked import format_option
from workbench.settings import load
from workbench.units import money

BY = click.option("--by", "who", required=True, metavar="PERSON", help="Who does it.")
COUNT = click.IntRange(0)
OPERATORS = ["operators"]
"""Whoever has the command sees what the operators' group does."""


@click.group()
def training() -> None:
    """Training sessions: a class of up to hundreds of seats that is ready at its start.

    Example: workbench training list
    """


@training.command("list")
@format_option
def list_(form: str) -> None:
    """The classes, those to come first.

    Example: workbench training list --format json
    """
    from workbench.cli.training_words import COLUMNS, row
    from workbench.services.training import listing

    store, now = _store(), int(time.time())
    rows = [row(store, one, now) for one in listing.listed(store, "", OPERATORS, now)]
    if not rows:
        click.echo("No classes. Plan one: workbench training plan --help", err=True)
    show(COLUMNS, rows, form)


@training.command()
@click.argument("title")
@BY
@click.option("--project", metavar="NAME", help="It pays. Default: that of the settings.")
@click.option("--instructor", metavar="PERSON", help="Default: who plans it.")
@click.option("--start", required=True, metavar="WHEN", help="2026-11-30T14:00 in the centre's zone.")
@click.option("--minutes", type=NUMBER, required=True, help="So long it lasts.")
@click.option("--seats", type=NUMBER, required=True, help="At most so many.")
@click.option("--profile", required=True, metavar="NAME", help="What a seat gets; [[profiles]] of the settings.")
@click.option("--warm", type=COUNT, help="So many of them are started ahead. Default: all.")
@click.option("--materials", default="", metavar="URL|FOLDER", help="A git repository, or a folder of this machine.")
@click.option("--branch", default="", metavar="NAME", help="Of the git repository.")
@click.option("--first-page", default="", metavar="FILE", help="Of the materials; opened first.")
@click.option(
    "--kernel", default="", metavar="NAME", help="The only one of its seats. Default: all that are installed."
)
@click.option("--languages", default="", metavar="TEXT", help="In which it is taught; said on its page.")
@click.option(
    "--lead", type=COUNT, metavar="MINUTES", help="So long before the start servers start. Default: settings."
)
@click.option("--keep", type=COUNT, metavar="DAYS", help="So long work can be fetched. Default: that of the settings.")
@click.option("--roster", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A name a line.")
@click.option("--no-walk-ins", is_flag=True, help="Only who is on the roster may join.")
@click.option("--no-hand-in", is_flag=True, help="The instructor fetches nobody's work; students can fetch their own.")
@click.option("--check", "only_check", is_flag=True, help="Say what would be found; keep nothing.")
def plan(title: str, who: str, start: str, minutes: int, *, only_check: bool, **given: Any) -> None:
    """Plan a class: cost, room, award and conflicts are looked at first. Another person approves it.

    Example: workbench training plan "First steps" --by instructor-01 --start 2026-11-30T14:00 --minutes 120
    --seats 30 --profile cpu-small --materials notebooks
    """
    from workbench.cli.training_words import found_words, plan_from
    from workbench.services.training import plan as service

    store, now = _store(), int(time.time())
    wanted = plan_from(store, title, who, start, minutes, given)
    checked = service.check(store, wanted, who, now, isolation=_isolation())
    for line in found_words(checked, store.settings.centre.symbol):
        click.echo(line)
    if only_check:
        if checked.problems:
            raise SystemExit(1)
        return
    made = service.propose(store, wanted, who, now, isolation=_isolation())
    click.echo(
        f"Class {made.handle} is planned. Another person approves it: "
        f"workbench training approve {made.handle} --by PERSON"
    )


@training.command("show")
@click.argument("handle")
def show_(handle: str) -> None:
    """Everything about one class; of one that nobody has decided about what its approver has to know.

    Example: workbench training show k7mfp2
    """
    from workbench.cli.training_words import found_words, row
    from workbench.domain.training import PLANNED
    from workbench.services.training import codes, listing
    from workbench.services.training import plan as service
    from workbench.services.training.asked import plan_of

    store, now = _store(), int(time.time())
    found = listing.found(store, handle, "", OPERATORS)
    facts = row(store, found, now) | {"decided_by": found.decided_by or "", "reason": found.reason}
    for name, value in facts.items():
        if value != "":
            click.echo(f"{name.replace('_', ' ')}: {value}")
    for code in codes.valid(store, handle):
        click.echo(f"code: {codes.shown(code)}")
    if found.state == PLANNED:
        checked = service.check(store, plan_of(found), found.planned_by, now, handle=handle, isolation=_isolation())
        for line in found_words(checked, store.settings.centre.symbol):
            click.echo(line)


@training.command()
@click.argument("handle")
@BY
def approve(handle: str, who: str) -> None:
    """Approve a class: its subsidy is held, it has its seats and its code.

    Example: workbench training approve k7mfp2 --by secretariat-01
    """
    from workbench.services.training import codes, deciding

    store, now = _store(), int(time.time())
    done = deciding.decide(store, handle, who, approve=True, now=now, isolation=_isolation())
    held = money(done.subsidy_minor or 0, store.settings.centre.symbol)
    shown = " ".join(codes.shown(code) for code in codes.valid(store, handle))
    click.echo(f"Class {handle} is approved; {held} is held for it." + (f" Code: {shown}" if shown else ""))


@training.command()
@click.argument("handle")
@BY
@click.option("--reason", required=True, metavar="TEXT", help="Who planned it reads it.")
def decline(handle: str, who: str, reason: str) -> None:
    """Decline a class.

    Example: workbench training decline k7mfp2 --by secretariat-01 --reason "The room is taken."
    """
    from workbench.services.training import deciding

    deciding.decide(_store(), handle, who, approve=False, reason=reason, now=int(time.time()))
    click.echo(f"Class {handle} is declined.")


@training.command()
@click.argument("handle")
@BY
@click.option("--reason", default="", metavar="TEXT", help="Why.")
def cancel(handle: str, who: str, reason: str) -> None:
    """Call a class off that has not begun; what was held for it is free again.

    Example: workbench training cancel k7mfp2 --by instructor-01
    """
    from workbench.services.training import deciding

    deciding.cancel(_store(), handle, who, reason, int(time.time()))
    click.echo(f"Class {handle} is cancelled.")


@training.command()
@click.argument("handle")
@click.argument("minutes", type=NUMBER)
@BY
def extend(handle: str, minutes: int, who: str) -> None:
    """Let a class go on for so many minutes more.

    Example: workbench training extend k7mfp2 15 --by instructor-01
    """
    from workbench.cli.training_words import when
    from workbench.services.training import deciding

    store = _store()
    done = deciding.extend(store, handle, who, minutes, int(time.time()))
    click.echo(f"Class {handle} ends at {when(store, done.ends_at)}.")


@training.command()
@click.argument("handle")
@BY
def end(handle: str, who: str) -> None:
    """End a class now: work is saved and servers are stopped.

    Example: workbench training end k7mfp2 --by instructor-01
    """
    from workbench.services.training import deciding

    deciding.end(_store(), handle, who, int(time.time()))
    click.echo(f"Class {handle} ends now; its servers are stopped while the workbench runs.")


@training.command()
@click.argument("handle")
@click.argument("text")
@BY
def message(handle: str, text: str, who: str) -> None:
    """Say something to all seats of a class; it stands in their Lab.

    Example: workbench training message k7mfp2 "We go on at three." --by instructor-01
    """
    from workbench.services.training import messages

    messages.say(_store(), handle, who, text, int(time.time()))
    click.echo(f"Said to class {handle}.")


@training.command()
@click.argument("handle")
@format_option
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Write it there as a paper instead.")
def statement(handle: str, form: str, pdf: Path | None) -> None:
    """What a class came to: by seat, with its sum as the ledger has it. Charges are brought up to date first.

    Example: workbench training statement k7mfp2 --pdf statement.pdf
    """
    from workbench.cli.training_words import statement_rows, statement_words
    from workbench.services.charging.rating import rate
    from workbench.services.training import statement as service

    store, now = _store(), int(time.time())
    rate(store, now)
    found = service.statement(store, handle, now)
    if pdf is not None:
        deliver(_paper(store, found), pdf)
        return
    if form != "table":
        show(list(service.COLUMNS), service.table(found), form)
        return
    symbol = store.settings.centre.symbol
    for sentence in statement_words(found, symbol):
        click.echo(sentence)
    rows = statement_rows(found, symbol)
    show(list(rows[0]) if rows else [], rows, form)


def _paper(store: Any, found: Any) -> bytes:
    from workbench.domain.projects import Project
    from workbench.papers.training import class_pdf
    from workbench.sample.description import LABEL

    with store.db() as db:
        made_up = db.get_one(Project, found.session.project).made_up
    return class_pdf(found, store.settings, LABEL if made_up else "")


def _isolation() -> str:
    """Why seats cannot be walled off from one another on this machine; '' where they can."""
    from workbench.hub import walls

    return walls.possible()


def _store() -> Any:
    from workbench.store.engine import open_store

    return open_store(load())
