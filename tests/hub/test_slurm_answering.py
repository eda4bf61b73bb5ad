"""A server that said its port is waited for until it listens there, its job has ended, or its time is over."""

import asyncio
import socket

import pytest

from workbench.hub.choices import Refused
from workbench.hub.slurm import answering


def port_of_nobody():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(port, *, ended=False, most_s=10.0):
    async def has_ended():
        return ended

    return answering.until_it_answers("127.0.0.1", port, has_ended, most_s, "the.log")


def test_a_server_that_comes_up_later_is_met_at_once():
    async def both():
        port = port_of_nobody()
        waiting = asyncio.ensure_future(until(port))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", port)
        assert await asyncio.wait_for(waiting, 2)
        server.close()
        await server.wait_closed()

    asyncio.run(both())


def test_a_job_that_ends_first_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(answering, "LOOK_AT_JOB_S", 0.3)
    assert asyncio.run(until(port_of_nobody(), ended=True)) is False


def test_a_node_that_nothing_reaches_is_said_with_its_address(monkeypatch):
    port = port_of_nobody()
    with pytest.raises(Refused, match=rf"127\.0\.0\.1:{port}.*the\.log.*tell the operator"):
        asyncio.run(until(port, most_s=0.3))
