"""Capacity and outages from Slurm's nodes: each GPU counted once, each outage from its own start to its own end."""

from dataclasses import replace

import pytest

from workbench.periods import iso
from workbench.services.slurm.capacity import Seen, capacity
from workbench.settings import SlurmSettings
from workbench.units import HOUR_S

T0 = 1_795_392_000
PARTITIONS = """PartitionName=small Default=NO State=UP
PartitionName=gpu Default=YES State=UP
PartitionName=old Default=NO State=DOWN
"""


class FakeControl:
    """Prints what scontrol prints. nodes: name → (state, partitions, Gres, reason, when)."""

    def __init__(self):
        self.nodes = {
            "gpu001": ["IDLE", "small,gpu", "gpu:h800:8", "", None],
            "gpu002": ["MIXED", "gpu", "gpu:h800:8", "", None],
            "mig001": ["IDLE", "small", "gpu:a100:2,gpu:a100_1g.5gb:14", "", None],
            "old001": ["IDLE", "old", "gpu:4", "", None],
            "new001": ["IDLE", "(null)", "gpu:h800:8", "", None],
            "cpu001": ["IDLE", "small", "(null)", "", None],
            "next01": ["FUTURE", "gpu", "gpu:h800:8", "", None],
        }
        self.reservations: list[tuple[str, int, int, str]] = []

    def run(self, _program, _show, what, *_words):
        if what == "partition":
            return PARTITIONS
        if what == "reservation":
            line = "ReservationName={} StartTime={} EndTime={} Nodes={} Flags=MAINT,SPEC_NODES"
            return "\n".join(line.format(name, when(a), when(b), nodes) for name, a, b, nodes in self.reservations)
        lines = []
        for name, (state, partitions, gres, reason, at) in self.nodes.items():
            said = f"NodeName={name} Gres={gres} State={state} Partitions={partitions} LastBusyTime={when(T0 - HOUR_S)}"
            lines.append(said + (f" Reason={reason} [root@{when(at)}]" if at else ""))
        return "\n".join(lines)


def when(at):
    return iso(at).removesuffix("Z")


@pytest.fixture
def slurm():
    return FakeControl()


@pytest.fixture
def centre(store):
    slurm = SlurmSettings(cluster="alpha", models={"a100": "A100 80GB"})
    return replace(store, settings=store.settings.model_copy(update={"slurm": slurm}))


def rows(centre, sql):
    with centre.read() as conn:
        return [tuple(row) for row in conn.exec_driver_sql(sql)]


def stated(centre):
    columns = "partition, gpu_model, installed, in_service, allocatable"
    return rows(centre, f"SELECT {columns} FROM capacity_changes ORDER BY from_at, partition, gpu_model")


def outages(centre):
    return rows(centre, "SELECT partition, gpu_model, gpus, start_at, end_at, planned, reason FROM outages ORDER BY id")


def test_each_node_is_counted_once(centre, slurm):
    capacity(centre, slurm, T0)
    assert stated(centre) == [
        ("", "H800", 8, 0, 0),  # in the room, in no partition
        ("gpu", "H800", 16, 16, 16),
        ("old", "gpu", 4, 4, 0),  # its partition is down
        ("small", "A100 80GB", 2, 2, 2),
        ("small", "A100_1g.5gb", 14, 14, 14),
    ]
    assert outages(centre) == []


def test_a_look_that_finds_nothing_new_changes_nothing(centre, slurm):
    capacity(centre, slurm, T0)
    slurm.nodes["gpu001"] = ["IDLE+DRAIN", "gpu", "gpu:h800:8", "fan", T0]
    capacity(centre, slurm, T0 + 10)
    assert capacity(centre, slurm, T0 + 300) == Seen(0, 0)


