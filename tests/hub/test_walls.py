"""What can be had from inside the walls of a forked server: attempts, as root's child and as an ordinary user's."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.hub import walls
from workbench.settings import ROOT, load

pytestmark = pytest.mark.isolation
SEAT, NOBODY = 200_123, 65_533
"""The user that root's child becomes, and the ordinary one that has only a user namespace."""
DRIVE = """
import json, os, sys
from workbench.hub import walls

given = json.loads(sys.argv[1])
if given["as_user"] is not None:  # now that all is loaded: ordinary users may not be able to read our programs here
    os.setgroups([])
    os.setresgid(*[given["as_user"]] * 3)
    os.setresuid(*[given["as_user"]] * 3)
    walls.ctypes.CDLL(None).prctl(walls.PR_SET_DUMPABLE, 1, 0, 0, 0)
if why := walls.possible():
    sys.exit("NOT POSSIBLE: " + why)
for line in sys.stdin:
    reader, writer = os.pipe()
    between = os.fork()
    if between:
        os.close(writer)
        with os.fdopen(reader) as said:
            print(json.dumps(said.read()), flush=True)
        os.waitpid(between, 0)
        continue
    os.dup2(writer, 1)
    os.close(0)
    walls.separate_processes()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    try:
        os.closerange(3, 100)
        walls.show_own_processes()
        walls.enter(walls.Walls.from_json(given["walls"]))
        os.chdir(given["home"])
        exec(json.loads(line), {"os": os, "sys": sys, "house": given["house"], "outside": given["outside"]})
    except BaseException as problem:
        print(type(problem).__name__, problem)
    sys.stdout.flush()
    os._exit(0)
"""
NESTED = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10000000 | 0x20000):
    print("refused")
else:
    said = [libc.umount2(os.fsencode(place), 2) for place in (house, "/tmp")]
    said.append(libc.mount(None, b"/", None, ctypes.c_ulong(32 | 4096), None))
    print("refused" if set(said) == {-1} else said)
"""


LIMITS = walls.Limits(scratch_bytes=8 << 20, tasks=200)
FORKS = """
import _signal as signal  # of the interpreter itself: its files may be closed to this user
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
ends, go = os.pipe()
children = 0
try:
    while children < 400:
        if not os.fork():
            os.close(go)
            os.read(ends, 1)
            os._exit(0)
        children += 1
    print("no end")
except BlockingIOError:
    print("ended", children > 100)
os.close(go)
"""


@pytest.fixture(scope="module", params=["own user", "user namespace"])
def house(request):
    """A state folder with two homes, secrets, books and the lake of two projects; `as_user`: who walls it in."""
    if sys.platform != "linux":
        pytest.skip("walls are Linux's")
    if request.param == "own user" and os.geteuid() != 0:
        pytest.skip("only root can give a server a user of its own")
    as_user = NOBODY if request.param == "user namespace" and os.geteuid() == 0 else None
    top = Path(tempfile.mkdtemp(prefix="walls-"))
    names = ["homes/ana/own", "homes/lea/theirs", "secrets/logins", "hub/cookie_secret", "workbench.db"]
    names += [f"lake/cluster=c/project={project}/part" for project in ("alpha", "beta")]
    for name in (*names, "class/published/b"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)
    uid = SEAT if request.param == "own user" else None
    owner = uid if uid is not None else as_user
    for place in (top, *top.rglob("*")):
        place.chmod(0o755 if place.is_dir() else 0o644)  # it is the walls that must hold, not these
        if owner is not None and (as_user is not None or place.is_relative_to(top / "homes/ana")):
            os.chown(place, owner, owner)
    yield top, uid, as_user
    shutil.rmtree(top)


def open_to_all(path):
    return all(way.stat().st_mode & 0o001 for way in (Path(path), *Path(path).parents))


@pytest.fixture(scope="module")
def inside(house):
    """Run Python inside ana's walls; what it printed, or the name of its error."""
    top, uid, as_user = house
    around = walls.plan(load(home=top), top / "homes" / "ana", ["alpha"], uid, [top / "class/published"], LIMITS)
    if as_user is not None:  # who may not come to our programs cannot show them
        around = replace(
            around, steps=tuple(step for step in around.steps if step[0] != walls.READ or open_to_all(step[1]))
        )
    given = {
        "walls": around.as_json(), "home": str(top / "homes/ana"), "house": str(top), "outside": os.getpid(),
        "as_user": as_user,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVE, json.dumps(given)], env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        cwd="/", text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip

    def run(code):
        try:
            process.stdin.write(json.dumps(code) + "\n")
            process.stdin.flush()
            said = process.stdout.readline()
        except BrokenPipeError:
            said = ""
        if said:
            return json.loads(said).strip()
        why = process.communicate(timeout=20)[1]
        return pytest.skip(why) if "NOT POSSIBLE" in why else pytest.fail(why)

    yield run
    process.communicate(timeout=20)


