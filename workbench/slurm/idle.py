"""Reservations that stood idle: Slurm's sums count such time as used by the users that the reservation is for.

slurmdbd divides it evenly among the reservation's associations. One made for whole accounts is counted on the account
itself and in no user's line, so it is not in the sums that sreport's users come to. Measured on Slurm 22.05.
"""

import re
from collections import defaultdict

from workbench.periods import Window, moment
from workbench.slurm.runner import Runner
from workbench.slurm.tres import gpus_of
from workbench.units import GPU_PARTS


def idle(runner: Runner, cluster: str, window: Window) -> dict[str, int]:
    """GPU-seconds, at most, that users of an account were given for reservations that touch the window, by account.

    Raises:
        SlurmSilent, SlurmRefused.
    """
    times = (f"start={moment(window.start_s):%Y-%m-%dT%H:%M:%S}", f"end={moment(window.end_s):%Y-%m-%dT%H:%M:%S}")
    told = ("--noheader", "--parsable2", "show")
    shown = runner.run(
        "sacctmgr", *told, "reservation", f"cluster={cluster}", *times, "format=Associations,TRES,UnusedWall"
    )
    there = runner.run("sacctmgr", *told, "associations", f"cluster={cluster}", "format=ID,Account,User")
    account_of = {number: account for number, account, user in _rows(there, 3) if user}
    found: dict[str, int] = defaultdict(int)
    for associations, tres, unused in _rows(shown, 3):
        numbers = [number for number in associations.split(",") if number]
        gpus = gpus_of(re.sub(r"license/[^,]*", "", tres)).parts // GPU_PARTS
        seconds = -int(-float(unused or 0) // 1) * gpus
        for number in numbers:
            if number in account_of and seconds:
                found[account_of[number]] += -(-seconds // len(numbers))
    return dict(found)


def _rows(text: str, width: int) -> list[list[str]]:
    return [cells for line in text.splitlines() if len(cells := line.split("|")) == width]
