"""Three lines in a real JupyterLab in a real browser draw a picture, without a single request to the internet."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import nbformat
import pytest
from builders import small_centre

THREE_LINES = "import workbench.notebook as wb\ndays = wb.occupancy()\nwb.plot(days)"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LOCAL = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")


@pytest.fixture
def lab(store, tmp_path):
    """The address of a notebook of three lines, in a JupyterLab of its own."""
    small_centre(store)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell(THREE_LINES), nbformat.v4.new_code_cell("wb.usage(by='colour')")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "first.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=t"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url="]
    environ = os.environ | {"WORKBENCH_HOME": str(store.settings.home), "HOME": str(tmp_path)}
    server = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/api")
        yield f"http://127.0.0.1:{port}/lab/tree/first.ipynb?token=t"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(20)


def wait_for(address):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    pytest.fail(f"JupyterLab does not answer at {address}")


@pytest.mark.browser
@pytest.mark.timeout(280)
def test_three_lines_draw_a_picture_and_ask_nobody_outside(lab, chromium):
    from playwright.sync_api import sync_playwright

    outside, asked = [], []
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1200})
        page.on("request", lambda r: (asked if r.url.startswith(LOCAL) else outside).append(r.url))
        page.goto(lab)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        page.wait_for_selector("text=/\\| Idle/", timeout=60_000)  # the kernel in the status line
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).first.click()
        page.wait_for_selector("text=This cannot be asked", timeout=120_000)
        page.wait_for_selector(".jp-Notebook .bk-Canvas canvas, .jp-Notebook .bk-Figure", timeout=30_000)
        error = page.locator(".jp-OutputArea-output", has_text="This cannot be asked").last.inner_text()
        browser.close()
    assert asked
    assert outside == []
    assert "it is one of project, user" in error
    assert "Traceback" not in error
