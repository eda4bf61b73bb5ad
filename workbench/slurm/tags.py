"""What a job of ours says of itself in its comment: `wb=1;server=…;project=…;profile=…`.

Plain k=v, since Slurm drops quotes from a comment. Read back from sacct, squeue and scontrol it tells a notebook server
from a Dask worker from a batch job. Whoever submits a job writes its comment: a tag is never proof of anything.
"""

import re
from collections.abc import Mapping

MARK = "wb"
SERVER, CLUSTER, PROJECT, PROFILE, HUB = "server", "dask", "project", "profile", "hub"
"""Ids of the notebook server and of the Dask cluster; the project's slug; the profile's id; which centre's Hub."""
_KEY = re.compile(r"[a-z]{1,20}")
_VALUE = re.compile(r"[A-Za-z0-9_.@+-]{1,80}")


def comment_of(tags: Mapping[str, str]) -> str:
    """The comment that holds these tags.

    Raises:
        ValueError: a key or value has letters that a comment cannot carry safely.
    """
    for key, value in tags.items():
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise ValueError(f"{key}={value!r} cannot be a tag")
    return ";".join([f"{MARK}=1", *(f"{key}={value}" for key, value in tags.items())])


def tags_of(comment: str) -> dict[str, str]:
    """The tags in a comment; empty for one that is not ours."""
    parts = [part.partition("=") for part in comment.strip().strip('"').split(";")]
    found = {key: value for key, _, value in parts if _KEY.fullmatch(key) and _VALUE.fullmatch(value)}
    return {key: value for key, value in found.items() if key != MARK} if found.get(MARK) == "1" else {}
