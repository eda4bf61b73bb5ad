"""Servers forked from a parent: what they have of it, and what is left when one of the processes is killed.

The parent is the real one, but loads nothing ahead; the "server" runs the code that it is given.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from workbench.hub import walls
from workbench.hub.preloaded import client, parent
from workbench.settings import ROOT, load

PARENT = """
import os, random, sys
from pathlib import Path
from workbench.hub.preloaded import mother, parent, serve

def run(arguments):
    exec(arguments[0], {})
    return 0

def anew(path, _kept, number):
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:4], "", number])

random.seed(1)
mark = Path(sys.argv[1]).with_name("mark")
serve.serve, mother.KILL_AFTER_S, mother.END_GRACE_S = run, 0.3, 0.3
parent.MODULES, parent.CHANGED_EVERY_S, parent.anew = ("random",), 0.2, anew
parent.fingerprint = lambda: (mark.stat().st_mtime,) if mark.exists() else ()
parent.main()
"""
LOOKS = """
import json, logging, os, random, signal, sys, threading
os.umask(mask := os.umask(0))
seen = {
    "environ": dict(os.environ), "umask": mask, "folder": os.getcwd(), "random": random.random(), "uid": os.getuid(),
    "handlers": len(logging.getLogger().handlers), "level": logging.getLogger().level,
    "threads": threading.active_count(),
    "files": [int(name) for name in os.listdir("/proc/self/fd")], "stdin": os.readlink("/proc/self/fd/0"),
    "term": signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "own_session": os.getsid(0) == os.getpid(),
    "processes": len([name for name in os.listdir("/proc") if name.isdigit()]), "others": os.path.exists(OTHERS),
}
print("the log has this", flush=True)
json.dump(seen, open("seen.json", "w"))
"""
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
subprocess.Popen([sys.executable, "-c", deaf], start_new_session=True)
open("up", "w").close()
time.sleep(300)
"""
QUIET = "import time; open('up', 'w').close(); time.sleep(300)"
FIRST_UID = 200_123
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forked servers are Linux's")


def until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return found


