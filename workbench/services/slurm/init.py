"""A settings file for a running Slurm, for the operator to edit: the commented original with this Slurm's values.

Only looks: nothing of Slurm is changed. What a person has to decide or to check is marked CHECK.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.errors import SlurmError
from workbench.services.slurm.cards import Card, cards
from workbench.settings import DEFAULT_FILE
from workbench.slurm.associations import present
from workbench.slurm.configured import config, faults
from workbench.slurm.nodes import ABSENT, Node, Partition, nodes, partitions
from workbench.slurm.runner import Runner

MARK = "CHECK"
_COMMENT_COLUMN = 37
_PROFILES = "# With Slurm a profile may also name"
ROOT = "root"


@dataclass(frozen=True, slots=True)
class Found:
    """What a Slurm is made of, as far as settings need it. accounts: None where slurmdbd did not answer."""

    config: dict[str, str]
    nodes: Sequence[Node]
    partitions: Sequence[Partition]
    accounts: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Draft:
    """The file's text; what its reader must know first, a sentence each."""

    text: str
    warnings: tuple[str, ...]


def look(runner: Runner) -> Found:
    """Ask Slurm.

    Raises:
        SlurmError: slurmctld does not answer.
    """
    found = config(runner)
    there = [node for node in nodes(runner) if node.state not in ABSENT]
    try:
        accounts: list[str] | None = sorted(present(runner, found.get("ClusterName", "")).accounts)
    except SlurmError:
        accounts = None
    return Found(found, there, partitions(runner), accounts)


def draft(found: Found, projects: Iterable[str], *, conf: str = "", programs: str = "", address: str = "") -> Draft:
    """The settings.

    Args:
        found: what Slurm is made of.
        projects: slugs that there are already.
        conf: its slurm.conf, where it is not the ordinary one; programs: the folder of its programs, likewise.
        address: where its nodes reach this machine.
    """
    cluster = found.config.get("ClusterName", "")
    made = cards(found.nodes, found.partitions)
    warnings = [fault.says for fault in faults(found.config, cluster)] + list(_more_warnings(found, made))
    models = {kind: kind.upper() for node in found.nodes for kind in sorted(node.gpus) if kind}
    values = {
        "cluster": (_text(cluster), ""),
        "conf": (_text(conf), ""),
        "bin": (_text(programs), ""),
        "address": (_text(address or "127.0.0.1"), f"{MARK}: "),
        "python": ('""', f"{MARK}: where nodes and job users can read it; "),
        "models": (_table(models), f"{MARK}: names as in the price list; "),
    }
    original = DEFAULT_FILE.read_text(encoding="utf-8")
    before, _, rest = original.partition(_PROFILES)
    text = "\n".join(
        [
            *_opening(cluster, found.config.get("SLURM_VERSION", "unknown"), warnings),
            *_filled(before.rstrip().splitlines(), values),
            "",
            *_accounts(found.accounts, set(projects)),
            "# Cards of the start page, one for each GPU model and number that a node has. Cores and memory are the",
            f"# node's share. {MARK}: leave out what you do not want; titles and purposes are for people.",
            *(line for card in made for line in ("", *_profile(card))),
            # Without any profile settings are none: those of the original stay for an example.
            *([] if made else [rest[rest.index("\n") :].rstrip()]),
            "",
        ]
    )
    return Draft(text, tuple(warnings))


def _opening(cluster: str, version: str, warnings: Sequence[str]) -> list[str]:
    lines = [
        f"# Settings of the workbench on the Slurm cluster {cluster} (version {version}), drafted by",
        f"# `workbench init --slurm`. Look at every line marked {MARK}, then: workbench slurm check",
        "# How each part is set up: docs/deploy-slurm.md.",
    ]
    if warnings:
        lines += ["#", "# Of this Slurm:", *(f"#   - {warning}" for warning in warnings)]
    return [*lines, ""]


def _filled(lines: list[str], values: dict[str, tuple[str, str]]) -> list[str]:
    """The original's lines with the values of [slurm] in them; each keeps its comment."""
    made, inside = [], False
    for line in lines:
        if line.startswith("["):
            inside = line.startswith("[slurm]")
        name = line.partition("=")[0].strip()
        if not inside or name not in values:
            made.append(line)
            continue
        value, mark = values[name]
        comment = line[line.rindex("  # ") + 4 :] if "  # " in line else ""
        made.append(f"{f'{name} = {value}':<{_COMMENT_COLUMN - 1}} # {mark}{comment}")
    return made


def _accounts(accounts: Sequence[str] | None, projects: set[str]) -> list[str]:
    if accounts is None:
        return ["# slurmdbd did not answer: which accounts there are is not known.", ""]
    named = [name for name in accounts if name != ROOT]
    ours = [name for name in named if name in projects]
    others = [name for name in named if name not in projects]
    lines = [f"# Accounts in Slurm: {len(named)}."]
    lines += [f"#   projects here: {', '.join(ours)}"] if ours else []
    if others:
        lines += [
            f"#   without a project of ours: {', '.join(others)}",
            "#   Their jobs are shown under the account's name and are charged to nobody's award.",
        ]
    return [*lines, ""]


def _profile(card: Card) -> list[str]:
    lines = ["[[profiles]]", f"id = {_text(card.id)}", f"title = {_text(card.title)}"]
    lines += [f"purpose = {_text(card.purpose)}", f"cpu_cores = {card.cpu_cores}", f"mem_gib = {card.mem_gib}"]
    if card.gpus:
        lines += [f"gpus = {card.gpus}", f"gpu_model = {_text(card.gpu_model)}", f"gres = {_text(card.gres)}"]
    if card.partition:
        also = f"  # also in: {', '.join(card.also)}" if card.also else ""
        lines.append(f"partition = {_text(card.partition)}{also}")
    if card.most_hours is not None:
        lines.append(f"most_hours = {card.most_hours}  # the partition's MaxTime")
    if card.default_hours is not None:
        lines.append(f"default_hours = {card.default_hours}")
    return lines


def _more_warnings(found: Found, made: Sequence[Card]) -> Iterable[str]:
    if "job_comment" not in found.config.get("AccountingStoreFlags", ""):
        yield "AccountingStoreFlags lacks job_comment: what a job was for is not told once it has ended."
    if found.accounts is None:
        yield "slurmdbd did not answer: accounts could not be read. Is it running, and may this user ask it?"
    if untyped := [node.name for node in found.nodes if node.gpus.get("")]:
        says = f"The GPUs of {_some(untyped)} have no type: their jobs have no model and no price"
        yield f"{says}. Give Type= in gres.conf, and AccountingStorageTRES=gres/gpu:<type>."
    if lost := [node.name for node in found.nodes if node.gpus and not node.partitions]:
        yield f"Nodes in no partition, left out: {_some(lost)}."
    if unknown := [node.name for node in found.nodes if not node.cpus or not node.mem_mib]:
        yield f"Cores or memory of {_some(unknown)} are not known: they were left out of the cards."
    for part in found.partitions:
        if not part.up:
            yield f"Partition {part.name} takes no jobs now; it was left out of the cards."
    if not made:
        yield "No card could be made: no node of a partition that takes jobs. Write [[profiles]] by hand."


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _table(models: dict[str, str]) -> str:
    return (
        "{ " + ", ".join(f"{_text(kind)} = {_text(model)}" for kind, model in models.items()) + " }" if models else "{}"
    )


def _text(value: str) -> str:
    """A TOML string: what could end it is left out, no name of Slurm's holds it."""
    return '"' + re.sub(r'["\\\x00-\x1f\x7f]', "", value) + '"'
