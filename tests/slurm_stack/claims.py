"""Who uses which block of ports, and the Unix users that all stacks of a machine share.

Each stack has a claim while it lives: a file named for its block. The next that starts ends what a run that was killed
has left; the last that stops removes the users and this folder.
"""

import fcntl
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.slurm_stack.conf import Ports
from tests.slurm_stack.processes import Process

REGISTRY = Path("/run/workbench-test-slurm")
BLOCKS = range(26_000, 26_900, Ports.SIZE)
USERS = ("wb-ana", "wb-bo", "wb-cy")


@contextmanager
def locked() -> Iterator[None]:
    """One at a time; the folder is there meanwhile, also where the last claim of it is given up before one is taken."""
    while True:
        REGISTRY.mkdir(mode=0o755, exist_ok=True)
        try:
            file = (REGISTRY / "lock").open("w")
        except FileNotFoundError:
            continue  # the last one out has just removed it
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _same(file.fileno(), REGISTRY / "lock"):
                try:
                    yield
                finally:
                    if not _claims():
                        shutil.rmtree(REGISTRY, ignore_errors=True)
                return


def take(folder: Path, owner: Process | None, nodes: int) -> Ports:
    """A free block for the stack in `folder`, claimed. Call it under the lock.

    Args:
        folder: of the stack.
        owner: the process that it ends with; None: it lives until it is stopped.
        nodes: how many slurmd.
    """
    for block in BLOCKS:
        claim = REGISTRY / f"{block}.json"
        if not claim.exists() and all(_free(port) for port in range(block, block + Ports.SIZE)):
            told = {"folder": str(folder), "owner": [owner.pid, owner.started] if owner else None}
            claim.write_text(json.dumps(told), encoding="utf-8")
            return Ports(block, nodes)
    raise AssertionError(f"no free block of {Ports.SIZE} ports in {BLOCKS}")


def left_behind() -> list[Path]:
    """Folders of the stacks whose owner is gone, or none of whose daemons lives any more. Under the lock."""
    return [folder for claim in _claims() for folder in [_folder(claim)] if _dead(claim, folder)]


def give_up(folder: Path) -> None:
    """Remove the claim of this stack; with the last one the users go. Under the lock."""
    for claim in _claims():
        if _folder(claim) == folder:
            claim.unlink()
    if not _claims():
        _remove_users()


def make_users() -> None:
    """The Unix users, with homes. Those of a run that was killed, or of a stack beside this one, are taken as they are.

    Under the lock.
    """
    homes: Path | None = None
    for name in USERS:
        if not _known(name):
            homes = homes or public_folder("wb-slurm-homes-")
            words = ["--no-create-home", "--home-dir", str(homes / name), "--shell", "/bin/bash", "--user-group", name]
            subprocess.run(["useradd", *words], check=True, capture_output=True)
        user = pwd.getpwnam(name)
        home = Path(user.pw_dir)
        if not home.exists():
            home.parent.mkdir(mode=0o755, exist_ok=True)
            home.mkdir(mode=0o700)
        os.chown(home, user.pw_uid, user.pw_gid)


def public_folder(prefix: str) -> Path:
    """A new temporary folder that every user can reach."""
    tried = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    parent = next(
        place for place in tried if all(p.stat().st_mode & 0o001 for p in [place.resolve(), *place.resolve().parents])
    )
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent)).resolve()
    folder.chmod(0o755)
    return folder


def _remove_users() -> None:
    for name in filter(_known, USERS):
        home = Path(pwd.getpwnam(name).pw_dir)
        subprocess.run(["userdel", "--force", name], check=True, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)
        if home.parent.name.startswith("wb-slurm-homes-"):
            shutil.rmtree(home.parent, ignore_errors=True) if not any(home.parent.iterdir()) else None


def _claims() -> list[Path]:
    return sorted(REGISTRY.glob("*.json"))


def _folder(claim: Path) -> Path:
    return Path(json.loads(claim.read_text(encoding="utf-8"))["folder"])


def _dead(claim: Path, folder: Path) -> bool:
    owner = json.loads(claim.read_text(encoding="utf-8"))["owner"]
    if owner:
        return not Process(*owner).lives
    daemons = [Process.read(path) for path in (folder / "run").glob("*.pid")]
    return not any(daemon and daemon.lives for daemon in daemons)


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _same(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(descriptor)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
