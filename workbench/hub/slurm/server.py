"""In the job, as the user: bring the course up to date, tell the Hub the port, and become the notebook server.

    python -P -m workbench.hub.slurm.server OPTIONS…

The Hub is told by its own API with this server's token, again and again while it does not answer: it may be away for a
while. What cannot be done is told in the same way and shown to the user.
"""

import json
import os
import runpy
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from workbench.hub import materials

COURSE = Path(__file__).resolve().parents[3] / "notebooks"
FIRST_NOTEBOOK = "01_explore_occupancy.ipynb"
PATH = "listening"
AGAIN_S = (0.2, 0.5, 1, 2, 5, 10, 20)
GIVE_UP_S = 15 * 60


def deliver(home: Path, course: Path = COURSE) -> str:
    """Bring the course in the home up to date; the page to open first.

    Raises:
        OSError: the home cannot be written.
    """
    target = home / "course"
    first = not target.exists()
    materials.deliver(course, target)
    return f"/lab/tree/course/{FIRST_NOTEBOOK}" if first and (target / FIRST_NOTEBOOK).exists() else "/lab"


def tell(api: str, token: str, said: dict[str, object], give_up_s: float = GIVE_UP_S) -> bool:
    """Tell the Hub, until it takes it; False where it refuses, or answers nothing for so long."""
    request = urllib.request.Request(  # noqa: S310 - the Hub's own address
        f"{api}/{PATH}", json.dumps(said).encode(), {"Authorization": f"token {token}"}, method="POST"
    )
    # No proxy of the environment: the token goes to the Hub and nowhere else.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    began = time.monotonic()
    for attempt in range(10_000):
        try:
            with opener.open(request, timeout=10):
                return True
        except urllib.error.HTTPError as problem:
            if problem.code < 500 and problem.code != 429:
                return False
        except OSError:
            pass
        if time.monotonic() - began >= give_up_s:
            return False
        time.sleep(AGAIN_S[min(attempt, len(AGAIN_S) - 1)])
    return False


def free_port(host: str) -> int:
    """A port of this node that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def main() -> None:
    api, token = os.environ["JUPYTERHUB_API_URL"], os.environ["JUPYTERHUB_API_TOKEN"]
    url = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    host = url.hostname or "127.0.0.1"
    try:
        os.environ["JUPYTERHUB_DEFAULT_URL"] = deliver(Path.home())
    except OSError as problem:
        tell(api, token, {"problem": f"{problem.filename or Path.home()}: {problem.strerror or problem}"}, 60)
        raise SystemExit(f"The home cannot be written: {problem}") from problem
    port = free_port(host)
    os.environ["JUPYTERHUB_SERVICE_URL"] = url._replace(netloc=f"{host}:{port}").geturl()
    if not tell(api, token, {"port": port}):
        raise SystemExit("The Hub does not take this server: it was stopped, or the Hub is away for too long.")
    sys.argv[0] = "jupyterhub-singleuser"
    runpy.run_module("jupyterhub.singleuser", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
