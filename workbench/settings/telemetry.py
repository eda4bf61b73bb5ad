"""The part [telemetry] of the settings: who is asked what the GPUs do, and for how long it is kept."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from workbench.settings.section import Section

_FOLDED = re.compile(r"\[[\d,-]+\]")


def _address(text: str) -> str:
    try:
        parts = urlsplit(_FOLDED.sub("1", text))
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"{text!r} is no address of an exporter (write one like http://gpu[001-128]:9400/metrics)")
    return text


class TelemetrySettings(Section):
    """What is asked of DCGM exporters. Without `exporters` none is: samples come from files or from NVML.

    exporters: addresses, which may name nodes as Slurm folds them; interval_s: seconds between two rounds; timeout_s:
    how long an exporter may take; keep_days: UTC days whose samples are kept; folder: where, empty: telemetry/ in the
    state folder.
    """

    exporters: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    interval_s: Annotated[int, Field(ge=5, le=3600)] = 60
    timeout_s: Annotated[int, Field(ge=1, le=60)] = 5
    keep_days: Annotated[int, Field(ge=1)] = 400
    folder: str = ""
