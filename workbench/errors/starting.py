"""What cannot start, or was left alone."""

from pathlib import Path

from workbench.errors.base import CannotStart


class PortTaken(CannotStart):
    """`whose`: the person whose notebook server took it, where that is known."""

    def __init__(self, port: int, what: str, whose: str = ""):
        if whose:
            super().__init__(
                f"Port {port} ({what}) was taken by a program of {whose}'s notebook server. End the servers that are "
                "left: workbench down; then start again."
            )
            return
        super().__init__(
            f"Port {port} ({what}) is in use by another program. Stop it, or choose another port: make up PORT=9000."
        )


class FolderUnwritable(CannotStart):
    def __init__(self, path: Path | str, why: str):
        super().__init__(f"Cannot write in {path} ({why}). Free it, or set WORKBENCH_HOME to a folder of yours.")


class AlreadyRunning(CannotStart):
    def __init__(self, url: str, pid: int):
        super().__init__(
            f"The workbench is already running at {url} (process {pid}). Open it there, or stop it: make down."
        )


class NotInstalled(CannotStart):
    def __init__(self, what: str, path: Path | str):
        super().__init__(f"This environment lacks {what} ({path}). Install it: make setup.")


class DidNotAnswer(CannotStart):
    def __init__(self, what: str, log: Path | str, last_lines: str):
        super().__init__(f"{what} Its log is {log}, and ends:\n{last_lines}")


class ClusterCannotStart(CannotStart):
    def __init__(self, why: str, *, on_gpu: bool):
        what = "stay on the CPU: wb.cluster(gpu=False)" if on_gpu else "restart the kernel, or ask for fewer workers"
        super().__init__(f"The Dask cluster did not start: {why}. Free what other kernels hold, or {what}.")


class EnvironmentsDiffer(CannotStart):
    def __init__(self, differences: list[str], python: str):
        super().__init__(
            f"The Dask cluster was not started: its parts would not understand each other: {'; '.join(differences)}. "
            f"Choose the notebook's kernel that runs {python}, or ask the operator to update the nodes' environment."
        )


class WorkersDoNotFit(CannotStart):
    def __init__(self, workers: int, have: str, most: int):
        ask = f"Ask for at most {most}, or start" if most else "Start"
        super().__init__(f"{workers} worker(s) do not fit in {have}. {ask} a server with a larger profile.")


class LoginsExposed(CannotStart):
    def __init__(self, address: str):
        super().__init__(
            f"The Hub would listen on {address} while the sample logins exist. Remove them "
            "(workbench sample forget-logins), or listen on 127.0.0.1."
        )


class NotOurs(CannotStart):
    def __init__(self, path: Path | str):
        super().__init__(
            f"{path} was not made by the workbench, so it is left alone. Remove it yourself if you mean it."
        )
