"""Whether a GPU is worth its price for one question, measured: "this ran 0.4× on the GPU: use the CPU card"."""

import html
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from workbench.clusters.exhausted import is_out_of_memory
from workbench.clusters.gpu import gpus, has_rapids_here
from workbench.notebook.measured import measure
from workbench.units import HOUR_S, divide_half_even, money

RUNS = 1000
"""A price is said of so many results: one costs less than a cent."""
MICRO = 10**6
START_THERE = "Start a server with a GPU card and ask this there."


class Back(Protocol):
    """What computes on a GPU. `why`: why it cannot, '' where it can; `name`: of the GPU."""

    why: str
    name: str

    def bring(self, frame: pd.DataFrame) -> Any:
        """The frame on the GPU."""
        ...


class Cudf:
    """cuDF on the first visible GPU."""

    def __init__(self) -> None:
        found = gpus()
        self.name, self.why = found.names[0] if found.count else "", ""
        if not found.count:
            self.why = f"{found.reason}. {START_THERE}"
        elif not has_rapids_here():
            self.why = f"{found} answers, but RAPIDS is not installed: the operator installs it with the gpu extra."
        elif _is_accelerated():
            self.why = "pandas itself computes on the GPU in this kernel. Ask this in the kernel Python 3."

    def bring(self, frame: pd.DataFrame) -> Any:
        """As a cuDF frame."""
        import cudf

        return cudf.from_pandas(frame)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, in figures. Seconds are medians; None: not measured.

    cpu_s: on pandas. gpu_s: on cuDF. copy_s: to bring the frame to the GPU, once. equal: whether both said the same.
    why: why there is no comparison, '' where there is one. cpu_minor, gpu_minor: list price of 1000 results in minor
    units (cents); None where it is not known, or `why` says why there is none.
    """

    cpu_s: float | None
    gpu_s: float | None
    copy_s: float | None
    equal: bool | None
    gpu: str
    why: str
    cpu_card: str = ""
    gpu_card: str = ""
    cpu_minor: int | None = None
    gpu_minor: int | None = None
    symbol: str = ""

    @property
    def times(self) -> float | None:
        """How often as fast the GPU was: 0.4 is slower than the CPU."""
        return self.cpu_s / self.gpu_s if self.cpu_s is not None and self.gpu_s else None

    def __repr__(self) -> str:
        return " ".join(part for part in (self._measured(), self._copy(), self._price()) if part)

    def _repr_html_(self) -> str:
        # Between two dollar signs JupyterLab sees a formula, unless each stands in an element of its own.
        return f"<p>{html.escape(repr(self)).replace('$', '<span>$</span>')}</p>"

    def _measured(self) -> str:
        if self.times is None:
            return self.why
        ran = f"This ran {_times(self.times)} on the GPU ({_s(self.gpu_s)} on {self.gpu}, {_s(self.cpu_s)} in pandas)"
        if not self.equal:
            return f"{ran}, but the GPU gave another result: use the CPU card until you know why."
        if self.times < 1:
            return f"{ran}: use the CPU card."
        if self.cpu_minor is not None and self.gpu_minor is not None and self.gpu_minor > self.cpu_minor:
            return f"{ran}: use the GPU card if you wait for it, the CPU card if you pay for it."
        return f"{ran}: use the GPU card."

    def _copy(self) -> str:
        if self.times is None or self.copy_s is None or self.cpu_s is None or self.gpu_s is None:
            return ""
        if not self.copy_s > self.cpu_s - self.gpu_s > 0:
            return ""
        return f"Bringing the data there took {_s(self.copy_s)}, which a single question does not win back."

    def _price(self) -> str:
        if self.times is None or self.cpu_minor is None or self.gpu_minor is None:
            return ""
        cpu, gpu = money(self.cpu_minor, self.symbol), money(self.gpu_minor, self.symbol)
        return f"{RUNS:,} such results cost {gpu} on {self.gpu_card}, {cpu} on {self.cpu_card}, at list price."


def judge(
    question: Callable[[Any], Any],
    frame: pd.DataFrame,
    cards: Sequence[Mapping[str, Any]],
    symbol: str,
    cores: int,
    back: Back,
    clock: Callable[[], float] = time.perf_counter,
) -> Verdict:
    """Measure one question on both and say which card it is for.

    Args:
        question: takes a frame and gives a frame, a series or a number.
        frame: of pandas; it is copied to the GPU once, outside of what is measured.
        cards: of the centre (services.cards); none: no prices.
        symbol: of their currency.
        cores: of this server: the CPU card that is compared is the smallest with as many.
        back: what computes on a GPU.
        clock: seconds.

    Raises: what `question` raises on the CPU.
    """
    if back.why:
        return Verdict(None, None, None, None, back.name, f"Not measured: {back.why}")
    began = clock()
    try:
        there = back.bring(frame)
    except Exception as problem:  # noqa: BLE001 - whatever cuDF cannot hold is the answer
        return Verdict(None, None, None, None, back.name, _failed(problem))
    copy_s = clock() - began
    found = measure(question, frame, there, clock)
    if found.problem is not None:
        return Verdict(found.cpu_s, None, copy_s, None, back.name, _failed(found.problem))
    assert found.gpu_s is not None
    cpu, gpu = _compared(cards, cores)
    return Verdict(
        cpu_s=found.cpu_s,
        gpu_s=found.gpu_s,
        copy_s=copy_s,
        equal=found.equal,
        gpu=back.name,
        why="",
        cpu_card=cpu.get("title", ""),
        gpu_card=gpu.get("title", ""),
        cpu_minor=_minor(found.cpu_s, cpu),
        gpu_minor=_minor(found.gpu_s, gpu),
        symbol=symbol,
    )


def _compared(cards: Sequence[Mapping[str, Any]], cores: int) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The smallest CPU card with so many cores, or the largest; the smallest GPU card. Empty where there is none."""
    plain = sorted((card for card in cards if not card["gpus"]), key=lambda card: card["cpu_cores"])
    enough = [card for card in plain if card["cpu_cores"] >= cores]
    with_gpu = sorted((card for card in cards if card["gpus"]), key=lambda card: card["gpus"])
    return (enough or plain[-1:] or [{}])[0], (with_gpu or [{}])[0]


def _minor(seconds: float, card: Mapping[str, Any]) -> int | None:
    """List price of RUNS results that take so many seconds each."""
    hourly = card.get("list_minor_per_hour")
    return None if hourly is None else divide_half_even(hourly * round(seconds * MICRO) * RUNS, HOUR_S * MICRO)


def _failed(problem: Exception) -> str:
    if is_out_of_memory(problem):
        return "Not compared: it does not fit in the GPU's memory. Take fewer rows or columns, or use the CPU card."
    said = str(problem).strip().partition("\n")[0]
    what = f"{type(problem).__name__}: {said}" if said else type(problem).__name__
    return f"Not compared: this does not run on the GPU ({what}). Use the CPU card."


def _is_accelerated() -> bool:
    from workbench.clusters.accelerated import preload

    return bool(preload())


def _times(ratio: float) -> str:
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.1f}×" if ratio >= 0.1 else f"{ratio:.2g}×"


def _s(seconds: float | None) -> str:
    assert seconds is not None
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
