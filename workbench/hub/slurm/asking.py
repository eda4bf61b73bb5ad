"""What a server's job asks and is given: only from the checked choice, the settings and the person's Unix account."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace

from workbench.domain.overuse import LIST_PRICE
from workbench.domain.starts import best_of
from workbench.hub import environment
from workbench.hub.options import Choice
from workbench.hub.slurm.job import name_of
from workbench.services.quote import Quote
from workbench.services.slurm.enforce import LOW
from workbench.settings import ProfileSettings, Settings
from workbench.slurm import tags
from workbench.slurm.jobscript import JobAsk
from workbench.slurm.profiles import ask_of
from workbench.units import HOUR_S

LOG = ".workbench-server.log"
"""Of the server, in its user's home, which keeps others from it."""


def python_of(settings: Settings) -> str:
    """The interpreter of servers."""
    return settings.slurm.python or sys.executable


def ask_for(
    settings: Settings, choice: Choice, profile: ProfileSettings, quoted: Quote, server_id: str, home: str
) -> JobAsk:
    """The job of a server.

    Args:
        settings: how Slurm calls things.
        choice: checked.
        profile: the one that was chosen.
        quoted: what it costs, and how the project stands: beyond its ceiling it starts at low priority.
        server_id: of the server.
        home: of the Unix account.
    """
    said = {tags.SERVER: server_id, tags.PROJECT: choice.project, tags.PROFILE: choice.profile}
    ask = ask_of(settings, profile, choice.project, choice.hours, said, name_of(server_id))
    ask = replace(ask, output=f"{home}/{LOG}", chdir=home)
    price = quoted.list_minor_per_hour
    has_award = any(one.award is not None for one in quoted.standings)
    beyond = price and has_award and best_of(quoted.standings, price, choice.hours * HOUR_S)[1].kind == LIST_PRICE
    # Without enforcement there may be no such QOS.
    return replace(ask, qos=LOW) if beyond and settings.slurm.enforce else ask


def environ_for(
    settings: Settings, choice: Choice, profile: ProfileSettings, server_id: str, of_hub: Mapping[str, str]
) -> dict[str, str]:
    """All that the job is given. CUDA_VISIBLE_DEVICES is not in it: that is Slurm's to set.

    Args:
        settings, choice, profile, server_id: as in `ask_for`.
        of_hub: what the Hub gives its servers, with USER and HOME.
    """
    own = environment.server(settings, choice, server_id, profile.cpu_cores, python_of(settings))
    conf = settings.slurm.conf or os.environ.get("SLURM_CONF", "")
    return {**of_hub, **own, "LOGNAME": of_hub["USER"]} | ({"SLURM_CONF": conf} if conf else {})


def body(command: list[str], path: str) -> str:
    """What the job script runs; PATH is said here since sudo may set its own."""
    return f"export PATH={shlex.quote(path)}\nexec {shlex.join(command)}"
