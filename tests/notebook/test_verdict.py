"""What is said of a measured comparison: a fake GPU that is as fast as we say, on a clock of ours."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from builders import small_centre

import workbench.notebook as wb
from workbench.clusters.gpu import Gpus
from workbench.notebook import comparing
from workbench.notebook.comparing import Cudf, judge
from workbench.notebook.measured import arrived, measure, same
from workbench.notebook.sources import LocalSource
from workbench.services.cards import cards

NOW = 1_769_000_000
FRAME = pd.DataFrame({"project": ["b", "a", "b"], "gpu_hours": [1.0, 2.0, 3.0]})
CARDS = (
    {"title": "Explore data", "gpus": 0, "cpu_cores": 1, "list_minor_per_hour": 100},
    {"title": "Compute on CPUs", "gpus": 0, "cpu_cores": 4, "list_minor_per_hour": 800},
    {"title": "One GPU", "gpus": 1, "cpu_cores": 4, "list_minor_per_hour": 2_000},
)


@dataclass
class Clock:
    """Stands still unless somebody works."""

    now: float = 0.0

    def __call__(self):
        return self.now


@dataclass
class OnGpu:
    """A frame on the fake GPU."""

    frame: pd.DataFrame

    def to_pandas(self):
        return self.frame


@dataclass
class FakeBack:
    """Brings frames to a GPU in `copy_s`; what is asked there takes `gpu_s`, here `cpu_s`."""

    clock: Clock
    cpu_s: float = 1.0
    gpu_s: float = 0.1
    copy_s: float = 0.0
    name: str = "NVIDIA H800"
    why: str = ""
    problem: Exception | None = None
    asked: list = field(default_factory=list)

    def bring(self, frame):
        self.clock.now += self.copy_s
        return OnGpu(frame)

    def question(self, frame):
        on_gpu = isinstance(frame, OnGpu)
        self.asked.append("gpu" if on_gpu else "cpu")
        self.clock.now += self.gpu_s if on_gpu else self.cpu_s
        if on_gpu and self.problem is not None:
            raise self.problem
        return OnGpu(self.answer(frame.frame)) if on_gpu else self.answer(frame)

    def answer(self, frame):
        return frame.groupby("project")["gpu_hours"].sum()


def said(cards=(), cores=4, **facts):
    back = FakeBack(clock := Clock(), **facts)
    return judge(back.question, FRAME, cards, "HK$", cores, back, clock)


def test_slower_on_the_gpu_is_said_with_its_figures():
    found = said(cpu_s=0.8, gpu_s=2.0)
    assert repr(found) == "This ran 0.4× on the GPU (2.0 s on NVIDIA H800, 800 ms in pandas): use the CPU card."
    assert found.times == pytest.approx(0.4)
    assert found.equal


def test_faster_on_the_gpu_is_for_the_gpu():
    found = said(cpu_s=12.0, gpu_s=0.5)
    assert repr(found) == "This ran 24× on the GPU (500 ms on NVIDIA H800, 12.0 s in pandas): use the GPU card."


def test_a_thousand_results_have_their_price_on_the_smallest_cards_that_compare():
    found = said(CARDS, cpu_s=3.6, gpu_s=0.36)
    assert (found.cpu_minor, found.gpu_minor) == (800, 200)
    assert "1,000 such results cost HK$2.00 on One GPU, HK$8.00 on Compute on CPUs, at list price." in repr(found)


def test_faster_but_dearer_is_left_to_who_waits_and_who_pays():
    assert "use the GPU card if you wait for it, the CPU card if you pay for it." in repr(said(CARDS, gpu_s=0.5))


def test_a_server_of_one_core_is_compared_with_the_card_of_one():
    assert said(CARDS, cores=1).cpu_card == "Explore data"
    assert said(CARDS, cores=64).cpu_card == "Compute on CPUs"


def test_without_prices_nothing_is_said_of_them():
    unpriced = tuple(card | {"list_minor_per_hour": None} for card in CARDS)
    for found in (said(unpriced), said(())):
        assert (found.cpu_minor, found.gpu_minor) == (None, None)
        assert "price" not in repr(found)


def test_a_copy_that_eats_the_gain_is_told():
    assert "Bringing the data there took 3.0 s" in repr(said(copy_s=3.0))
    assert "Bringing" not in repr(said(copy_s=0.5))
    assert "Bringing" not in repr(said(copy_s=3.0, gpu_s=2.0))


def test_another_result_is_no_gain(monkeypatch):
    back = FakeBack(clock := Clock())
    wrong = FRAME.assign(gpu_hours=[1.0, 2.0, 3.1])
    monkeypatch.setattr(back, "bring", lambda frame: OnGpu(wrong))
    found = judge(back.question, FRAME, CARDS, "HK$", 4, back, clock)
    assert found.equal is False
    assert "the GPU gave another result: use the CPU card until you know why" in repr(found)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (MemoryError("std::bad_alloc: out_of_memory: CUDA error"), "it does not fit in the GPU's memory"),
        (
            NotImplementedError("no such thing in cuDF\nmore"),
            "(NotImplementedError: no such thing in cuDF). Use the CPU",
        ),
        (AttributeError(), "(AttributeError). Use the CPU card."),
    ],
)
def test_what_fails_on_the_gpu_is_told_and_the_cpu_was_measured(problem, words):
    found = said(problem=problem)
    assert words in repr(found)
    assert "\n" not in repr(found)
    assert found.cpu_s == pytest.approx(1.0)
    assert found.times is None


def test_a_frame_that_the_gpu_does_not_take_is_told(monkeypatch):
    back = FakeBack(clock := Clock())

    def too_large(frame):
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr(back, "bring", too_large)
    assert "does not fit" in repr(judge(back.question, FRAME, (), "HK$", 1, back, clock))


def test_a_question_that_fails_here_is_the_askers_own_error():
    back = FakeBack(Clock())
    with pytest.raises(KeyError):
        judge(lambda frame: frame["no such column"], FRAME, (), "HK$", 1, back, back.clock)


def test_runs_take_turns_and_the_first_of_each_is_not_counted():
    back = FakeBack(clock := Clock())
    found = measure(back.question, FRAME, OnGpu(FRAME), clock, repeats=3)
    assert back.asked == ["cpu", "gpu"] * 4
    assert (found.cpu_s, found.gpu_s) == (pytest.approx(1.0), pytest.approx(0.1))


def test_it_is_written_for_a_notebook_without_formulas():
    assert "HK<span>$</span>" in said(CARDS, cpu_s=3.6)._repr_html_()


SERIES = pd.Series([1, 2], index=["a", "b"])


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (SERIES, SERIES[::-1], True),
        (SERIES, SERIES.astype("int32"), True),
        (SERIES, SERIES.astype("float64") * (1 + 1e-12), True),
        (SERIES, SERIES + 1, False),
        (SERIES, SERIES.head(1), False),
        (SERIES, SERIES.to_frame(), False),
        (pd.Series([1, None], dtype="Int64"), pd.Series([1, 0], dtype="Int64"), False),
        (3, 3, True),
        (3, 4, False),
        (0.1 + 0.2, 0.3, True),
        (float("nan"), float("nan"), True),
        (float("nan"), 0.0, False),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0]), np.array([1.0, 2.0]), False),
        ("a", "a", True),
        (pd.Series([1, 2], index=["a", 1]), pd.Series([2, 1], index=[1, "a"]), False),
    ],
)
def test_what_is_the_same(one, other, equal):
    assert same(one, other) is equal


def test_what_is_lazy_is_computed_before_it_counts():
    class Lazy:
        def compute(self):
            return OnGpu(FRAME)

    assert arrived(Lazy()) is FRAME


# --- as the verb -----------------------------------------------------------------------------------------------------


def test_without_a_gpu_nothing_is_measured_and_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(comparing, "gpus", lambda: Gpus(0, reason="this server was started without a GPU"))

    def never(frame):
        raise AssertionError

    found = wb.verdict(never, FRAME)
    assert repr(found) == (
        "Not measured: this server was started without a GPU. Start a server with a GPU card and ask this there."
    )
    assert found.times is None


def test_a_gpu_without_rapids_and_an_accelerated_kernel_are_told(monkeypatch):
    monkeypatch.setattr(comparing, "gpus", lambda: Gpus(1, ("NVIDIA H800",)))
    monkeypatch.setattr(comparing, "has_rapids_here", lambda: False)
    assert "RAPIDS is not installed" in Cudf().why
    monkeypatch.setattr(comparing, "has_rapids_here", lambda: True)
    monkeypatch.setattr(comparing, "_is_accelerated", lambda: True)
    assert "Ask this in the kernel Python 3" in Cudf().why
    monkeypatch.setattr(comparing, "_is_accelerated", lambda: False)
    assert Cudf().why == ""


def test_the_centres_own_cards_and_all_jobs_by_default(store, monkeypatch):
    small_centre(store)
    from workbench.store.lake import refresh

    refresh(store)
    monkeypatch.setattr(wb, "_source", LocalSource(store, lambda: NOW))
    monkeypatch.setattr(wb, "Cudf", lambda: FakeBack(Clock()))
    found = wb.verdict(lambda jobs: jobs.to_pandas()["gpus"].sum() if isinstance(jobs, OnGpu) else jobs["gpus"].sum())
    assert found.equal
    assert found.cpu_s > 0
    offered = {card.title: card for card in cards(store, NOW)}
    assert offered[found.gpu_card].gpus > 0
    assert offered[found.cpu_card].gpus == 0
