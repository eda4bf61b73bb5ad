"""DCGM-exporter's text: whole GPUs, MIG instances, blanks, labels of jobs, broken lines."""

import pytest

from workbench.telemetry.dcgm import parse
from workbench.telemetry.parsed import SKEW_S, joined, not_of_the_future

AT = 1_790_035_200
BOARD = 'UUID="GPU-a",pci_bus_id="00000000:0F:00.0",device="nvidia0",modelName="NVIDIA H800",Hostname="gpu001.hpc"'


def line(name, value, gpu=0, extra="", board=BOARD):
    return f'{name}{{gpu="{gpu}",{board}{extra}}} {value}\n'


def whole(**values):
    names = {
        "active": "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "util": "DCGM_FI_DEV_GPU_UTIL", "used": "DCGM_FI_DEV_FB_USED",
        "free": "DCGM_FI_DEV_FB_FREE", "power": "DCGM_FI_DEV_POWER_USAGE", "total": "DCGM_FI_DEV_FB_TOTAL",
    }  # fmt: skip
    return "".join(line(names[name], value) for name, value in values.items())


def one(text, **given):
    parsed = parse(text, AT, **given)
    assert len(parsed.samples) == 1
    return parsed.samples.astype(object).where(parsed.samples.notna(), None).iloc[0].to_dict()


def test_a_whole_gpu_with_everything():
    text = "# HELP DCGM_FI_DEV_GPU_UTIL GPU utilization (in %).\n# TYPE DCGM_FI_DEV_GPU_UTIL gauge\n" + whole(
        util=98, active=0.9375, used=1024, free=80000, power="431.402"
    )
    assert one(text) == {
        "sampled_at": AT, "node": "gpu001", "gpu_index": 0, "gpu_uuid": "GPU-a", "mig": None,
        "gpu_model": "NVIDIA H800", "active_bp": 9375, "measure": "gr_engine_active", "mem_used_mib": 1024,
        "mem_total_mib": 81024, "power_mw": 431402, "job_id": None, "source": "dcgm",
    }  # fmt: skip


def test_without_the_profiler_the_driver_is_believed():
    sample = one(whole(util=98))
    assert (sample["active_bp"], sample["measure"]) == (9800, "gpu_util")
    assert sample["mem_total_mib"] is None


@pytest.mark.parametrize(
    "blank", ["NaN", "9223372036854775794", "9223372036854775792", "2147483632", "140737488355328", "+Inf"]
)
def test_a_blank_is_unknown_and_no_number(blank):
    sample = one(whole(active=blank, util=blank, used=blank, free=blank, power=blank))
    assert [sample[name] for name in ("active_bp", "measure", "mem_used_mib", "mem_total_mib", "power_mw")] == [
        None
    ] * 5


def test_zero_is_zero():
    sample = one(whole(active=0, used=0, free=81559, power=0))
    assert (sample["active_bp"], sample["mem_used_mib"], sample["power_mw"]) == (0, 0, 0)


def test_a_slice_of_mig_has_its_own_row_and_not_its_boards_power():
    mig = ',GPU_I_PROFILE="3g.40gb",GPU_I_ID="2"'
    other = ',GPU_I_PROFILE="1g.10gb",GPU_I_ID="9"'
    text = (
        line("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.5, extra=mig)
        + line("DCGM_FI_DEV_FB_USED", 26, extra=mig)
        + line("DCGM_FI_DEV_POWER_USAGE", 300, extra=mig)
        + line("DCGM_FI_DEV_GPU_UTIL", 77, extra=other)
    )
    samples = parse(text, AT).samples
    assert samples["mig"].tolist() == ["3g.40gb/2/0", "1g.10gb/9/0"]
    assert samples["active_bp"].tolist()[0] == 5000
    assert samples["active_bp"].isna().tolist() == [False, True]
    assert samples["power_mw"].isna().all()


def test_labels_with_escapes_and_jobs():
    sample = one(line("DCGM_FI_DEV_GPU_UTIL", 5, extra=',hpc_job="4711",pod="a \\"b\\", {c} \\\\ \\n"'))
    assert sample["job_id"] == "4711"


def test_a_device_of_several_jobs_is_nobodys_alone():
    text = line("DCGM_FI_DEV_GPU_UTIL", 5, extra=',hpc_job="1"') + line("DCGM_FI_DEV_GPU_UTIL", 5, extra=',hpc_job="2"')
    parsed = parse(text, AT)
    assert len(parsed.samples) == 1
    assert parsed.samples["job_id"].isna().all()
    assert parsed.passed == {"devices of several jobs at once": 1}


def test_a_line_with_its_own_moment():
    assert one(line("DCGM_FI_DEV_GPU_UTIL", f"5 {(AT - 7) * 1000}"))["sampled_at"] == AT - 7


def test_the_node_may_be_named_by_whoever_asks():
    assert one(whole(util=1), node="gpu9")["node"] == "gpu9"


def test_each_broken_line_is_rejected_with_its_number_and_the_rest_is_read():
    text = (
        whole(util=50)
        + 'DCGM_FI_DEV_GPU_UTIL{gpu="1" 5\n'
        + 'DCGM_FI_DEV_GPU_UTIL{gpu="one",Hostname="gpu001"} 5\n'
        + "DCGM_FI_DEV_GPU_UTIL 5\n"
        + line("DCGM_FI_DEV_GPU_UTIL", 101.5, gpu=2)
        + line("DCGM_FI_DEV_POWER_USAGE", -3, gpu=0)
        + line("DCGM_FI_DEV_SM_CLOCK", 1980)
        + line("DCGM_FI_DEV_FB_USED", 12).rstrip()
    )
    parsed = parse(text, AT)
    assert [reject.line for reject in parsed.rejects] == [2, 3, 4, 5, 6, 8]
    assert parsed.passed == {"measures of something else": 1}
    known = parsed.samples[parsed.samples["active_bp"].notna()]
    assert known["gpu_index"].tolist() == [0]


def test_an_empty_answer_is_no_sample():
    assert parse("", AT).samples.empty


def test_samples_of_the_future_are_rejected():
    parsed = joined([parse(whole(util=1), AT), parse(whole(util=1), AT + SKEW_S + 1)])
    kept = not_of_the_future(parsed, AT)
    assert kept.samples["sampled_at"].tolist() == [AT]
    assert [reject.kind for reject in kept.rejects] == ["from the future"]


def test_with_mig_the_drivers_zero_is_unknown_for_the_board_too():
    mig = ',GPU_I_PROFILE="3g.40gb",GPU_I_ID="2"'
    util = "DCGM_FI_DEV_GPU_UTIL"
    samples = parse(line(util, 0) + line(util, 0, extra=mig) + line(util, 7, gpu=1), AT).samples
    assert samples["active_bp"].isna().tolist() == [True, True, False]
    assert samples["measure"].isna().tolist() == [True, True, False]
