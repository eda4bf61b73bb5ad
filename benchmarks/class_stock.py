"""The rival of a class's start: stock JupyterHub, its simplest spawner of local processes, its own limits."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from workbench.hub import proxy

CONFIG = """
import os, sys
c = get_config()
port = int(os.environ["STOCK_PORT"])
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_port = port + 2
c.ConfigurableHTTPProxy.command = os.environ["STOCK_PROXY"].split("\\n")
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 1}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.start_timeout = 600
c.Spawner.http_timeout = 600
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.services = [dict(name="driver", api_token=os.environ["STOCK_TOKEN"])]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [dict(name="driver", services=["driver"], scopes=scopes)]
"""


@contextmanager
def stock_hub(folder: Path, port: int) -> Iterator[tuple[str, str]]:
    """A stock Hub in this folder: its address and a service's token. Everything it started is ended after it."""
    folder.mkdir(parents=True)
    (folder / "config.py").write_text(CONFIG)
    token, url = secrets.token_hex(16), f"http://127.0.0.1:{port}"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBENCH_", "JUPYTER"))}
    env |= {"STOCK_PORT": str(port), "STOCK_TOKEN": token, "STOCK_PROXY": "\n".join(proxy.command())}
    with (folder / "hub.log").open("wb") as log:
        hub = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", "config.py"],
            cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not _answers(url):
            if hub.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the stock Hub did not start:\n{(folder / 'hub.log').read_text()[-2000:]}")
            time.sleep(0.2)
        yield url, token
    finally:
        family = psutil.Process(hub.pid).children(recursive=True) if hub.poll() is None else []
        hub.terminate()
        with suppress(subprocess.TimeoutExpired):
            hub.wait(60)
        for process in [psutil.Process(hub.pid), *family] if hub.poll() is None else family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        hub.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/hub/health", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def of_students(port: int) -> list[psutil.Process]:
    """The servers and kernels of the stock Hub on this port: their environment names its API."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if f":{port + 2}/" in process.environ().get("JUPYTERHUB_API_URL", ""):
                found.append(process)
    return found
