"""The locks say every hash and no address, agree among themselves, and keep to the bounds of RAPIDS."""

import json
import re
import tomllib

import pytest

from workbench.settings import ROOT

LOCKS = ("requirements.lock", "requirements-gpu.lock", "requirements-dev.lock")


def packages(name):
    """Package → its versions in this lock (a version may depend on the Python) with the number of hashes."""
    found = {}
    for entry in re.split(r"\n(?=[a-z])", (ROOT / name).read_text(encoding="utf-8")):
        package, version = re.match(r"([a-z0-9-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)", entry).groups()
        found.setdefault(package, {})[version] = entry.count("--hash=sha256:")
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_has_hashes(name):
    held = packages(name)
    assert len(held) > 150
    assert [package for package, versions in held.items() if not all(versions.values())] == []


@pytest.mark.parametrize("name", [*LOCKS, "hub_config/proxy/package-lock.json", "hub_config/proxy/package.json"])
def test_a_lock_names_no_address(name):
    assert not re.search(r"https?:|--(extra-)?index-url|--find-links|file:|\"resolved\"", (ROOT / name).read_text())


@pytest.mark.parametrize("name", LOCKS[1:])
def test_all_locks_hold_the_same_versions(name):
    base, other = packages(LOCKS[0]), packages(name)
    assert {package: set(other[package]) for package in base} == {package: set(base[package]) for package in base}


def test_versions_are_those_that_rapids_takes():
    held = {package: max(versions) for package, versions in packages("requirements-gpu.lock").items()}
    assert held["dask"] == held["distributed"] == "2026.7.1"
    assert held["pandas"].startswith("3.0.")
    assert held["numpy"].startswith("2.4.")
    assert held["bokeh"].startswith("3.9.")
    assert held["cudf-cu13"].startswith("26.10.")
    assert "pynvml" not in held  # a deprecated shim: nvidia-ml-py gives the module


def test_every_dependency_of_the_project_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = re.compile(r"[a-z0-9-]+")
    for lock, wanted in (
        ("requirements.lock", project["dependencies"]),
        ("requirements-gpu.lock", project["optional-dependencies"]["gpu"]),
        ("requirements-dev.lock", project["optional-dependencies"]["dev"]),
    ):
        assert {name.match(line).group() for line in wanted} - set(packages(lock)) == set()


def test_the_proxy_lock_has_a_digest_for_each_package():
    held = json.loads((ROOT / "hub_config/proxy/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert "node_modules/configurable-http-proxy" in held
    assert [name for name, package in held.items() if name and "integrity" not in package] == []
