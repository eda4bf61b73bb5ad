"""What a comparison found, in plain words for a page or a command: why something differs, and what to do."""

from workbench.i18n import _, ngettext
from workbench.services.slurm import compared
from workbench.services.slurm.compared import Comparison, JobLine


def in_words(cause: str) -> str:
    """Why; '' where it is not known."""
    words = {
        compared.BEHIND: _("Slurm has not been asked since: see the age of its data, or run workbench ingest slurm"),
        compared.REFUSED: _("a row of Slurm's that cannot be read; it is kept with its reason"),
        compared.WEIGHT: _("counts as part of a GPU here and as a whole one in Slurm"),
        compared.RESERVED: _("Slurm counts the idle time of a reservation as its account's; no job used it"),
        compared.SUMS: _("Slurm's own jobs and sums differ: it adds up again at the next full hour"),
        compared.ATTEMPTS: _("known under another submit time: requeued or submitted again"),
    }
    return words.get(cause, "")


def what_differs(job: JobLine) -> str:
    """What is not the same about a job."""
    if job.cause == compared.REFUSED:
        return job.reason
    if job.missing == "here":
        return _("missing here")
    if job.missing == "slurm":
        return _("missing in Slurm")
    names = {
        "start_at": _("start"),
        "end_at": _("end"),
        "seen_until_at": _("seen until"),
        "gpu_parts": _("GPUs"),
        "project": _("account"),
    }
    told = _("{what}: here {ours}, in Slurm {slurm}")
    return "; ".join(
        told.format(what=names[name], ours=ours or _("unknown"), slurm=slurm or _("unknown"))
        for name, ours, slurm in job.fields
    )


def verdict(found: Comparison) -> str:
    """The whole of it in one sentence."""
    if not found.differences:
        return _("No differences.")
    return ngettext("{count} difference.", "{count} differences.", found.differences).format(count=found.differences)
