"""The Hub's proxy, with one change: a process that only has the id of an earlier proxy is left alone."""

import psutil
from jupyterhub.proxy import ConfigurableHTTPProxy


class OwnProxy(ConfigurableHTTPProxy):
    """A killed Hub leaves its proxy, which the next one ends by the id in a file; that id may be another's now."""

    def _check_pid(self, pid: int) -> None:
        try:
            words = psutil.Process(pid).cmdline()
        except psutil.Error as problem:
            raise ProcessLookupError(pid) from problem
        if self.command[-1] not in words:
            raise ProcessLookupError(pid)
