"""A job of ours as Slurm is told it: checked values, one option a line, and a body.

Every value has a strict pattern, so that nothing a person chose can become an option or a line of its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.slurm.tags import comment_of
from workbench.units import HOUR_S

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_GRES = re.compile(r"gpu(:[A-Za-z0-9][A-Za-z0-9_.+-]{0,79})?:[1-9][0-9]{0,4}")
_PATH = re.compile(r"/[A-Za-z0-9_./%@+-]{0,250}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
_MOST = {"cpus": 100_000, "mem_mib": 1024**3, "time_s": 366 * 24 * HOUR_S}


@dataclass(frozen=True)
class JobAsk:
    """What a job asks for: one task on one node.

    partition, qos: None: Slurm's own default. gres: whole, with its count: "gpu:h800:2". tags: what it says of itself
    in its comment. output: the file of what it says, chdir: where it runs. export: the environment variables that it
    is given, by name; None: all. reservation: of Slurm that it uses.
    """

    account: str
    name: str
    cpus: int
    mem_mib: int
    time_s: int
    partition: str | None = None
    qos: str | None = None
    gres: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None
    chdir: str | None = None
    export: tuple[str, ...] | None = None
    reservation: str | None = None


def directives(ask: JobAsk) -> list[str]:
    """The options of sbatch, each one word: "--account=climate".

    Raises:
        ValueError: a value that is none of its kind; which, and what it is.
    """
    return [
        f"--job-name={_fit('name', ask.name, _NAME)}",
        f"--account={_fit('account', ask.account, _NAME)}",
        *([f"--partition={_fit('partition', ask.partition, _NAME)}"] if ask.partition is not None else []),
        *([f"--qos={_fit('qos', ask.qos, _NAME)}"] if ask.qos is not None else []),
        "--nodes=1",
        "--ntasks=1",
        f"--cpus-per-task={_number('cpus', ask.cpus)}",
        f"--mem={_number('mem_mib', ask.mem_mib)}M",
        f"--time={-(-_number('time_s', ask.time_s) // 60)}",  # minutes, as Slurm counts; a part of one is a whole one
        *([f"--gres={_fit('gres', ask.gres, _GRES)}"] if ask.gres is not None else []),
        *([f"--comment={comment_of(ask.tags)}"] if ask.tags else []),
        *([f"--output={_fit('output', ask.output, _PATH)}"] if ask.output is not None else []),
        *([f"--chdir={_fit('chdir', ask.chdir, _PATH)}"] if ask.chdir is not None else []),
        *([f"--export={_names(ask.export)}"] if ask.export is not None else []),
        *([f"--reservation={_fit('reservation', ask.reservation, _NAME)}"] if ask.reservation is not None else []),
        "--no-requeue",  # what ran in its memory would be gone: the person starts it again
    ]


def script(ask: JobAsk, body: str) -> str:
    """The whole job script; the body is ours, never a person's.

    Raises:
        ValueError: as in `directives`.
    """
    return "\n".join(["#!/bin/bash", *(f"#SBATCH {option}" for option in directives(ask)), "", body.rstrip(), ""])


def _fit(what: str, value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{what} {value!r} cannot be asked of Slurm")
    return value


def _number(what: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _MOST[what]:
        raise ValueError(f"{what} {value!r} cannot be asked of Slurm")
    return value


def _names(export: tuple[str, ...]) -> str:
    return ",".join(_fit("export", name, _VARIABLE) for name in export) or "NIL"
