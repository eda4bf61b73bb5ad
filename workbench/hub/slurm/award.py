"""What the award of a start that waits still has, in GPU-hours: the numbers behind Slurm's "limit reached"."""

from dataclasses import dataclass, replace

from workbench.domain.holds import Hold
from workbench.hub.options import Choice, refused_for
from workbench.i18n import _
from workbench.services.holds.holds import running
from workbench.services.quote import Quote, quote
from workbench.settings import ProfileSettings, Settings
from workbench.store.engine import Store
from workbench.units import BASIS_POINTS


@dataclass(frozen=True, slots=True)
class Waiting:
    """A start that waits: what was chosen, and the key of what it holds already."""

    choice: Choice
    server_id: str


def left_words(store: Store, profile: ProfileSettings, waiting: Waiting, now: int) -> tuple[str, str]:
    """How many GPU-hours (CPU: core-hours) the award has left and this start needs, and what can be done; '' unknown.

    Args:
        store: the centre's books.
        profile: that was chosen.
        waiting: what this start holds is its own to use.
        now: UTC epoch seconds.
    """
    quoted = _quoted(store, profile, waiting, now)
    standing = next((one for one in quoted.standings if one.award is not None and one.left_minor > 0), None)
    listed = quoted.list_minor_per_hour
    if standing is None or not listed or not standing.rate_bp:
        return "", ""
    units = profile.gpus or profile.cpu_cores
    hour_minor = listed * standing.rate_bp / BASIS_POINTS
    left, needs = standing.free_minor / hour_minor * units, waiting.choice.hours * units
    if profile.gpus:
        said = _("The award of {project} has {left} GPU-hours left, this needs {needs}.")
    else:
        said = _("The award of {project} has {left} core-hours left, this needs {needs}.")
    words = said.format(project=waiting.choice.project, left=_number(left), needs=_number(needs))
    if left >= needs:
        # Our books hold for what was started here; Slurm sets aside the full time of whatever runs, batch jobs too.
        return words, _("Slurm keeps the full time of the project's running jobs back: it starts when they end.")
    return words, _(
        "It starts when running jobs of the project end early or the award is raised; fewer hours or a smaller card "
        "may start now."
    )


def refused(store: Store, settings: Settings, profile: ProfileSettings, hours: int, waiting: Waiting, now: int) -> str:
    """Why the project cannot have this card for so many hours in place of what waits; '' where it can."""
    return refused_for(settings, _quoted(store, profile, waiting, now), hours)


def _quoted(store: Store, profile: ProfileSettings, waiting: Waiting, now: int) -> Quote:
    """The quote as if the start that waits held nothing."""
    quoted = quote(store, profile, waiting.choice.project, now)
    holds = running(store, waiting.choice.project)
    own = next((hold for hold in holds if hold.key == waiting.server_id), None)
    return quoted if own is None else _given_back(quoted, own)


def _given_back(quoted: Quote, own: Hold) -> Quote:
    standings = tuple(
        replace(one, balance=replace(one.balance, held_minor=max(0, one.balance.held_minor - own.amount_minor)))
        if one.award == own.award
        else one
        for one in quoted.standings
    )
    return replace(quoted, standings=standings)


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0") if value < 100 else f"{value:,.0f}"
