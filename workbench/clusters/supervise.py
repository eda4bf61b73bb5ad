"""A small process beside a kernel that ends its Dask cluster when the kernel is gone, however it went.

A kernel that is killed ends no job. Workers that run end by themselves when their scheduler is gone; those that still
wait in the queue would stay there. So this waits for its parent's end, cancels the jobs by their name, which is the
cluster's id, removes the certificates, and tells the centre. Standard library only; it lives as long as its kernel and
somewhat more.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

EVERY_S = 0.5
AGAIN_S = (2.0, 5.0)
"""When jobs are cancelled once more: one that was being submitted at the parent's end comes a little later."""
TELL_S = (5.0, 30.0, 120.0, 600.0)
"""When the centre is told again, until it has heard: its Hub may be down just now."""
LIMIT_S = 30.0

Watcher = subprocess.Popen[bytes]


def beside(cluster_id: str, folder: Path) -> Watcher:
    """Start it beside this process; `folder` is removed at the end."""
    command = [sys.executable, "-I", "-S", __file__, cluster_id, str(folder)]
    silent = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent, start_new_session=True)


def end(watcher: Watcher) -> None:
    """Tell it that there is nothing to watch over any more."""
    watcher.terminate()
    watcher.wait(LIMIT_S)


def main(cluster_id: str, folder: Path, parent: int) -> None:
    """Wait for the parent's end, then end what it left."""
    while os.getppid() == parent:
        time.sleep(EVERY_S)
    cancel(cluster_id)
    shutil.rmtree(folder, ignore_errors=True)
    told = tell(cluster_id)
    for pause_s in AGAIN_S:
        time.sleep(pause_s)
        cancel(cluster_id)
    for pause_s in TELL_S:
        if told:
            return
        time.sleep(pause_s)
        told = tell(cluster_id)


def cancel(cluster_id: str) -> None:
    """Cancel this person's jobs of this name, those that wait and those that run."""
    command = ["scancel", "--quiet", f"--user={os.getuid()}", f"--name={cluster_id}"]
    # What fails is tried again, and the centre's pulse does the same.
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, check=False, timeout=LIMIT_S, stdin=subprocess.DEVNULL, capture_output=True)


def tell(cluster_id: str) -> bool:
    """Tell the centre that the cluster is closed; whether it has answered, or cannot be asked from here."""
    address, token = os.environ.get("WORKBENCH_API"), os.environ.get("JUPYTERHUB_API_TOKEN")
    if not address or not token:
        return True
    ask = urllib.request.Request(f"{address}/cluster/close", json.dumps({"id": cluster_id}).encode())  # noqa: S310
    ask.add_header("Authorization", f"token {token}")
    # No proxy of the environment in between: the token must reach the centre and nobody else.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(ask, timeout=LIMIT_S) as answer:
            return bool(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code < 500
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), os.getppid())
