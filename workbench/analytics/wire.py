"""Frames as JSON and back, without loss: what travels between the dashboards service and a notebook.

`{"columns": [{"name": …, "type": …}], "rows": [[…]]}` with the types integer, number, text, truth, day (2026-10-14) and
moment (2026-10-14T08:00:00Z). Unknown is null, never 0 or "".
"""

import json
import math
from typing import Any

import pandas as pd

READ_AS = {"number": "float64", "text": "str", "truth": "bool", "day": "datetime64[s]"}
MOMENT = "datetime64[s, UTC]"


def to_table(frame: pd.DataFrame) -> dict[str, Any]:
    """The frame as JSON-ready values; its index is left out.

    Raises:
        ValueError: a column of a type that has no name above.
    """
    types = {str(name): _type(frame[name].dtype) for name in frame.columns}
    columns = [_plain(frame[name], types[str(name)]) for name in frame.columns]
    return {
        "columns": [{"name": name, "type": kind} for name, kind in types.items()],
        "rows": [list(row) for row in zip(*columns, strict=True)],
    }


def from_table(table: dict[str, Any]) -> pd.DataFrame:
    """The frame that `to_table` was given, with one integer type per column: int64, or Int64 where some are unknown."""
    names = [column["name"] for column in table["columns"]]
    values = list(zip(*table["rows"], strict=True)) or [()] * len(names)
    kinds = [column["type"] for column in table["columns"]]
    return pd.DataFrame(
        {name: _series(list(each), kind) for name, each, kind in zip(names, values, kinds, strict=True)}, columns=names
    )


def dumps(answer: dict[str, Any]) -> str:
    """Strict JSON: no NaN, text as it is."""
    return json.dumps(answer, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _type(dtype: Any) -> str:
    if pd.api.types.is_bool_dtype(dtype):
        return "truth"
    if pd.api.types.is_integer_dtype(dtype):
        return "integer"
    if pd.api.types.is_float_dtype(dtype):
        return "number"
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "moment"
    if pd.api.types.is_datetime64_dtype(dtype):
        return "day"
    if pd.api.types.is_string_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype):
        return "text"
    raise ValueError(f"a column of type {dtype} has no form in a table")


def _plain(column: pd.Series, kind: str) -> list[Any]:
    if kind == "moment":
        column = column.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif kind == "day":
        column = column.dt.strftime("%Y-%m-%d")
    return [None if _unknown(value) else value for value in column.astype(object).tolist()]


def _unknown(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value))


def _series(values: list[Any], kind: str) -> pd.Series:
    if kind == "integer":
        return pd.Series(values, dtype="Int64" if None in values else "int64")
    if kind == "moment":
        return pd.to_datetime(pd.Series(values, dtype="str"), utc=True, format="%Y-%m-%dT%H:%M:%SZ").astype(MOMENT)
    if kind == "truth" and None in values:
        return pd.Series(values, dtype="boolean")
    return pd.Series(values, dtype=READ_AS[kind])
