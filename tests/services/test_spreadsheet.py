"""A spreadsheet runs nothing of a file of ours, and counts with its numbers."""

import pytest

from workbench.services.spreadsheet import inert


@pytest.mark.parametrize("text", ["=1+1", "+852 2345", "-1+1", "-x", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_would_be_run_is_a_text(text):
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "Chan", "a=1", "-1", "-12.50", -1, -1.5, None, True])
def test_what_runs_nothing_stays_as_it_is(value):
    assert inert(value) is value
