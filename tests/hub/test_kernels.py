"""Which kernels a real Jupyter server lists: RAPIDS' only where a GPU answers and RAPIDS is installed."""

import json
import os
import socket
import subprocess
import sys
import time

import httpx
import pytest

from workbench.clusters import kernels as installed
from workbench.clusters.gpu import Gpus
from workbench.hub import kernels
from workbench.hub.configure import server_arguments

FAKE = """
import runpy, sys
from workbench.clusters import gpu

gpu.gpus = lambda: gpu.Gpus({count}, ("NVIDIA H800",) * {count}, reason="none")
gpu.has_rapids_here = lambda: {rapids}
sys.argv[0] = "jupyter-server"
runpy.run_module("jupyter_server", run_name="__main__", alter_sys=True)
"""
"""A Jupyter server to which NVML and the installed packages are as we say."""


def kernels_of(folder, count, rapids):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = [arg for arg in server_arguments() if "kernel_spec_manager_class" in arg]
    assert ours, "the Hub's servers are not told of our kernels"
    command = [sys.executable, "-c", FAKE.format(count=count, rapids=rapids), *ours, "--allow-root", "--no-browser"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += ["--IdentityProvider.token=t", f"--ServerApp.root_dir={folder}", "--ServerApp.jpserver_extensions={}"]
    environ = os.environ | {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder)}
    server = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        return ask(f"http://127.0.0.1:{port}", server)
    finally:
        server.terminate()
        server.communicate(timeout=20)


def ask(address, server):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            said = httpx.get(f"{address}/api/kernelspecs", headers={"Authorization": "token t"}, timeout=20)
        except httpx.TransportError:
            time.sleep(0.2)
            continue
        said.raise_for_status()
        return said.json()["kernelspecs"]
    return pytest.fail(f"no Jupyter server: {server.stderr.read() if server.poll() is not None else 'silent'}")


@pytest.mark.timeout(120)
def test_where_a_gpu_answers_the_rapids_kernel_is_offered(tmp_path):
    found = kernels_of(tmp_path, count=1, rapids=True)
    spec = found["rapids"]["spec"]
    assert spec["display_name"] == "Python (RAPIDS)"
    assert spec["argv"][-2:] == ["--ext", "cudf.pandas"]
    assert "python3" in found


@pytest.mark.timeout(120)
def test_without_a_gpu_it_is_not(tmp_path):
    assert list(kernels_of(tmp_path, count=0, rapids=True)) == ["python3"]


@pytest.mark.parametrize(
    ("found", "rapids", "offered"),
    [
        (Gpus(1, ("NVIDIA H800 MIG 1g.10gb",)), True, True),
        (Gpus(1, ("NVIDIA H800",)), False, False),
        (Gpus(0, reason="this server was started without a GPU"), True, False),
    ],
)
def test_a_slice_is_enough_and_both_are_needed(monkeypatch, found, rapids, offered):
    monkeypatch.setattr(installed, "gpus", lambda: found)
    monkeypatch.setattr(installed, "has_rapids_here", lambda: rapids)
    manager = kernels.Kernels()
    assert ("rapids" in manager.find_kernel_specs()) is offered
    assert (manager._find_spec_directory("rapids") is not None) is offered
    assert (installed.installed().get("rapids") == installed.Kernel("Python (RAPIDS)", "python")) is offered


def test_a_site_that_allows_kernels_by_name_decides_of_this_one_too(monkeypatch):
    monkeypatch.setattr(kernels, "rapids_here", lambda: True)
    assert "rapids" not in kernels.Kernels(allowed_kernelspecs={"python3"}).find_kernel_specs()


def test_the_kernel_runs_the_servers_own_python():
    spec = json.loads((kernels.FOLDER / "kernel.json").read_text(encoding="utf-8"))
    assert spec["argv"][:3] == ["python", "-m", "ipykernel_launcher"]  # Jupyter puts its own interpreter there
