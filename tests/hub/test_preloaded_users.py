"""Unix users of people where the Hub is root: whose homes and servers are, forked or executed."""

import os
import subprocess

import pytest

from workbench.hub import sandbox, unix_ids
from workbench.settings import load

FIRST_UID = 200_123


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has users to give")
def test_without_a_parent_the_server_runs_as_the_same_user_and_without_any_privilege(tmp_path):
    program = sandbox.bwrap()
    if program is None:
        pytest.skip("no bubblewrap here")
    settings = load(home=tmp_path / "state")
    home = settings.homes / "one"
    home.mkdir(parents=True)
    home.chmod(0o700)
    unix_ids.give(home, FIRST_UID)
    command = sandbox.prefix(settings, home, (), program, uid=FIRST_UID)
    shows = f"touch {home}/mine /tmp/mine /dev/shm/mine && umask; id -u; grep -E 'Eff|Bnd|NoNew' /proc/self/status"
    said = subprocess.run(
        [*command, "sh", "-c", shows],
        capture_output=True, text=True, check=True, umask=0o077, cwd=home,
    )  # fmt: skip
    assert said.stdout.split() == ["0077", str(FIRST_UID), "CapEff:", "0" * 16, "CapBnd:", "0" * 16, "NoNewPrivs:", "1"]
    assert (home / "mine").stat().st_uid == FIRST_UID


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has users to give")
def test_a_home_is_given_whole_and_nothing_that_a_link_names(tmp_path):
    home, outside = tmp_path / "home", tmp_path / "outside"
    (home / "a" / "b").mkdir(parents=True)
    (home / "a" / "b" / "file").touch()
    outside.mkdir()
    (outside / "file").touch()
    (home / "a" / "link").symlink_to(outside / "file")
    (home / "folder").symlink_to(outside)
    unix_ids.give(home, FIRST_UID)
    owners = {path.lstat().st_uid for path in (home, *home.rglob("*"))}
    assert owners == {FIRST_UID}
    assert {path.stat().st_uid for path in (outside, outside / "file")} == {0}


def test_a_number_is_never_given_to_another_name(tmp_path):
    settings = load(home=tmp_path)
    settings.hub_state.mkdir(parents=True)
    first = [unix_ids.unix_id(settings, name) for name in ("ana", "bob", "ana")]
    assert first == [settings.hub.first_uid, settings.hub.first_uid + 1, settings.hub.first_uid]
    unix_ids.file(settings).write_text("{spoilt")
    with pytest.raises(ValueError, match="Expecting"):
        unix_ids.unix_id(settings, "new")
