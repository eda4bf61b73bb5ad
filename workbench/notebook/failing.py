"""A computation that ran out of memory, said in one sentence in the notebook, whichever way it was started.

`wb.collect` raises the sentence. In a notebook a plain `.compute()` is caught too: IPython hands errors of these kinds
over before it shows them. Source: IPython, InteractiveShell.set_custom_exc.
"""

import traceback
from types import TracebackType
from typing import Any

from distributed import get_client

from workbench.clusters.exhausted import RAISED, explained
from workbench.errors import OutOfMemory

_watched: list[Any] = []


def watch(shell: Any) -> None:
    """Have this IPython explain what ran out of memory; other errors are shown as ever. Once a shell."""
    if shell is None or any(shell is known for known in _watched):
        return
    shell.set_custom_exc(RAISED, _shown)
    _watched.append(shell)


def explain(problem: BaseException, lazy: Any = None) -> OutOfMemory | None:
    """The sentence; None where it was something else.

    Args:
        problem: what a computation raised.
        lazy: what was computed; None: looked for where it failed.
    """
    try:
        client = get_client()
    except ValueError:  # no cluster: it was computed here
        client = None
    return explained(problem, client, lazy if lazy is not None else _lazy_of(problem.__traceback__))


def _shown(shell: Any, kind: type[BaseException], problem: BaseException, trace: Any, **_more: Any) -> None:
    sentence = explain(problem)
    if sentence is None:
        shell.showtraceback((kind, problem, trace), running_compiled_code=True)
    else:
        shell.showtraceback((OutOfMemory, sentence, None), running_compiled_code=True)


def _lazy_of(trace: TracebackType | None) -> Any:
    """The lazy frame whose method failed: the first on the way down that has partitions."""
    for frame, _line in traceback.walk_tb(trace):
        found = frame.f_locals.get("self")
        if hasattr(type(found), "npartitions") and hasattr(type(found), "compute"):
            return found
    return None
