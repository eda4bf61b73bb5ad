"""What the ledger or the scheme's rules do not allow."""

from collections.abc import Sequence

from workbench.errors.base import LedgerError, Refused


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


class ClusterRefused(Refused):
    """A Dask cluster beyond its server; the sentence ends without a full stop."""

    def __init__(self, why: str, what_to_do: str):
        super().__init__(f"The Dask cluster was not started: {why}. {what_to_do}.")


class PersonRefused(Refused):
    def __init__(self, name: str, why: str):
        super().__init__(f"{name!r}: {why}.")


class TrainingRefused(Refused):
    """A training session that cannot be planned, decided or changed so; `problems`: each one a sentence."""

    def __init__(self, what: str, problems: Sequence[str], what_to_do: str = ""):
        self.problems = tuple(problems)
        super().__init__(f"{what}: {' '.join(self.problems)} {what_to_do}".rstrip())


class JoinRefused(Refused):
    """A seat that somebody cannot have; the sentence is for the student. `kind`: why, in one word, for the log."""

    def __init__(self, kind: str, why: str):
        self.kind = kind
        super().__init__(why)
