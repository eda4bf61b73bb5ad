"""Frames survive the way from the service to a notebook."""

import json
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.wire import dumps, from_table, to_table

VALUES = {
    "integer": st.one_of(st.none(), st.integers(-(2**53), 2**53)),
    "number": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    "text": st.one_of(st.none(), st.text()),
    "truth": st.booleans(),
    "day": st.one_of(st.none(), st.dates(date(1900, 1, 1))),
    "moment": st.one_of(st.none(), st.integers(0, 2**32)),
}


def column(kind, values):
    if kind == "moment":
        return pd.Series(pd.to_datetime(pd.array(values, dtype="Int64"), unit="s", utc=True)).astype(
            "datetime64[s, UTC]"
        )
    if kind == "integer":
        return pd.Series(values, dtype="Int64" if None in values else "int64")
    return pd.Series(values, dtype={"number": "float64", "text": "str", "truth": "bool", "day": "datetime64[s]"}[kind])


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 5))
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    return pd.DataFrame(
        {
            f"{kind}_{i}": column(kind, draw(st.lists(VALUES[kind], min_size=rows, max_size=rows)))
            for i, kind in enumerate(kinds)
        }
    )


@given(frames())
def test_a_frame_comes_back_as_it_was(frame):
    back = from_table(json.loads(dumps(to_table(frame))))
    pd.testing.assert_frame_equal(back, frame)


def test_unknown_is_null_and_an_index_is_left_out():
    frame = pd.DataFrame({"project": ["a", None], "share": [0.5, float("nan")]}, index=[7, 9])
    assert to_table(frame)["rows"] == [["a", 0.5], [None, None]]


def test_a_column_that_has_no_form_is_refused():
    with pytest.raises(ValueError, match="no form"):
        to_table(pd.DataFrame({"x": pd.to_timedelta([1, 2])}))
