"""The choice between GPU and CPU as a value, and a real cluster on this machine's cores."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import dask
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.clusters import accelerated, local
from workbench.clusters.gpu import Gpus
from workbench.clusters.share import GIB, LEAST_WORKER_BYTES, Share, layout, share
from workbench.errors import ClusterCannotStart, WorkersDoNotFit

NO_GPU = Gpus(0, reason="no NVIDIA driver answers on this machine")
TWO_GPUS = Gpus(2, ("NVIDIA H800", "NVIDIA H800"))


def chosen(found=NO_GPU, environ=None, workers=None, on_gpu=None, has_rapids=True):
    return local.choose(found, environ or {}, workers=workers, on_gpu=on_gpu, has_rapids=has_rapids)


def test_a_visible_gpu_gets_a_worker_each():
    choice = chosen(TWO_GPUS)
    assert (choice.on_gpu, choice.workers, choice.layout) == (True, 2, None)
    assert "Dask-CUDA on 2 × NVIDIA H800" in choice.why
    assert "cuDF" in choice.why


def test_gpu_workers_share_the_servers_memory_and_each_devices_own():
    found = Gpus(2, ("NVIDIA H800", "NVIDIA H800 MIG 1g.10gb"), mem_bytes=(85 * GIB, 10 * GIB))
    memory = chosen(found, {"MEM_LIMIT": str(8 * GIB)}).memory
    assert memory.most == 8 * GIB  # of the smaller
    assert memory.host_bytes == 3 * GIB


def test_without_a_gpu_the_cores_compute_and_the_reason_is_told():
    choice = chosen(environ={"CPU_LIMIT": "1", "MEM_LIMIT": str(4 * GIB)})
    assert not choice.on_gpu
    assert choice.workers == 1
    assert "pandas (no NVIDIA driver answers on this machine): 1 worker(s) of 1 thread(s) and 3.0 GiB" in choice.why


def test_a_gpu_without_rapids_is_told_from_no_gpu():
    choice = chosen(TWO_GPUS, has_rapids=False)
    assert not choice.on_gpu
    assert "2 × NVIDIA H800 answers, but RAPIDS is not installed" in choice.why


def test_a_gpu_can_be_left_alone():
    assert not chosen(TWO_GPUS, on_gpu=False).on_gpu


def test_insisting_on_a_gpu_fails_with_the_reason():
    with pytest.raises(ClusterCannotStart, match=r"no NVIDIA driver answers.*wb\.cluster\(gpu=False\)"):
        chosen(on_gpu=True)


@pytest.mark.parametrize("workers", [0, -1, 3])
def test_more_workers_than_gpus_are_refused(workers):
    with pytest.raises(WorkersDoNotFit, match=r"2 GPU\(s\).*at most 2"):
        chosen(TWO_GPUS, workers=workers)


def test_more_workers_than_cores_are_refused():
    with pytest.raises(WorkersDoNotFit, match=r"4 worker\(s\) do not fit in 1 CPU core\(s\)"):
        chosen(environ={"CPU_LIMIT": "1"}, workers=4)


def test_a_server_without_memory_for_a_worker_says_what_to_do():
    with pytest.raises(WorkersDoNotFit, match="larger profile"):
        layout(Share(2, 256 * 1024**2), None)


def test_the_hub_grants_no_more_than_the_machine_has():
    assert share({"CPU_LIMIT": "64", "MEM_LIMIT": str(999 * GIB)}, cores=4, mem_bytes=8 * GIB) == Share(4, 8 * GIB)
    assert share({"CPU_LIMIT": "0.5"}, cores=4, mem_bytes=8 * GIB) == Share(1, 8 * GIB)
    assert share({}, cores=4, mem_bytes=8 * GIB) == Share(4, 8 * GIB)


@pytest.mark.parametrize(
    ("environ", "has"),
    [
        ({"SLURM_CPUS_PER_TASK": "2", "SLURM_MEM_PER_NODE": "4096"}, Share(2, 4 * GIB)),
        ({"SLURM_CPUS_ON_NODE": "3", "SLURM_MEM_PER_CPU": "1024"}, Share(3, 3 * GIB)),
        ({"SLURM_CPUS_PER_TASK": "64", "SLURM_MEM_PER_NODE": "512000"}, Share(8, 16 * GIB)),
        ({"SLURM_CPUS_PER_TASK": "4", "CPU_LIMIT": "2.0", "MEM_LIMIT": str(GIB)}, Share(2, GIB)),
        ({"SLURM_JOB_ID": "7", "SLURM_MEM_PER_NODE": "0"}, Share(8, 16 * GIB)),
    ],
)
def test_in_a_job_of_slurm_its_share_is_the_jobs(environ, has):
    assert share(environ, cores=8, mem_bytes=16 * GIB) == has


@given(st.integers(1, 256), st.integers(LEAST_WORKER_BYTES * 2, 2**42))
def test_workers_never_get_more_than_the_server_has(cores, mem_bytes):
    plan = layout(Share(cores, mem_bytes), None)
    assert plan.workers >= 1
    assert plan.cores <= cores
    assert plan.workers * plan.worker_bytes <= mem_bytes * 3 // 4
    assert plan.worker_bytes >= LEAST_WORKER_BYTES


@pytest.mark.parametrize(("loaded", "preloads"), [(True, ["workbench.clusters.accelerated"]), (False, [])])
def test_workers_are_accelerated_where_their_kernel_is(monkeypatch, loaded, preloads):
    monkeypatch.setitem(sys.modules, "cudf.pandas", SimpleNamespace(LOADED=loaded))
    assert accelerated.preload() == preloads


def test_an_ordinary_kernels_workers_load_nothing_of_rapids():
    assert accelerated.preload() == []


def test_the_dashboard_link_goes_through_the_hub():
    assert local.link_template({"JUPYTERHUB_SERVICE_PREFIX": "/user/ana/"}) == "/user/ana/proxy/{port}/status"
    assert local.link_template({}) == "http://127.0.0.1:{port}/status"


@pytest.mark.timeout(120)
def test_a_cluster_computes_is_encrypted_and_closes_with_its_block():
    with local.start(1, on_gpu=False) as client:
        assert local.running() is client
        assert client.submit(sum, [1, 2, 3]).result() == 6
        assert client.scheduler.address.startswith("tls://127.0.0.1:")
        assert httpx.get(client.dashboard_link, timeout=60).status_code == 200
        assert dask.config.get("dataframe.backend") == "pandas"
        scratch = Path(client.scratch.name)
        assert scratch.is_dir()
        assert scratch.stat().st_mode & 0o077 == 0
    assert local.running() is None
    assert not scratch.exists()


PROGRAM = """
import time
from workbench.clusters import accelerated, local
if __name__ == "__main__":
    client = local.start(1, on_gpu=False)
    print(*client.run(__import__("os").getpid).values(), flush=True)
    time.sleep(600)
"""


@pytest.mark.timeout(120)
def test_no_worker_outlives_a_killed_kernel(tmp_path):
    program = tmp_path / "kernel.py"
    program.write_text(PROGRAM)
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True) as kernel:
        worker = int(kernel.stdout.readline())
        kernel.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _alive(worker)


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")
