"""The roots of the tree of errors."""


class WorkbenchError(Exception):
    """Base of all errors that a person may see; its text is one clear sentence."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it: the sentence; the lines of ours that led to it help nobody at a notebook."""
        return [f"{type(self).__name__}: {self}"]


class BadInput(WorkbenchError):
    """Input that cannot be used; no job was stored."""


class Unknown(WorkbenchError):
    """A name that nothing stands behind."""


class LedgerError(WorkbenchError):
    """A transaction that the ledger does not take; nothing of its batch was posted."""


class Refused(WorkbenchError):
    """Something that the scheme's rules do not allow; nothing was changed."""


class CannotStart(WorkbenchError):
    """The product cannot start; the sentence says what to do."""
