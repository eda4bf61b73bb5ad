"""Setting up: what is refused in one sentence, and what is not done twice."""

import os
import shutil
import subprocess
import sys
import traceback

import pytest

from workbench import bootstrap
from workbench.bootstrap import CannotSetUp, check_python, check_writable, digest, gpu_answers, read_stamp
from workbench.settings import ROOT

LOCK_FILES = ["pyproject.toml", *bootstrap.PROXY_FILES, *bootstrap.LOCKS.values()]


@pytest.fixture
def checkout(tmp_path):
    """What setting up reads, in a folder of its own."""
    for name in [*LOCK_FILES, "workbench/bootstrap.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_pythons_that_the_locks_serve_are_taken(version):
    check_python(version)


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7)])
def test_another_python_is_refused_with_what_to_do(version):
    with pytest.raises(CannotSetUp, match=r"Python \d\.\d+ cannot run .* make up PYTHON=/path/to/python3.11"):
        check_python(version)


def test_the_file_speaks_to_an_old_python_too():
    """A Python that cannot run the workbench must still be able to say so: no newer syntax than 3.7's."""
    import ast

    ast.parse((ROOT / "workbench" / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir(mode=0o555)
    child = os.fork()
    if child == 0:  # as nobody: root may write everywhere
        try:
            if os.getuid() == 0:
                os.setuid(65534)
            with pytest.raises(CannotSetUp, match="Cannot write in"):
                check_writable(folder)
        except BaseException:  # noqa: BLE001 - a child must not go on as a second pytest
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_without_a_network_it_says_so_soon(checkout):
    (checkout / "home").mkdir()
    env = {"PATH": "/usr/bin:/bin", "HOME": str(checkout / "home"), "PIP_CONFIG_FILE": os.devnull}
    env["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"  # nothing answers there
    command = [sys.executable, str(checkout / "workbench" / "bootstrap.py")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("No package index answers, and the first run needs one")
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_in_the_way_is_left_alone(checkout):
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "mine.txt").write_text("mine")
    with pytest.raises(CannotSetUp, match="is no Python environment"):
        bootstrap.make_venv(checkout / ".venv")
    assert (checkout / ".venv" / "mine.txt").exists()


def test_nothing_is_done_twice(checkout, capsys):
    venv = checkout / ".venv"
    (venv / "bin").mkdir(parents=True)
    for program in ("python", "workbench"):
        (venv / "bin" / program).write_text("")
    parts = ["base", "gpu"] if gpu_answers() else ["base"]
    stamp = f'{{"parts": {parts}, "digest": "{digest(checkout, parts)}"}}'.replace("'", '"')
    (venv / "workbench-setup.json").write_text(stamp)
    bootstrap.set_up(checkout)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", [name for name in LOCK_FILES if "gpu" not in name and "dev" not in name])
def test_a_changed_lock_is_installed_again(checkout, name):
    before = digest(checkout, ["base"])
    with (checkout / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert digest(checkout, ["base"]) != before


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_stamp_cut_short_counts_as_none(tmp_path, text):
    (tmp_path / "stamp").write_text(text)
    assert read_stamp(tmp_path / "stamp") == {}


def test_the_installer_is_taken_from_the_lock_with_its_hashes(checkout):
    import re

    lines = re.search(r"^uv==(?:.*\\\n)*.*\n", (checkout / "requirements.lock").read_text(), re.MULTILINE).group()
    assert lines.count("--hash=sha256:") > 5
    assert lines.count("==") == 1
