"""The runner with real processes: what it writes down, and that nothing outlives it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from workbench.hub import records, runner
from workbench.hub.processes import Process

SLEEPER = "import time; print('up', flush=True); time.sleep(300)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
FAMILY = f"""
import subprocess, sys, time
for _ in range(2):
    subprocess.Popen([sys.executable, '-c', {DEAF!r}], start_new_session=True)
print('up', flush=True)
time.sleep({{live_s}})
"""
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(300)"
)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="process groups are watched through Linux's own means")


class Run:
    """A runner with its record and the line that its command prints when it is up."""

    def __init__(self, folder: Path, code: str, *, grace_s=0.5, data_limit=0, cores="", server_id="s1", limit_s=0):
        self.file = folder / f"{server_id}.json"
        options = [str(self.file), server_id, "0.1", str(grace_s), str(limit_s), str(data_limit), cores, "--"]
        command = [sys.executable, "-I", "-S", runner.__file__, *options, sys.executable, "-c", code]
        env = os.environ | {"WORKBENCH_SERVER_ID": server_id}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True, text=True, env=env)
        self.first_line = self.process.stdout.readline().strip()
        self.family = psutil.Process(self.process.pid).children(recursive=True)

    @property
    def record(self) -> dict:
        return json.loads(self.file.read_text())

    def end(self, number=signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)

    def living(self) -> list[psutil.Process]:
        return [p for p in self.family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def run(tmp_path):
    started = []

    def start(code: str, **options) -> Run:
        started.append(Run(tmp_path, code, **options))
        return started[-1]

    yield start
    for one in started:
        for process in one.family:
            with suppress(psutil.NoSuchProcess):  # a runner ends by itself where its command was killed
                process.kill()
        one.process.kill()
        one.process.wait(10)
        one.process.stdout.close()


def test_a_server_told_to_stop_is_written_down_as_stopped(run):
    server = run(SLEEPER)
    began = server.record
    server.end()
    record = server.record
    assert began["ended_at"] is None
    assert began["pid"] == server.process.pid
    assert record["reason"] == "stopped"
    assert record["started_at"] <= record["ended_at"] == record["seen_at"]


def test_the_record_names_the_process_so_that_its_id_alone_is_not_trusted(run):
    server = run(SLEEPER)
    record = server.record
    assert Process(record["pid"], record["created_at"], "server").alive
    assert not Process(record["pid"], record["created_at"] - 60, "server").alive


def test_seen_at_moves_on_while_the_server_runs(run):
    server = run(SLEEPER)
    first = server.record["seen_at"]
    deadline = time.monotonic() + 10
    while server.record["seen_at"] == first and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.record["seen_at"] > first


def test_a_server_that_fails_is_written_down_with_its_status(run):
    server = run("import sys; print('up', flush=True); sys.exit(3)")
    assert server.process.wait(10) == 3
    assert server.record["reason"] == "failed with status 3"


def test_a_server_that_ends_well_by_itself_is_no_failure(run):
    server = run("print('up', flush=True)")
    assert server.process.wait(10) == 0
    assert server.record["reason"] == "ended by itself"


def test_a_server_killed_by_a_signal_says_so(run):
    server = run("import os; print('up', flush=True); os.kill(os.getpid(), 9)")
    assert server.process.wait(10) == 128 + signal.SIGKILL
    assert server.record["reason"] == "failed with status 137"


def test_kernels_in_sessions_of_their_own_end_with_a_server_that_is_stopped(run):
    server = run(FAMILY.format(live_s=300))
    assert len(server.family) == 3
    server.end()
    assert server.living() == []


def test_kernels_end_also_when_the_server_dies_by_itself(run):
    server = run(FAMILY.format(live_s=1))
    server.process.wait(20)
    assert server.living() == []


def test_a_server_that_does_not_listen_is_killed_after_its_grace(run):
    server = run(STUBBORN, grace_s=0.3)
    began = time.monotonic()
    server.end()
    assert time.monotonic() - began < 5
    assert server.living() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_every_signal_that_asks_for_an_end_is_an_orderly_one(run, number):
    server = run(SLEEPER)
    server.end(number)
    assert server.record["reason"] == "stopped"


def test_a_killed_runner_takes_its_server_along(run):
    server = run(SLEEPER)
    server.end(signal.SIGKILL)
    psutil.wait_procs(server.family, timeout=5)
    assert server.living() == []
    assert server.record["ended_at"] is None  # nobody was left to write it: the reader of the records decides


def test_a_killed_runner_s_server_ended_when_it_was_last_seen(run, settings):
    folder = records.folder(settings)
    folder.mkdir(parents=True)
    server = Run(folder, SLEEPER)
    running = records.read(settings)
    server.end(signal.SIGKILL)
    server.process.stdout.close()
    (lost,) = records.read(settings)
    assert running[0].ended_at is None
    assert lost.ended_at == server.record["seen_at"]
    assert lost.reason == records.LOST


def test_memory_beyond_the_limit_is_an_error_in_the_program_not_its_death(run):
    code = "\ntry:\n    block = bytearray(2**30)\nexcept MemoryError:\n    print('refused', flush=True)"
    server = run(code, data_limit=512 * 2**20)
    assert server.first_line == "refused"
    assert server.process.wait(10) == 0


def test_a_server_is_pinned_to_its_cores(run):
    core = min(os.sched_getaffinity(0))
    server = run("import os; print(sorted(os.sched_getaffinity(0)), flush=True)", cores=str(core))
    assert server.first_line == f"[{core}]"


def test_a_command_that_is_not_there_is_a_failed_server(tmp_path):
    file = tmp_path / "s.json"
    command = [
        sys.executable,
        "-I",
        "-S",
        runner.__file__,
        str(file),
        "s",
        "1",
        "1",
        "0",
        "0",
        "",
        "--",
        "/no/such/program",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 127
    assert "/no/such/program" in done.stderr
    assert json.loads(file.read_text())["reason"] == "failed with status 127"


def test_a_full_disk_does_not_end_the_server(run, tmp_path):
    server = run(SLEEPER)
    server.file.unlink()
    server.file.mkdir()  # nothing can be put in its place
    time.sleep(0.5)
    assert server.process.poll() is None
    server.file.rmdir()
    server.end()
    assert server.record["reason"] == "stopped"


def test_the_runner_stays_small_beside_every_server(run):
    server = run(SLEEPER)
    assert psutil.Process(server.process.pid).memory_info().rss < 16 * 2**20


@pytest.mark.parametrize("code", [SLEEPER, STUBBORN], ids=["in order", "made to"])
def test_a_server_is_ended_when_its_time_is_over_and_the_record_says_so(run, code):
    server = run(code, limit_s=0.6)
    began = time.monotonic()
    server.process.wait(20)
    assert time.monotonic() - began < 5
    assert server.record["reason"] == "reached its 0.6 s"
    assert not server.living()


def test_a_limit_is_told_in_hours():
    assert [runner.hours(seconds) for seconds in (4 * 3600, 5400, 90)] == ["4 h", "1.5 h", "90 s"]
