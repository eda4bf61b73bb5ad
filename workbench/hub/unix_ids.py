"""The Unix user id of each person's servers, where the Hub runs as root: numbers of no account, never given twice.

Kept as one JSON object, name → number, in the Hub's own folder; a name that is gone keeps its number, so that nobody
comes to own what another left.
"""

import json
import os
import threading
from contextlib import suppress
from pathlib import Path

from workbench.services.training import trees
from workbench.settings import Settings

_turn = threading.Lock()


def file(settings: Settings) -> Path:
    return settings.hub_state / "unix_ids.json"


def unix_id(settings: Settings, name: str) -> int:
    """The number of this name, drawn where it has none yet."""
    with _turn:
        known = read(settings)
        if name not in known:
            known[name] = max([settings.hub.first_uid - 1, *known.values()]) + 1
            path = file(settings)
            scratch = path.with_suffix(".new")
            with scratch.open("w", encoding="utf-8") as out:
                json.dump(known, out, indent=0, sort_keys=True)
                out.flush()
                os.fsync(out.fileno())
            scratch.replace(path)
        return known[name]


def read(settings: Settings) -> dict[str, int]:
    """All that were given.

    Raises:
        ValueError: the file is spoilt; nobody can be told from another then.
    """
    try:
        content = json.loads(file(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(name): int(number) for name, number in content.items()}


def give(home: Path, uid: int) -> None:
    """Make everything in a home this user's. Links are not followed, also where a folder becomes one meanwhile.

    What lies deeper than anybody works stays whose it is: nobody but its owner can have made it.
    """
    for _folder, folders, files, here in trees.walk(home):
        for name in (".", *folders, *files):
            with suppress(FileNotFoundError):  # removed since it was listed
                if os.stat(name, dir_fd=here, follow_symlinks=False).st_uid != uid:
                    os.chown(name, uid, uid, dir_fd=here, follow_symlinks=False)
