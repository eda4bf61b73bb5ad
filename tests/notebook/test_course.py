"""The course of notebooks runs from top to bottom, over the small centre and over an empty one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders import small_centre

from workbench.services.charging.rating import rate
from workbench.settings import ROOT
from workbench.store.lake import refresh

COURSE = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
NOW = 1_769_000_000


@pytest.mark.notebook
@pytest.mark.parametrize("notebook", COURSE, ids=lambda path: path.stem)
@pytest.mark.parametrize("filled", [True, False], ids=["small centre", "empty centre"])
def test_notebook_runs(notebook, filled, store, tmp_path):
    if filled:
        small_centre(store)
        rate(store, NOW)
        refresh(store)
    run_by_nbval(notebook, {"WORKBENCH_HOME": str(store.settings.home), "HOME": str(tmp_path)})


def run_by_nbval(notebook: Path, environ: dict[str, str]) -> None:
    """Every cell must run; its asserts check the numbers."""
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=120"]
    command += ["-q", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={notebook.parent}", str(notebook)]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("WORKBENCH_", "JUPYTERHUB_", "PYTEST_"))}
    ran = subprocess.run(
        command, env=clean | environ, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


@pytest.mark.parametrize("notebook", COURSE, ids=lambda path: path.stem)
def test_notebook_is_kept_without_results(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert any("assert " in "".join(cell["source"]) for cell in code)
    first = "".join(cells[0]["source"])
    assert all(word in first for word in ("**Question.**", "**Data.**", "**Units.**"))
