"""What a new server is given of the machine."""

import pytest

from workbench.clusters.gpu import Gpus
from workbench.hub.machine import GIB, Held, Machine, free_cores, machine, share_of
from workbench.settings import ProfileSettings

FOUR = Machine((0, 1, 2, 3), 64 * GIB, Gpus(2, ("H800", "H800")), ("0", "1"))


def a_profile(cores=1, gpus=0):
    return ProfileSettings(id="p", title="P", purpose="", cpu_cores=cores, mem_gib=4, gpus=gpus)


def test_the_cores_that_fewest_servers_hold_are_given():
    held = [Held((0,), ()), Held((0, 1), ()), Held((2,), ())]
    assert share_of(a_profile(2), FOUR, held).cores == (1, 3)


def test_cores_are_shared_when_all_are_held():
    held = [Held((0, 1, 2, 3), ()), Held((0,), ())]
    assert share_of(a_profile(1), FOUR, held).cores == (1,)


def test_a_profile_never_gets_more_cores_than_there_are():
    assert share_of(a_profile(8), FOUR, []).cores == (0, 1, 2, 3)


def test_a_gpu_is_given_to_one_server_only():
    first = share_of(a_profile(gpus=1), FOUR, [])
    second = share_of(a_profile(gpus=1), FOUR, [first])
    assert (first.devices, second.devices) == (("0",), ("1",))
    with pytest.raises(ValueError, match="0 are free"):
        share_of(a_profile(gpus=1), FOUR, [first, second])


def test_a_profile_without_gpus_gets_none():
    assert share_of(a_profile(), FOUR, []).devices == ()


def test_free_cores_are_those_that_nobody_holds():
    assert free_cores(FOUR, [Held((0,), ()), Held((0, 2), ())]) == 2


def test_this_machine_has_cores_and_memory():
    here = machine()
    assert len(here.cores) >= 1
    assert here.mem_bytes > GIB
    assert len(here.devices) == here.gpus.count
