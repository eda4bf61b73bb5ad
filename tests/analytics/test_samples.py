"""The frames of telemetry: their columns and dtypes, what may be left out, what is refused."""

import pandas as pd
import pytest

from workbench.analytics.samples import PLACED_COLUMNS, SAMPLE_COLUMNS, placed_frame, sample_frame

PLACED = {"cluster": "alpha", "job_id": "7", "submit_at": 5, "node": "gpu1", "gpu_index": 0, "gpu_parts": 420_000}


def types(frame):
    return frame.dtypes.astype(str).to_dict()


@pytest.mark.parametrize("nothing", [[], pd.DataFrame(), pd.DataFrame({"node": []})])
def test_no_rows_have_all_columns(nothing):
    assert types(sample_frame(nothing)) == SAMPLE_COLUMNS
    assert types(placed_frame(nothing)) == PLACED_COLUMNS


def test_what_is_left_out_is_unknown():
    frame = placed_frame(pd.DataFrame([PLACED], index=[9]))
    assert types(frame) == PLACED_COLUMNS
    assert frame.index.tolist() == [0]
    assert frame[["gpu_uuid", "mig"]].isna().all(axis=None)
    assert frame["gpu_index"].tolist() == [0]


@pytest.mark.parametrize("wrong", [{"node": None}, {"submit_at": "soon"}, {"gpu_index": 0.5}, {"colour": "green"}])
def test_what_is_no_placement_is_refused(wrong):
    with pytest.raises(ValueError, match="frame of telemetry"):
        placed_frame([PLACED | wrong])


def test_a_column_that_must_be_there_is_named():
    with pytest.raises(ValueError, match="gpu_parts"):
        placed_frame([{name: value for name, value in PLACED.items() if name != "gpu_parts"}])
