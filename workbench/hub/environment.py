"""What a notebook server's programs are told through their environment: who, where, what was chosen, what is theirs."""

import os
import sys
from pathlib import Path

from workbench.hub.machine import Held
from workbench.hub.options import Choice
from workbench.settings import ROOT, Settings

LAB_CONFIG = ROOT / "hub_config" / "jupyter"
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")
"""Libraries that start a thread for each core of the machine unless <NAME>_NUM_THREADS says otherwise."""


def person(name: str, home: Path) -> dict[str, str]:
    """Who they are, for programs that ask; there is no Unix account behind it."""
    return {"USER": name, "LOGNAME": name, "HOME": str(home), "SHELL": "/bin/bash"}


def server(settings: Settings, choice: Choice, server_id: str, mine: Held) -> dict[str, str]:
    """What was chosen, where the centre answers, and which cores and GPUs are this server's."""
    here = str(Path(sys.executable).parent)
    path = [here, *(p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if p != here)]
    own = {
        "PATH": os.pathsep.join(path),
        "JUPYTER_CONFIG_PATH": str(LAB_CONFIG),
        "WORKBENCH_PROJECT": choice.project,
        "WORKBENCH_PROFILE": choice.profile,
        "WORKBENCH_SERVER_ID": server_id,
        "WORKBENCH_API": f"http://127.0.0.1:{settings.hub.dashboards_port}/services/centre/api",
        "CUDA_VISIBLE_DEVICES": ",".join(mine.devices),
        # Dask fills these in from the environment: links that work through the Hub's proxy.
        "DASK_DISTRIBUTED__DASHBOARD__LINK": "{JUPYTERHUB_SERVICE_PREFIX}proxy/{port}/status",
    }
    return own | {f"{name}_NUM_THREADS": str(len(mine.cores)) for name in THREADS}
