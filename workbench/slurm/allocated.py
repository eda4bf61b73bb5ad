"""What a row of sacct says a job was given: GPUs, cores, memory, and under which names.

GPUs are those that Slurm allocated: AllocTRES, before 20.11 AllocGRES. What was only asked for is none. Source:
sacct(1).
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

from workbench.analytics.parsed import NAME_MAX, shortened
from workbench.slurm.tres import Gpus, gpus_of, mib_of

Cell = Callable[[str], str]
"""The text of a row's column, by lower-case name; empty where the text has no such column."""


class Unusable(ValueError):
    """One row cannot be used; `kind` says what is wrong in few words."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


MOST_CORES = 10**8

Models = Callable[[str], str]
"""Slurm's type of a GPU → its model in the price list."""


class Allocated:
    """GPUs of rows, each distinct text read once. `unlisted` counts jobs whose resources are an empty list."""

    def __init__(self, weights: Mapping[str, Fraction], models: Models | None = None) -> None:
        self.weights, self.models = weights, models
        self.unlisted = 0
        self._known: dict[tuple[str, str], Gpus] = {}

    def gpus(self, cell: Cell) -> Gpus:
        """The GPUs of a job.

        Raises:
            Unusable: what it was given cannot be read.
        """
        tres, gres = cell("alloctres"), cell("allocgres")
        self.unlisted += not (tres or gres)
        try:
            gpus = self._known.get((tres, gres))
            if gpus is None:
                gpus = gpus_of(tres, weights=self.weights)
                gpus = gpus if gpus.parts else gpus_of(gres, weights=self.weights)
                gpus = self._known[tres, gres] = self._named(gpus)
        except ValueError as problem:
            raise Unusable("GPUs not readable", str(problem)) from problem
        return gpus

    def _named(self, gpus: Gpus) -> Gpus:
        """With the models of the price list; a text may name several types."""
        if gpus.model is None or self.models is None:
            return gpus
        models = sorted({self.models(kind) for kind in gpus.model.split("+")})
        return Gpus(gpus.parts, "+".join(models))

    def check_asked(self, cell: Cell) -> None:
        """Of a job that ran with no GPUs: a request without an answer is a question, not zero.

        Raises:
            Unusable: it asked for GPUs, and nothing says what it was given.
        """
        for request in (cell("reqtres"), cell("reqgres")):
            if "gpu" not in request.lower():
                continue
            try:
                asked = gpus_of(request, weights=self.weights).parts > 0
            except ValueError:
                asked = True
            if asked:
                raise Unusable("GPUs not known", f"it asked for {request!r}, but nothing says what it was given")


def cores(cell: Cell) -> int | None:
    """CPU cores, None where the row does not say.

    Raises:
        Unusable: more than can be real.
    """
    said = next((cell(column) for column in ("alloccpus", "ncpus") if cell(column).isdecimal()), None)
    if said is None:
        entries = (entry.partition("=") for entry in cell("alloctres").split(","))
        said = next((count for name, _, count in entries if name == "cpu" and count.isdecimal()), None)
    if said is not None and (len(said) > 12 or int(said) > MOST_CORES):
        raise Unusable("cores not readable", f"{shortened(said)} cores is more than can be real")
    return None if said is None else int(said)


def mem_mib(cell: Cell) -> int | None:
    """Memory in MiB, None where the row does not say; all nodes together.

    What AllocTRES names; else ReqMem, which is for each node ("4Gn") or core ("4Gc") before 21.08.

    Raises:
        Unusable: AllocTRES names memory that cannot be read.
    """
    listed = _mem_in(cell("alloctres"))
    if listed is not None:
        return listed
    asked = cell("reqmem")
    times = {"n": cell("nnodes") or cell("allocnodes"), "c": cell("alloccpus") or cell("ncpus")}.get(asked[-1:], "1")
    found = mib_of(asked.removesuffix("n").removesuffix("c"))
    # 0 asks for all that the nodes have; how much that is nobody says.
    return found * int(times) if found and times.isdecimal() else None


@lru_cache(maxsize=4096)
def _mem_in(tres: str) -> int | None:
    for entry in tres.split(","):
        name, _, count = entry.partition("=")
        if name == "mem":
            found = mib_of(count)
            if found is None:
                raise Unusable("memory not readable", f"AllocTRES says {entry!r}")
            return found or None  # 0 where Slurm does not count memory
    return None


def name_in(cell: Cell, column: str) -> str | None:
    """A name that decides whose the usage is; None where it is empty.

    Raises:
        Unusable: it is no UTF-8, or longer than a name may be.
    """
    text = cell(column)
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unusable("not UTF-8", f"{column.capitalize()} {shortened(text)!r} is not valid UTF-8")
    if len(text) > NAME_MAX:
        raise Unusable("too long a name", f"{column.capitalize()} has {len(text)} characters, more than {NAME_MAX}")
    return text or None
