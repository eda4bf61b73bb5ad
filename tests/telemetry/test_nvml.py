# ruff: noqa: N802, N815  (the names are NVML's)
"""This machine's GPUs by a made-up NVML: whole ones, slices with and without GPM, what the driver refuses."""

from types import SimpleNamespace

import pytest

from workbench.telemetry.nvml import sample

GIB = 2**30


class NvmlError(Exception):
    pass


class Metrics:
    """As NVML's own structure: room for metrics, each filled by the asking."""

    def __init__(self):
        self.metrics = [SimpleNamespace(metricId=0, value=None, nvmlReturn=0)]


class FakeNvml:
    """One GPU, or one with MIG and two slices. `refused`: names of calls that the driver does not support."""

    NVMLError = NvmlError
    NVML_SUCCESS, NVML_GPM_METRICS_GET_VERSION, NVML_GPM_METRIC_GRAPHICS_UTIL, nvmlMemory_v2 = 0, 1, 1, 2
    c_nvmlGpmMetricsGet_t = Metrics

    def __init__(self, mig=False, refused=(), busy=None):
        self.mig, self.refused, self.busy, self.looks, self.is_open = mig, set(refused), busy or {}, 0, False

    def __getattribute__(self, name):
        if name.startswith("nvml") and name in object.__getattribute__(self, "refused"):

            def no(*_args, **_given):
                raise NvmlError("Not Supported")

            return no
        return object.__getattribute__(self, name)

    def nvmlInit(self):
        self.is_open = True

    def nvmlShutdown(self):
        self.is_open = False

    def nvmlDeviceGetCount(self):
        return 1

    def nvmlDeviceGetHandleByIndex(self, index):
        return "board"

    def nvmlDeviceGetName(self, handle):
        return {"board": b"NVIDIA H800", "three": "NVIDIA H800 MIG 3g.40gb", "one": "NVIDIA H800 MIG 1g.10gb"}[handle]

    def nvmlDeviceGetUUID(self, handle):
        return b"GPU-a"

    def nvmlDeviceGetUtilizationRates(self, handle):
        if self.mig:
            raise NvmlError("Not Supported")
        return SimpleNamespace(gpu=98)

    def nvmlDeviceGetPowerUsage(self, handle):
        return 431_402

    def nvmlDeviceGetMemoryInfo(self, handle, version):
        return SimpleNamespace(used=5 * GIB, total=80 * GIB)

    def nvmlDeviceGetMigMode(self, board):
        return [int(self.mig), int(self.mig)]

    def nvmlDeviceGetMaxMigDeviceCount(self, board):
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, board, number):
        if number > 1:
            raise NvmlError("Not Found")
        return ("three", "one")[number]

    def nvmlDeviceGetGpuInstanceId(self, handle):
        return {"three": 2, "one": 9}[handle]

    def nvmlDeviceGetComputeInstanceId(self, handle):
        return 0

    def nvmlGpmQueryDeviceSupport(self, board):
        return SimpleNamespace(isSupportedDevice=1)

    def nvmlGpmSampleAlloc(self):
        self.looks += 1
        return SimpleNamespace(of=None)

    def nvmlGpmSampleFree(self, look):
        self.looks -= 1

    def nvmlGpmMigSampleGet(self, board, instance, look):
        look.of = instance

    def nvmlGpmMetricsGet(self, ask):
        assert ask.sample1.of == ask.sample2.of
        ask.metrics[0].value = self.busy[ask.sample1.of]
        return ask


def asked(nvml):
    waited = []
    parsed = sample(nvml, "gpu1", 1000, lambda: waited.append(1))
    assert not nvml.is_open
    assert nvml.looks == 0
    frame = parsed.samples.astype(object)
    return frame.where(frame.notna(), None).to_dict("records"), len(waited), parsed.rejects


def test_a_whole_gpu():
    rows, waits, rejects = asked(FakeNvml())
    assert rows == [
        {
            "sampled_at": 1000, "node": "gpu1", "gpu_index": 0, "gpu_uuid": "GPU-a", "mig": None,
            "gpu_model": "NVIDIA H800", "active_bp": 9800, "measure": "gpu_util", "mem_used_mib": 5120,
            "mem_total_mib": 81920, "power_mw": 431_402, "job_id": None, "source": "nvml",
        }
    ]  # fmt: skip
    assert (waits, rejects) == (0, ())


def test_slices_are_measured_by_gpm_at_once():
    rows, waits, _ = asked(FakeNvml(mig=True, busy={2: 93.755, 9: 0.0}))
    assert [(row["mig"], row["active_bp"], row["measure"], row["power_mw"]) for row in rows] == [
        (None, None, None, 431_402), ("3g.40gb/2/0", 9376, "gr_engine_active", None),
        ("1g.10gb/9/0", 0, "gr_engine_active", None),
    ]  # fmt: skip
    assert waits == 1


@pytest.mark.parametrize(
    "refused", ["nvmlGpmQueryDeviceSupport", "nvmlGpmSampleAlloc", "nvmlGpmMigSampleGet", "nvmlGpmMetricsGet"]
)
def test_slices_without_gpm_are_there_and_unknown(refused):
    rows, _, rejects = asked(FakeNvml(mig=True, refused={refused}))
    assert [(row["mig"], row["active_bp"], row["measure"]) for row in rows] == [
        (None, None, None), ("3g.40gb/2/0", None, None), ("1g.10gb/9/0", None, None),
    ]  # fmt: skip
    assert rejects == ()


def test_what_the_driver_refuses_is_unknown_not_zero():
    refused = {
        "nvmlDeviceGetUtilizationRates",
        "nvmlDeviceGetMemoryInfo",
        "nvmlDeviceGetPowerUsage",
        "nvmlDeviceGetMigMode",
    }
    (row,), _, _ = asked(FakeNvml(refused=refused))
    assert [row[name] for name in ("active_bp", "measure", "mem_used_mib", "mem_total_mib", "power_mw")] == [None] * 5


@pytest.mark.parametrize("nan", [float("nan"), -1.0, 1e9])
def test_a_share_that_is_none_is_unknown(nan):
    rows, _, _ = asked(FakeNvml(mig=True, busy={2: nan, 9: 50.0}))
    assert [row["active_bp"] for row in rows] == [None, None, 5000]


@pytest.mark.parametrize("refused", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetUUID"])
def test_a_driver_that_does_not_answer_is_said(refused):
    rows, _, rejects = asked(FakeNvml(refused={refused}))
    assert rows == []
    assert rejects[0].kind == "no answer"
