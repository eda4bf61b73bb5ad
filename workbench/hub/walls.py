"""What a notebook server sees of the machine: its own home, the lake's files of its projects, programs, nothing else.

`plan` says it once for both who carry it out: bubblewrap before a server that is executed (workbench.hub.sandbox), and
`enter` in one that is forked (workbench.hub.preloaded), where nothing may be executed. Mounts, IPC and processes are
its own; what is mounted is read-only but for its home; no privilege is left and none can be had again.

Source: namespaces(7), mount_namespaces(7), mount_setattr(2), capabilities(7), prctl(2); the policy of bwrap(1).
"""

import ctypes
import os
import re
import resource
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from workbench.settings import ROOT, Settings

TMPFS, READ, WRITE = "tmpfs", "read", "write"
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x08000000, 0x10000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
AT_FDCWD, AT_RECURSIVE, SYS_MOUNT_SETATTR, ATTR_RDONLY, ATTR_NOSUID = -100, 0x8000, 442, 0x1, 0x2
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 24, 38
LAST_CAPABILITY = 63
OPEN_TO_ALL = ("/tmp", "/dev/shm")  # noqa: S108 - the server's own
MOST_FILES = 200_000
"""In each of them: a file without content costs memory too."""
TASKS, TASKS_PER_CORE = 1000, 100
TASKS_BY_NAMESPACE = sys.platform == "linux" and tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 14)
"""Before, all servers of one user counted together (setrlimit(2), RLIMIT_NPROC)."""


@dataclass(frozen=True)
class Limits:
    """What one server may have of what all share; 0: as much as the machine has.

    scratch_bytes: in each of the places that are its own and in memory. tasks: processes and threads of its user.
    """

    scratch_bytes: int = 0
    tasks: int = 0

    @classmethod
    def of(cls, memory_bytes: int, cores: int) -> "Limits":
        """Half of its memory in each place, as a machine gives; what libraries start on its cores, and more."""
        return cls(memory_bytes // 2, TASKS + TASKS_PER_CORE * max(1, cores))


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Walls:
    """Steps in their order, (kind, path): TMPFS is empty there, READ and WRITE are what is there outside.

    uid: the user and group to become; None: who we are.
    """

    steps: tuple[tuple[str, str], ...]
    uid: int | None = None
    limits: Limits = NO_LIMITS

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, object]) -> "Walls":
        steps = given["steps"]
        assert isinstance(steps, list)
        uid = given["uid"]
        assert uid is None or isinstance(uid, int)
        limits = given["limits"]
        assert isinstance(limits, dict)
        return cls(tuple((str(kind), str(path)) for kind, path in steps), uid, Limits(**limits))


def plan(
    settings: Settings,
    home: Path,
    projects: Iterable[str],
    uid: int | None = None,
    shown: Iterable[Path] = (),
    limits: Limits = NO_LIMITS,
) -> Walls:
    """What a server may see.

    Args:
        settings: names the state folder, which is hidden.
        home: the person's, the only place that can be written and stays.
        projects: slugs whose files of the lake are readable.
        uid: of the person's servers; None: that of the Hub.
        shown: further folders that they may read.
        limits: of what it may take.
    """
    steps = [(TMPFS, place) for place in OPEN_TO_ALL]
    programs = [ROOT, Path(sys.prefix), Path(sys.base_prefix).resolve()]
    hidden = [Path.home(), Path("/root"), Path("/run"), *_closed_ways([*programs, settings.home])]
    steps += [(TMPFS, str(place)) for place in dict.fromkeys(hidden) if place.is_dir() and place != Path("/")]
    # The programs themselves may lie below what was hidden.
    for kept in dict.fromkeys([*programs, Path("/run/systemd/resolve")]):
        if kept.is_dir() and kept != Path("/usr"):
            steps.append((READ, str(kept)))
    steps.append((TMPFS, str(settings.home)))
    steps += [(READ, str(folder)) for folder in (*_lake_folders(settings, projects), *shown)]
    return Walls((*steps, (WRITE, str(home))), uid, limits)


def _closed_ways(places: Iterable[Path]) -> list[Path]:
    """Folders on the way to these that another user may not pass: hidden, the way through them is everybody's."""
    ways = dict.fromkeys(way for place in places for way in place.parents)
    return [way for way in ways if way.is_dir() and not way.stat().st_mode & 0o001]


def _lake_folders(settings: Settings, projects: Iterable[str]) -> list[Path]:
    """Of the clusters that have jobs of theirs now; what comes later a notebook asks the centre's service for."""
    wanted = {f"project={quote(project, safe='')}" for project in projects}
    return [folder for folder in sorted(settings.lake.glob("cluster=*/project=*")) if folder.name in wanted]


@cache
def possible() -> str:
    """Why servers cannot be walled in here, '' where they can; tried once, in a process of its own."""
    if sys.platform != "linux":
        return "this is not Linux"
    if os.geteuid() == 0 and (closed := _closed_to_others()):
        return f"{closed} is closed to other users"
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = _tried(writer)
        except BaseException as problem:  # noqa: BLE001 - whatever it was, it is the answer
            said = str(problem) or type(problem).__name__
        os.write(writer, said.encode()[:500])
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, encoding="utf-8") as answer:
        return answer.read()


