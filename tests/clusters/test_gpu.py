"""What NVML and CUDA_VISIBLE_DEVICES together allow."""

import pytest

from workbench.clusters.gpu import Gpus, ask

CARDS = {"GPU-a": "NVIDIA H800", "GPU-b": "NVIDIA H800", "MIG-c": "NVIDIA H800 MIG 1g.10gb"}


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({}, 2),
        ({"CUDA_VISIBLE_DEVICES": "0,1"}, 2),
        ({"CUDA_VISIBLE_DEVICES": " 1 "}, 1),
        ({"CUDA_VISIBLE_DEVICES": "GPU-b"}, 1),
        ({"CUDA_VISIBLE_DEVICES": "MIG-c"}, 1),
        ({"CUDA_VISIBLE_DEVICES": ""}, 0),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, 0),
        ({"CUDA_VISIBLE_DEVICES": "0,7,1"}, 1),  # CUDA stops at the first invalid entry
        ({"CUDA_VISIBLE_DEVICES": "GPU-gone"}, 0),
    ],
)
def test_a_process_counts_only_the_gpus_that_cuda_would_show_it(fake_nvml, environ, count):
    nvml = fake_nvml(CARDS)
    assert ask(nvml, environ).count == count
    assert nvml.open_count == 0


def test_a_machine_without_a_driver_has_no_gpu_and_says_so(fake_nvml):
    assert ask(fake_nvml(driver=False), {}) == Gpus(0, reason="no NVIDIA driver answers on this machine")


def test_a_hidden_gpu_is_told_from_a_missing_one(fake_nvml):
    hidden = ask(fake_nvml(CARDS), {"CUDA_VISIBLE_DEVICES": ""})
    assert hidden.reason == "this server was started without a GPU"
    assert ask(fake_nvml({}), {}).reason == "the NVIDIA driver knows no GPU here"


def test_a_driver_that_fails_later_is_a_reason_not_a_crash(fake_nvml):
    nvml = fake_nvml(CARDS, broken=True)
    assert "Driver/library version mismatch" in ask(nvml, {}).reason
    assert nvml.open_count == 0


def test_gpus_are_named_with_their_number(fake_nvml):
    assert str(ask(fake_nvml(CARDS), {})) == "2 × NVIDIA H800"
    assert str(Gpus(0, reason="no card")) == "no card"


def test_the_memory_of_a_slice_is_its_own_and_the_smallest_decides(fake_nvml):
    nvml = fake_nvml(CARDS, mem_bytes={"GPU-a": 85_520_809_984, "MIG-c": 10_468_982_784})
    assert ask(nvml, {"CUDA_VISIBLE_DEVICES": "MIG-c"}).mem_bytes == (10_468_982_784,)
    assert ask(nvml, {"CUDA_VISIBLE_DEVICES": "GPU-a,MIG-c"}).least_bytes == 10_468_982_784


def test_memory_that_nvml_does_not_know_is_unknown_not_zero(fake_nvml):
    found = ask(fake_nvml(CARDS, mem_bytes={"GPU-a": 85_520_809_984}), {})
    assert found.mem_bytes == (85_520_809_984, None)
    assert found.least_bytes is None
