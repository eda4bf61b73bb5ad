"""`workbench people`: who can log in, with which role, in which projects."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from workbench.cli.answer import show
from workbench.cli.asked import format_option

if TYPE_CHECKING:
    from workbench.store.engine import Store

_NAME = click.argument("name")
_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input; default: ask.")
_NONE = click.option("--no-password", is_flag=True, help="Another service says who they are; or nobody may log in.")


@click.group()
def people() -> None:
    """Who can log in, with which role, in which projects.

    Example: workbench people add ana --display "Ana Chan"
    """


@people.command("list")
@click.option("--project", metavar="NAME", help="Only people of this project.")
@format_option
def list_(project: str | None, form: str) -> None:
    """Everybody, by name.

    Example: workbench people list --project climate
    """
    from workbench.services.membership import everybody

    found = everybody(_store(), project)
    if not found:
        click.echo("Nobody yet. Add somebody: workbench people add NAME --display 'First Last'", err=True)
    rows = [
        {
            "name": one.name,
            "display": one.display,
            "role": one.role or "",
            "projects": ", ".join(f"{name} ({place})" for name, place in one.places.items()),
            "password": "yes" if one.can_log_in else "no",
        }
        for one in found
    ]
    show(["name", "display", "role", "projects", "password"], rows, form)


@people.command()
@_NAME
@click.option("--display", metavar="TEXT", help="As pages show them. Default: the name.")
@click.option("--role", metavar="ROLE", help="At the centre: executive, operator, secretariat, reviewer, committee …")
@_STDIN
@_NONE
def add(name: str, display: str | None, role: str | None, password_stdin: bool, no_password: bool) -> None:
    """Let somebody in. On Slurm the name is also their Unix account.

    Example: workbench people add ana --display "Ana Chan" --password-stdin < file
    """
    from workbench.services import membership

    membership.add(_store(), name, display or name, role, _password(password_stdin, no_password))
    click.echo(f"{name} is here. Into a project: workbench people join {name} PROJECT")


@people.command()
@_NAME
@_STDIN
@_NONE
def password(name: str, password_stdin: bool, no_password: bool) -> None:
    """Give somebody a new password, or none.

    Example: workbench people password ana
    """
    from workbench.services import membership

    membership.set_password(_store(), name, _password(password_stdin, no_password))
    click.echo(f"{name} {'has no password here' if no_password else 'has a new password'}.")


@people.command()
@_NAME
@click.argument("project")
@click.option("--lead", is_flag=True, help="As lead: sees its money, answers for it.")
def join(name: str, project: str, lead: bool) -> None:
    """Put somebody into a project, or change their place in it.

    Example: workbench people join ana climate --lead
    """
    from workbench.services import membership

    membership.join(_store(), name, project, lead=lead)
    click.echo(f"{name} is {'lead' if lead else 'a member'} of {project}.{_then_slurm()}")


@people.command()
@_NAME
@click.argument("project")
def leave(name: str, project: str) -> None:
    """Take somebody out of a project. What they used stays in its books.

    Example: workbench people leave ana climate
    """
    from workbench.services import membership

    membership.leave(_store(), name, project)
    click.echo(f"{name} is no longer in {project}.{_then_slurm()}")


def _password(from_stdin: bool, none: bool) -> str | None:
    if from_stdin and none:
        raise click.UsageError("--password-stdin and --no-password exclude each other.")
    if none:
        return None
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _then_slurm() -> str:
    from workbench.settings import load

    slurm = load().slurm
    return " In Slurm: workbench slurm apply" if slurm.cluster and not slurm.enforce else ""


def _store() -> Store:
    from workbench.settings import load
    from workbench.store.engine import open_store

    return open_store(load())
