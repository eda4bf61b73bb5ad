"""Folders of strangers, walked no deeper than anybody works.

Python walks a folder by calling itself for each folder in it: a thousand of them in one another, made by a
loop of three lines, end in RecursionError.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

DEEPEST = 50
"""Folders in one another that are walked through."""


def walk(
    top: str | Path,
    *,
    dir_fd: int | None = None,
    onerror: Callable[[OSError], object] | None = None,
    deeper: Callable[[str], object] | None = None,
) -> Iterator[tuple[str, list[str], list[str], int]]:
    """As os.fwalk from the top down, no link followed; what lies too deep is told and left out.

    Args:
        top: the folder to begin with.
        dir_fd: an open folder in which `top` is.
        onerror: is told of what cannot be read.
        deeper: is given the path of each folder that is not gone into.

    Yields: the folder's path, names of folders in it (remove those that are not wanted), of files, its descriptor.
    """
    start = str(top)
    for folder, folders, names, here in os.fwalk(start, onerror=onerror, dir_fd=dir_fd):
        if folder.count(os.sep) - start.count(os.sep) >= DEEPEST:
            for name in folders if deeper else ():
                deeper(os.path.join(folder, name))  # type: ignore[misc]  # noqa: PTH118 - names that are no text
            folders.clear()
        yield folder, folders, names, here
