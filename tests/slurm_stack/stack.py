"""Start and stop the daemons of a private Slurm: munged, MariaDB, slurmdbd, slurmctld, slurmd, slurmrestd.

No systemd, nothing of a Slurm that the machine may have. All lies in one folder; `stop` ends what was started.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.slurm_stack import claims, conf, processes
from tests.slurm_stack.conf import Ports
from tests.slurm_stack.processes import Process

# For speed: what a power cut would lose is of no use to a test.
MARIADB = (
    "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-log-file-size=64M",
    "--innodb-buffer-pool-size=256M", "--innodb-lock-wait-timeout=900", "--performance-schema=OFF", "--skip-log-bin",
    "--skip-name-resolve", "--max-allowed-packet=16M",
)  # fmt: skip
ACCOUNTS = {"climate": ("wb-ana", "wb-bo"), "genome": ("wb-bo", "wb-cy"), "tiny": ("wb-ana",)}
LIMIT_S = 60.0


@dataclass(frozen=True)
class Stack:
    """The daemons of one Slurm, by name: munged, mariadbd, slurmdbd, slurmctld, slurmrestd, gpu001 …"""

    folder: Path
    ports: Ports

    @classmethod
    def start(cls, folder: Path, *, owner: Process | None = None, nodes: int = 2, more: str = "") -> "Stack":
        """Start all of it in an empty folder, which every user can reach; wait until the nodes are idle.

        Args:
            folder: its own.
            owner: the process that it ends with at the latest, when the next one starts; None: it lives on.
            nodes: how many slurmd, 6 at most.
            more: further lines of slurm.conf.
        """
        with claims.locked():
            for left in claims.left_behind():
                _tear_down(left)
            stack = cls(folder, claims.take(folder, owner, nodes))
            claims.make_users()
        conf.write(folder, stack.ports, more=more)
        try:
            with ThreadPoolExecutor(2) as side_by_side:
                for done in [side_by_side.submit(stack.launch, "munged"), side_by_side.submit(stack._make_database)]:
                    done.result()
            stack.launch("slurmdbd")
            stack._fill()
            for name in ("slurmctld", *stack.nodes, "slurmrestd"):
                stack._begin(name)
            for name in ("slurmctld", *stack.nodes, "slurmrestd"):
                stack.wait_up(name)
        except BaseException:
            stack.stop()
            raise
        return stack

    @classmethod
    def at(cls, folder: Path) -> "Stack":
        """The one that was started in this folder."""
        lines = (folder / "etc" / "slurm.conf").read_text(encoding="utf-8").splitlines()
        first = next(int(line.partition("=")[2]) for line in lines if line.startswith("SlurmctldPort="))
        nodes = len(list((folder / "run").glob("gpu*.pid")))
        return cls(folder, Ports(first, nodes))

    @property
    def conf(self) -> Path:
        return self.folder / "etc" / "slurm.conf"

    @property
    def nodes(self) -> list[str]:
        return conf.node_names(self.ports.count)

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", "SLURM_CONF": str(self.conf)}

    def process(self, name: str) -> Process | None:
        """The daemon's process; None where it does not run."""
        found = Process.read(self.folder / "run" / f"{name}.pid")
        return found if found and found.lives else None

    def launch(self, name: str) -> None:
        """Start one daemon and wait until it answers."""
        self._begin(name)
        self.wait_up(name)

    def end(self, name: str, number: int = signal.SIGTERM) -> None:
        """Signal one daemon and wait for its end."""
        if process := self.process(name):
            processes.end([process], number, within_s=20)

    def wait_up(self, name: str) -> None:
        """Wait until a daemon answers."""
        ask = ["munge", "-S", f"{self.folder}/run/munge.socket", "-n"]
        if name == "mariadbd":
            ask = self._mysql("mariadb-admin", "ping")
        elif name == "slurmdbd":
            ask = ["sacctmgr", "--noheader", "list", "cluster"]
        elif name == "slurmctld":
            ask = ["scontrol", "ping"]
        elif name == "slurmrestd":
            self._until(name, lambda: _listens(self.ports.slurmrestd))
            return
        elif name in self.nodes:
            ask = ["sinfo", "--noheader", "--nodes", name, "--format", "%t"]
        # A node that answers has no mark behind its state.
        there = {"idle", "mix", "alloc", "drain", "drng", "comp", "resv"} if name in self.nodes else None
        self._until(
            name, lambda: (said := self._ask(ask)) is not None and (there is None or there >= set(said.split()))
        )

    def stop(self) -> None:
        """End its jobs and its daemons, remove its folder and its users."""
        with claims.locked():
            _tear_down(self.folder)

    def _begin(self, name: str) -> None:
        if self.process(name):
            return
        run, log = self.folder / "run", self.folder / "log"
        environ, nobody = self.environ, False
        command: list[object] = [name, "-D"]
        if name == "munged":
            files = {"key-file": self.folder / "etc" / "munge.key", "socket": run / "munge.socket",
                     "pid-file": run / "munged.own", "log-file": log / "munged.log",
                     "seed-file": run / "munge.seed"}  # fmt: skip
            command = ["munged", "--foreground", "--force", *(f"--{key}={value}" for key, value in files.items())]
        elif name == "mariadbd":
            command = [
                "mariadbd", "--no-defaults", "--user=root", f"--datadir={self.folder}/mysql",
                f"--socket={run}/mysql.sock", f"--pid-file={run}/mariadbd.own", "--bind-address=127.0.0.1",
                f"--port={self.ports.mariadbd}", *MARIADB,
            ]  # fmt: skip
        elif name == "slurmrestd":
            # It refuses to be root, and takes nothing but tokens: scontrol token username=root.
            command = ["slurmrestd", "-a", "rest_auth/jwt", "-s", "openapi/v0.0.38,openapi/dbv0.0.38",
                       f"127.0.0.1:{self.ports.slurmrestd}"]  # fmt: skip
            unshared = "disable_unshare_files,disable_unshare_sysv"
            environ = environ | {"SLURM_JWT": "daemon", "SLURMRESTD_SECURITY": unshared}
            nobody = True
        elif name in self.nodes:
            command = ["slurmd", "-D", "-N", name]
        processes.start(command, log / f"{name}.out", environ, nobody=nobody).write(run / f"{name}.pid")

    def _make_database(self) -> None:
        self._install_database()
        self.launch("mariadbd")
        self.run(*self._mysql("mariadb"), "--execute", (
            "CREATE DATABASE slurm_acct_db; "
            f"CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY '{conf.password(self.folder)}'; "
            "GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1';"
        ))  # fmt: skip

    def _install_database(self, tries: int = 3) -> None:
        # Its bootstrap crashed once in many starts, on a machine that did much else.
        try:
            self.run(
                "mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={self.folder}/mysql",
                "--skip-test-db", "--auth-root-authentication-method=normal", *MARIADB,
            )  # fmt: skip
        except AssertionError:
            if tries == 1:
                raise
            shutil.rmtree(self.folder / "mysql")
            self._install_database(tries - 1)

    def _fill(self) -> None:
        """Cluster, accounts and users, before slurmctld reads them."""
        lines = [f"Cluster - '{conf.CLUSTER}':Fairshare=1:QOS='normal'", "Parent - 'root'"]
        lines += ["User - 'root':DefaultAccount='root':AdminLevel='Administrator':Fairshare=1"]
        lines += [f"Account - '{account}':Description='{account}':Organization='tests'" for account in ACCOUNTS]
        defaults: dict[str, str] = {}
        for account, users in ACCOUNTS.items():
            lines.append(f"Parent - '{account}'")
            lines += [f"User - '{user}':DefaultAccount='{defaults.setdefault(user, account)}'" for user in users]
        (self.folder / "run" / "accounts").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.run("sacctmgr", "--immediate", "load", f"file={self.folder}/run/accounts")

    def run(self, *command: object, environ: dict[str, str] | None = None) -> str:
        """What a program prints; AssertionError with all it said where it fails."""
        words = [str(word) for word in command]
        done = subprocess.run(
            words, cwd="/", env=environ or self.environ, capture_output=True, text=True, check=False, timeout=LIMIT_S,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def database(self, statement: str) -> str:
        """What slurmdbd's database answers, in columns."""
        return self.run(*self._mysql("mariadb"), "--batch", "--execute", statement, "slurm_acct_db")

    def _mysql(self, program: str, *words: str) -> list[str]:
        return [program, "--no-defaults", f"--socket={self.folder}/run/mysql.sock", "--user=root", *words]

    def _ask(self, command: list[str]) -> str | None:
        try:
            return subprocess.run(
                command, cwd="/", env=self.environ, capture_output=True, text=True, check=True, timeout=5,
                stdin=subprocess.DEVNULL,
            ).stdout.strip()  # fmt: skip
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None

    def _until(self, name: str, there: Callable[[], bool], within_s: float = LIMIT_S) -> None:
        limit = time.monotonic() + within_s
        while not there():
            logs = [self.folder / "log" / f"{name}{ending}" for ending in (".out", ".log")]
            said = "\n".join(processes.tail(log) for log in logs)
            assert self.process(name), f"{name} ended:\n{said}"
            assert time.monotonic() < limit, f"{name} gave no answer within {within_s:.0f} s:\n{said}"
            time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _tear_down(folder: Path) -> None:
    """End what runs of the stack in this folder, in an order in which nothing starts anew. Under the lock."""
    daemons = [process for path in (folder / "run").glob("*.pid") if (process := Process.read(path))]
    processes.end(daemons)
    slurm_conf = folder / "etc" / "slurm.conf"
    limit = time.monotonic() + 5
    while (jobs := processes.of_jobs(slurm_conf)) and time.monotonic() < limit:
        processes.end(jobs)
    shutil.rmtree(folder, ignore_errors=True)
    claims.give_up(folder)
