"""One function measured on two frames, one on the CPU and one on a GPU: seconds, and whether it says the same.

Runs take turns, so that what disturbs the machine disturbs both; the first of each warms up (compilation, memory pools)
and is not counted. What is said is the median. A run ends when its result has arrived as pandas, which waits for the
GPU too.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

REPEATS = 3
TOLERANCE = 1e-9
"""Relative: sums of floating-point numbers may be added in another order. Whole numbers must be the same."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians in seconds, and the first results.

    gpu_s, gpu_result: None where it did not run on the GPU; `problem` is then what it failed with.
    """

    cpu_s: float
    cpu_result: Any
    gpu_s: float | None = None
    gpu_result: Any = None
    problem: Exception | None = None

    @property
    def equal(self) -> bool:
        """Whether both said the same."""
        return self.problem is None and same(self.cpu_result, self.gpu_result)


def measure(
    question: Callable[[Any], Any], on_cpu: Any, on_gpu: Any, clock: Callable[[], float], repeats: int = REPEATS
) -> Measured:
    """Run `question` on both frames.

    Args:
        question: takes a frame and gives a frame, a series or a number; must leave what it is given as it is.
        on_cpu: a pandas frame.
        on_gpu: the same as a cuDF frame.
        clock: seconds, from anywhere.
        repeats: runs that are counted, of each.

    Raises: what `question` raises on the CPU.
    """
    first = arrived(question(on_cpu))
    try:
        second = arrived(question(on_gpu))
    except Exception as problem:  # noqa: BLE001 - whatever cuDF cannot do is the answer to the question
        return Measured(_seconds(question, on_cpu, clock), first, problem=problem)
    cpu, gpu = [], []
    for _ in range(repeats):
        cpu.append(_seconds(question, on_cpu, clock))
        gpu.append(_seconds(question, on_gpu, clock))
    return Measured(median(cpu), first, median(gpu), second)


def _seconds(question: Callable[[Any], Any], frame: Any, clock: Callable[[], float]) -> float:
    began = clock()
    arrived(question(frame))
    return clock() - began


def arrived(result: Any) -> Any:
    """A result in the notebook's own memory, as pandas or a number."""
    if hasattr(result, "compute"):
        result = result.compute()
    if hasattr(result, "to_pandas"):
        return result.to_pandas()
    return result.get() if type(result).__module__.partition(".")[0] == "cupy" else result


def same(one: Any, other: Any) -> bool:
    """Whether two results say the same; the order of groups is not part of it, which no engine promises."""
    if isinstance(one, pd.DataFrame | pd.Series):
        if type(one) is not type(other) or one.shape != other.shape:
            return False
        return _alike(one, other) or _alike(_sorted(one), _sorted(other))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.shape(one) == np.shape(other) and bool(np.all(np.isclose(one, other, rtol=TOLERANCE, equal_nan=True)))
    if isinstance(one, float | np.floating) or isinstance(other, float | np.floating):
        return (one != one and other != other) or math.isclose(one, other, rel_tol=TOLERANCE)
    return bool(one == other)


def _alike(one: Any, other: Any) -> bool:
    check = pd.testing.assert_frame_equal if isinstance(one, pd.DataFrame) else pd.testing.assert_series_equal
    types: dict[str, Any] = {"check_dtype": False, "check_index_type": False, "check_categorical": False}
    try:
        check(one, other, rtol=TOLERANCE, atol=0.0, **types)
    except AssertionError:
        return False
    return True


def _sorted(result: Any) -> Any:
    try:
        return result.sort_index()
    except TypeError:  # an index of several kinds has no order
        return result