def test_what_is_not_theirs_is_not_there(inside):
    names = ["homes/lea/theirs", "homes/lea", "secrets/logins", "hub/cookie_secret", "workbench.db"]
    names += ["lake/cluster=c/project=beta/part", "class/other"]
    assert inside(f"print([name for name in {names} if os.path.exists(house + '/' + name)])") == "[]"
    assert inside("print(os.listdir(house + '/homes'))") == "['ana']"


@pytest.mark.parametrize("place", walls.OPEN_TO_ALL)
def test_what_is_in_memory_has_an_end(inside, place):
    fill = f"""
try:
    for number in range(20):
        open("{place}/" + str(number), "wb").write(bytes(1 << 20))
    print("no end")
except OSError as problem:
    print(problem.errno == 28, number >= 6)
for number in range(20):
    if os.path.exists("{place}/" + str(number)):
        os.unlink("{place}/" + str(number))
"""
    assert inside(fill) == "True True"


def test_processes_have_an_end(inside, house):
    if house[1] is None and not walls.TASKS_BY_NAMESPACE:
        pytest.skip("before Linux 5.14 all servers of one user counted together")
    assert inside(FORKS) == "ended True"
    assert inside("print(os.system('true'))") == "0"


def test_what_is_theirs_can_be_read_and_only_the_home_be_written(inside, house):
    for name in ("homes/ana/own", "lake/cluster=c/project=alpha/part", "class/published/b"):
        assert inside(f"print(open(house + '/{name}').read())") == name
    inside("open(house + '/homes/ana/new', 'w').write('kept')")
    assert (house[0] / "homes/ana/new").read_text() == "kept"
    for name in (f"{house[0]}/lake/cluster=c/project=alpha/part", f"{house[0]}/class/published/b", ROOT / "README.md"):
        assert inside(f"open({str(name)!r}, 'a')").startswith(("OSError", "PermissionError"))
    assert inside("open('/etc/made-here', 'w')").startswith(("OSError", "PermissionError"))


def test_tmp_is_their_own(inside, house):
    shown = [house[0], ROOT, Path(sys.prefix), Path(sys.base_prefix)]  # and the way to these, where they lie there
    way = sorted({place.parts[2] for place in shown if place.is_relative_to("/tmp")})
    assert inside("print(os.path.exists(house), sorted(os.listdir('/tmp')))") == f"True {way}"
    assert inside("print(os.listdir('/dev/shm'))") == "[]"


def test_only_their_own_processes_are_there(inside):
    assert inside("print([name for name in os.listdir('/proc') if name.isdigit()], os.getpid())") == "['1'] 1"
    assert inside("os.kill(outside, 0)").startswith("ProcessLookupError")


def test_no_privilege_is_left_and_none_can_be_had(inside):
    said = inside("print(*[line.split()[1] for line in open('/proc/self/status') if line[:3] in ('Cap', 'NoN')])")
    assert set(said.split()[:5]) == {"0" * 16}
    assert said.split()[5] == "1"


def test_root_cannot_be_had_back(inside, house):
    assert inside("print(0 in os.getresuid() + os.getresgid(), os.getgroups() in ([], [65534]))").startswith("False")
    assert inside("os.setresuid(0, 0, 0)").startswith(("PermissionError", "OSError"))
    assert inside("os.setgroups([0])").startswith("PermissionError")
    assert inside("os.chown(house + '/homes/ana/own', 0, 0)").startswith(("PermissionError", "OSError"))
    # What the mode says about a program counts for nothing here: no privilege comes by it.
    for program in filter(None, map(shutil.which, ("su", "mount"))):
        assert "Eff:\t0000000000000000" in inside(
            f"os.system('{program} -c true 2>/dev/null; grep CapEff /proc/self/status')"
        )


def test_nothing_can_be_unmounted_or_made_writable(inside):
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print([libc.umount2(os.fsencode(place), 2) for place in (house, house + "/homes/ana", "/tmp", "/proc")],
      libc.mount(None, b"/", None, ctypes.c_ulong(32 | 4096), None), libc.mount(b"t", b"/mnt", b"tmpfs", 0, None))
"""
    assert inside(code) == "[-1, -1, -1, -1] -1 -1"


def test_nor_by_being_root_of_a_user_namespace_of_one_s_own(inside):
    assert inside(NESTED) == "refused"


def test_terminals_are_their_own(inside):
    assert inside("print(os.listdir('/dev/pts'))") == "['ptmx']"
    assert inside("first, second = os.openpty(); print(os.ttyname(second))") == "/dev/pts/0"


def test_shared_memory_of_the_machine_is_not_theirs(inside):
    assert inside("print(open('/proc/sysvipc/shm').read().count(chr(10)))") == "1"  # its head


def test_a_memory_of_another_process_cannot_be_looked_at(inside):
    assert inside("open(f'/proc/{outside}/mem')").startswith(("FileNotFoundError", "PermissionError"))
