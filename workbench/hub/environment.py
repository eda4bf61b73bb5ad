"""What a notebook server's programs are told through their environment: who, where, what was chosen, what is theirs."""

import ipaddress
import os
import sys
from pathlib import Path

from workbench.hub.options import Choice
from workbench.settings import ROOT, Settings

LAB_CONFIG = ROOT / "hub_config" / "jupyter"
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")
"""Libraries that start a thread for each core of the machine unless <NAME>_NUM_THREADS says otherwise."""

PRIVATE_KERNELS = {"JUPYTER_RUNTIME_DIR": "/tmp/jupyter"}  # noqa: S108 - the server's own: a short path of a socket
PRIVATE_TRANSPORT = "--KernelManager.transport=ipc"
"""Behind walls, whose /tmp is the server's own. On a port of the machine a kernel's output goes to whoever connects:
the key says who may ask, not who may listen (ZeroMQ, PUB and SUB)."""


def person(name: str, home: Path) -> dict[str, str]:
    """Who they are, for programs that ask; there is no Unix account behind it."""
    return {"USER": name, "LOGNAME": name, "HOME": str(home), "SHELL": "/bin/bash"}


def server(settings: Settings, choice: Choice, server_id: str, cores: int, python: str = "") -> dict[str, str]:
    """What was chosen and where the centre answers. GPUs are given by whoever has them to give.

    Args:
        settings: of the centre.
        choice: what was chosen.
        server_id: of this server.
        cores: how many are its own.
        python: the interpreter that it runs with; '': ours.
    """
    here = str(Path(python or sys.executable).parent)
    path = [here, *(p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if p != here)]
    own = {
        "PATH": os.pathsep.join(path),
        "JUPYTER_CONFIG_PATH": str(LAB_CONFIG),
        "WORKBENCH_PROJECT": choice.project,
        "WORKBENCH_PROFILE": choice.profile,
        "WORKBENCH_SERVER_ID": server_id,
        "WORKBENCH_API": f"http://{for_url(address(settings))}:{settings.hub.dashboards_port}/services/centre/api",
        # Dask fills these in from the environment: links that work through the Hub's proxy.
        "DASK_DISTRIBUTED__DASHBOARD__LINK": "{JUPYTERHUB_SERVICE_PREFIX}proxy/{port}/status",
    }
    return own | {f"{name}_NUM_THREADS": str(cores) for name in THREADS}


def address(settings: Settings) -> str:
    """Where servers reach the Hub and the centre's pages: loopback, unless they run on other machines."""
    return settings.slurm.address if settings.slurm.spawns else "127.0.0.1"


def for_url(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Whether only this machine itself reaches it there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
