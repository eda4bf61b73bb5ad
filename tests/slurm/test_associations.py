"""Accounts, users, limits and counters out of what Slurm 22.05 printed, and the commands that change them."""

import pytest

from tests.slurm.fake_accounts import CONFIG
from workbench.errors import SlurmRefused
from workbench.slurm import associations as has
from workbench.slurm.associations import Counter, counters, present, tell
from workbench.slurm.configured import faults
from workbench.slurm.offers import Offer, offers

SHOWN = """\
Account|User|Partition|GrpTRES|GrpTRESMins|GrpJobs|MaxJobs|MaxSubmit|QOS|Def QOS
root||||||||normal|
root|root|||||||normal|
e-test|||gres/gpu=2|cpu=5,gres/gpu=1|0|||batch,normal|batch
e-test|t-alice|||||0|0|batch,normal|batch
e-test|t-alice|interactive|||||1|batch,normal|batch
"""
QOS = "Name|Priority\nnormal|0\ninteractive|1000\n"
HELD = """\
Current Association Manager state

Association Records

ClusterName=centre Account=e-test UserName= Partition= Priority=0 ID=11
    ParentAccount=root(1) Lft=2 DefAssoc=No
    GrpJobs=N(1) GrpJobsAccrue=N(0)
    GrpTRES=cpu=N(1),mem=N(1000),energy=N(0),node=N(1),billing=N(1),gres/gpu=2(1),gres/gpu:h800=N(1)
    GrpTRESMins=cpu=5(2),mem=N(2650),energy=N(0),node=N(2),billing=N(2),gres/gpu=1(1),gres/gpu:h800=N(1)
    GrpTRESRunMins=cpu=N(3),mem=N(3000),energy=N(0),node=N(3),billing=N(3),gres/gpu=N(3),gres/gpu:h800=N(3)
    MaxTRESMinsPJ=
ClusterName=centre Account=e-test UserName=t-alice(1001) Partition= Priority=0 ID=12
    GrpTRESMins=cpu=N(7),mem=N(0),gres/gpu=N(7),gres/gpu:h800=N(7)
    GrpTRESRunMins=cpu=N(7),mem=N(0),gres/gpu=N(7),gres/gpu:h800=N(7)
"""


class Says:
    """A runner whose programs print one text each, or refuse."""

    def __init__(self, texts, refused=None):
        self.texts, self.refused, self.asked = texts, refused, []

    def run(self, program, *words, **_):
        self.asked.append((program, *words))
        if self.refused:
            raise SlurmRefused(program, " ".join(words), self.refused, 1)
        return next(text for word, text in self.texts.items() if word in (program, *words))


def test_limits_come_from_the_database_and_counters_from_the_controller():
    there = present(Says({"associations": SHOWN, "qos": QOS, "scontrol": HELD}), "centre")
    account, user = there.accounts["e-test"], there.users["e-test", "t-alice"]
    assert account.minutes == {"cpu": 5, "gres/gpu": 1}
    assert account.gpus == {"gres/gpu": 2}
    assert (account.group_jobs, account.qos, account.default_qos) == (0, ("batch", "normal"), "batch")
    assert user.shut
    assert not account.shut
    assert there.qos == {"normal": 0, "interactive": 1000}
    assert there.counter("e-test", has.GPU) == Counter(used=1, running=3)
    assert there.counter("e-test", has.CPU) == Counter(used=2, running=3)
    assert there.counter("made a second ago", has.CPU) == Counter(0, 0)


def test_a_users_counters_and_typed_gpus_are_not_the_accounts():
    assert set(counters(HELD)) >= {("e-test", "gres/gpu"), ("e-test", "gres/gpu:h800")}
    assert counters(HELD)["e-test", "gres/gpu"].used == 1


def test_nothing_to_do_is_no_error_and_anything_else_is():
    assert tell(Says({}, " Nothing new added."), ("-i", "add", "qos", "name=x")) == "Nothing new added."
    with pytest.raises(SlurmRefused, match="Access denied"):
        tell(Says({}, "sacctmgr: error: Access denied"), ("-i", "add", "qos", "name=x"))


def test_commands_are_lists_without_a_shell_and_name_the_cluster():
    assert has.change_account("centre", "vision", has.limit("GrpTRES", has.GPU, 4)) == (
        "-i", "modify", "account", "where", "name=vision", "cluster=centre", "set", "GrpTRES=gres/gpu=4",
    )  # fmt: skip
    assert has.limit("GrpTRES", has.GPU, None) == "GrpTRES=gres/gpu=-1"
    new = ("-i", "add", "user", "name=ana,bo", "account=vision", "cluster=centre")
    assert has.add_users("centre", "vision", ["ana", "bo"]) == new


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Seeing machines", "description=Seeing machines"),
        ('a "b", name=root; rm', "description=a b name root rm"),
        ("line\nbreak|pipe", "description=line break pipe"),
        ("=,;", "description=vision"),
        ("香港 數據", "description=香港 數據"),
    ],
)
def test_a_title_becomes_one_harmless_description(title, shown):
    assert shown in has.add_account("centre", "vision", title, "uni")


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("vision", True), ("cantonese-speech", True), ("p2", True), ("root", False), ("Vision", False), ("", False),
        ("a,root", False), ("a b", False), ("-i", False), ("a=b", False), ("a\nb", False), ("ünï", False),
        ("a" * 40, True), ("a" * 41, False),
    ],
)  # fmt: skip
def test_only_a_name_that_slurm_keeps_as_it_is_can_be_an_account(name, fine):
    assert has.can_be_account(name) is fine


@pytest.mark.parametrize(
    ("name", "fine"),
    [("ana", True), ("t-alice", True), ("_x", True), ("root", False), ("0day", False), ("a,b", False), ("A", False),
     ("a@b.hk", False), ("-u", False), ("", False)],
)  # fmt: skip
def test_only_a_unix_name_can_be_a_user(name, fine):
    assert has.can_be_user(name) is fine


def test_gpu_types_by_partition_with_the_largest_node():
    text = "gpu|64|gpu:h800:8(S:0-1)\ngpu|128|gpu:h800:4\nmig|96|gpu:h800_1g.10gb:7,gpu:h800:2\n"
    text += "cpu|32|(null)\nold|8|gpu:4\n"
    assert offers(Says({"sinfo": text})) == [
        Offer("cpu", "", 32), Offer("gpu", "h800", 128), Offer("mig", "h800", 96),
        Offer("mig", "h800_1g.10gb", 96), Offer("old", "", 8),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said", "grave"),
    [
        ({}, [], []),
        ({"AccountingStorageEnforce": "associations,limits,qos"}, ["lacks safe"], [True]),
        ({"AccountingStorageEnforce": "none"}, ["lacks associations, limits, qos, safe"], [True]),
        ({"AccountingStorageTRES": "cpu,mem"}, ["GPUs are not tracked"], [True]),
        ({"PriorityType": "priority/basic"}, ["priority/multifactor only"], [True]),
        ({"PriorityDecayHalfLife": "7-00:00:00"}, ["counted minutes fade"], [False]),
        ({"ClusterName": "other"}, ["'other'"], [True]),
    ],
)
def test_what_slurm_conf_lacks_is_said_in_words(changed, said, grave):
    found = faults(CONFIG | changed, "centre")
    assert [fault.grave for fault in found] == grave
    for fault, words in zip(found, said, strict=True):
        assert words in fault.says
