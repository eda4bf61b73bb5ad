"""`workbench up` as a person uses it: started on a terminal, ended in every way a terminal can end it."""

import os
import signal
import subprocess

import pytest

from tests.centre import COMMAND, copy_of, logged_in, start
from workbench.hub import running
from workbench.hub.processes import read_record

BOX_ENDS = "Stop: Ctrl-C here"
ROLES = ("executive", "analyst", "lead", "student", "operator")


@pytest.fixture
def up(loaded_home, tmp_path):
    """Starts a workbench on a copy of the loaded state, and sees to it that nothing of it is left."""
    started = []

    def started_with(command=None):
        home = tmp_path / "state"
        if not home.exists():
            copy_of(loaded_home, home)
        started.append(start(home, command=command))
        started[-1].until(BOX_ENDS)
        return started[-1]

    yield started_with
    for centre in started:
        centre.stop()


def test_the_box_names_the_address_and_log_ins_that_work(running_centre):
    said = running_centre.read()
    assert running_centre.url in said
    assert "Philly 2017 job log, replayed" in said
    for role in ROLES:
        login = running_centre.login(role)
        assert login.password in said
        with logged_in(running_centre, role) as client:
            assert login.name in client.get("hub/home").text


def test_a_second_one_is_sent_to_the_first(running_centre):
    env = os.environ | {"WORKBENCH_HOME": str(running_centre.home)}
    second = subprocess.run([*COMMAND, "--port", "21099"], env=env, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert f"already running at {running_centre.url}" in second.stderr


def test_ctrl_c_to_make_leaves_nothing_behind(up):
    centre = up(["make", "up"])
    os.write(centre.terminal, b"\x03")
    centre.wait()
    assert "Stopped." in centre.text
    assert centre.nothing_left(within_s=5) == []


def test_a_terminal_that_goes_away_leaves_nothing_behind(up):
    centre = up(["make", "up"])
    centre.close_terminal()
    assert centre.nothing_left() == []


def test_killing_make_leaves_nothing_behind(up):
    centre = up(["make", "up"])
    centre.process.kill()
    assert centre.nothing_left() == []


def test_killing_up_itself_leaves_nothing_behind(up):
    centre = up()
    centre.process.kill()
    assert centre.nothing_left() == []


def test_down_stops_it_in_order_and_a_second_start_finds_all_again(up):
    centre = up()
    down = [COMMAND[0], "down"]
    env = os.environ | {"WORKBENCH_HOME": str(centre.home)}
    said = subprocess.run(down, env=env, capture_output=True, text=True, timeout=90)
    assert said.stdout.endswith("Stopped.\n")
    assert centre.wait() == 0
    assert centre.nothing_left(within_s=5) == []
    with logged_in(up(), "lead") as client:
        assert client.get("hub/home").status_code == 200


def test_a_killed_hub_is_said_and_the_next_start_works(up):
    centre = up()
    (hub,) = [process for process in read_record(centre.settings.run / "hub.json") if process.name == "hub"]
    os.kill(hub.pid, signal.SIGKILL)
    assert centre.wait() == 1
    assert "The Hub was killed (signal 9)" in " ".join(centre.text.split())
    assert centre.nothing_left(within_s=5) == []
    assert running.leftovers(centre.settings, servers=True) == []
    assert BOX_ENDS in up().text
