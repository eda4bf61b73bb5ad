"""The centre's own ports: nothing that servers run listens there, and what listens for a server is that server."""

import asyncio
import errno
import logging
import os
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests.centre import four_free_ports
from workbench.errors import PortTaken
from workbench.hub import kept_ports, listening, running, unix_ids
from workbench.hub.choices import Refused
from workbench.hub.spawners import LocalSpawner
from workbench.settings import load

needed = pytest.mark.skipif(not kept_ports.possible(), reason="this kernel cannot keep ports (Linux 6.7)")
BINDS = """
import os, socket, sys
for port in map(int, sys.argv[1:]):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        one.bind(("127.0.0.1", port))
    except OSError as problem:
        print(problem.errno, end=" ")
    else:
        one.listen()
        print("listens", end=" ")
"""


LISTENS = """
import os, socket, sys
port, uid = map(int, sys.argv[1:3])
os.setresuid(uid, uid, uid)
one = socket.socket()
one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
one.bind((sys.argv[3], port))
one.listen()
print("listens", flush=True)
while True:
    one.accept()[0].close()
"""


@contextmanager
def a_listener(port, uid=None, at="127.0.0.1"):
    """Somebody who listens on a port of loopback."""
    command = [sys.executable, "-c", LISTENS, str(port), str(os.getuid() if uid is None else uid), at]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "listens\n"
            yield
        finally:
            process.kill()


@needed
def test_kept_ports_cannot_be_bound_and_all_others_can():
    first = four_free_ports()
    command = [
        sys.executable,
        "-I",
        "-S",
        kept_ports.__file__,
        f"{first},{first + 2}",
        "--",
        sys.executable,
        "-c",
        BINDS,
    ]
    said = subprocess.run(
        [*command, str(first), str(first + 1), str(first + 2), "0"], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == [str(errno.EACCES), "listens", str(errno.EACCES), "listens"]


@needed
def test_what_is_kept_does_not_come_back_below_or_behind_walls():
    first = four_free_ports()
    inside = [] if os.geteuid() else ["unshare", "--mount", "--pid", "--fork"]
    command = [sys.executable, "-I", "-S", kept_ports.__file__, str(first), "--", *inside, sys.executable, "-c", BINDS]
    said = subprocess.run([*command, str(first)], capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(errno.EACCES)]


@needed
def test_no_other_protocol_leads_to_a_kept_port():
    tries = """
import ctypes, os, socket
for family, protocol in ((socket.AF_INET, 262), (socket.AF_INET6, 262), (socket.AF_INET, 256), (43, 0)):
    try:
        socket.socket(family, socket.SOCK_STREAM, protocol)
        print("has it")
    except OSError as problem:
        print(problem.errno)
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(425, 8, ctypes.create_string_buffer(120)), ctypes.get_errno())
print(len(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).getsockname()), os.system("true"))
"""
    command = [sys.executable, "-I", "-S", kept_ports.__file__, "8000", "--", sys.executable, "-c", tries]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    refused = str(errno.EPROTONOSUPPORT)
    assert said[:6] == [refused, refused, refused, refused, f"-1 {errno.ENOSYS}", "4 0"]


@needed
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has it to lose")
def test_a_root_without_its_power_keeps_them_too():
    first = four_free_ports()
    weak = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
    command = [sys.executable, "-I", "-S", kept_ports.__file__, str(first), "--", sys.executable, "-c", BINDS]
    said = subprocess.run([*weak, *command, str(first)], capture_output=True, text=True, check=True)
    assert (said.stdout.split(), said.stderr) == ([str(errno.EACCES)], "")


def test_a_listener_at_another_address_is_no_concern_of_ours():
    port = four_free_ports()
    with a_listener(port, at="127.0.0.2"):
        assert listening.listeners(port) == frozenset()
    with a_listener(port, at="0.0.0.0"):
        assert listening.listeners(port) == {os.getuid()}


def test_who_listens_is_known_by_their_user():
    port = four_free_ports()
    assert listening.listeners(port) == frozenset()
    with a_listener(port):
        assert listening.listeners(port) == {os.getuid()}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has users to give")
def test_a_port_that_somebodys_server_took_is_told_with_their_name(tmp_path):
    settings = load(home=tmp_path / "state", port=four_free_ports())
    settings.hub_state.mkdir(parents=True)
    uid = unix_ids.unix_id(settings, "mallory")
    with a_listener(settings.hub.hub_port, uid), pytest.raises(PortTaken, match=r"mallory's notebook server.*down"):
        running.check_ports(settings)


@pytest.mark.parametrize(("uid", "refused"), [(os.getuid(), False), (os.getuid() + 1, True), (None, False)])
def test_a_server_whose_port_another_took_is_not_shown_to_anybody(uid, refused):
    running_ = SimpleNamespace(port=four_free_ports(), log=logging.getLogger(), _log_name="ana", runs_as=uid)
    with a_listener(running_.port):
        if refused:
            with pytest.raises(Refused, match="taken by another program"):
                asyncio.run(LocalSpawner._listening(running_))
        else:
            asyncio.run(LocalSpawner._listening(running_))
