"""What a job says that it was for."""

import pytest

from workbench.slurm.purpose import PLAIN, UNTOLD, Purpose, purpose_of


@pytest.mark.parametrize(
    ("comment", "purpose"),
    [
        ("wb=1;server=ana-1;project=climate;profile=small", Purpose("server", "ana-1")),
        ('"wb=1;server=ana-1"', Purpose("server", "ana-1")),
        ("wb=1;dask=d-0123abcd;server=ana-1", Purpose("dask", "ana-1", "d-0123abcd")),
        ("wb=1;dask=d-0123abcd", Purpose("dask", None, "d-0123abcd")),
        ("wb=1;dask=mine;server=ana-1", PLAIN),
        ("wb=1;server=a b", PLAIN),
        ("wb=1;server=", PLAIN),
        ("wb=1;server=\u00e4", PLAIN),
        ("wb=1", PLAIN),
        ("server=ana-1", PLAIN),
        ("wb=2;server=ana-1", PLAIN),
        ("nightly run", PLAIN),
        (f"wb=1;server=ana-1;note={'x' * 10_000}", PLAIN),
    ],
)
def test_a_comment_says_what_a_job_was_for(comment, purpose):
    assert purpose_of(comment, ended=True) == purpose
    assert purpose_of(comment, ended=False) == purpose


def test_no_comment_says_something_only_after_the_end():
    assert purpose_of("", ended=True) == PLAIN
    assert purpose_of("", ended=False) == UNTOLD
