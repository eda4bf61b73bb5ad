"""Settings drafted from a Slurm: cards that fit every node, names that settings take, warnings, and it all loads."""

import tomllib

import pytest

from tests.slurm.fake_accounts import CONFIG
from workbench.services.slurm.cards import cards
from workbench.services.slurm.init import Found, draft
from workbench.settings import load
from workbench.slurm.nodes import Node, Partition

GPU = Partition("gpu", up=True, is_default=True, most_s=7 * 86_400)
INTERACTIVE = Partition("interactive", up=True, is_default=False, most_s=12 * 3600)
GOOD = CONFIG | {"AccountingStoreFlags": "job_comment"}


def a_node(name="n1", partitions=("gpu",), gpus=None, cpus=64, mem_mib=512_000, state="IDLE"):
    return Node(name, state, frozenset(), partitions, gpus or {}, cpus, mem_mib)


def by_id(nodes, partitions=(GPU,)):
    return {card.id: card for card in cards(nodes, partitions)}


def drafted(tmp_path, nodes, partitions=(GPU,), config=GOOD, accounts=(), projects=(), **more):
    """The draft, and the settings that its text gives."""
    made = draft(Found(dict(config), nodes, partitions, accounts), projects, **more)
    file = tmp_path / "drafted.toml"
    file.write_text(made.text, encoding="utf-8")
    return made, load(file, home=tmp_path / "state")


def test_a_card_for_each_sensible_number_has_the_nodes_share():
    found = by_id([a_node(gpus={"h800": 8}), a_node("n2", gpus={"h800": 8})])
    assert [*found] == ["cpu", "h800-1", "h800-2", "h800-4", "h800-8"]
    assert [(card.cpu_cores, card.mem_gib) for card in found.values()] == [
        (4, 31), (8, 62), (16, 125), (32, 250), (64, 500),
    ]  # fmt: skip
    assert (found["h800-2"].gpu_model, found["h800-2"].gres, found["h800-2"].title) == (
        "H800", "gpu:h800", "2 × H800",
    )  # fmt: skip


def test_a_card_fits_on_the_smallest_node_that_has_so_many():
    found = by_id([a_node(gpus={"v100": 4}, cpus=40, mem_mib=200_000), a_node("n2", gpus={"v100": 2}, cpus=8)])
    assert (found["v100-1"].cpu_cores, found["v100-1"].mem_gib) == (4, 48)
    assert (found["v100-4"].cpu_cores, "v100-8" in found) == (40, False)


def test_a_slice_has_its_share_of_a_card_and_is_asked_for_alone():
    found = by_id([a_node(gpus={"a100": 2, "a100_1g.5gb": 14}, cpus=56, mem_mib=57_344)])
    whole, part = found["a100-1"], found["a100-1g-5gb-1"]
    assert (whole.cpu_cores, whole.mem_gib) == (14, 14)
    assert (part.cpu_cores, part.mem_gib, part.gres, part.gpu_model) == (2, 2, "gpu:a100_1g.5gb", "A100_1G.5GB")
    assert [*found] == ["cpu", "a100-1", "a100-2", "a100-1g-5gb-1"]


def test_nodes_without_gpus_give_the_card_for_cores():
    found = by_id([a_node(gpus={"h800": 8}), a_node("c1", ("cpu",), cpus=128)], (GPU, Partition("cpu", True, False)))
    assert (found["cpu"].cpu_cores, found["cpu"].partition) == (8, "cpu")


def test_the_partition_for_interactive_work_comes_first_and_says_how_long():
    card = by_id([a_node(partitions=("gpu", "interactive"), gpus={"h800": 8})], (GPU, INTERACTIVE))["h800-1"]
    assert (card.partition, card.also, card.most_hours, card.default_hours) == ("interactive", ("gpu",), 12, None)


@pytest.mark.parametrize(
    ("most_s", "hours"), [(1800, (1, 1)), (7200, (2, 2)), (3 * 3600, (3, 2)), (None, (None, None))]
)
def test_hours_follow_the_partitions_limit(most_s, hours):
    card = by_id([a_node(gpus={"h800": 1})], (Partition("gpu", True, True, most_s),))["h800-1"]
    assert (card.most_hours, card.default_hours) == hours


def test_a_partition_that_takes_no_jobs_and_a_node_nobody_knows_the_size_of_give_no_card(tmp_path):
    nodes = [a_node(gpus={"h800": 8}, partitions=("old",)), a_node("n2", gpus={"v100": 2}, cpus=None)]
    assert cards(nodes, (GPU, Partition("old", False, False))) == ()
    made, settings = drafted(tmp_path, nodes, (GPU, Partition("old", False, False)))
    assert [card.id for card in settings.profiles] == ["cpu-small", "cpu-large", "gpu-1"]
    assert any("takes no jobs now" in warning for warning in made.warnings)
    assert any("n2 are not known" in warning for warning in made.warnings)


def test_long_and_odd_names_give_ids_that_settings_take(tmp_path):
    types = {"nvidia_a100-sxm4-80gb-of-a-very-long-name": 1, "NVIDIA_A100-sxm4-80gb-of-a-very-long-name": 1, "4090": 0}
    _, settings = drafted(tmp_path, [a_node(gpus=types), a_node("n2", gpus={"40s": 2})])
    ids = [card.id for card in settings.profiles]
    assert len(ids) == len(set(ids)) == 5


def test_the_draft_is_the_commented_original_with_this_slurms_values(tmp_path):
    made, settings = drafted(
        tmp_path, [a_node(gpus={"h800": 8})], accounts=["climate", "genome", "root"], projects=["climate"],
        conf="/opt/slurm/etc/slurm.conf", programs="/opt/slurm/bin", address="login1",
    )  # fmt: skip
    slurm = settings.slurm
    assert (slurm.cluster, slurm.conf, slurm.bin, slurm.address) == (
        "centre", "/opt/slurm/etc/slurm.conf", "/opt/slurm/bin", "login1",
    )  # fmt: skip
    assert dict(slurm.models) == {"h800": "H800"}
    assert made.warnings == ()
    assert "#   projects here: climate\n#   without a project of ours: genome\n" in made.text
    assert "# Every setting of the workbench" in made.text
    assert settings.rules
    assert tomllib.loads(made.text)["slurm"]["enforce"] is False


def test_what_enforcing_needs_and_slurm_lacks_is_said_first(tmp_path):
    lax = GOOD | {"AccountingStorageEnforce": "associations", "AccountingStoreFlags": "(null)"}
    made, _ = drafted(tmp_path, [a_node(gpus={"": 2})], config=lax, accounts=None)
    said = made.text[: made.text.index("[centre]")]
    assert "AccountingStorageEnforce lacks limits, qos, safe" in said
    assert "lacks job_comment" in said
    assert "have no type" in said
    assert "slurmdbd did not answer" in said


def test_names_of_slurm_cannot_end_a_text(tmp_path):
    odd = [a_node(gpus={'x"\ny': 1, "h800": 1}, partitions=("gpu", 'a"b'))]
    _, settings = drafted(tmp_path, odd, (GPU, Partition('a"b', True, False)), address='lo"gin\n[x]')
    assert settings.slurm.address == "login[x]"
    assert {card.partition for card in settings.profiles} == {"gpu"}
