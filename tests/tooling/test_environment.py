"""environment.yml says the same as pyproject.toml: one set of versions, whichever way a GPU node is made."""

import re
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from workbench.settings import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def split(requirement):
    """Name without the CUDA suffix that only wheels carry, and its bounds in one notation."""
    name, bounds = re.match(r"([a-z0-9-]+?)(?:-cu13|-cuda13x)?\s*([<>=!~][^;]*|)(?:;.*)?$", requirement).groups()
    return name, set(bounds.strip().removeprefix("=").removeprefix("=").removesuffix(".*").replace(" ", "").split(","))


CONDA_BOUNDS = dict(split(line) for line in CONDA["dependencies"] if isinstance(line, str))
(PIP,) = (line["pip"] for line in CONDA["dependencies"] if isinstance(line, dict))


def test_channels_are_rapids_and_conda_forge():
    assert CONDA["channels"] == ["rapidsai", "conda-forge"]


def test_python_is_the_projects():
    assert CONDA_BOUNDS["python"] == set(PROJECT["requires-python"].split(","))


@pytest.mark.parametrize("requirement", PROJECT["optional-dependencies"]["gpu"])
def test_each_package_of_the_gpu_extra_is_there_with_the_same_bounds(requirement):
    name, bounds = split(requirement)
    if name in CONDA_BOUNDS:
        assert CONDA_BOUNDS[name] == bounds
    else:
        assert requirement.partition(";")[0].strip() in PIP


def test_it_brings_nothing_of_its_own():
    ours = {split(line.partition("[")[0])[0] for line in PROJECT["dependencies"]}
    gpu = {split(line)[0] for line in PROJECT["optional-dependencies"]["gpu"]}
    assert set(CONDA_BOUNDS) - gpu - {"python", "cuda-version", "pip"} <= ours
    assert "--editable ." in PIP


def test_bounds_that_repeat_the_projects_are_the_projects():
    assert CONDA_BOUNDS["numpy"] == next(split(line)[1] for line in PROJECT["dependencies"] if line.startswith("numpy"))


@pytest.mark.parametrize("name", sorted(set(CONDA_BOUNDS) - {"python", "pip", "cuda-version"}))
def test_what_the_lock_installs_is_what_conda_would_take(name):
    lock = (ROOT / "requirements-gpu.lock").read_text(encoding="utf-8")
    (version,) = re.findall(rf"^{name}(?:-cu13|-cuda13x)?==([^ ;\\]+)", lock, re.MULTILINE)
    bounds = {bound if bound[0] in "<>=!" else f"=={bound}.*" for bound in CONDA_BOUNDS[name]}
    assert SpecifierSet(",".join(bounds)).contains(version)
