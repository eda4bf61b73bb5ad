"""What a forked child becomes: a notebook server of JupyterHub, or a kernel. Everything it needs is loaded already."""

import os
import sys
from collections.abc import Sequence

from workbench.lab import SEAT

PROGRESS = "workbench.lab.progress"
"""IPython extension of kernels on seats: says which cells ran, and what stopped one."""


def serve(arguments: Sequence[str]) -> int:
    """Run jupyterhub-singleuser with these arguments, in this process and its environment; its status."""
    from jupyterhub.singleuser.extension import main

    sys.argv = ["jupyterhub-singleuser", *arguments]
    main(list(arguments))
    return 0


def kernel(argv: Sequence[str], folder: str) -> int:
    """Run an IPython kernel.

    Args:
        argv: as for `python -m ipykernel_launcher`, without those.
        folder: to work in.
    """
    # It would end with the process that asked for it, by a comparison of parents that are not its own.
    os.environ.pop("JPY_PARENT_PID", None)
    os.chdir(folder)
    sys.argv = ["ipykernel_launcher", *argv]
    from ipykernel.kernelapp import IPKernelApp

    ahead = {"extra_extensions": [PROGRESS]} if SEAT in os.environ else {}
    IPKernelApp.launch_instance(list(argv), **ahead)
    return 0
