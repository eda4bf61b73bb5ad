"""One workbench a state folder: who holds it, what is left of an earlier one, when it cannot start."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.errors import AlreadyRunning, DidNotAnswer, FolderUnwritable, NotInstalled, PortTaken
from workbench.hub import proxy, running
from workbench.hub.processes import process_of, write_record
from workbench.settings import load

SLEEP = [sys.executable, "-Sc", "import time; time.sleep(60)"]
CHILD = """
import os, sys, time
from workbench.hub.launch import end_with_parent
end_with_parent(int(sys.argv[1]))
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = f"""
import os, subprocess, sys
wrong = sys.argv[1:]
subprocess.Popen([sys.executable, "-c", {CHILD!r}, *(wrong or [str(os.getpid())])]).wait()
"""
HOLDER = """
import time
from workbench import settings
from workbench.hub import running
with running.held(settings.load()):
    print(flush=True)
    time.sleep(60)
"""


@pytest.fixture
def ports(workbench_home):
    """Settings on four ports that are free now."""
    for port in range(21_040, 21_096, 4):
        settings = load(home=workbench_home, port=port)
        try:
            running.check_ports(settings)
        except PortTaken:
            continue
        return settings
    pytest.fail("no four free ports between 21040 and 21095")


@pytest.fixture
def hub_and_server(settings):
    """A Hub and a notebook server of an earlier run, both still there."""
    (settings.run / "servers").mkdir(parents=True)
    hub, server = subprocess.Popen(SLEEP), subprocess.Popen(SLEEP)
    in_servers = settings.run / "servers" / "s1.json"
    write_record(in_servers, [process_of(server.pid, "server")])
    # The Hub's record names its children, the server among them.
    write_record(settings.run / "hub.json", [process_of(hub.pid, "hub"), process_of(server.pid, "python")])
    yield hub, server
    for process in (hub, server):
        process.kill()
        process.wait()


def ends(process):
    """Whether it ends within five seconds."""
    deadline = time.monotonic() + 5
    while process.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    return not process.alive


def test_nothing_runs_on_a_folder_that_is_not_there(settings):
    assert running.instance(settings) is None
    assert running.leftovers(settings, servers=True) == []


def test_the_holder_is_seen_with_its_address_and_others_are_sent_there(settings):
    with running.held(settings):
        # The lock belongs to the open file: seen from another process as from here.
        assert running.instance(settings) == running.Instance(os.getpid(), "http://127.0.0.1:8000/")
        with (
            pytest.raises(AlreadyRunning, match=rf"http://127.0.0.1:8000/ \(process {os.getpid()}\)"),
            running.held(settings),
        ):
            pass
    assert running.instance(settings) is None


def test_a_holder_that_was_killed_holds_no_more(settings):
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert running.instance(settings).pid == other.pid
        other.kill()
    assert running.instance(settings) is None


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnwritable, match="file/state"), running.held(load(home=tmp_path / "file" / "state")):
        pass


@pytest.mark.parametrize(("offset", "what"), [(0, "you open"), (1, "proxy"), (2, "Hub"), (3, "dashboards")])
def test_each_of_the_four_ports_is_checked(ports, offset, what):
    port = ports.hub.port + offset
    sentence = rf"Port {port} \(.*{what}.* make up PORT="
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortTaken, match=sentence):
        running.check_ports(ports)
    running.check_ports(ports)


def test_a_crashed_hub_is_ended_and_its_servers_stay_when_they_shall(settings, hub_and_server):
    hub, server = hub_and_server
    assert [process.pid for process in running.end_leftovers(settings, servers=False)] == [hub.pid]
    assert hub.wait(5) is not None
    assert server.poll() is None


def test_all_is_ended_when_all_shall(settings, hub_and_server):
    hub, server = hub_and_server
    assert {process.pid for process in running.end_leftovers(settings)} == {hub.pid, server.pid}
    assert None not in (hub.wait(5), server.wait(5))
    assert running.end_leftovers(settings) == []


def test_a_hub_that_ends_while_starting_is_reported_with_its_log(ports, tmp_path):
    config = tmp_path / "config.py"
    config.write_text("raise ValueError('no such centre')")
    ports.log.mkdir(parents=True)
    hub = running.start_hub(ports, config)
    with pytest.raises(DidNotAnswer, match="ended while starting") as problem:
        running.wait_until_it_answers(ports, hub)
    assert "no such centre" in str(problem.value)


def test_the_hub_ends_with_the_one_that_started_it():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        child = process_of(int(parent.stdout.readline()), "child")
        assert child.alive
        parent.kill()
        parent.wait()
    assert ends(child)


def test_the_hub_does_not_start_when_its_starter_is_gone():
    done = subprocess.run([sys.executable, "-c", PARENT, "1"], stdout=subprocess.PIPE, timeout=30)
    assert done.stdout == b""


def test_the_proxy_is_the_node_binary_itself():
    node, script = proxy.command()
    with Path(node).open("rb") as file:
        assert file.read(4) == b"\x7fELF"
    said = subprocess.run([node, script, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("5.")


def test_an_environment_without_the_proxy_says_how_to_get_it(tmp_path):
    with pytest.raises(NotInstalled, match="make setup"):
        proxy.command(tmp_path)


def test_a_settings_file_named_from_here_is_found_by_the_hub(ports, tmp_path, monkeypatch):
    (tmp_path / "site.toml").write_text("")
    config = tmp_path / "config.py"
    config.write_text("import os\nraise ValueError('settings: ' + os.environ['WORKBENCH_CONFIG'])")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_CONFIG", "site.toml")
    ports.log.mkdir(parents=True)
    hub = running.start_hub(ports, config)
    with pytest.raises(DidNotAnswer, match=f"settings: {tmp_path}/site.toml"):
        running.wait_until_it_answers(ports, hub)


@pytest.mark.parametrize(
    ("ip", "host"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("10.1.2.3", "10.1.2.3")]
)
def test_the_address_is_one_that_a_person_can_open(settings, ip, host):
    elsewhere = settings.model_copy(update={"hub": settings.hub.model_copy(update={"ip": ip})})
    assert running.url_of(elsewhere) == f"http://{host}:8000/"
