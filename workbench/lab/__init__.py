"""What a student's Lab has beside the Lab: seat, time left, messages, hand in, let the instructor look, new materials.

A Jupyter server extension and a Lab extension that is written as it is served: no build. On a server that is no seat of
a class both do nothing and ask nothing.
"""

from pathlib import Path
from typing import Any

SEAT = "WORKBENCH_SEAT"
"""Names the seat in the environment of its server and kernels."""
EXTENSIONS = Path(__file__).parent / "labextension"
TELLING = Path(__file__).parent / "telling.py"
"""What a kernel of a seat runs as it begins."""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workbench.lab"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    from workbench.lab.handlers import handlers

    found = handlers(serverapp.base_url)
    serverapp.web_app.add_handlers(".*$", found)
