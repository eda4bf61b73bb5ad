"""The kernels of this machine: those that every notebook server may offer, nobody's own.

"Python (RAPIDS)", pandas on the GPU, is offered only where there is one to use. Source: Jupyter Client, "Kernel specs";
cuDF, "cudf.pandas", Usage (an extension that is loaded before pandas is imported).
"""

import json
from dataclasses import dataclass
from pathlib import Path

from workbench.clusters.gpu import gpus, has_rapids_here

RAPIDS = "rapids"
FOLDER = Path(__file__).parents[2] / "hub_config" / "jupyter" / "kernels" / RAPIDS


@dataclass(frozen=True, slots=True)
class Kernel:
    """title: what the Lab calls it; language: "python", "R"."""

    title: str
    language: str


def rapids_here() -> bool:
    """Whether a kernel that is started now would compute on a GPU."""
    return bool(gpus().count) and has_rapids_here()


def installed() -> dict[str, Kernel]:
    """By name, the kernels below the workbench's own environment and the machine's folders (`jupyter kernelspec
    install`, `ipykernel install --prefix`).
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_core.paths import ENV_JUPYTER_PATH, SYSTEM_JUPYTER_PATH

    folders = [str(Path(one) / "kernels") for one in (*ENV_JUPYTER_PATH, *SYSTEM_JUPYTER_PATH)]
    found = KernelSpecManager(kernel_dirs=folders).get_all_specs()
    specs = {name: one["spec"] for name, one in found.items()}
    if rapids_here():
        specs.setdefault(RAPIDS, json.loads((FOLDER / "kernel.json").read_text(encoding="utf-8")))
    return {name: Kernel(str(one["display_name"]), str(one["language"])) for name, one in sorted(specs.items())}
