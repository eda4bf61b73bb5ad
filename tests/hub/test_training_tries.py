"""How often codes may be tried, and from which address somebody is taken to come."""

import asyncio
import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders

from workbench.hub.training.came_from import address_of
from workbench.hub.training.tries import FOR_ALL, FOR_KNOWN, KNOWN_FOR_S, MOST_SLOWED, Tries


def test_an_address_has_so_many_tries_a_minute():
    tries = Tries(2)
    assert not tries.limited("a", 600)
    for _time in range(2):
        tries.wrong("a", 600)
    assert tries.limited("a", 659)
    assert not tries.limited("b", 659)
    assert not tries.limited("a", 660)


def test_a_class_room_has_more_for_an_hour():
    tries = Tries(2)
    tries.right("a", 0)
    for _time in range(2 * FOR_KNOWN - 1):
        tries.wrong("a", 60)
    assert not tries.limited("a", 61)
    for _time in range(2):
        tries.wrong("a", KNOWN_FOR_S)
    assert tries.limited("a", KNOWN_FOR_S)


def test_many_addresses_together_have_a_limit_and_who_mistyped_nothing_has_none():
    tries = Tries(2)
    for number in range(2 * FOR_ALL):
        tries.wrong(f"10.0.0.{number}", 600)
    assert tries.limited("10.0.0.1", 600)
    assert not tries.limited("somebody", 600)


def test_it_is_told_once_a_minute():
    tries = Tries(1)
    tries.wrong("a", 600)
    assert [tries.newly_limited("a", now) for now in (600, 601)] == [True, False]
    tries.wrong("a", 660)
    assert tries.newly_limited("a", 661)


def test_no_more_refusals_are_written_than_a_minute_has_room_for():
    tries = Tries(2)
    assert [tries.to_be_written("10.0.0.1", 600 + n) for n in range(4)] == [True, True, False, False]
    assert tries.to_be_written("10.0.0.2", 605)
    assert tries.to_be_written("10.0.0.1", 660)
    assert sum(tries.to_be_written(f"10.0.1.{n}", 661) for n in range(100)) == 2 * FOR_ALL - 1


def test_only_so_many_wait_at_an_address_that_is_limited(monkeypatch):
    monkeypatch.setattr("workbench.hub.training.tries.SLOWED_S", 0.001)
    tries = Tries(2)

    async def all_at_once():
        return await asyncio.gather(*(tries.slowed("a") for _one in range(MOST_SLOWED + 5)), tries.slowed("b"))

    *here, elsewhere = asyncio.run(all_at_once())
    assert sorted(here) == [False] * 5 + [True] * MOST_SLOWED
    assert elsewhere
    assert asyncio.run(tries.slowed("a"))


@pytest.mark.parametrize(
    ("sent", "trusted", "address"),
    [
        ({}, [], "10.0.0.9"),
        ({"X-Real-Ip": "1.1.1.1"}, [], "10.0.0.9"),
        ({"X-Forwarded-For": "1.1.1.1, 2.2.2.2"}, [], "2.2.2.2"),
        ({"X-Forwarded-For": "1.1.1.1,2.2.2.2,10.0.0.3"}, ["10.0.0.3"], "2.2.2.2"),
        ({"X-Forwarded-For": "no address"}, [], "10.0.0.9"),
    ],
)
def test_an_address_is_what_the_proxies_say_and_not_what_a_client_does(sent, trusted, address):
    peer = SimpleNamespace(context=SimpleNamespace(_orig_remote_ip="10.0.0.9"))
    request = SimpleNamespace(headers=HTTPHeaders(sent), connection=peer, remote_ip="1.1.1.1")
    assert address_of(request, trusted, 8002) == address


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's Hub tells its users apart")
def test_who_asks_the_hub_without_its_proxy_is_known_by_their_user():
    # connect of an address imports nothing: the user may not be let in where this Python is.
    asks = """
import os, socket, sys
os.setresuid(70123, 70123, 70123)
one = socket.socket()
one.connect(("127.0.0.1", int(sys.argv[1])))
one.recv(1)
"""
    with socket.create_server(("127.0.0.1", 0)) as hub:
        hub.settimeout(20)
        port = hub.getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", asks, str(port)]):
            connection, peer = hub.accept()
            with connection:
                there = SimpleNamespace(context=SimpleNamespace(address=peer, _orig_remote_ip=peer[0]))
                forged = HTTPHeaders({"X-Forwarded-For": "6.6.6.6"})
                request = SimpleNamespace(headers=forged, connection=there, remote_ip="6.6.6.6")
                assert address_of(request, [], port) == "user id 70123"
        with socket.create_connection(("127.0.0.1", port)) as ours:
            there.context.address = ours.getsockname()
            assert address_of(request, [], port) == "6.6.6.6", "our own proxy"
