"""Workers of a kernel whose pandas is cuDF's have it so too: a frame of the one is no frame of the other.

A preload of Dask's workers (`dask_setup`), named by `preload()` where this process has it. Source: cuDF, "cudf.pandas",
Usage ("cudf.pandas.install"); Dask, "Customize Initialization".
"""

import sys
from typing import Any


def preload() -> list[str]:
    """What the workers load first: this module where this process's pandas is accelerated, else nothing."""
    accelerator = sys.modules.get("cudf.pandas")
    return [__name__] if accelerator is not None and accelerator.LOADED else []


def dask_setup(_worker: Any) -> None:
    """Called in each worker before its first task."""
    import cudf.pandas

    cudf.pandas.install()
