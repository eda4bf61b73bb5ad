"""`workbench applications`: votes, decisions, meetings and their minutes."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import click

from workbench.cli.answer import show as show_rows
from workbench.cli.application_options import AMOUNT, DAY, NUMBER, as_option, note_option, store
from workbench.cli.asked import format_option
from workbench.errors import RuleBroken
from workbench.settings import Settings


@click.command()
@click.argument("reference")
@click.argument("choice", type=click.Choice(["for", "against", "abstained"]))
@as_option
def vote(reference: str, choice: str, who: str) -> None:
    """A member's vote on the approval of an application, in the open meeting.

    Example: workbench applications vote A-2026-001 for --as committee-02
    """
    from workbench.services.applications import meetings

    meetings.vote(store(), reference, who, choice)
    click.echo(f"{who} votes {choice}: {reference}.")


@click.command()
@click.argument("reference")
@click.argument("decision", type=click.Choice(["approve", "decline", "defer"]))
@as_option
@click.option("--rate", type=AMOUNT, help="Percent of the list price; default the scheme's.")
@click.option("--ceiling", type=AMOUNT, help="Most subsidy; with an approval.")
@click.option("--from", "starts", type=DAY, help="First day; with an approval.")
@click.option("--to", "ends", type=DAY, help="Day after the last; default after the scheme's usual term.")
@click.option("--conditions", default="")
@click.option("--exceptional", is_flag=True, help="A rate above the normal one; needs --note.")
@click.option("--meeting", type=NUMBER, help="Number of the meeting; default the open one.")
@note_option
def decide(reference: str, decision: str, who: str, note: str, meeting: int | None, **award: Any) -> None:
    """The Committee's decision. An approval makes project, award, planned schedule and members.

    Example: workbench applications decide A-2026-001 approve --as committee-01 --ceiling 200000 --from 2026-12-01
    """
    from workbench.services.applications import steps as service

    centre, now = store(), int(time.time())
    granted = _award(centre.settings, note=note, **award) if decision == "approve" else None
    service.decide(centre, reference, decision, who, now, award=granted, note=note, meeting=meeting)
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
    from workbench.services.applications.awarding import Decided

    if ceiling is None or starts is None:
        raise RuleBroken(1, "an approval needs a ceiling and a first day", "Give --ceiling and --from.")
    first = starts.date()
    last = ends.date() if ends else months_after(first, rules_on(settings.rules, first).term_months)
    return Decided(settings.scheme.rate if rate is None else rate, ceiling, first, last, conditions, exceptional, note)


@click.group()
def meeting() -> None:
    """Meetings of the Committee: with a quorum of members without a conflict it decides.

    Example: workbench applications meeting list
    """


@meeting.command("list")
@format_option
def list_meetings(form: str) -> None:
    """Every meeting, the latest first.

    Example: workbench applications meeting list
    """
    from workbench.services.applications.meetings import listed

    rows = [
        {
            "meeting": held.number,
            "held_on": held.held_on.isoformat(),
            "chair": held.chair,
            "members": held.members,
            "decisions": held.decisions,
            "state": "open" if held.open else "closed",
        }
        for held in listed(store())
    ]
    if not rows:
        click.echo("No meeting yet. Open one: workbench applications meeting open --help", err=True)
    show_rows(["meeting", "held_on", "chair", "members", "decisions", "state"], rows, form)


@meeting.command("open")
@as_option
@click.option("--chair", required=True, metavar="PERSON", help="A member of the Committee, who attends.")
@click.option("--on", "held_on", type=DAY, help="Default today.")
@click.argument("members", nargs=-1, metavar="[MEMBER…]")
@note_option
def open_(who: str, chair: str, held_on: datetime | None, members: tuple[str, ...], note: str) -> None:
    """Open a meeting that these members attend; one is open at a time.

    Example: workbench applications meeting open --as secretariat-01 --chair committee-01 committee-02 committee-04
    """
    from workbench.services.applications import meetings
    from workbench.services.spend_days import today_of

    centre, now = store(), int(time.time())
    day = held_on.date() if held_on else today_of(centre, now)
    click.echo(f"Meeting {meetings.open_meeting(centre, day, chair, members, who, now, note)} is open.")


@meeting.command("attend")
@click.argument("number", type=NUMBER)
@click.argument("members", nargs=-1, required=True, metavar="MEMBER…")
@as_option
def attend(number: int, members: tuple[str, ...], who: str) -> None:
    """Note that these members are there too.

    Example: workbench applications meeting attend 3 committee-05 --as secretariat-01
    """
    from workbench.services.applications import meetings

    there = meetings.attend(store(), number, members, who)
    click.echo(f"At meeting {number}: {', '.join(there)}.")


@meeting.command("close")
@click.argument("number", type=NUMBER)
@as_option
def close(number: int, who: str) -> None:
    """Close a meeting; its minutes then stand.

    Example: workbench applications meeting close 3 --as secretariat-01
    """
    from workbench.services.applications import meetings

    meetings.close_meeting(store(), number, who, int(time.time()))
    click.echo(f"Meeting {number} is closed. Its minutes: workbench applications minutes {number}")


@click.command()
@click.argument("number", type=NUMBER)
def minutes(number: int) -> None:
    """The minutes of a meeting as Markdown: attendance, conflicts, amounts, scores, votes, reasons.

    Example: workbench applications minutes 3 > minutes-3.md
    """
    from workbench.services.applications.minutes import minutes as written

    click.echo(written(store(), number), nl=False)
