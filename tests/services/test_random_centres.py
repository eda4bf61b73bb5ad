"""Random centres close to the cent; benchmarks/random_centres.py runs two hundred of them."""

import pytest

from benchmarks.random_centres import one


@pytest.mark.parametrize("seed", range(1001, 1011))
def test_every_cent_of_a_random_centre_is_there_whatever_the_order_of_its_records(settings, seed):
    checked = one(settings, seed)
    assert checked.charges > 0