def _tried(writer: int) -> str:
    """Every step of a real server, in a child of this child as there; '' where its own answer is in the pipe."""
    separate_processes()
    first = os.fork()
    if first:
        status = os.waitpid(first, 0)[1]
        return f"the first process ended with {status}" if status else ""
    show_own_processes()
    enter(Walls(((TMPFS, "/tmp"), (READ, "/usr"))))  # noqa: S108 - as above
    os.close(writer)
    os._exit(0)


def _closed_to_others() -> str:
    for place in (ROOT, Path(sys.prefix), Path(sys.base_prefix)):
        if place.stat().st_mode & 0o005 != 0o005:
            return str(place)
    return ""


def separate_processes() -> None:
    """Have the next child be the first of process numbers of its own; without root also in a user namespace.

    Raises:
        OSError: the kernel does not let us.
    """
    if os.geteuid() == 0:
        _unshare(CLONE_NEWPID)
        return
    uid, gid = os.geteuid(), os.getegid()
    _unshare(CLONE_NEWUSER | CLONE_NEWPID)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def enter(walls: Walls) -> None:
    """Stand inside, for good: the mounts, the user, no privilege. Only in a process made for it.

    Raises:
        OSError: which mount could not be made.
    """
    _unshare(CLONE_NEWNS | CLONE_NEWIPC)
    before = os.umask(0o022)  # the way to the home is everybody's, also where it is made here
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    # Held before anything is hidden: what lies below what will be hidden is reached by these.
    kept = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for kind, path in walls.steps if kind != TMPFS}
    _set_attributes("/", set_=ATTR_RDONLY | ATTR_NOSUID)
    _set_attributes("/dev", clear=ATTR_RDONLY)  # whose devices they are is for their modes to say
    _own_terminals()
    for kind, path in walls.steps:
        if kind == TMPFS:
            Path(path).mkdir(parents=True, exist_ok=True)
            _mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, _room(path, walls.limits))
            continue
        where = Path(path)
        where.mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{kept[path]}", path, None, MS_BIND | MS_REC)
        if kind == WRITE:
            _set_attributes(path, clear=ATTR_RDONLY)
    for number in kept.values():
        os.close(number)
    os.umask(before)
    _seal(walls)


def _room(path: str, limits: Limits) -> str:
    if path not in OPEN_TO_ALL:
        return "mode=0755,size=1m"  # nothing is written there but the ways to what is shown below
    size = f",size={limits.scratch_bytes},nr_inodes={MOST_FILES}" if limits.scratch_bytes else ""
    return f"mode=1777{size}"


def _own_terminals() -> None:
    """Terminals of nobody else: where all servers run as one user, another's could be read."""
    _mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
    if not Path("/dev/ptmx").is_symlink():
        _mount("/dev/pts/ptmx", "/dev/ptmx", None, MS_BIND)


def show_own_processes() -> None:
    """Mount a /proc of the own process numbers; in their first process, before `enter`.

    Raises:
        OSError: the kernel does not let us.
    """
    _unshare(CLONE_NEWNS)
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _seal(walls: Walls) -> None:
    """Become the user; drop every privilege, also those that a program could bring; no more processes than it may."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # those beyond the kernel's last are refused
    if walls.limits.tasks and (walls.uid is not None or TASKS_BY_NAMESPACE):
        most = resource.getrlimit(resource.RLIMIT_NPROC)[1]  # as much as the Hub itself may, at most
        tasks = walls.limits.tasks if most == resource.RLIM_INFINITY else min(walls.limits.tasks, most)
        resource.setrlimit(resource.RLIMIT_NPROC, (tasks, tasks))
    if walls.uid is not None:
        os.setgroups([])
        os.setresgid(walls.uid, walls.uid, walls.uid)
        os.setresuid(walls.uid, walls.uid, walls.uid)
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "the capabilities could not be dropped")
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "new privileges could not be ruled out")
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # a change of user took it: the process may look at itself in /proc


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        raise OSError(ctypes.get_errno(), f"unshare({flags:#x}): {os.strerror(ctypes.get_errno())}")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(*words, ctypes.c_ulong(flags), None if data is None else data.encode()):
        raise OSError(ctypes.get_errno(), f"mount of {target}: {os.strerror(ctypes.get_errno())}")


def _set_attributes(path: str, *, set_: int = 0, clear: int = 0) -> None:
    wanted = (ctypes.c_uint64 * 4)(set_, clear, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    number, size = ctypes.c_long(SYS_MOUNT_SETATTR), ctypes.c_size_t(ctypes.sizeof(wanted))
    if libc.syscall(number, AT_FDCWD, os.fsencode(path), AT_RECURSIVE, ctypes.byref(wanted), size):
        raise OSError(ctypes.get_errno(), f"mount_setattr of {path}: {os.strerror(ctypes.get_errno())}")
