"""Who is started where servers cannot be kept apart: people with a warning, a class's seat not at all."""

import asyncio
import logging
import os
from types import SimpleNamespace

import pytest

from workbench.hub import sandbox, walls
from workbench.hub.carried import Carried
from workbench.hub.choices import Refused
from workbench.hub.machine import Held
from workbench.hub.preloaded import client

SEAT, PERSON = "seat-1-2-abcd", "ana"
HELD = Held((0,), ())


@pytest.fixture
def server(settings, monkeypatch):
    """A server of this person, as far as its walls go; no project has files."""
    monkeypatch.setattr(Carried, "_projects", lambda _self: [])
    monkeypatch.setattr(walls, "possible", lambda: "the kernel does not let us")
    monkeypatch.setattr(sandbox, "bwrap", lambda: None)

    def made(name, **training):
        one = Carried()
        one.centre = settings.model_copy(update={"training": settings.training.model_copy(update=training)})
        one.user, one._log_name, one.log, one.shown = SimpleNamespace(name=name), name, logging.getLogger("t"), []
        one.mem_limit = 1 << 30
        return one

    return made


@pytest.mark.parametrize("walled", ["_walls", "_sandbox"])
def test_a_seat_that_cannot_be_kept_apart_is_not_started(server, walled):
    with pytest.raises(Refused, match="cannot be kept apart") as refused:
        getattr(server(SEAT), walled)(HELD)
    assert refused.value.status_code == 503


@pytest.mark.parametrize(("name", "training"), [(PERSON, {}), (SEAT, {"isolation": "if-possible"})])
def test_whoever_may_be_is_started_with_a_word_in_the_log(server, caplog, name, training):
    one = server(name, **training)
    assert one._walls(HELD) is None
    assert one._sandbox(HELD) == []
    assert [record.getMessage() for record in caplog.records] == [
        f"{name} is not kept apart from others: the kernel does not let us",
        f"{name} is not kept apart from others: bubblewrap is not there or not allowed",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to lose")
def test_a_seat_is_never_root_s_own_process(server, monkeypatch):
    monkeypatch.setattr(sandbox, "bwrap", lambda: "/usr/bin/bwrap")
    with pytest.raises(Refused):
        server(SEAT)._sandbox(HELD)
    assert "--cap-drop" in server(PERSON)._sandbox(HELD)


def test_where_only_bubblewrap_keeps_apart_nothing_is_forked(server, monkeypatch):
    monkeypatch.setattr(sandbox, "bwrap", lambda: "/usr/bin/bwrap")
    monkeypatch.setattr(client, "wanted", lambda _settings: True)
    monkeypatch.setattr(client, "start", lambda *_given: pytest.fail("forked without walls"))
    assert asyncio.run(server(PERSON)._fork(None)) is False
