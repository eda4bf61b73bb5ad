"""`workbench sample`: load the sample centre, bring it up to now, say how it is made, take its logins away."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

import click

from workbench.settings import load as load_settings


@click.group()
def sample() -> None:
    """The sample centre: a real job log, replayed into the calendar of an invented centre.

    Example: workbench sample describe
    """


@sample.command()
@click.option("--until", metavar="WHEN", help="History until this date or moment instead of until now.")
def load(until: str | None) -> None:
    """Load it; where it is there already, bring it up to now.

    Example: workbench sample load
    """
    from workbench import sample as centre
    from workbench.store.engine import open_store

    settings = load_settings()
    now = _moment(until, settings.centre.zone)
    loaded = centre.load(open_store(settings), settings, now, _say)
    click.echo(f"{loaded.inserted:,} jobs new, {loaded.updated:,} gone on.")


@sample.command("top-up")
def top_up() -> None:
    """Add what has happened since in the replay.

    Example: workbench sample top-up
    """
    from workbench import sample as centre
    from workbench.store import lake
    from workbench.store.engine import open_store

    settings = load_settings()
    store = open_store(settings)
    if not centre.is_loaded(store):
        raise click.ClickException("The sample centre is not loaded. Load it: workbench sample load")
    loaded = centre.top_up(store, settings, int(time.time()))
    lake.refresh(store)
    click.echo(f"{loaded.inserted:,} jobs new, {loaded.updated:,} gone on.")


@sample.command()
def describe() -> None:
    """Say what it is made of.

    Example: workbench sample describe
    """
    from workbench.sample.description import describe as text

    click.echo(text(load_settings()))


@sample.command("forget-logins")
def forget_logins() -> None:
    """Take the sample passwords away, so that the Hub may listen beyond this machine.

    Example: workbench sample forget-logins
    """
    from workbench.sample import logins
    from workbench.store.engine import open_store

    settings = load_settings()
    gone = len(logins.read(settings))
    logins.forget(open_store(settings), settings)
    click.echo(f"{gone} sample logins taken away." if gone else "There were no sample logins.")


def _moment(text: str | None, zone: ZoneInfo) -> int:
    from workbench.periods import parse_moment

    now = int(time.time())
    try:
        asked = now if text is None else parse_moment(text, zone)
    except (ValueError, OverflowError) as problem:
        raise click.BadParameter(str(problem), param_hint="--until") from problem
    if asked > now:
        raise click.BadParameter("it lies ahead", param_hint="--until")
    return asked


def _say(what: str, done: int, _total: int) -> None:
    if done == 0:
        click.echo(f"{what.capitalize()} …", err=True)
