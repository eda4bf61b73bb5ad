"""The page for newcomers: its examples work as they are printed, and it names every key."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.services.joblogs import ROOT, read
from workbench.services.capacity_log import CapacityMapping
from workbench.services.checked_toml import checked
from workbench.services.mapping import Columns, Csv, GpuSpelling, LogMapping, Rename, States, Times
from workbench.units import GPU_PARTS

PAGE = (ROOT / "docs" / "bring-your-own-log.md").read_text(encoding="utf-8")
LOG, *_ = re.findall(r"```\n(id,.*?)```", PAGE, re.DOTALL)
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_first_example_works_as_printed(tmp_path):
    jobs = read(tmp_path, LOG, BLOCKS[0]).jobs
    assert jobs["gpu_parts"].tolist() == [2 * GPU_PARTS, GPU_PARTS // 2]
    assert jobs["project"].tolist() == ["vision", "speech"]
    assert len([line for line in BLOCKS[0].splitlines() if line.strip()]) <= 10


def test_the_series_and_capacity_examples_are_sound():
    series, capacity = (next(b for b in BLOCKS if word in b) for word in ("running_gpu_num", "from ="))
    assert checked(LogMapping, tomllib.loads(series), "page").cluster == "helios-earth-2020"
    assert checked(CapacityMapping, tomllib.loads(capacity), "page").cluster == "alpha"


@pytest.mark.parametrize("part", [LogMapping, Columns, Times, GpuSpelling, States, Csv])
def test_every_key_of_a_mapping_is_on_the_page(part):
    assert [
        key for key in part.model_fields if f"`{key}`" not in PAGE and f"[{key}" not in PAGE and f".{key}]" not in PAGE
    ] == []


def test_every_rename_and_link_is_on_the_page():
    assert [key for key in Rename.model_fields if f"[rename.{key}]" not in PAGE] == []
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (ROOT / "docs" / Path(link)).exists(), link
