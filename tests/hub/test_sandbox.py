"""What a notebook server can see of this machine: the command, and where bubblewrap is there, what it really does."""

import os
import subprocess
import sys

import pytest

from workbench.hub import sandbox
from workbench.settings import ROOT


@pytest.fixture
def house(settings):
    """A state folder with two homes, secrets, books and the lake of two projects."""
    for name in (
        "homes/ana",
        "homes/lea",
        "secrets",
        "hub",
        "lake/cluster=c/project=alpha",
        "lake/cluster=c/project=beta",
    ):
        (settings.home / name).mkdir(parents=True)
    for name in ("homes/ana/own", "homes/lea/theirs", "secrets/logins", "hub/cookie_secret", "workbench.db",
                 "lake/cluster=c/project=alpha/part", "lake/cluster=c/project=beta/part"):  # fmt: skip
        (settings.home / name).write_text(name)
    return settings


def test_the_command_hides_the_state_folder_before_it_shows_what_is_theirs(house):
    command = sandbox.prefix(house, house.homes / "ana", ["alpha"], "/usr/bin/bwrap")
    hidden = command.index(str(house.home))
    assert command[hidden - 1] == "--tmpfs"
    assert command.index(str(house.homes / "ana")) > hidden
    assert command.index(str(house.lake / "cluster=c" / "project=alpha")) > hidden
    assert str(house.lake / "cluster=c" / "project=beta") not in command
    assert command[-1] == "--"


@pytest.fixture(params=[None, 70000], ids=["as-the-hub", "as-their-own-user"])
def inside(house, request):
    """Run Python in ana's sandbox; its output."""
    if request.param and os.geteuid() != 0:
        pytest.skip("only root gives a server a user of its own")
    sandbox.bwrap.cache_clear()
    program = sandbox.bwrap()
    if program is None:
        pytest.skip("bubblewrap is not installed, or not allowed here")
    if request.param:
        for path in (house.homes / "ana", house.homes / "ana" / "own"):
            os.chown(path, request.param, request.param)
    prefix = sandbox.prefix(house, house.homes / "ana", ["alpha"], program, uid=request.param)

    def run(code):
        command = [*prefix, sys.executable, "-I", "-c", f"import os\nhouse = {str(house.home)!r}\n{code}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    return run


@pytest.mark.parametrize(
    "path",
    ["homes/lea/theirs", "secrets/logins", "hub/cookie_secret", "workbench.db", "lake/cluster=c/project=beta/part"],
)
def test_what_is_not_theirs_is_not_there(inside, path):
    assert inside(f"print(os.path.exists(f'{{house}}/{path}'))").stdout == "False\n"


@pytest.mark.parametrize("path", ["homes/ana/own", "lake/cluster=c/project=alpha/part"])
def test_what_is_theirs_can_be_read(inside, path):
    assert inside(f"print(open(f'{{house}}/{path}').read())").stdout == f"{path}\n"


def test_their_home_keeps_what_they_write(inside, house):
    inside("open(f'{house}/homes/ana/new', 'w').write('kept')")
    assert (house.homes / "ana" / "new").read_text() == "kept"


@pytest.mark.parametrize("path", ["lake/cluster=c/project=alpha/part", "lake/cluster=c/project=alpha/more"])
def test_the_lake_cannot_be_written(inside, path):
    assert "Read-only" in inside(f"open(f'{{house}}/{path}', 'w')").stderr


def test_our_programs_can_be_used_and_not_changed(inside):
    assert inside("import workbench.units; print(workbench.units.GPU_PARTS)").stdout == "420000\n"
    said = inside(f"open({str(ROOT / 'README.md')!r}, 'a')").stderr
    assert "Read-only" in said or "Permission denied" in said


def test_it_is_our_python_as_a_whole(inside):
    said = inside("import sys; print(sys.base_prefix, os.__file__)").stdout
    assert said == f"{sys.base_prefix} {os.__file__}\n"


def test_other_processes_cannot_be_seen(inside):
    seen = inside("print(sum(name.isdigit() for name in os.listdir('/proc')))").stdout
    assert int(seen) <= 3
