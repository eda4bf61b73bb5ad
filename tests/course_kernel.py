"""A kernel in an environment of its own, as an operator installs one for a course."""

from __future__ import annotations

import json
import shutil
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KERNEL, TITLE = "course-of-a-test", "Course of a test"


@contextmanager
def course_kernel() -> Iterator[Path]:
    """The interpreter of an environment of this Python with IPython and without the workbench, installed as KERNEL."""
    place = Path(sys.prefix) / "share" / "jupyter" / "kernels" / KERNEL
    venv.EnvBuilder(symlinks=True, clear=True).create(place / "env")
    python = place / "env" / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # As a path only: what its own .pth files name, the workbench among it, is not there.
    packages = place / "env" / "lib" / version / "site-packages" / "packages.pth"
    packages.write_text(sysconfig.get_path("purelib") + "\n")
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (place / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": TITLE, "language": "python"}))
    try:
        yield python
    finally:
        shutil.rmtree(place)
