"""Slurm's accounting in whichever form it was asked for: text of sacct, or JSON of sacct or of slurmrestd."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from zoneinfo import ZoneInfo

from workbench.analytics.parsed import ParsedLog
from workbench.slurm.allocated import Models
from workbench.slurm.sacct import parse_sacct
from workbench.slurm.sacct_json import parse_sacct_json


def is_json(source: str) -> bool:
    """Whether it is JSON: no header of sacct's begins with a brace."""
    return source.removeprefix("\ufeff").lstrip()[:1] in ("{", "[")


def read_any(
    source: bytes | str,
    cluster: str,
    zone: ZoneInfo,
    *,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    weights: Mapping[str, Fraction] | None = None,
    models: Models | None = None,
    projects: Callable[[str], str | None] | None = None,
) -> ParsedLog:
    """Jobs of what Slurm's accounting said; arguments as for slurm.sacct.parse_sacct.

    Raises:
        ValueError: it is neither, or something of Slurm's that tells of no finished jobs.
    """
    text = source.decode("utf-8", "surrogateescape") if isinstance(source, bytes) else source
    if is_json(text):
        given = text.removeprefix("\ufeff")
        return parse_sacct_json(given, cluster, weights=weights, models=models, projects=projects)
    return parse_sacct(
        text,
        cluster,
        zone,
        delimiter=delimiter,
        columns=columns,
        weights=weights,
        models=models,
        projects=projects,
    )
