"""A suite that must run and cannot fails the run; otherwise it is skipped, and said."""

import os
import subprocess
import sys

import pytest

from workbench.settings import ROOT


def run_pytest(folder, require):
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    # Nothing is on the PATH, so that no suite that needs a program of its own can run.
    env = os.environ | {"WORKBENCH_REQUIRE": require, "PATH": str(folder)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(folder),
        str(folder),
    ]
    return subprocess.run([*command, "-p", "no:cacheprovider"], capture_output=True, text=True, env=env, timeout=120)


@pytest.fixture
def a_slurm_test(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n\n@pytest.mark.slurm\ndef test_p():\n    pass\n\n\ndef test_q():\n    pass\n"
    )
    return tmp_path


def test_a_suite_that_cannot_run_is_skipped_and_said(a_slurm_test):
    done = run_pytest(a_slurm_test, "")
    assert done.returncode == 0, done.stdout
    assert "NOT RUN: the slurm suite" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout


def test_a_required_suite_that_cannot_run_fails(a_slurm_test):
    done = run_pytest(a_slurm_test, "slurm")
    assert done.returncode == 1
    assert "the slurm suite is required and cannot run" in done.stdout


def test_a_required_suite_without_a_test_fails(a_slurm_test):
    done = run_pytest(a_slurm_test, "sqlite")
    assert done.returncode != 0
    assert "no test of the suite sqlite" in done.stdout + done.stderr


def test_an_unknown_suite_is_refused(a_slurm_test):
    done = run_pytest(a_slurm_test, "browsr")
    assert done.returncode != 0
    assert "no suite browsr" in done.stdout + done.stderr
