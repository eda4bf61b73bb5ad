"""Jobs of servers that no Hub knows: one was killed between sbatch and its own books, or could not reach Slurm to stop.

They are cancelled by the name that only they have, as their user: an id may be another's by now.
"""

from collections.abc import Callable, Collection

from sqlalchemy import or_, select

from workbench.hub.slurm.job import Mine, cancel
from workbench.services.meter import NEVER_STARTED
from workbench.slurm.runner import Runner
from workbench.store.engine import Store
from workbench.store.tables import server_events
from workbench.units import DAY_S, HOUR_S

GRACE_S = 300
"""A start may be about to tell its Hub."""


def end_strays(store: Store, runner: Runner, known: Callable[[], Collection[str]], now: int) -> list[str]:
    """Cancel them; the ids of the servers that were looked for.

    Args:
        store: of a centre whose settings name a Slurm.
        runner: of that Slurm, as an account that may cancel others' jobs.
        known: asks for the ids of the servers that the Hub knows; not called where nothing is open.
        now: UTC epoch seconds.

    Raises:
        SlurmError: it did not answer, or did not let us cancel.
    """
    table = server_events.c
    unsent = table.slurm_job_id.is_(None) & or_(
        table.requested_at >= now - HOUR_S, (table.end_reason == NEVER_STARTED) & (table.requested_at >= now - DAY_S)
    )
    ask = select(table.server_id, table.user_name).where(
        table.cluster == store.settings.slurm.cluster, table.requested_at < now - GRACE_S, or_(~table.metered, unsent)
    )
    with store.read() as conn:
        there = conn.execute(ask.order_by(table.id)).all()
    if not there:
        return []
    ours = set(known())
    strays = [row for row in there if row.server_id not in ours]
    for row in strays:
        cancel(runner, Mine("", row.user_name, row.server_id))
    return [row.server_id for row in strays]
