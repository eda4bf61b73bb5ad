"""What is not there, has no answer or no price, or is not for the asker."""

from collections.abc import Iterable

from workbench.errors.base import Unknown, WorkbenchError


class UnknownGpuModel(Unknown):
    def __init__(self, model: str, known: Iterable[str] = ()):
        super().__init__(f"GPU model {model!r} is not known. Known: {_listed(known)}.")


class UnknownProject(Unknown):
    def __init__(self, slug: str, known: Iterable[str] = ()):
        super().__init__(f"There is no project {slug!r} here. Yours: {_listed(known)}.")


class NoReport(Unknown):
    def __init__(self, year: str, why: str):
        super().__init__(f"There is no report of {year!r}: {why}.")


class NoStatement(Unknown):
    def __init__(self, month: str, why: str):
        super().__init__(
            f"There is no statement of {month!r}: {why}. Months that have one: workbench statements months"
        )


class NotEnoughHistory(Unknown):
    def __init__(self, known: int, needed: int):
        super().__init__(
            f"A forecast takes {needed} known days (or hours) of the past, there are {known}. Ask again later, or "
            "bring in the log of earlier ones: workbench ingest --help"
        )


class UnknownPerson(Unknown):
    def __init__(self, name: str):
        super().__init__(f"There is no person {name!r} here. Ask the operator to add them.")


class UnknownJob(Unknown):
    def __init__(self, job: str, cluster: str | None):
        where = f" on {cluster}" if cluster else ""
        super().__init__(f"There is no job {job!r}{where} here. Bring in the log that has it: workbench ingest --help")


class UnknownServer(Unknown):
    def __init__(self, server_id: str):
        super().__init__(f"There is no server {server_id!r} of yours.")


class UnknownCluster(Unknown):
    def __init__(self, cluster_id: str):
        super().__init__(f"There is no Dask cluster {cluster_id!r} of yours.")


class UnknownApplication(Unknown):
    def __init__(self, reference: str):
        super().__init__(
            f"There is no application {reference!r} that you may see. List them: workbench applications list."
        )


class UnknownAward(Unknown):
    def __init__(self, award: int):
        super().__init__(f"There is no award {award} here. List them: workbench awards list.")


class UnknownAction(Unknown):
    def __init__(self, action: int):
        super().__init__(
            f"There is no action {action} on an award here. See an award's actions: workbench awards show."
        )


class UnknownMeeting(Unknown):
    def __init__(self, number: int):
        super().__init__(f"There is no meeting {number}. See those there are: workbench applications meeting list.")


class NoAnswer(WorkbenchError):
    def __init__(self, why: str, what_to_do: str, reference: str = ""):
        last = f" (reference {reference})" if reference else ""
        super().__init__(f"{why} {what_to_do}".rstrip() + last)


class NoPrice(WorkbenchError):
    def __init__(self, what: str, why: str):
        """`why`: a sentence."""
        super().__init__(f"No list price for {what}: {why} Add one to the price list; its usage waits unpriced.")


class NoAccess(WorkbenchError):
    def __init__(self, who: str, what: str, role: str):
        super().__init__(f"{who} may not open {what}: it needs the role {role}. Ask the centre's operator.")


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found) if found else "none"


class UnknownTraining(Unknown):
    def __init__(self, handle: str):
        super().__init__(
            f"There is no training session {handle!r} that you may see. List them: workbench training list."
        )
