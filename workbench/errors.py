"""Every error of ours, in one tree. Each builds its own sentence: what, which one, what to do next.

WorkbenchError
├── SettingsError            a settings file with all its problems listed
├── BadInput
│   ├── FileUnreadable       a file that cannot be opened or is not what its name says
│   ├── MappingError         a job-log mapping with all its problems listed
│   ├── PriceFileError       a price list with all its problems listed
│   ├── NothingReadable      a log of which no row could be used
│   ├── ChoiceRefused        a server that somebody may not or cannot start
│   └── BadQuestion          a question for figures that cannot be asked so
├── Unknown
│   ├── UnknownGpuModel
│   ├── UnknownProject
│   ├── UnknownPerson
│   ├── UnknownJob
│   ├── NoStatement          a month of which there is no statement
│   ├── NoReport             a year of which there is no report
│   ├── UnknownServer        no notebook server of this id, or not the asker's
│   ├── UnknownApplication   no application of this reference that the asker may see
│   ├── UnknownAward         no award of this number
│   └── UnknownAction        nothing of this number was asked for an award
├── NoAnswer                 a notebook finds no centre, or is refused by it
├── LedgerError
│   ├── Unbalanced           postings that do not come to zero
│   ├── KeyTaken             another transaction was posted under this key
│   └── ChargeTaken          another charge beside usage was recorded under this key
├── NoPrice                  no list price: the text says for what, and why
├── NoAccess                 a role is missing
├── Refused                  the scheme's rules do not allow it
│   ├── StepRefused          an application cannot take this step now, or not by this person
│   ├── ClosedByConflict     a declared conflict of interest closes it to this person
│   ├── RuleBroken           an amount, rate, term or score outside of its rule
│   ├── AskRefused           a refund, reservation or adjustment that cannot be asked for or decided so
│   ├── NoBalance            no award, or one that does not cover the requested time
│   └── HoldRefused          a hold that is not there, settled already, or repeated with another content
└── CannotStart
    ├── PortTaken
    ├── FolderUnwritable
    ├── AlreadyRunning
    ├── NotInstalled         something that `make setup` puts there is missing
    ├── DidNotAnswer         a part was started and stayed silent, or ended
    ├── ClusterCannotStart   a notebook's Dask cluster
    ├── WorkersDoNotFit      more Dask workers than the server has room for
    ├── LoginsExposed        sample logins and an address that others can reach
    └── NotOurs              a folder or process that we did not make
"""

from collections.abc import Iterable, Sequence
from pathlib import Path


class WorkbenchError(Exception):
    """Base of all errors that a person may see; its text is one clear sentence."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it: the sentence; the lines of ours that led to it help nobody at a notebook."""
        return [f"{type(self).__name__}: {self}"]


class SettingsError(WorkbenchError):
    def __init__(self, path: Path | str, problems: Sequence[str]):
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {p}" for p in problems)
        super().__init__(f"{path}: {len(problems)} problem(s) in the settings. Correct and start again:{lines}")


class BadInput(WorkbenchError):
    """Input that cannot be used; no job was stored."""


class FileUnreadable(BadInput):
    def __init__(self, path: Path | str, why: str):
        super().__init__(f"Cannot read {path}: {why}")


class MappingError(BadInput):
    def __init__(self, path: Path | str, problems: Sequence[str]):
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {p}" for p in problems)
        super().__init__(f"{path}: {len(problems)} problem(s) in the mapping. Nothing was stored:{lines}")


class PriceFileError(BadInput):
    def __init__(self, path: Path | str, problems: Sequence[str]):
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {p}" for p in problems)
        super().__init__(f"{path}: {len(problems)} problem(s) in the price list. Nothing was changed:{lines}")


class NothingReadable(BadInput):
    def __init__(self, path: Path | str, rejected: int, first_reason: str | None):
        why = f"all {rejected} rows were rejected, the first because: {first_reason}" if rejected else "it has no rows"
        super().__init__(f"{path}: no row could be used; {why}. Check the mapping and the file.")


class ChoiceRefused(BadInput):
    """Its text is the reason in the person's language, made where the choice is checked."""


class BadQuestion(BadInput):
    def __init__(self, what: str, what_to_do: str):
        super().__init__(f"This cannot be asked: {what}; {what_to_do}.")


class Unknown(WorkbenchError):
    """A name that nothing stands behind."""


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
        super().__init__(f"{why} {what_to_do}{last}")


class LedgerError(WorkbenchError):
    """A transaction that the ledger does not take; nothing of its batch was posted."""


class Unbalanced(LedgerError):
    def __init__(self, key: str, why: str):
        super().__init__(f"Transaction {key!r} cannot be posted: {why}. Correct its postings.")


class KeyTaken(LedgerError):
    def __init__(self, key: str, seq: int):
        super().__init__(
            f"Transaction {key!r} was posted before with another content (number {seq}). "
            "Correct it by a reversal, or give the new one a key of its own."
        )


