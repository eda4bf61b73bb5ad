"""Until a job's server takes connections where it said that it would listen.

A server says its port before it listens. The Hub's own look at it comes up to five seconds late, and does not know that
the job has ended meanwhile.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from workbench.hub.choices import Refused
from workbench.i18n import _

TRY_S = 0.2
LOOK_AT_JOB_S = 5.0


async def until_it_answers(host: str, port: int, ended: Callable[[], Awaitable[bool]], most_s: float, log: str) -> bool:
    """True when it answers, False when its job has ended first.

    Args:
        host, port: where it said.
        ended: whether the job has ended, asked now and then.
        most_s: how long it may take.
        log: where the server's log is, for the person.

    Raises:
        Refused: it took longer.
    """
    began = looked = time.monotonic()
    while not await _answers(host, port):
        now = time.monotonic()
        if now - looked >= LOOK_AT_JOB_S:
            looked = now
            if await ended():
                return False
        if now - began >= most_s:
            raise Refused(
                _(
                    "JupyterLab does not answer at {host}:{port}. Either it did not come up (its log is {log} in your "
                    "home), or nothing reaches that node from the Hub: then tell the operator."
                ).format(host=host, port=port, log=log),
                status_code=500,
            )
        await asyncio.sleep(TRY_S)
    return True


async def _answers(host: str, port: int) -> bool:
    try:
        _reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 1)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
