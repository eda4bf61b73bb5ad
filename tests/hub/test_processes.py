"""A process is its id and its start: another one with the same id is never ended."""

import subprocess
import sys
import time

import pytest

from workbench.hub.processes import Process, children_of, end, process_of, read_record, write_record

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


@pytest.fixture
def sleeper():
    started = subprocess.Popen([sys.executable, "-Sc", "import time; time.sleep(60)"])
    yield started
    started.kill()
    started.wait()


def test_a_running_process_is_alive_and_ends_when_asked(sleeper):
    process = process_of(sleeper.pid, "sleeper")
    assert process.alive
    assert end([process]) == [process]
    assert not process.alive
    assert sleeper.wait(5) is not None


def test_the_same_id_with_another_start_is_not_ours(sleeper):
    other = Process(sleeper.pid, time.time() - 3600, "sleeper")
    assert not other.alive
    assert end([other]) == []
    assert sleeper.poll() is None


def test_one_that_does_not_listen_is_made_to_end():
    with subprocess.Popen([sys.executable, "-Sc", DEAF], stdout=subprocess.PIPE) as deaf:
        deaf.stdout.readline()
        end([process_of(deaf.pid, "deaf")], grace_s=0.2)
        assert deaf.wait(5) is not None


def test_an_ended_process_that_nobody_collected_is_not_alive(sleeper):
    process = process_of(sleeper.pid, "sleeper")
    sleeper.kill()
    for _ in range(100):
        if not process.alive:
            break
        time.sleep(0.02)
    assert not process.alive
    assert sleeper.returncode is None


def test_children_are_found(sleeper):
    import os

    assert sleeper.pid in [child.pid for child in children_of(process_of(os.getpid(), "us"))]
    assert children_of(Process(sleeper.pid, 0.0, "gone")) == []


def test_a_record_comes_back_as_it_was(tmp_path, sleeper):
    process = process_of(sleeper.pid, "hub")
    write_record(tmp_path / "hub.json", [process])
    assert read_record(tmp_path / "hub.json") == [process]


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"pid": "12", "created_at": 1}', '[{"pid": 12}]', "null"])
def test_a_record_that_is_not_one_of_ours_names_nothing(tmp_path, text):
    (tmp_path / "hub.json").write_text(text)
    assert read_record(tmp_path / "hub.json") == []


def test_a_missing_record_names_nothing(tmp_path):
    assert read_record(tmp_path / "none.json") == []
