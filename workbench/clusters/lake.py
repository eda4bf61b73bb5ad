"""The lake as a lazy Dask dataframe: on a GPU cluster its partitions are cuDF frames, elsewhere pandas ones.

Each file is a partition and is read on a worker, only the columns that are used. Cluster and project, which are in a
file's path, become plain text: as categories, which Dask would make of them, every project of the centre would turn up
in every group-by. A file that was written before a column came has NA in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

KEYS = ("cluster", "project")
MAYBE_UNKNOWN = ("cpu_cores", "wait_s")
"""Whole numbers that may be unknown: Int64; the others are int64."""


@dataclass(frozen=True, slots=True)
class LakePart:
    """One file: where it can be read, and whose jobs are in it (project None: unknown)."""

    path: str
    cluster: str
    project: str | None


def jobs(parts: Sequence[LakePart], schema: pa.Schema, start_s: int | None = None, end_s: int | None = None) -> Any:
    """The jobs of these files that started in [start_s, end_s), lazily.

    Args:
        parts: the files; none gives an empty frame with all columns.
        schema: of each file.
        start_s: UTC epoch seconds; None: from the first.
        end_s: UTC epoch seconds; None: to the last.
    """
    on_gpu = dask.config.get("dataframe.backend", "pandas") == "cudf"
    empty = _to_frame(schema.empty_table(), "", "")
    if on_gpu:
        empty = _cudf_of(empty)
    if not parts:
        return dd.from_pandas(empty, npartitions=1)
    filters = [
        ("start_at", sign, pd.Timestamp(edge, unit="s", tz="UTC"))
        for sign, edge in ((">=", start_s), ("<", end_s))
        if edge is not None
    ]
    read = partial(_read_cudf if on_gpu else _read_pandas, schema=schema, filters=filters or None)
    return dd.from_map(read, list(parts), meta=empty, label="jobs-of-lake")


def _read_pandas(
    part: LakePart, columns: list[str] | None = None, *, schema: pa.Schema, filters: Any = None
) -> pd.DataFrame:
    wanted, lacking = _in_file(part, columns, schema)
    table = pq.read_table(part.path, columns=wanted, filters=filters, partitioning=None)
    for field in lacking:
        table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    frame = _to_frame(table, part.cluster, part.project)
    return frame[[*KEYS, *schema.names] if columns is None else columns]


def _read_cudf(part: LakePart, columns: list[str] | None = None, *, schema: pa.Schema, filters: Any = None) -> Any:
    import cudf

    wanted, lacking = _in_file(part, columns, schema)
    frame = cudf.read_parquet(part.path, columns=wanted, filters=filters)
    for field in lacking:
        nothing = pa.nulls(len(frame), field.type)
        frame[field.name] = cudf.Series(nothing, index=frame.index)
    frame.insert(0, "project", cudf.Series([part.project] * len(frame), index=frame.index, dtype="str"))
    frame.insert(0, "cluster", cudf.Series([part.cluster] * len(frame), index=frame.index, dtype="str"))
    return frame[[*KEYS, *schema.names] if columns is None else columns]


def _in_file(part: LakePart, columns: list[str] | None, schema: pa.Schema) -> tuple[list[str], list[pa.Field]]:
    """Those of the columns that a file holds, or one that tells how many rows there are; and those that it lacks."""
    asked = [field for field in schema if columns is None or field.name in columns]
    held = set(pq.read_schema(part.path).names)
    return [f.name for f in asked if f.name in held] or ["job_id"], [f for f in asked if f.name not in held]


def _to_frame(table: pa.Table, cluster: str, project: str | None) -> pd.DataFrame:
    frame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    known = [f.name for f in table.schema if f.type == pa.int64() and f.name not in MAYBE_UNKNOWN]
    frame = frame.astype(dict.fromkeys(known, "int64"))
    frame.insert(0, "project", pd.Series(project, index=frame.index, dtype="str"))
    frame.insert(0, "cluster", pd.Series(cluster, index=frame.index, dtype="str"))
    return frame


def _cudf_of(frame: pd.DataFrame) -> Any:
    import cudf

    return cudf.from_pandas(frame)
