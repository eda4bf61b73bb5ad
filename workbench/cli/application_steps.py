"""`workbench applications`: the steps from draft to the Committee, declared conflicts, scores and recommendations."""

from __future__ import annotations

import time

import click

from workbench.cli.application_options import AMOUNT, as_option, note_option, store


def _plain_step(action: str, what: str) -> click.Command:
    @click.command(action, help=f"{what}\n\nExample: workbench applications {action} A-2026-001 --as PERSON")
    @click.argument("reference")
    @as_option
    @note_option
    def step(reference: str, who: str, note: str) -> None:
        from workbench.services.applications.steps import act

        stage = act(store(), reference, action, who, int(time.time()), note)
        click.echo(f"{reference} is now in the stage {stage}.")

    return step


PLAIN = (
    ("submit", "The applicant hands it in."),
    ("check", "The secretariat takes it up."),
    ("return", "The secretariat gives it back to the applicant, with the reason."),
    ("assess", "The secretariat passes it on: to the preliminary, then to the further assessment."),
    ("resume", "A deferred application is assessed further."),
    ("agree", "The applicant accepts the award and its conditions."),
    ("activate", "The project has been brought on board."),
    ("close", "The project has ended."),
    ("withdraw", "The applicant takes it back, at any time before the agreement."),
)


def steps() -> list[click.Command]:
    """A command for each step that needs no figures."""
    return [_plain_step(action, what) for action, what in PLAIN]


@click.command("declare-conflict")
@click.argument("reference")
@as_option
@click.option("--reason", required=True)
def conflict(reference: str, who: str, reason: str) -> None:
    """Declare a conflict of interest: the application is then closed to this person.

    Example: workbench applications declare-conflict A-2026-001 --as reviewer-01 --reason "Former employer"
    """
    from workbench.services.applications.steps import declare_conflict as declare

    declare(store(), reference, who, reason, int(time.time()))
    click.echo(f"{reference} is now closed to {who}.")


@click.command()
@click.argument("reference")
@click.argument("points", nargs=-1, required=True, metavar="CRITERION=POINTS…")
@as_option
@note_option
def score(reference: str, points: tuple[str, ...], who: str, note: str) -> None:
    """A reviewer's points, 0 to 100, for every criterion.

    Example: workbench applications score A-2026-001 alignment=80 compute=70 capability=60 team=75 outcomes=65 --as rev
    """
    from workbench.services.applications.steps import score as give

    pairs = [given.partition("=") for given in points]
    if bad := [name for name, _, value in pairs if not value.isdecimal()]:
        raise click.BadParameter(f"{', '.join(bad)}: write CRITERION=POINTS, points from 0 to 100", param_hint="POINTS")
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise click.BadParameter("a criterion is there twice", param_hint="POINTS")
    give(store(), reference, who, {name: int(value) for name, _, value in pairs}, int(time.time()), note)
    click.echo(f"The points of {who} for {reference} are kept.")


@click.command()
@click.argument("reference")
@as_option
@click.option("--amount", type=AMOUNT, required=True, help="Subsidy recommended; 0 advises against.")
@note_option
def recommend(reference: str, who: str, amount: int, note: str) -> None:
    """Recommend an amount to the Committee, with the reason.

    Example: workbench applications recommend A-2026-001 --as reviewer-01 --amount 200000 --note "Sound plan."
    """
    from workbench.services.applications.steps import recommend as give

    give(store(), reference, who, amount, note, int(time.time()))
    click.echo(f"{reference} is before the Committee.")
