"""A seat's kernel tells which cells ran and what it tried to reach, and never keeps a cell waiting."""

import json
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from workbench.lab.progress import Teller

HOME = "/srv/centre/homes/seat-abc234-001"
ENVIRON = {
    "HOME": HOME,
    "JPY_SESSION_NAME": f"{HOME}/intro/start.ipynb",
    "WORKBENCH_API": "http://127.0.0.1:8003/services/centre/api",
    "JUPYTERHUB_API_TOKEN": "secret",
}
KERNEL = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "workbench.lab.progress")
begun = time.monotonic()
shell.run_cell("x = 1", store_history=True, cell_id="one")
shell.run_cell("x / 0", store_history=True, cell_id="two")
shell.run_cell("x = (", store_history=True, cell_id="three")
shell.run_cell("x = 2", silent=True)
shell.run_cell("None", store_history=True)
shell.run_cell("open({other!r})", store_history=True, cell_id="four")
print(f"{{time.monotonic() - begun:.1f}}", "pandas" in sys.modules, "httpx" in sys.modules)
time.sleep(3)
"""


@pytest.fixture
def centre():
    """Address of an API that takes reports, and what it got."""
    got = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append((self.path, self.headers["Authorization"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/services/centre/api", got
    server.shutdown()
    thread.join()
    server.server_close()


def run_kernel(api, tmp_path):
    home = tmp_path / "centre" / "homes" / "seat-abc234-001"
    home.mkdir(parents=True)
    other = tmp_path / "centre" / "homes" / "seat-abc234-002" / "work.txt"
    environ = ENVIRON | {"HOME": str(home), "WORKBENCH_API": api, "JPY_SESSION_NAME": f"{home}/intro/start.ipynb"}
    code = KERNEL.format(other=str(other))
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin:/bin"} | environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said.returncode == 0, said.stderr
    return said.stdout.splitlines()[-1].split(), other


def test_a_kernel_tells_its_cells_errors_and_tries_and_loads_nothing_heavy(centre, tmp_path):
    api, got = centre
    (took, *heavy), other = run_kernel(api, tmp_path)
    assert (float(took) < 4.0, heavy) == (True, ["False", "False"])
    assert {(path, token) for path, token, _body in got} == {("/services/centre/api/training/report", "token secret")}
    rows = [row for _path, _token, body in got for row in body["rows"]]
    assert [(row["notebook"], row["cell"]) for row in rows] == [
        ("intro/start.ipynb", cell) for cell in ("one", "two", "three", "four")
    ]
    errors = [row["error"] for row in rows]
    assert errors[:2] == ["", "ZeroDivisionError: division by zero"]
    assert errors[2].startswith("SyntaxError: ")
    assert errors[3].startswith("FileNotFoundError: ")
    assert [one for _path, _token, body in got for one in body["denied"]] == [f"opened {other}"]


def test_a_centre_that_does_not_answer_holds_nothing_up(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (took, *_heavy), _other = run_kernel(f"http://127.0.0.1:{silent.getsockname()[1]}/api", tmp_path)
    assert float(took) < 4.0  # it would be five seconds a cell


@pytest.mark.parametrize(
    ("event", "what", "noted"),
    [
        ("open", f"{HOME}/work.txt", False),
        ("open", HOME, False),
        ("open", "/srv/centre/homes/seat-abc234-0011/work.txt", True),
        ("open", b"/srv/centre/workbench.db", True),
        ("os.listdir", "/srv/centre/homes", True),
        ("os.scandir", "/srv/centre/lake/cluster=a", False),
        ("open", "/usr/lib/python3/os.py", False),
        ("open", 3, False),
        ("os.listdir", None, False),
        ("import", "/srv/centre/homes", False),
    ],
)
def test_files_of_others_are_noted(event, what, noted):
    teller = Teller(ENVIRON)
    teller.heard(event, (what, "r", 0))
    assert bool(teller.tried) == noted


def test_a_path_that_raises_stops_no_program():
    class Odd:
        def __fspath__(self):
            raise ValueError("no")

    teller = Teller(ENVIRON)
    teller.heard("open", (Odd(), "r", 0))
    assert not teller.tried


def test_ports_of_one_s_own_and_of_the_centre_are_nobody_else_s():
    teller = Teller(ENVIRON)
    with socket.create_server(("127.0.0.1", 0)) as mine:
        own = mine.getsockname()[1]
        for port in (own, 8003):
            teller.heard("socket.connect", (None, ("127.0.0.1", port)))
        assert teller.denied(list(teller.tried)) == []
    teller.heard("socket.connect", (None, ("10.0.0.1", 80)))
    assert ("port", "80") not in teller.tried


def test_a_port_of_a_process_that_is_not_seen_is_another_s(monkeypatch):
    monkeypatch.setattr("workbench.lab.progress._sockets_seen", set)
    teller = Teller(ENVIRON)
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        port = theirs.getsockname()[1]
        teller.heard("socket.connect", (None, ("127.0.0.1", port)))
        assert teller.denied(list(teller.tried)) == [f"connected to 127.0.0.1:{port}"]
        teller.heard("socket.connect", (None, ("127.0.0.1", port)))
        assert len(teller.tried) == 1  # the first one; it is told once
    assert teller.denied([("port", str(port))]) == []


def test_more_than_can_be_told_is_dropped():
    teller = Teller(ENVIRON)
    begun = time.monotonic()
    for number in range(100_000):
        teller.heard("open", (f"/srv/centre/homes/x{number}", "r", 0))
    assert len(teller.tried) == 200
    assert time.monotonic() - begun < 5
