"""DCGM exporters, asked all at once: each for itself, with a time limit; one that is broken is only said to be so."""

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import httpx

from workbench.slurm.nodes import unfolded
from workbench.telemetry import dcgm
from workbench.telemetry.parsed import ParsedSamples

AT_ONCE = 16
MOST_BYTES = 32 * 2**20
"""An exporter of 16 GPUs with everything on answers some hundred KiB."""
SLOWEST = 3
"""A whole answer may take so many times the time limit of its parts."""
_FOLDED = re.compile(r"\[[\d,-]+\]")


@dataclass(frozen=True)
class Heard:
    """One exporter's answer. error: why there is none, None where there is one."""

    address: str
    parsed: ParsedSamples | None = None
    error: str | None = None


def addresses(folded: Sequence[str]) -> list[str]:
    """The addresses one by one: http://gpu[1-3]:9400/metrics are three."""
    return [one for text in folded for one in (unfolded(text) if _FOLDED.search(text) else (text,))]


def ask(listed: Sequence[str], now: int, timeout_s: float) -> list[Heard]:
    """Ask exporters.

    Args:
        listed: their addresses.
        now: when the answers count, UTC epoch seconds.
        timeout_s: for connecting, and for each part of an answer.

    Returns:
        An answer or an error for each, in their order.
    """
    if not listed:
        return []
    # The environment's proxy is for the world outside, not for the nodes.
    with httpx.Client(timeout=timeout_s, trust_env=False) as client, ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(lambda address: _heard(client, address, now, timeout_s), listed))


def _heard(client: httpx.Client, address: str, now: int, timeout_s: float) -> Heard:
    heard, limit = Heard(address), time.monotonic() + SLOWEST * timeout_s
    try:
        content = b""
        with client.stream("GET", address) as answer:
            if answer.status_code != httpx.codes.OK:
                return replace(heard, error=f"it answers with status {answer.status_code}")
            for part in answer.iter_bytes():
                content += part
                if time.monotonic() > limit:
                    return replace(heard, error="its answer does not end in time")
                if len(content) > MOST_BYTES:
                    return replace(heard, error=f"its answer is longer than {MOST_BYTES // 2**20} MiB")
    except httpx.TimeoutException:
        return replace(heard, error="no answer in time")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        return replace(heard, error=f"no answer ({problem})")
    parsed = dcgm.parse(content.decode("utf-8", "replace"), now)
    if parsed.samples.empty:
        why = f"; the first line that cannot be used: {parsed.rejects[0].reason}" if parsed.rejects else ""
        return replace(heard, error=f"its answer tells of no GPU{why}")
    return replace(heard, parsed=parsed)
