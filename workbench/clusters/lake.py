"""The lake as a lazy Dask dataframe: on a GPU cluster its partitions are cuDF frames, elsewhere pandas ones."""

from collections.abc import Sequence
from typing import Any

import dask.dataframe as dd
import pandas as pd

from workbench.analytics.schema import LAKE_COLUMNS

KEYS = ("cluster", "project")
"""Columns that are in a file's path, not in the file."""


def jobs(files: Sequence[str], start_s: int | None = None, end_s: int | None = None) -> Any:
    """The jobs of these files that started in [start_s, end_s), lazily.

    Args:
        files: paths …/cluster=<c>/project=<p>/month=<m>/<name>.parquet; none gives an empty frame with all columns.
        start_s: UTC epoch seconds; None: from the first.
        end_s: UTC epoch seconds; None: to the last.
    """
    if not files:
        return dd.from_pandas(_empty(), npartitions=1)
    filters = [
        ("start_at", sign, pd.Timestamp(edge, unit="s", tz="UTC"))
        for sign, edge in ((">=", start_s), ("<", end_s))
        if edge is not None
    ]
    read = dd.read_parquet(list(files), filters=filters or None)
    # Names out of paths come as categories, which would put every project of the list into every group-by.
    return read[[c for c in LAKE_COLUMNS if c in read.columns]].astype(dict.fromkeys(KEYS, "string"))


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in LAKE_COLUMNS.items()})
