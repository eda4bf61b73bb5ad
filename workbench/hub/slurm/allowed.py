"""Whether a job of this person can run at all: they have a Unix account, and jobs can read what they are to run."""

import logging

from workbench.hub.choices import Refused
from workbench.hub.slurm import asking, job
from workbench.i18n import _
from workbench.settings import Settings

log = logging.getLogger(__name__)


def check(settings: Settings, name: str) -> None:
    """Return where it can.

    Raises:
        Refused: with what is missing, and who mends it.
    """
    if job.account_of(name) is None:
        raise Refused(
            _("You have no account of your own on the cluster, so no job can run as you. Ask the operator for one.")
        )
    if closed := job.closed_to_others(asking.python_of(settings)):
        log.error("Job users cannot read %s, so no server can start (chmod o+rx)", closed)
        raise Refused(
            _("The workbench is not readable for jobs ({path}). Tell the operator; your choice was fine.").format(
                path=closed
            ),
            status_code=500,
        )
