"""What comes out of reading telemetry: samples, what could not be used, and what was read and is no sample."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from workbench.analytics.parsed import Reject, shortened
from workbench.analytics.samples import sample_frame
from workbench.periods import iso

SKEW_S = 300
"""A clock may be ahead of ours by so much."""


@dataclass(frozen=True)
class ParsedSamples:
    """One text, read.

    Args:
        samples: a frame of SAMPLE_COLUMNS.
        rejects: lines (of a text or an XML file; 0: of what has no lines) that could not be used, with the reason. A
            value that cannot be read is unknown in its sample, and here.
        passed: lines that say nothing about a device's use, by what they are.
    """

    samples: pd.DataFrame
    rejects: tuple[Reject, ...] = ()
    passed: Mapping[str, int] = field(default_factory=dict)


def joined(parts: Iterable[ParsedSamples]) -> ParsedSamples:
    """Several texts as one."""
    listed = list(parts)
    frames = [part.samples for part in listed if len(part.samples)]
    passed: dict[str, int] = {}
    for part in listed:
        for what, count in part.passed.items():
            passed[what] = passed.get(what, 0) + count
    samples = pd.concat(frames, ignore_index=True) if frames else sample_frame([])
    return ParsedSamples(samples, tuple(reject for part in listed for reject in part.rejects), passed)


def not_of_the_future(parsed: ParsedSamples, now: int) -> ParsedSamples:
    """Without the samples that are ahead of our clock: each is a rejected row.

    Args:
        parsed: what was read.
        now: UTC epoch seconds.
    """
    ahead = parsed.samples["sampled_at"] > now + SKEW_S
    if not ahead.any():
        return parsed
    late = tuple(
        rejected(0, "from the future", f"{row.node}: sampled at {iso(row.sampled_at)}, which is still to come", "")
        for row in parsed.samples[ahead].itertuples()
    )
    return ParsedSamples(parsed.samples[~ahead].reset_index(drop=True), parsed.rejects + late, parsed.passed)


def rejected(line: int, kind: str, reason: str, text: str) -> Reject:
    """One rejected row, its text shortened to what can be stored."""
    return Reject(line, kind, reason, shortened(text.strip()))
