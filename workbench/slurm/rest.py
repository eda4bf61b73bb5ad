"""Slurm's accounting from slurmrestd, where the settings name one: the same windows as slurm.ask, in JSON.

Versions of the API come and go with Slurm's own: it is asked which it speaks. Source: slurmrestd(8), openapi/v3 of the
running one.
"""

import getpass
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import httpx

from workbench.errors import SlurmRefused, SlurmSilent, SlurmUnreadable
from workbench.slurm.ask import IDS_AT_ONCE, LIMIT_S
from workbench.slurm.runner import Runner

PROGRAM = "slurmrestd"
TOKEN_S = 3600
DUPLICATES = ("show_duplicates", "true")
"""How newer ones are asked for every attempt of a requeued job; v0.0.38 tells of them unasked."""


@dataclass(frozen=True)
class Rest:
    """slurmrestd at an address. token_file: its JSON Web Token; where there is none, scontrol makes one."""

    url: str
    token_file: Path
    runner: Runner

    def window(self, since: int, until: int) -> bytes:
        """The answer of a window, as it came; UTC epoch seconds.

        Raises:
            SlurmSilent, SlurmRefused, SlurmUnreadable.
        """
        return self._jobs({"start_time": f"uts{since}", "end_time": f"uts{until}"})

    def jobs(self, job_ids: Iterable[str], since: int, until: int) -> Iterator[bytes]:
        """The answers about these jobs; several where there are many."""
        ids = sorted(set(job_ids))
        for first in range(0, len(ids), IDS_AT_ONCE):
            some = ",".join(ids[first : first + IDS_AT_ONCE])
            yield self._jobs({"start_time": f"uts{since}", "end_time": f"uts{until}", "step": some})

    def _jobs(self, asked: dict[str, str]) -> bytes:
        path, known = self._spoken
        more = dict(pair for pair in (DUPLICATES, ("skip_steps", "true")) if pair[0] in known)
        return self._get(path, asked | more).content

    @cached_property
    def _spoken(self) -> tuple[str, frozenset[str]]:
        """The newest path of jobs that it knows, and what can be asked there."""
        try:
            paths = self._get("/openapi/v3", {}).json()["paths"]
            found = {path: said for path, said in paths.items() if path.startswith("/slurmdb/v") and _is_jobs(path)}
            newest = max(found, key=lambda path: [int(part) for part in path.split("/")[2][1:].split(".")])
            return newest, frozenset(one["name"] for one in found[newest]["get"].get("parameters", ()))
        except (ValueError, KeyError, TypeError) as problem:
            raise SlurmUnreadable(PROGRAM, "its /openapi/v3 names no /slurmdb/v…/jobs") from problem

    @cached_property
    def _token(self) -> str:
        if self.token_file.is_file():
            return self.token_file.read_text(encoding="utf-8").strip()
        return self.runner.run("scontrol", "token", f"lifespan={TOKEN_S}").strip().partition("=")[2]

    def _get(self, path: str, asked: dict[str, str]) -> httpx.Response:
        told = {"X-SLURM-USER-NAME": getpass.getuser(), "X-SLURM-USER-TOKEN": self._token}
        try:
            # A proxy of the environment would get the token.
            answer = httpx.get(
                f"{self.url.rstrip('/')}{path}", params=asked, headers=told, timeout=LIMIT_S, trust_env=False
            )
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise SlurmSilent(PROGRAM, f"{self.url}: {problem}") from problem
        if answer.status_code != httpx.codes.OK:
            raise SlurmRefused(PROGRAM, path, answer.text[:300], answer.status_code)
        return answer


def _is_jobs(path: str) -> bool:
    return path.rstrip("/").endswith("/jobs")
