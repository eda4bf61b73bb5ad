"""Materials of a class: taken from a git repository or a folder, published as one bundle, cloned into each seat's home.

Below the class's folder: `tree` what was taken, a checkout; `published/materials.bundle` the only thing that seats see
of it; `starts/<commit>` a clone of the bundle, copied into a home, which is quicker than a clone for each. What is
published again reaches a student who asks for it (workbench.lab.pulling), and never writes over their work.

Source: git-bundle(1); git-config(1), GIT_CONFIG_GLOBAL; open(2), O_NOFOLLOW.
"""

import fcntl
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.domain.projects import Person
from workbench.domain.training import MATERIALS, TrainingSession
from workbench.errors import TrainingRefused
from workbench.i18n import _
from workbench.services.training import events, messages, trees
from workbench.services.training.asked import materials_folder, open_folders
from workbench.services.training.listing import locked
from workbench.services.two_people import DECIDE
from workbench.settings import Settings
from workbench.store.engine import Store

BRANCH = "main"
LIMIT_S = 180.0
MOST_BYTES, MOST_FILES = 256 << 20, 5000
LEFT_OUT = ("__pycache__",)
"""Of a folder, beside what is hidden."""
OWN = {
    "core.symlinks": "false", "core.fileMode": "false", "core.autocrlf": "false", "core.hooksPath": "/dev/null",
    "core.quotePath": "false", "diff.renames": "false", "commit.gpgSign": "false", "gc.auto": "0",
    "user.name": "Workbench", "user.email": "workbench@localhost",
}  # fmt: skip
"""Settings of the repositories, so that a person's own do not change what a pull does."""


@dataclass(frozen=True, slots=True)
class Published:
    """What seats get now: a commit's name, and whether it is another than before."""

    commit: str
    fresh: bool


def shown(settings: Settings, handle: str) -> Path:
    """The folder that the servers of a class's seats may read."""
    return settings.training_folder / handle / "published"


def distribute(store: Store, handle: str, who: str, now: int) -> Published:
    """Publish what the materials are now, and tell the class where there is something new.

    Raises:
        UnknownTraining, UnknownPerson: no such class or person. TrainingRefused: not by this person, it has none, or
        they cannot be had.
    """
    with store.db(writes=True) as db:
        session = locked(db, handle)
        messages.check_teaches(db, session, who)
        trusted = _trusted(store, session)
    if not session.materials:
        raise TrainingRefused(handle, [_("It has no materials.")])
    done = publish(store.settings, session, trusted=trusted)
    if done.fresh:
        with store.db(writes=True) as db:
            events.note(db, "materials", now, session=session.id, who=who, says=done.commit)
        told = _("There are new materials: press “Fetch new materials”. What you have changed stays as it is.")
        messages.say(store, handle, who, told, now)
    return done


def prepare(store: Store, session: TrainingSession, home: Path) -> None:
    """Put the materials into a home that has none yet; published now where nobody has.

    Raises:
        TrainingRefused: they cannot be had. OSError: the home cannot be written.
    """
    settings, target = store.settings, home / MATERIALS
    if not session.materials or target.exists() or target.is_symlink():
        return
    with _alone(settings, session.handle) as folder:
        commit = _published(folder) or _publish(folder, settings, session, trusted=_trusted(store, session))
    scratch = home / f".{MATERIALS}.{os.getpid()}"
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(folder / "starts" / commit, scratch, symlinks=True)
    scratch.rename(target)


def publish(settings: Settings, session: TrainingSession, *, trusted: bool) -> Published:
    """Take the materials as they are now and publish them.

    Args:
        settings: where the class's folder is.
        session: names the materials.
        trusted: whoever planned it may name any folder of this machine.

    Raises:
        TrainingRefused: they cannot be had.
    """
    with _alone(settings, session.handle) as folder:
        before = _published(folder)
        commit = _publish(folder, settings, session, trusted=trusted)
    return Published(commit, commit != before)


def _trusted(store: Store, session: TrainingSession) -> bool:
    with store.db() as db:
        planner = db.get(Person, session.planned_by)
    return planner is not None and planner.role in DECIDE


