"""The part [slurm] of the settings: how Slurm is reached, and what runs on it."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from workbench.settings.section import Section

_BOARD = re.compile(r"^.*?(?=(?:_\d+g\.\d+gb)?$)")
"""A GPU type without its MIG profile, which price lists write in lower case: H800_3g.40gb."""

FOREIGN = "account/"
"""Before the name of an account that is no project's: there may be a project of that name."""

SlurmName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]


def _pairs(table: object) -> object:
    # A table in the file, pairs inside: settings are the key of caches.
    return tuple(sorted(table.items())) if isinstance(table, dict) else table


class SlurmSettings(Section):
    """How Slurm is reached, and what runs on it. Without `cluster` there is none: everything runs on this machine.

    cluster: its ClusterName, which the jobs are filed under. spawn: notebook servers are its jobs. conf: its
    slurm.conf, bin: the folder of its programs, where they are not the ordinary ones. rest_url: of slurmrestd,
    asked in place of sacct. account_prefix: a project's account is this and its slug. run_as: what makes a command
    run as {user}. python: the interpreter of servers and Dask workers on the nodes; empty: ours. address: where nodes
    reach this machine. poll_s: how often Slurm is asked. queue_hours: for how long a server may wait for its turn.
    models: GPU type in Slurm → model in the price list; others in upper case. enforce: limits follow the awards by
    themselves. max_workers, max_worker_gpus: of Dask, a project at a time.
    worker_idle_s: a Dask worker without work for so long is ended. interface: the network of Dask on the nodes;
    empty: the one of the node's name.
    """

    cluster: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,40}$")] = ""
    spawn: bool = True
    conf: str = ""
    bin: str = ""
    rest_url: str = ""
    account_prefix: Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,20}$")] = ""
    run_as: str = "sudo --non-interactive --preserve-env --user={user} --"
    python: str = ""
    address: str = "127.0.0.1"
    poll_s: Annotated[int, Field(ge=1, le=60)] = 20
    queue_hours: Annotated[int, Field(ge=1, le=24 * 28)] = 24
    models: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)] = ()
    enforce: bool = False
    max_workers: Annotated[int, Field(ge=0)] = 8
    max_worker_gpus: Annotated[int, Field(ge=0)] = 16
    worker_idle_s: Annotated[int, Field(ge=10)] = 600
    interface: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,15}$")] = ""

    @property
    def spawns(self) -> bool:
        """Whether notebook servers are jobs of Slurm."""
        return bool(self.cluster) and self.spawn

    def account(self, project: str) -> str:
        """The Slurm account of a project."""
        return f"{self.account_prefix}{project}"

    def project(self, account: str) -> str:
        """The project of a Slurm account. One without our prefix is none of ours: a name that no project has."""
        if account.startswith(self.account_prefix):
            return account.removeprefix(self.account_prefix)
        return f"{FOREIGN}{account}"

    def model(self, gpu_type: str) -> str:
        """The GPU model as price lists write it."""
        upper = _BOARD.sub(lambda board: board[0].upper(), gpu_type.lower())
        return dict(self.models).get(gpu_type, upper)