def test_a_node_that_is_gone_or_new_changes_the_statement(centre, slurm):
    capacity(centre, slurm, T0)
    del slurm.nodes["old001"]
    slurm.nodes["new001"][1] = "gpu"
    assert capacity(centre, slurm, T0 + 300).changes == 3
    assert stated(centre)[5:] == [("", "H800", 0, 0, 0), ("gpu", "H800", 24, 24, 24), ("old", "gpu", 0, 0, 0)]


def test_a_drained_node_is_out_since_its_last_job_and_until_it_is_back(centre, slurm):
    slurm.nodes["gpu002"][0] = "MIXED+DRAIN"
    slurm.nodes["gpu002"][3:] = ["fan", T0 - 2 * HOUR_S]
    capacity(centre, slurm, T0)
    assert outages(centre) == []
    slurm.nodes["gpu002"][0] = "IDLE+DRAIN"
    capacity(centre, slurm, T0 + 300)
    assert outages(centre) == [("gpu", "H800", 8, T0 - HOUR_S, None, 0, "gpu002: fan")]
    slurm.nodes["gpu002"][0] = "IDLE"
    capacity(centre, slurm, T0 + 600)
    assert [row[4] for row in outages(centre)] == [T0 + 600]


def test_a_node_that_goes_down_again_is_another_outage_after_the_first(centre, slurm):
    for second, state in ((0, "DOWN*"), (300, "IDLE"), (600, "DOWN*")):
        slurm.nodes["gpu001"] = [state, "gpu", "gpu:h800:8", "Not responding", T0 - 60]
        capacity(centre, slurm, T0 + second)
    assert [row[3:5] for row in outages(centre)] == [(T0 - 60, T0 + 300), (T0 + 300, None)]


def test_a_new_reason_is_the_same_outage(centre, slurm):
    for second, reason in ((0, "Not responding"), (300, "power supply ordered")):
        slurm.nodes["gpu001"] = ["DOWN", "gpu", "gpu:h800:8", reason, T0 - 60]
        capacity(centre, slurm, T0 + second)
    assert [row[6] for row in outages(centre)] == ["gpu001: power supply ordered"]


class TestMaintenance:
    """A maintenance reservation is a planned outage of its nodes."""

    def planned(self, centre):
        return [(row[2], row[3] - T0, row[4] - T0, row[6]) for row in outages(centre) if row[5]]

    def test_it_is_known_before_it_begins_and_follows_what_slurm_says(self, centre, slurm):
        slurm.reservations = [("june", T0 + 3600, T0 + 7200, "gpu[001-002]")]
        capacity(centre, slurm, T0)
        assert self.planned(centre) == [(16, 3600, 7200, "maintenance: june")]
        slurm.reservations = [("june", T0 + 1800, T0 + 7200, "gpu001")]
        capacity(centre, slurm, T0 + 300)
        assert self.planned(centre) == [(8, 1800, 7200, "maintenance: june")]

    def test_one_that_is_called_off_never_was(self, centre, slurm):
        slurm.reservations = [("june", T0 + 3600, T0 + 7200, "gpu001")]
        capacity(centre, slurm, T0)
        slurm.reservations = []
        capacity(centre, slurm, T0 + 300)
        assert self.planned(centre) == []

    def test_one_that_ends_early_ends_then(self, centre, slurm):
        slurm.reservations = [("june", T0 - 60, T0 + 7200, "gpu001")]
        capacity(centre, slurm, T0)
        slurm.reservations = []
        capacity(centre, slurm, T0 + 300)
        assert self.planned(centre) == [(8, -60, 300, "maintenance: june")]

    def test_a_node_in_it_is_not_out_twice(self, centre, slurm):
        slurm.nodes["gpu001"] = ["DOWN", "gpu", "gpu:h800:8", "disk", T0 - 600]
        capacity(centre, slurm, T0)
        slurm.reservations = [("june", T0 + 60, T0 + 7200, "gpu001")]
        capacity(centre, slurm, T0 + 300)
        assert [(row[4] and row[4] - T0, row[5]) for row in outages(centre)] == [(300, 0), (7200, 1)]