@contextmanager
def _alone(settings: Settings, handle: str) -> Iterator[Path]:
    """The class's folder, for one at a time. Its way is everybody's, what is in it says who may read it."""
    folder = settings.training_folder / handle
    for place in (settings.training_folder, folder):
        place.mkdir(mode=0o711, parents=True, exist_ok=True)
        place.chmod(0o711)
    with (folder / "materials.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _published(folder: Path) -> str:
    try:
        return (folder / "published" / "commit").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _publish(folder: Path, settings: Settings, session: TrainingSession, *, trusted: bool) -> str:
    tree, place = folder / "tree", materials_folder(session.materials)
    try:
        if place is None:
            _take_repository(tree, session)
        else:
            _take_folder(tree, place, session, None if trusted else open_folders(settings, session.planned_by))
        return _hand_out(folder, tree)
    except (subprocess.SubprocessError, OSError) as problem:
        said = str(getattr(problem, "stderr", "") or getattr(problem, "strerror", "") or problem).strip()
        words = _("Its materials cannot be had: {why}").format(why=said.splitlines()[-1] if said else problem)
        raise TrainingRefused(session.handle, [words]) from problem


def _take_repository(tree: Path, session: TrainingSession) -> None:
    """Bring the checkout to what the repository has now, as one commit on the last."""
    if not (tree / ".git").exists():
        _new(tree)
    branch = session.branch
    if not branch:
        head = git(tree, "ls-remote", "--symref", "--", session.materials, "HEAD").split()
        branch = head[1].removeprefix("refs/heads/") if head[:1] == ["ref:"] else BRANCH
    git(tree, "fetch", "--quiet", "--depth", "1", "--", session.materials, f"refs/heads/{branch}")
    # Whatever its own history becomes: small, and seats can always go on from what they have.
    taken = git(tree, "rev-parse", "FETCH_HEAD^{tree}").strip()
    parents = [] if _commit(tree) is None else ["-p", "HEAD"]
    if not parents or git(tree, "rev-parse", "HEAD^{tree}").strip() != taken:
        made = git(tree, "commit-tree", taken, *parents, "-m", "Materials").strip()
        git(tree, "reset", "--quiet", "--hard", made)


def _take_folder(tree: Path, place: Path, session: TrainingSession, allowed: tuple[Path, ...] | None) -> None:
    """Commit what is in a folder now: plain files that are not hidden."""
    if allowed is not None and not any(place.is_relative_to(one) for one in allowed):
        raise TrainingRefused(session.handle, [_("Its materials lie in a folder that is not the instructor's.")])
    if not (tree / ".git").exists():
        _new(tree)
    for old in tree.iterdir():
        if old.name != ".git":
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    top = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if Path(f"/proc/self/fd/{top}").exists() and os.readlink(f"/proc/self/fd/{top}") != str(place):  # noqa: PTH115
            raise TrainingRefused(session.handle, [_("Its materials lie in a folder that is not the instructor's.")])
        _copy(top, tree, session)
    finally:
        os.close(top)
    git(tree, "add", "--all", "--force")
    if _commit(tree) is None or git(tree, "status", "--porcelain").strip():
        git(tree, "commit", "--quiet", "--allow-empty", "--message", "Materials")


def _copy(top: int, tree: Path, session: TrainingSession) -> None:
    """Copy below an open folder; a link is never followed, also where a file becomes one meanwhile."""

    def too_deep(path: str) -> None:
        words = _("Its materials have more than {n} folders in one another: {path}")
        raise TrainingRefused(session.handle, [words.format(n=trees.DEEPEST, path=path[:80])])

    left_bytes, left_files = MOST_BYTES, MOST_FILES
    for folder, folders, files, here in trees.walk(".", dir_fd=top, deeper=too_deep):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in LEFT_OUT]
        for name in files:
            if name.startswith(".") or not stat.S_ISREG(os.lstat(name, dir_fd=here).st_mode):
                continue
            opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
            with os.fdopen(opened, "rb") as source:
                size = os.fstat(opened).st_size
                left_bytes, left_files = left_bytes - size, left_files - 1
                if left_bytes < 0 or left_files < 0 or not stat.S_ISREG(os.fstat(opened).st_mode):
                    words = _("Its materials are more than {mib} MiB or {files} files.")
                    raise TrainingRefused(session.handle, [words.format(mib=MOST_BYTES >> 20, files=MOST_FILES)])
                target = tree / folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read(size))


def _hand_out(folder: Path, tree: Path) -> str:
    """Make bundle and clone of the checkout's commit; its name."""
    commit = _commit(tree) or ""
    published, start = folder / "published", folder / "starts" / commit
    published.mkdir(mode=0o755, exist_ok=True)
    published.chmod(0o755)
    bundle, scratch = published / "materials.bundle", published / ".new"
    git(tree, "bundle", "create", "--quiet", str(scratch), BRANCH)
    scratch.chmod(0o644)
    scratch.replace(bundle)
    if not start.exists():
        start.parent.mkdir(mode=0o711, exist_ok=True)
        unfinished = start.with_name(f"{commit}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        given = [word for name, value in OWN.items() for word in ("--config", f"{name}={value}")]
        git(folder, "clone", "--quiet", "--template=", "--branch", BRANCH, *given, "--", str(bundle), str(unfinished))
        unfinished.replace(start)
    (published / "commit.new").write_text(commit, encoding="utf-8")
    (published / "commit.new").replace(published / "commit")
    return commit


def _new(tree: Path) -> None:
    tree.mkdir(mode=0o700, parents=True, exist_ok=True)
    git(tree, "init", "--quiet", "--template=", f"--initial-branch={BRANCH}")


def _commit(tree: Path) -> str | None:
    try:
        return git(tree, "rev-parse", "--verify", "--quiet", "HEAD").strip()
    except subprocess.CalledProcessError:
        return None


def git(folder: Path, *words: str) -> str:
    """What git says, in a folder, with settings of ours alone.

    Raises:
        subprocess.SubprocessError: it failed, or took longer than three minutes.
    """
    kept = {
        name: os.environ[name] for name in ("PATH", "HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE") if name in os.environ
    }
    env = kept | {"HOME": str(folder), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    env |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "https:ssh:file",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    }
    own = [word for name, value in OWN.items() for word in ("-c", f"{name}={value}")]
    done = subprocess.run(
        ["git", *own, *words], cwd=folder, env=env, timeout=LIMIT_S, check=True, capture_output=True, text=True
    )
    return done.stdout
