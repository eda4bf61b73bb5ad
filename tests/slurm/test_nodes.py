"""What scontrol says of nodes, partitions and reservations, in the words of several versions."""

import gzip
from pathlib import Path

import pytest

from workbench.slurm.nodes import (
    gpus_by_type,
    parse_nodes,
    parse_partitions,
    parse_reservations,
    unfolded,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "slurm"
NODE = (
    "NodeName=gpu001 Arch=x86_64 CoresPerSocket=32  CPUAlloc=0 CPUEfctv=64 CPUTot=64 CPULoad=0.11 "
    "AvailableFeatures=(null) ActiveFeatures=(null) Gres={gres} NodeAddr=127.0.0.1 NodeHostName=localhost Port=17001 "
    "Version=22.05.8 OS=Linux 6.1 #1 SMP PREEMPT_DYNAMIC @0  RealMemory=512000 AllocMem=0 FreeMem=23035 Sockets=2 "
    "Boards=1 State={state} ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A Partitions=gpu,interactive  "
    "BootTime=2026-11-22T12:36:04 SlurmdStartTime=2026-11-22T19:10:38 LastBusyTime=2026-11-22T19:30:00 "
    "CfgTRES=cpu=64,mem=500G,billing=64,gres/gpu=8,gres/gpu:h800=8 AllocTRES= CapWatts=n/a {more}"
)


def node(state="IDLE", gres="gpu:h800:8", more=""):
    return parse_nodes(NODE.format(state=state, gres=gres, more=more))[0]


def test_a_node_as_slurm_22_prints_it():
    found = node()
    assert (found.name, found.state, found.flags, found.partitions) == (
        "gpu001",
        "IDLE",
        frozenset(),
        ("gpu", "interactive"),
    )
    assert (found.gpus, found.cpus, found.mem_mib) == ({"h800": 8}, 64, 512_000)
    assert (found.reason, found.reason_at, found.busy_until, found.is_out) == ("", None, 1_795_375_800, False)


def test_reason_and_since():
    found = node("DOWN*+DRAIN", more="Reason=no power in row 3 [root@2026-11-22T19:31:00]")
    assert (found.state, found.flags) == ("DOWN", {"DRAIN", "NOT_RESPONDING"})
    assert (found.reason, found.reason_at, found.is_out) == ("no power in row 3", 1_795_375_860, True)


def test_what_an_operator_writes_into_a_reason_changes_no_state():
    found = node("IDLE+DRAIN", more="Reason=State=IDLE Gres=gpu:h800:99 [root@2026-11-22T19:31:00]")
    assert (found.is_out, found.gpus) == (True, {"h800": 8})


@pytest.mark.parametrize(
    ("state", "out"),
    [
        ("IDLE", False),
        ("IDLE*", False),  # silent, and Slurm has not given it up yet
        ("MIXED", False),
        ("MIXED-", False),
        ("ALLOCATED+PLANNED", False),
        ("IDLE~", False),  # asleep: a job wakes it
        ("IDLE+POWERED_DOWN", False),
        ("IDLE+RESERVED", False),
        ("RESERVED", False),
        ("UNKNOWN", False),
        ("ALLOCATED+DRAIN", False),  # its jobs run on
        ("MIXED+DRAIN", False),
        ("IDLE+COMPLETING+DRAIN", False),
        ("DRAINING", False),
        ("FAILING", False),
        ("IDLE+DRAIN", True),
        ("DRAINED", True),
        ("DRAINED*", True),
        ("IDLE+FAIL", True),
        ("DOWN", True),
        ("DOWN*", True),
        ("DOWN+NOT_RESPONDING", True),
        ("DOWN$", True),
        ("ERROR", True),
    ],
)
def test_a_node_is_out_when_nobody_can_use_it_and_nobody_does(state, out):
    assert node(state).is_out is out


@pytest.mark.parametrize(
    ("gres", "gpus"),
    [
        ("(null)", {}),
        ("gpu:4", {"": 4}),
        ("gpu:a100:4(S:0-3),nsight:no_consume:1,pfsdir:scratch:no_consume:1", {"a100": 4}),
        ("gpu:h100-sxm:4(S:0-1)", {"h100-sxm": 4}),
        ("gpu:a100:2,gpu:a100_1g.5gb:14", {"a100": 2, "a100_1g.5gb": 14}),
        ("craynetwork:4", {}),
    ],
)
def test_gpus_of_a_node(gres, gpus):
    assert gpus_by_type(gres) == gpus


def test_every_node_of_ohios_sinfo_has_the_gpus_that_its_line_says():
    text = gzip.decompress((FIXTURES / "sinfo-osc" / "sinfo_gres.txt.gz").read_bytes()).decode()
    found = {line.split()[0]: sum(gpus_by_type(line.split()[1]).values()) for line in text.splitlines() if line.strip()}
    with_gpus = {name for name, count in found.items() if count}
    assert with_gpus == {line.split()[0] for line in text.splitlines() if "gpu" in line.split()[1:2][0]}
    assert len(found) > 100


def test_nodes_of_which_only_the_counted_resources_were_kept():
    found = parse_nodes((FIXTURES / "sacct-text-groningen" / "scontrol.txt").read_text(encoding="utf-8"))
    assert next(one for one in found if one.name == "a100gpu1").gpus == {"a100": 4}
    assert next(one for one in found if one.name == "memory1").gpus == {}


def test_partitions():
    text = "PartitionName=gpu AllowGroups=ALL Default=YES State=UP\nPartitionName=old Default=NO State=DOWN\n"
    assert [(part.name, part.up, part.is_default) for part in parse_partitions(text)] == [
        ("gpu", True, True),
        ("old", False, False),
    ]


def test_reservations():
    text = (
        "ReservationName=root_1 StartTime=2026-11-25T00:00:00 EndTime=2026-11-25T08:00:00 Duration=08:00:00 "
        "Nodes=gpu[001-002] NodeCnt=2 CoreCnt=128 Features=(null) Flags=MAINT,IGNORE_JOBS,SPEC_NODES TRES=cpu=128\n"
        "ReservationName=lic StartTime=2026-11-25T00:00:00 EndTime=2026-11-25T08:00:00 Nodes= Flags=ANY_NODES\n"
    )
    [found] = parse_reservations(text)
    assert (found.name, found.nodes, found.is_maintenance) == ("root_1", ("gpu001", "gpu002"), True)
    assert found.end_at - found.start_at == 8 * 3600
    assert parse_reservations("No reservations in the system\n") == []


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("gpu001", ("gpu001",)),
        ("gpu[001-003,7],login1", ("gpu001", "gpu002", "gpu003", "gpu7", "login1")),
        ("r[1-2]n[09-10]", ("r1n09", "r1n10", "r2n09", "r2n10")),
    ],
)
def test_node_lists(names, found):
    assert unfolded(names) == found
