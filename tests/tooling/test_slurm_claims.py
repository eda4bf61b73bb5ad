"""Who uses which block of ports of the tests' own Slurm: also after a run that was killed."""

import json
import os

import pytest

from tests.slurm_stack import claims
from tests.slurm_stack.processes import Process


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A registry of its own, without users: those of the machine may be in use by a real stack."""
    folder = tmp_path / "registry"
    monkeypatch.setattr(claims, "REGISTRY", folder)
    monkeypatch.setattr(claims, "USERS", ())
    return folder


@pytest.fixture
def gone():
    """A process that has ended."""
    return Process(pid=2**22 + 1, started=1)


def test_the_only_one_was_left_by_a_killed_run(registry, tmp_path, gone):
    left, new, owner = tmp_path / "left", tmp_path / "new", Process.of(os.getpid())
    with claims.locked():
        claims.take(left, gone, 1)
    with claims.locked():
        assert claims.left_behind() == [left]
        claims.give_up(left)
        ports = claims.take(new, owner, 1)
    told = json.loads((registry / f"{ports.first}.json").read_text(encoding="utf-8"))
    assert told == {"folder": str(new), "owner": [owner.pid, owner.started]}
    with claims.locked():
        assert claims.left_behind() == []
        claims.give_up(new)
    assert not registry.exists()


def test_one_that_could_not_be_started_leaves_nothing(registry, tmp_path):
    with pytest.raises(OSError, match="no room"), claims.locked():
        claims.take(tmp_path / "new", Process.of(os.getpid()), 1)
        claims.give_up(tmp_path / "new")
        raise OSError("no room")
    assert not registry.exists()
