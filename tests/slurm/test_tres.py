"""GPUs in Slurm's words: every spelling there has been, each GPU once, nothing unreadable as zero."""

import json
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.slurm.tres import NO_GPUS, gpus_of
from workbench.units import GPU_PARTS

FIXTURES = Path(__file__).parent.parent / "fixtures" / "slurm"
HISTORIC = json.loads((FIXTURES / "xdmod-unit" / "alloc-tres-gpu-count.json").read_text())


@pytest.mark.parametrize(("text", "gpus"), HISTORIC)
def test_historic_spellings_count_what_the_reference_counts(text, gpus):
    assert gpus_of(text).parts == gpus * GPU_PARTS


@pytest.mark.parametrize(
    ("text", "gpus", "model"),
    [
        ("billing=8,cpu=8,gres/gpu:v100=1,gres/gpu=1,mem=10G,node=1", 1, "v100"),
        ("gres/gpu=1,gres/gpu:v100=1", 1, "v100"),
        ("gres/gpu:a100=2,gres/gpu:v100=1,gres/gpu=3", 3, "a100+v100"),
        ("gres/gpu:a100=2,gres/gpu:v100=1", 3, "a100+v100"),
        ("gres/gpu:a100=2,gres/gpu=4", 4, "a100"),
        ("gpu:a100_1g.5gb:2", 2, "a100_1g.5gb"),
        ("gres/gpu:a100_1g.5gb=2,gres/gpu=2", 2, "a100_1g.5gb"),
        ("gpu:h100-sxm:4", 4, "h100-sxm"),
        ("gpu:1g.5gb:2", 2, "1g.5gb"),
        ("gpu:8", 8, None),
        ("gpu", 1, None),
        ("gpu:tesla", 1, "tesla"),
        ("gres:gpu:2", 2, None),
        ("gres/gpu:v100:2", 2, "v100"),
        ("gpu:a100:4(S:0-1)", 4, "a100"),
        ("gpu:a100:4(IDX:0-1,3-4),gpu:v100:1(IDX:5)", 5, "a100+v100"),
        ("gpu:tesla:2,craynetwork:1", 2, "tesla"),
        ("cpu=4,gres/gpu=1K", 1024, None),
        ("GRES/GPU:A100=2", 2, "A100"),
        ("cpu=4,gres/gpumem=80G,gres/gpuutil=3", 0, None),
        ("cpu=4,license/gpusim=2", 0, None),
        ("gres/gpu:a100=0,gres/gpu=0", 0, None),
        ("cpu=4,", 0, None),
        ("(null)", 0, None),
        ("N/A", 0, None),
    ],
)
def test_gpus_and_model_of_a_text(text, gpus, model):
    found = gpus_of(text)
    assert (found.parts, found.model) == (gpus * GPU_PARTS, model)


@pytest.mark.parametrize(
    "text",
    [
        "gpu:", "gres/gpu=", "gres/gpu=x", "gres/gpu=-1", "gpu:-1", "gres/gpu=1.5", "gpu:1.5", "gpu:x:y",
        "gres/gpu:a=2,gres/gpu=1", "gres/gpu=18446744073709551614", "shard=2", "gres/mps=50", "ngpus=2",
        "nvidia.com/gpu=2", "two", "4", "=2", "1001=2", "Unknown", "gpu:a100:2 gpu:v100:1",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_never_zero(text):
    with pytest.raises(ValueError):
        gpus_of(text)


def test_numbered_tres_are_read_with_the_sites_own_names():
    ids = {"1001": "gres/gpu", "1002": "gres/gpu:volta"}
    assert gpus_of("1=20,2=170000,4=1,5=20", ids=ids) == NO_GPUS
    assert gpus_of("1=40,1001=2,1002=2", ids=ids).parts == 2 * GPU_PARTS
    assert gpus_of("1=40,1002=2", ids=ids).model == "volta"
    with pytest.raises(ValueError, match="1003"):
        gpus_of("1=40,1003=2", ids=ids)


def test_a_weight_says_what_part_of_a_gpu_a_slice_is():
    seventh = {"a100_1g.5gb": Fraction(1, 7)}
    assert gpus_of("gres/gpu:a100_1g.5gb=2,gres/gpu=2", weights=seventh).parts == 2 * GPU_PARTS // 7
    assert gpus_of("gres/shard=3", weights={"shard": Fraction(1, 4)}).parts == 3 * GPU_PARTS // 4


def test_shares_beside_whole_gpus_are_the_same_gpus():
    assert gpus_of("gpu:2,shard:8").parts == 2 * GPU_PARTS


@given(
    typed=st.dictionaries(st.sampled_from(["a100", "v100", "h100-sxm", "a100_1g.5gb"]), st.integers(1, 64), max_size=3),
    untyped=st.booleans(),
    others=st.lists(st.sampled_from(["cpu=4", "mem=32G", "node=1", "billing=8", "gres/gpumem=4G"]), max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_typed_and_untyped_entries_in_any_order_count_each_gpu_once(typed, untyped, others, order):
    total = sum(typed.values())
    entries = [f"gres/gpu:{model}={count}" for model, count in typed.items()] + others
    entries += [f"gres/gpu={total}"] if untyped else []
    order.shuffle(entries)
    found = gpus_of(",".join(entries))
    assert found.parts == total * GPU_PARTS
    assert found.model == ("+".join(sorted(typed)) or None)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    with suppress(ValueError):
        assert gpus_of(text).parts >= 0