class Parent:
    """A parent of servers, and those that it was asked for."""

    def __init__(self, folder, ports=""):
        self.folder, self.socket, self.families = folder, folder / "sock", []
        env = os.environ | {"PYTHONPATH": str(ROOT), "OF_THE_PARENT": "1"}
        command = [sys.executable, "-c", PARENT, str(self.socket), ports]
        with (folder / "parent.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=env, cwd=folder, stderr=log)

    def request(self, code, name="one", walled=None, **given):
        home = self.folder / name
        home.mkdir()
        if walled is not None and walled.uid is not None:
            os.chown(home, walled.uid, walled.uid)
        kept = {"heartbeat_s": 0.1, "grace_s": 0.5, "time_limit_s": 0.0, "data_limit_bytes": 0, "cores": ()}
        record = str(self.folder / f"{name}.json")
        environ = {"OF_THE_SERVER": name, "PATH": os.defpath}
        fields = {"folder": str(home), "record": record, "server_id": name, "walls": walled, **kept, **given}
        return client.Request((code,), environ, **fields)

    def start(self, code, name="one", walled=None, **given):
        """A server's keeper, None where it has ended; comes back when the code has said that it is up."""
        request = self.request(code, name, walled, **given)
        with (self.folder / f"{name}.log").open("wb") as log:
            keeper = process_of(client.start(self.socket, request, log.fileno()))
        wanted = self.folder / name / ("seen.json" if "seen.json" in code else "up")
        until(lambda: wanted.exists() and (self.folder / f"{name}.json").exists())
        if keeper is not None:
            with suppress(psutil.NoSuchProcess):
                self.families += [keeper, *keeper.children(recursive=True)]
        return keeper

    def record(self, name="one"):
        return json.loads((self.folder / f"{name}.json").read_text())

    def ended(self, name="one"):
        record = until(lambda: (found := self.record(name))["ended_at"] and found)
        until(lambda: not self.living())
        return record

    def living(self):
        return [process for process in self.families if alive(process)]


def process_of(pid):
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def ahead(tmp_path):
    started = Parent(tmp_path)
    yield started
    started.process.kill()
    started.process.wait(10)
    for process in started.living():
        process.kill()


def walls_of(folder, name):
    """Walls of a home; as root of a user of its own."""
    if why := walls.possible():
        pytest.skip(f"no walls here: {why}")
    uid = FIRST_UID if os.geteuid() == 0 else None
    return walls.plan(load(home=folder / "state"), folder / name, (), uid)


@pytest.mark.parametrize("walled", [False, True])
def test_a_server_has_its_own_of_everything_and_nothing_of_the_parent_s(ahead, tmp_path, walled):
    seen = {}
    for name, other in (("one", "two"), ("two", "one")):
        (tmp_path / "state").mkdir(exist_ok=True)
        code = f"OTHERS = {str(tmp_path / other)!r}\n{LOOKS}"
        ahead.start(code, name, walls_of(tmp_path, name) if walled else None)
        record = ahead.ended(name)
        assert (record["status"], record["reason"]) == (0, "ended by itself")
        seen[name] = json.loads((tmp_path / name / "seen.json").read_text())
        assert (tmp_path / f"{name}.log").read_text() == "the log has this\n"
        assert (tmp_path / name / "seen.json").stat().st_mode & 0o077 == 0

    one, two = seen["one"], seen["two"]
    number = one["environ"].pop("WORKBENCH_KERNELS_FD")
    assert one["environ"] == {"OF_THE_SERVER": "one", "PATH": os.defpath}
    assert one["random"] != two["random"]
    assert (one["umask"], one["folder"], one["stdin"]) == (0o077, str(tmp_path / "one"), "/dev/null")
    assert (one["handlers"], one["level"], one["threads"]) == (0, 30, 1)
    assert one["term"]
    assert one["own_session"]
    assert len(set(one["files"]) - {0, 1, 2, int(number)}) == 1  # the one by which they were listed
    if walled:
        assert one["uid"] == (FIRST_UID if os.geteuid() == 0 else os.getuid())
        assert one["processes"] == 2  # itself and its mother
        assert not two["others"]  # the first home, which is there outside


def test_the_record_is_the_one_of_the_supervisor_and_its_end_is_the_family_s(ahead):
    keeper = ahead.start(STUBBORN)
    record = ahead.record()
    assert (record["pid"], record["server_id"], record["ended_at"]) == (keeper.pid, "one", None)
    assert abs(record["created_at"] - keeper.create_time()) < 2
    assert record["child"] in [child.pid for child in keeper.children()]
    assert len(ahead.families) >= 4
    keeper.terminate()
    assert ahead.ended()["reason"] == "stopped"


def test_a_server_is_told_to_stop_after_its_time(ahead):
    ahead.start(QUIET, time_limit_s=0.5)
    assert ahead.ended()["reason"] == "reached its 0.5 s"


@pytest.mark.parametrize("walled", [False, True])
def test_nothing_outlives_a_killed_keeper(ahead, tmp_path, walled):
    (tmp_path / "state").mkdir()
    keeper = ahead.start(STUBBORN, walled=walls_of(tmp_path, "one") if walled else None)
    keeper.kill()
    until(lambda: not ahead.living())
    assert ahead.record()["ended_at"] is None  # it counts until it was last seen


def test_a_killed_mother_is_written_down_and_nothing_outlives_it(ahead):
    ahead.start(STUBBORN)
    os.kill(ahead.record()["child"], signal.SIGKILL)
    assert ahead.ended()["reason"] == "failed with status 137"


def test_servers_outlive_the_parent(ahead):
    keeper = ahead.start(QUIET)
    ahead.process.kill()
    ahead.process.wait(10)
    seen_at = ahead.record()["seen_at"]
    assert until(lambda: ahead.record()["seen_at"] > seen_at)
    assert len(ahead.living()) == len(ahead.families)
    keeper.terminate()
    assert ahead.ended()["reason"] == "stopped"


def test_what_cannot_be_started_is_said_and_leaves_nothing(ahead, tmp_path):
    ahead.start(QUIET, "other")
    before = ahead.living()
    request = ahead.request(QUIET, folder=str(tmp_path / "missing"))
    with (tmp_path / "log").open("wb") as log, pytest.raises(client.NotForked, match="missing"):
        client.start(ahead.socket, request, log.fileno())
    assert not (tmp_path / "one.json").exists()
    assert ahead.living() == before
    until(lambda: len(psutil.Process(ahead.process.pid).children()) == 1)


def test_without_a_parent_it_is_said_at_once(tmp_path):
    with pytest.raises(client.NotForked, match="sock"):
        client._connected(tmp_path / "sock", 0)


def test_a_parent_begins_anew_in_its_own_process_when_something_changed(ahead, tmp_path):
    keeper = ahead.start(QUIET)
    ready = lambda: (tmp_path / "parent.log").read_text().count("ready")  # noqa: E731
    assert ready() == 1
    (tmp_path / "mark").touch()
    until(lambda: ready() == 2)
    assert ahead.process.poll() is None
    ahead.start(QUIET, "two")
    assert alive(keeper)


def test_an_installation_and_a_change_of_our_own_are_seen(tmp_path, monkeypatch):
    installed, ours = tmp_path / "site-packages", tmp_path / "workbench"
    for folder in (installed, ours):
        folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(installed)])
    monkeypatch.setattr(client, "ROOT", tmp_path)
    seen = [client.fingerprint()]
    os.utime(installed, (1, 1))
    seen.append(client.fingerprint())
    (ours / "new.py").touch()
    seen.append(client.fingerprint())
    assert len(set(seen)) == 3


def test_the_whole_parent_loads_all_it_names_with_one_thread_and_forgets_the_hub_s_token(tmp_path):
    env = os.environ | {"JUPYTERHUB_API_TOKEN": "geheim", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", client.MODULE, str(tmp_path / "sock")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stderr=log)
    try:
        until(lambda: "ready" in (tmp_path / "log").read_text() or process.poll() is not None, 60)
        seen = psutil.Process(process.pid)
        assert "geheim" not in str(seen.environ())
        assert seen.num_threads() == 1
        assert (tmp_path / "sock").stat().st_mode & 0o077 == 0
        missing = [line for line in (tmp_path / "log").read_text().splitlines() if "not loaded ahead" in line]
        assert missing == []
    finally:
        process.kill()
        process.wait(10)


def test_only_what_programs_need_is_kept_of_an_environment():
    kept = parent.plain({"PATH": "/bin", "JUPYTERHUB_API_TOKEN": "x", "WORKBENCH_HOME": "/y", "AWS_SECRET": "z"})
    assert set(kept) == {"PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
