"""The two answers by the engines that ours is measured beside, each as it is written best there: the same sweep.

Hourly occupancy by partition and daily usage by project (UTC), from the Parquet files of `benchmarks.resampled`, as
frames of name, bucket and gpu_part_seconds without rows of 0, in order. Polars lazily with its streaming engine, DuckDB
in SQL. A difference array in two group-bys is in both 1.5 to 5 times faster than exploding jobs into hours. Of the
forms tried the fastest stand here: in Polars two selections one below the other with the bucket as Int32 (not each
grouped by itself, nor names as categories); in DuckDB unnesting the two ends (not a union, a union of sums or a table
in memory).
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.resampled import FIRST_S, LAST_S
from workbench.units import DAY_S, HOUR_S

QUESTIONS = (("partition", HOUR_S), ("project", DAY_S))
"""Hourly occupancy, daily usage: by what, in buckets of how many seconds from FIRST_S."""
Answers = list[pd.DataFrame]
Questions = Sequence[tuple[str, int]]


def polars(paths: Sequence[Path], questions: Questions = QUESTIONS) -> Answers:
    """By Polars, streaming."""
    import polars as pl

    jobs = pl.scan_parquet([str(path) for path in paths])

    def changes(by: str, width: int) -> pl.LazyFrame:
        ends = []
        for column, weight in (("start_at", pl.col("gpu_parts")), ("seen_until_at", -pl.col("gpu_parts"))):
            t = pl.col(column) - FIRST_S
            bucket, part = (t // width).cast(pl.Int32), weight * (width - t % width)
            ends.append(jobs.select(name=by, bucket=bucket, part=part, step=weight))
        return pl.concat(ends).group_by("name", "bucket").agg(pl.col("part").sum(), pl.col("step").sum())

    found = pl.collect_all([changes(by, width) for by, width in questions], engine="streaming")
    return [
        _laid_out(by, width, *(frame[name].to_numpy() for name in ("name", "bucket", "part", "step")))
        for (by, width), frame in zip(questions, found, strict=True)
    ]


def duckdb(paths: Sequence[Path], questions: Questions = QUESTIONS) -> Answers:
    """By DuckDB."""
    import duckdb as db

    files = [str(path) for path in paths]
    with db.connect() as conn:
        return [_by_duckdb(conn, files, by, width) for by, width in questions]


def _by_duckdb(conn: object, files: list[str], by: str, width: int) -> pd.DataFrame:
    ask = f"""
        select name, t // {width} as bucket, sum(weight * ({width} - t % {width}))::bigint as part,
               sum(weight)::bigint as step
        from (select {by} as name, unnest([start_at - {FIRST_S}, seen_until_at - {FIRST_S}]) as t,
                     unnest([gpu_parts, -gpu_parts]) as weight
              from read_parquet(?))
        group by all"""
    found = conn.execute(ask, [files]).fetchnumpy()  # type: ignore[attr-defined]
    return _laid_out(by, width, *(found[name] for name in ("name", "bucket", "part", "step")))


ENGINES: dict[str, Callable[..., Answers]] = {"polars": polars, "duckdb": duckdb}


def _laid_out(by: str, width: int, name: object, bucket: object, part: object, step: object) -> pd.DataFrame:
    """The running sum of the changes: of each name and bucket its seconds × parts."""
    names, row = np.unique(np.asarray(name, dtype=str), return_inverse=True)
    buckets = (LAST_S - FIRST_S) // width
    sums, steps = (np.zeros((len(names), buckets + 1), dtype=np.int64) for _ in range(2))
    at = np.asarray(bucket, dtype=np.int64)
    sums[row, at], steps[row, at + 1] = np.asarray(part, dtype=np.int64), np.asarray(step, dtype=np.int64)
    return told(by, names, (sums + width * np.cumsum(steps, axis=1))[:, :-1])


def told(by: str, names: Sequence[str], amounts: np.ndarray) -> pd.DataFrame:
    """A dense answer [name, bucket] as rows."""
    row, bucket = np.nonzero(amounts)
    columns = {by: pd.array(np.asarray(names)[row], dtype="str"), "bucket": bucket.astype(np.int64)}
    return pd.DataFrame(columns | {"gpu_part_seconds": amounts[row, bucket]})


def same(one: Answers, other: Answers) -> bool:
    """Whether two engines say the same, to the bit."""
    keys = (*(by for by, _width in QUESTIONS), "bucket", "gpu_part_seconds")
    plain = [
        [frame[[k for k in keys if k in frame]].reset_index(drop=True) for frame in answers] for answers in (one, other)
    ]
    return all(
        len(mine) == len(theirs) and all(bool((mine[name] == theirs[name]).all()) for name in mine)
        for mine, theirs in zip(*plain, strict=True)
    )
