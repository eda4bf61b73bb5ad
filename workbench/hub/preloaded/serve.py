"""What a forked child becomes: a notebook server of JupyterHub, or a kernel. Everything it needs is loaded already."""

import os
import sys
from collections.abc import Sequence


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

    IPKernelApp.launch_instance(list(argv))
    return 0
