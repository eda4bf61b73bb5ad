"""One running workbench per state folder: its lock, its processes, how it starts, how it ends.

`up.lock` is held while `workbench up` runs and says where; `hub.json` names the Hub and what the Hub started;
`servers/*.json` (written by the spawner) name the notebook servers, which outlive a Hub that was killed.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from workbench.errors import AlreadyRunning, DidNotAnswer, FolderUnwritable, PortTaken
from workbench.hub import listening, proxy, unix_ids
from workbench.hub.environment import address, for_url
from workbench.hub.processes import Process, children_of, end, process_of, read_record, write_record
from workbench.settings import ROOT, Settings

HUB_CONFIG = ROOT / "hub_config" / "jupyterhub_config.py"
ANSWERS_WITHIN_S = 120
STOPS_WITHIN_S = 30
LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class Instance:
    """A workbench that runs now."""

    pid: int
    url: str


def url_of(settings: Settings) -> str:
    """The address a person opens."""
    return f"{settings.hub.subdomain_host}/" if settings.hub.subdomain_host else here(settings)


def here(settings: Settings) -> str:
    """Where the proxy is reached on this machine; see `host`."""
    ip = settings.hub.ip
    host = "127.0.0.1" if ip in ("", "0.0.0.0", "*") else f"[{ip}]" if ":" in ip else ip  # noqa: S104 - read, not bound
    return f"http://{host}:{settings.hub.port}/"


def host(origin: str) -> dict[str, str]:
    """What a question to the proxy has to say: where users have domains of their own, it goes by the host alone.

    Args:
        origin: at which a browser would ask, such as https://centre.example.org; "": the proxy goes by no host.
    """
    return {"Host": urlsplit(origin).netloc} if origin else {}


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """Hold the state folder for this process.

    Raises:
        AlreadyRunning: another holds it; its address and process are in the sentence.
        FolderUnwritable: the folder cannot be made or written.
    """
    file = settings.run / "up.lock"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        opened = file.open("a+", encoding="utf-8")
    except OSError as problem:
        raise FolderUnwritable(settings.home, problem.strerror or str(problem)) from problem
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = _instance(file) or Instance(0, url_of(settings))
            raise AlreadyRunning(other.url, other.pid) from None
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "url": url_of(settings)}))
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def instance(settings: Settings) -> Instance | None:
    """What runs on this state folder now, None when nothing does."""
    file = settings.run / "up.lock"
    try:
        with file.open("r+", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _instance(file)
    return None


def _instance(file: Path) -> Instance | None:
    try:
        return Instance(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # taken this moment and not yet written, or given back


def check_ports(settings: Settings) -> None:
    """Raises PortTaken where one of our four ports cannot be had."""
    hub = settings.hub
    for port, what in (
        (hub.port, "the address you open"),
        (hub.proxy_api_port, "the proxy's own"),
        (hub.hub_port, "the Hub's own"),
        (hub.dashboards_port, "the dashboards' own"),
    ):
        own = {hub.port: hub.ip, hub.proxy_api_port: "127.0.0.1"}
        ip = own.get(port, address(settings))
        with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ip, port))
            except OSError as problem:
                if problem.errno in (errno.EADDRINUSE, errno.EACCES):
                    raise PortTaken(port, what, _person_on(settings, port)) from problem
                raise


def _person_on(settings: Settings, port: int) -> str:
    """Whose server listens there, of those that have users of their own; '' where it is none of them."""
    there = listening.listeners(port)
    return next((name for name, uid in unix_ids.read(settings).items() if uid in there), "")


def start_hub(settings: Settings, config: Path = HUB_CONFIG) -> subprocess.Popen[bytes]:
    """Start the Hub in a session of its own, so that a terminal's signals reach only us and we stop it in order."""
    settings.hub_state.mkdir(parents=True, exist_ok=True)
    log = settings.log / "hub.log"
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB_")}
    env |= {"WORKBENCH_HOME": str(settings.home), "WORKBENCH_PORT": str(settings.hub.port), "PYTHONUNBUFFERED": "1"}
    if "WORKBENCH_CONFIG" in env:  # the Hub runs in another folder
        env["WORKBENCH_CONFIG"] = str(Path(env["WORKBENCH_CONFIG"]).resolve())
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    command = [sys.executable, "-m", "workbench.hub.launch", str(os.getpid()), str(config)]
    with log.open("ab") as output:
        hub = subprocess.Popen(
            command, cwd=settings.hub_state, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    remember(settings, hub.pid)
    return hub


def remember(settings: Settings, hub_pid: int) -> None:
    """Write down the Hub and what it started, for a `down` after all else was killed."""
    hub = process_of(hub_pid, "hub")
    settings.run.mkdir(parents=True, exist_ok=True)
    if hub is not None:
        write_record(settings.run / "hub.json", [hub, *children_of(hub)])


def wait_until_it_answers(settings: Settings, hub: subprocess.Popen[bytes]) -> None:
    """Return when Hub, proxy and dashboards answer through the public address.

    Raises:
        DidNotAnswer: the Hub ended, or a part stayed silent; with the end of the log.
    """
    hub_alone, dashboards_alone = (
        f"http://{for_url(address(settings))}:{p}/" for p in (settings.hub.hub_port, settings.hub.dashboards_port)
    )
    # Each by itself first: the proxy would write an error into the log for every try that came too early.
    parts = [
        ("The Hub", hub_alone + "hub/health"),
        ("The dashboards", dashboards_alone + "services/centre/occupancy"),
        ("The proxy", here(settings) + "hub/health"),
        ("The dashboards", here(settings) + "services/centre/occupancy"),
    ]
    deadline = time.monotonic() + ANSWERS_WITHIN_S
    # Not through a proxy that the environment names: these addresses are on our own machine.
    with httpx.Client(headers=host(settings.hub.subdomain_host), trust_env=False, timeout=10) as client:
        for name, url in parts:
            while True:
                if hub.poll() is not None:
                    raise DidNotAnswer(f"The Hub ended while starting (status {hub.returncode}).", *_log_end(settings))
                if _answers(client, url):
                    break
                if time.monotonic() > deadline:
                    raise DidNotAnswer(f"{name} did not answer within {ANSWERS_WITHIN_S} s.", *_log_end(settings))
                time.sleep(0.2)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code < 404  # a redirect to the log-in or a refusal is an answer
    except httpx.TransportError:
        return False


def _log_end(settings: Settings) -> tuple[Path, str]:
    log = settings.log / "hub.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return log, "\n".join("  " + line for line in lines[-12:])


def ended(hub: subprocess.Popen[bytes], *, within_s: float) -> int | None:
    """The Hub's exit status when it ends within so many seconds, None when it still runs."""
    try:
        return hub.wait(within_s)
    except subprocess.TimeoutExpired:
        return None


def ended_by_itself(settings: Settings, status: int) -> DidNotAnswer:
    """What to say when the Hub ended and nobody had asked it to."""
    how = f"was killed (signal {-status})" if status < 0 else f"ended by itself (status {status})"
    return DidNotAnswer(f"The Hub {how}. Notebook servers keep running; start again: make up.", *_log_end(settings))


def ask_to_stop(found: Instance) -> None:
    """Ask a running `up` to stop and wait until it has; if it does not, end it (the Hub then stops by itself)."""
    process = process_of(found.pid, "up")
    if process is None:
        return
    with suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + 2 * STOPS_WITHIN_S
    while process.alive and time.monotonic() < deadline:
        time.sleep(0.1)
    if process.alive:
        end([process], grace_s=0)


def stop_hub(settings: Settings, hub: subprocess.Popen[bytes]) -> None:
    """Stop the Hub in order, it stops the rest; what is left after that is ended."""
    hub.terminate()
    try:
        hub.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        hub.kill()
        hub.wait()
    end_leftovers(settings)


def leftovers(settings: Settings, *, servers: bool) -> list[Process]:
    """Processes of ours that still run though they should not: the Hub's, and with `servers` the notebook servers."""
    of_servers = [p for file in sorted((settings.run / "servers").glob("*.json")) for p in read_record(file)]
    serving = {p.pid for p in of_servers}
    of_hub = [p for p in read_record(settings.run / "hub.json") if p.pid not in serving]
    found = {p.pid: p for p in (*of_hub, *_proxy(settings), *(of_servers if servers else ()))}
    return [p for p in found.values() if p.alive]


def _proxy(settings: Settings) -> list[Process]:
    """The proxy by the id that the Hub keeps, if that process is one on our port: it outlives a Hub that was killed."""
    try:
        process = process_of(int((settings.hub_state / "proxy.pid").read_text()), "proxy")
    except (OSError, ValueError):
        return []
    words = process.words if process else []
    ours = proxy.command()[-1] in words and str(settings.hub.port) in words
    return [process] if process and ours else []


def end_leftovers(settings: Settings, *, servers: bool = True) -> list[Process]:
    """End what is left over; without `servers` the notebook servers keep running for the next Hub to find.

    Returns: what was still running.
    """
    found = leftovers(settings, servers=servers)
    # The Hub first and by itself: given time, it ends the others in order.
    ended = end([p for p in found if p.name == "hub"], grace_s=STOPS_WITHIN_S)
    # A notebook server's keeper first lets its kernels end and writes down when.
    return ended + end((p for p in found if p.name != "hub"), grace_s=20)
