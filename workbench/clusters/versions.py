"""Which versions must be alike for the parts of a Dask cluster to understand each other, and where they are not.

Asked of the metadata of what is installed: nothing is imported for it.
"""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("dask", "distributed", "msgpack", "cloudpickle", "numpy", "pandas", "workbench")
"""What goes over the wire between them, or says how."""
PROGRAM = "from workbench.clusters.versions import here; import json; print(json.dumps(here()))"
"""What an interpreter is asked to run, to say what it has."""
ABSENT = "not there"


def here() -> dict[str, str]:
    """Python and the packages of this process's environment; ABSENT for one that is not installed."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ABSENT
    return found


def read(printed: str) -> dict[str, str]:
    """What an interpreter said when it ran PROGRAM.

    Raises:
        ValueError: that is no such answer.
    """
    lines = printed.strip().splitlines()
    found = json.loads(lines[-1]) if lines else None
    if not isinstance(found, dict):
        raise ValueError(f"it said {printed[:80]!r}")
    return {str(name): str(value) for name, value in found.items()}


def differences(found: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Where environments differ: "numpy: 2.4.1 in the notebook, 2.3.0 in the workers", one for each package.

    Args:
        found: who ("the Hub", "the notebook", "the workers") → what it has. What only one of them knows of is a
            difference too.
    """
    said = []
    for name in ("python", *PACKAGES):
        has = {who: versions.get(name, ABSENT) for who, versions in found.items()}
        if len(set(has.values())) > 1:
            said.append(f"{name}: " + ", ".join(f"{what} in {who}" for who, what in has.items()))
    return said
