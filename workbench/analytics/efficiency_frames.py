"""The few steps in which pandas, cuDF and Dask frames differ, for the functions of efficiency."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from workbench.analytics.frames import kind, reduced


def collected(frame: Any, partial: Callable[[Any], Any]) -> pd.DataFrame:
    """A function of each part of a frame where it lies, the results one under the other in pandas."""
    return reduced(frame, _here, _together, partial)


def like(frame: Any, rows: pd.DataFrame) -> Any:
    """The rows as a frame of the same library as this one."""
    if kind(frame) == "cudf":
        import cudf

        return cudf.from_pandas(rows)
    return rows


def joined(frame: Any, rows: Any) -> Any:
    """One frame under the other, in the library of the first."""
    if kind(frame) == "cudf":
        import cudf

        return cudf.concat([frame, rows if kind(rows) == "cudf" else cudf.from_pandas(rows)], ignore_index=True)
    return pd.concat((frame, rows), ignore_index=True)


def _here(part: Any, partial: Callable[[Any], Any]) -> pd.DataFrame:
    found = partial(part)
    rows: pd.DataFrame = found.to_pandas() if kind(found) == "cudf" else found
    # Each library has a type of text of its own.
    texts = [
        name for name in rows.columns if isinstance(rows[name].dtype, pd.StringDtype) or rows[name].dtype == object
    ]
    return rows.astype(dict.fromkeys(texts, "str"))


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)
