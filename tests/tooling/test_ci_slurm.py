""".ci/slurm: installs where it may, else says what is missing; .ci/run and `make test` use it."""

import re
import shutil
import subprocess

import pytest

from tests.conftest import SUITES
from tests.slurm_stack import missing
from workbench.settings import ROOT

ORDINARY = ("sh", "id", "mktemp", "tail", "grep", "ls", "rm", "cat")


@pytest.fixture
def bare(tmp_path):
    """A PATH on which there is no Slurm, and no apt."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ORDINARY:
        (folder / name).symlink_to(shutil.which(name))
    return folder


def program(folder, name, text):
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def run(folder):
    env = {"PATH": str(folder), "TMPDIR": str(folder)}
    return subprocess.run(["sh", str(ROOT / ".ci" / "slurm")], env=env, capture_output=True, text=True, timeout=60)


def test_it_says_what_is_missing_where_it_may_not_install(bare):
    done = run(bare)
    assert done.returncode == 0
    assert "the slurm suite will not run" in done.stderr
    assert {"slurmctld", "slurmdbd", "munge", "mariadb-server"} <= set(done.stderr.replace(")", " ").split())


def test_as_root_it_installs_and_starts_nothing(bare):
    program(bare, "id", "echo 0")
    program(bare, "apt-get", f'echo "$RUNLEVEL $DEBIAN_FRONTEND $*" >> {bare}/asked')
    assert run(bare).returncode == 0
    update, install = (bare / "asked").read_text().splitlines()
    assert update.split()[-1] == "update"
    assert install.startswith("1 noninteractive ")
    words = install.split()
    assert {"install", "--no-install-recommends", "slurmctld", "slurmd", "slurmrestd", "slurm-client"} <= set(words)


def test_an_install_that_fails_is_said_and_stops_nothing(bare):
    program(bare, "id", "echo 0")
    program(bare, "apt-get", "echo no network; exit 100")
    done = run(bare)
    assert done.returncode == 0
    assert "no network" in done.stderr
    assert "apt-get install" in done.stderr


def test_where_all_is_there_it_says_nothing():
    if missing.missing() and "not here" in missing.missing():
        pytest.skip("there is no Slurm on this machine")
    done = subprocess.run(["sh", str(ROOT / ".ci" / "slurm")], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_it_installs_each_package_that_the_suite_names():
    text = (ROOT / ".ci" / "slurm").read_text()
    ordinary = {"util-linux", "passwd"}
    for package in {*missing.PROGRAMS.values(), *missing.PLUGINS.values()} - ordinary:
        assert package.removeprefix("slurm-wlm-") in text


def test_the_suite_needs_root(monkeypatch):
    monkeypatch.setattr(missing.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(missing.Path, "glob", lambda self, pattern: [self])
    monkeypatch.setattr(missing.os, "geteuid", lambda: 1000)
    assert "needs root" in missing.missing()


def test_the_suite_names_the_packages_that_are_missing(monkeypatch):
    monkeypatch.setattr(missing.shutil, "which", lambda name: None if name == "slurmdbd" else f"/usr/bin/{name}")
    assert "apt-get install slurmdbd" in missing.missing()


def test_a_required_run_requires_every_suite_but_the_gpu_s_and_makes_slurm_ready():
    named = re.search(r"WORKBENCH_REQUIRE:-([a-z,]+)}", (ROOT / ".ci" / "run").read_text())[1]
    assert set(named.split(",")) == set(SUITES) - {"gpu"}
    assert "sh .ci/slurm" in (ROOT / "Makefile").read_text()
