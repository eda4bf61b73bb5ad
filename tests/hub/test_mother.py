"""A forked kernel does what an ordinary one does: through jupyter_client's manager, behind walls where they can be."""

import json
import os
import subprocess
import sys

import pytest

from workbench.hub import runner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="servers are forked on Linux")
DRIVE = """
import json, os, sys
from workbench.hub.preloaded import mother, parent, serve

parent.load()
serve.serve = lambda arguments: exec(arguments[0], {}) or 0
os.environ |= {"JUPYTER_DEFAULT_PROVISIONER_NAME": "workbench-forked", "JUPYTER_RUNTIME_DIR": sys.argv[2]}
os._exit(mother.run([sys.argv[1]]))
"""
SERVER = """
import json, os, random, signal, sys, time
from jupyter_client.manager import KernelManager
from workbench.hub.provisioner import ForkedKernel

found = {}

def run(client, code, **given):
    told = []
    said = client.execute_interactive(code, output_hook=told.append, timeout=30, **given)["content"]
    texts = [m["content"].get("text") or m["content"].get("data", {}).get("text/plain", "") for m in told]
    kinds = [key for m in told for key in m["content"].get("data", {})]
    return said.get("ename", ""), "".join(texts), kinds

def until(condition, within_s=15):
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()

place = os.environ["JUPYTER_RUNTIME_DIR"] + "/k.json"
manager = KernelManager(kernel_name="python3", transport="ipc", connection_file=place)
manager.start_kernel(cwd="/usr", env=os.environ | {"OWN": "of this kernel"})
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=30)
found["forked"] = isinstance(manager.provisioner.process, ForkedKernel)
found["print"] = run(client, "print(1 + 1)")[1]
found["result"] = run(client, "1 + 1")[1]
found["place"] = run(client, "import os, sys; print(os.getcwd(), os.environ['OWN'], "
                     "'WORKBENCH_KERNELS_FD' in os.environ)")[1]
found["magic"] = run(client, "!echo from a shell")[1]
found["error"] = run(client, "1 / 0")[0]
client.allow_stdin = True
found["input"] = run(client, "print('hello', input('who? '))", allow_stdin=True,
                     stdin_hook=lambda _asked: client.input("Ana"))[1]
found["multiprocessing"] = run(client, "from multiprocessing import Pool\\n"
                               "with Pool(2) as p: print(p.map(abs, [-1, -2]))")[1]
found["threads"] = run(client, "import threading; t = threading.Thread(target=print, args=('threaded',)); "
                       "t.start(); t.join()")[1]
found["picture"] = "image/png" in run(client, "from IPython.display import Image, display; import base64\\n"
    "display(Image(base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')))")[2]
found["async"] = run(client, "import asyncio; await asyncio.sleep(0); print('awaited')")[1]
found["child"] = run(client, "import subprocess; print(subprocess.run(['true']).returncode, "
                     "os.waitstatus_to_exitcode(os.system('exit 3')))")[1]

client.execute("import time; print('asleep', flush=True); time.sleep(60)")
while client.get_iopub_msg(timeout=30)["content"].get("text") != "asleep\\n":
    pass
began = time.monotonic()
manager.interrupt_kernel()
found["interrupted"] = client.get_shell_msg(timeout=20)["content"].get("ename"), time.monotonic() - began < 10

run(client, "import random; x = random.random()")
first = run(client, "print(x)")[1]
run(client, "here = 1")
before = manager.provisioner.pid
manager.restart_kernel()
client.wait_for_ready(timeout=30)
found["restarted"] = before != manager.provisioner.pid, run(client, "here")[0]
found["seeds"] = first != run(client, "import random; print(random.random())")[1]

crashed = manager.provisioner.pid
client.execute("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
found["crash"] = until(lambda: not manager.is_alive())
found["buried"] = until(lambda: not os.path.exists(f"/proc/{crashed}"))
manager.shutdown_kernel()

def another(number):
    made = KernelManager(kernel_name="python3", transport="ipc", connection_file=place + str(number))
    made.start_kernel()
    client = made.client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    return made, client

manager, client = another(2)
run(client, "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
began = time.monotonic()
manager.shutdown_kernel(now=True)
found["killed"] = not manager.is_alive() and time.monotonic() - began < 10
manager, client = another(3)
found["ended"] = (manager.shutdown_kernel(), not manager.is_alive())[1]
manager, client = another(4)  # goes on when we end: its mother sees to it
found["left"] = manager.provisioner.pid
print("FOUND", json.dumps(found), flush=True)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a server that was forked by a mother saw of its kernels."""
    folder = tmp_path_factory.mktemp("m")
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "IPYTHONDIR": str(folder / "ipython")}
    done = subprocess.run(
        [sys.executable, "-c", DRIVE, SERVER, str(folder)], env=env, cwd=folder, capture_output=True, text=True,
        timeout=110, check=False,
    )  # fmt: skip
    said = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    assert said, done.stdout[-2000:] + done.stderr[-4000:]
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(said[0].removeprefix("FOUND "))


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("forked", True),
        ("print", "2\n"),
        ("result", "2"),
        ("place", "/usr of this kernel False\n"),
        ("magic", "from a shell\r\n"),
        ("error", "ZeroDivisionError"),
        ("input", "hello Ana\n"),
        ("multiprocessing", "[1, 2]\n"),
        ("threads", "threaded\n"),
        ("picture", True),
        ("async", "awaited\n"),
        ("child", "0 3\n"),
        ("interrupted", ["KeyboardInterrupt", True]),
        ("restarted", [True, "NameError"]),
        ("seeds", True),
        ("crash", True),
        ("buried", True),
        ("killed", True),
        ("ended", True),
    ],
)
def test_it_is_a_kernel_like_any_other(found, what, expected):
    assert found[what] == expected


def test_nothing_of_it_outlives_its_server(found):
    fields = runner.stat(found["left"])
    assert fields is None or fields[0] == "Z", fields