class MonthClosed(LedgerError):
    def __init__(self, key: str, month: str):
        super().__init__(
            f"Transaction {key!r} cannot be posted: {month} is closed. Give it a day of an open month, "
            "or correct what was posted by an adjustment."
        )


class CannotClose(LedgerError):
    def __init__(self, month: str, why: str, what_to_do: str):
        super().__init__(f"{month} cannot be closed: {why}. {what_to_do}")


class PaymentRefused(LedgerError):
    def __init__(self, project: str, why: str, what_to_do: str):
        super().__init__(f"The payment of {project} cannot be posted: {why}. {what_to_do}")


class ChargeTaken(LedgerError):
    def __init__(self, key: str):
        super().__init__(
            f"Charge {key!r} was recorded before with another content. Charges are never changed: "
            "correct it by an adjustment that names it (workbench adjust --help)."
        )


class NoPrice(WorkbenchError):
    def __init__(self, what: str, why: str):
        """`why`: a sentence."""
        super().__init__(f"No list price for {what}: {why} Add one to the price list; its usage waits unpriced.")


class NoAccess(WorkbenchError):
    def __init__(self, who: str, what: str, role: str):
        super().__init__(f"{who} may not open {what}: it needs the role {role}. Ask the centre's operator.")


class Refused(WorkbenchError):
    """Something that the scheme's rules do not allow; nothing was changed."""


class StepRefused(Refused):
    def __init__(self, reference: str, action: str, why: str, what_to_do: str):
        super().__init__(f"{reference}: cannot {action}: {why}. {what_to_do}")


class MeetingRefused(Refused):
    def __init__(self, what: str, why: str, what_to_do: str):
        super().__init__(f"Cannot {what}: {why}. {what_to_do}")


class ClosedByConflict(Refused):
    def __init__(self, reference: str, who: str):
        super().__init__(
            f"{reference} is closed to {who}, who has a declared conflict of interest. Another person must take it."
        )


class RuleBroken(Refused):
    def __init__(self, rule: int, what: str, what_to_do: str):
        self.rule = rule
        super().__init__(f"Rule {rule} of the scheme: {what}. {what_to_do}")


class AskRefused(Refused):
    def __init__(self, what: str, why: str, what_to_do: str):
        super().__init__(f"{what}: {why}. {what_to_do}")


class NoBalance(Refused):
    """Its text says what is free, what is needed and what to do; it is made where these are known."""


class HoldRefused(Refused):
    def __init__(self, key: str, why: str, what_to_do: str):
        super().__init__(f"Hold {key!r}: {why}. {what_to_do}")


class CannotStart(WorkbenchError):
    """The product cannot start; the sentence says what to do."""


class PortTaken(CannotStart):
    def __init__(self, port: int, what: str):
        super().__init__(
            f"Port {port} ({what}) is in use by another program. Stop it, or choose another port: make up PORT=9000."
        )


class FolderUnwritable(CannotStart):
    def __init__(self, path: Path | str, why: str):
        super().__init__(f"Cannot write in {path} ({why}). Free it, or set WORKBENCH_HOME to a folder of yours.")


class AlreadyRunning(CannotStart):
    def __init__(self, url: str, pid: int):
        super().__init__(
            f"The workbench is already running at {url} (process {pid}). Open it there, or stop it: make down."
        )


class NotInstalled(CannotStart):
    def __init__(self, what: str, path: Path | str):
        super().__init__(f"This environment lacks {what} ({path}). Install it: make setup.")


class DidNotAnswer(CannotStart):
    def __init__(self, what: str, log: Path | str, last_lines: str):
        super().__init__(f"{what} Its log is {log}, and ends:\n{last_lines}")


class ClusterCannotStart(CannotStart):
    def __init__(self, why: str, *, on_gpu: bool):
        what = "stay on the CPU: wb.cluster(gpu=False)" if on_gpu else "restart the kernel, or ask for fewer workers"
        super().__init__(f"The Dask cluster did not start: {why}. Free what other kernels hold, or {what}.")


class WorkersDoNotFit(CannotStart):
    def __init__(self, workers: int, have: str, most: int):
        ask = f"Ask for at most {most}, or start" if most else "Start"
        super().__init__(f"{workers} worker(s) do not fit in {have}. {ask} a server with a larger profile.")


class LoginsExposed(CannotStart):
    def __init__(self, address: str):
        super().__init__(
            f"The Hub would listen on {address} while the sample logins exist. Remove them "
            "(workbench sample forget-logins), or listen on 127.0.0.1."
        )


class NotOurs(CannotStart):
    def __init__(self, path: Path | str):
        super().__init__(
            f"{path} was not made by the workbench, so it is left alone. Remove it yourself if you mean it."
        )


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found) if found else "none"
