"""A PostgreSQL of the tests' own: a cluster in a folder, on a loopback port, gone afterwards.

From the package of Debian (`apt-get install postgresql`) or whatever has `initdb` and `pg_ctl` together. It refuses
to run as root, so root's tests run it as `postgres` or `nobody`.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

PORTS = range(27_000, 27_100)
# For speed: what a power cut would lose is of no use to a test.
CONFIGURED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")


@cache
def programs() -> Path | None:
    """The folder with initdb and pg_ctl; None where there is no PostgreSQL."""
    found = [Path(path).resolve().parent for name in ("initdb", "pg_ctl") if (path := shutil.which(name))]
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -int(p.parent.name))
    return next((folder for folder in [*found, *newest] if (folder / "initdb").exists()), None)


def psql() -> Path | None:
    """The shell of PostgreSQL: beside its programs, else the one on the PATH."""
    folder = programs()
    if folder and (folder / "psql").exists():
        return folder / "psql"
    return Path(found) if (found := shutil.which("psql")) else None


@contextmanager
def running() -> Iterator[str]:
    """Start one; the URL of its `postgres` database, whose user may make others."""
    folder = programs()
    assert folder is not None
    user = _unprivileged()
    with tempfile.TemporaryDirectory(prefix="pg-") as parent:
        if user:
            os.chown(parent, user.pw_uid, user.pw_gid)
        cluster, port = Path(parent) / "data", _free_port()
        options = " ".join(f"-c {option}" for option in CONFIGURED)
        options += f" -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={parent}"
        log = Path(parent) / "log"
        _run(user, folder / "initdb", "-D", cluster, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
        try:
            _run(user, folder / "pg_ctl", "-D", cluster, "-l", log, "-w", "-o", options, "start")
        except AssertionError as problem:
            raise AssertionError(f"{problem}{log.read_text(encoding='utf-8') if log.exists() else ''}") from problem
        try:
            yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
        finally:
            _run(user, folder / "pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop")


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _run(user: pwd.struct_passwd | None, *command: object) -> None:
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    done = subprocess.run(
        [str(word) for word in command], cwd="/", env=env, capture_output=True, text=True, check=False, **as_user,
    )  # fmt: skip
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}{done.stderr}"


def _free_port() -> int:
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no free port in {PORTS}")
