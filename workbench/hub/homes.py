"""The home of a person's server: made when it is needed, with the course in it."""

from pathlib import Path

from workbench.errors import FolderUnwritable
from workbench.hub import materials
from workbench.settings import ROOT

COURSE = ROOT / "notebooks"
FIRST_PAGE = "/lab/tree/course/01_explore_occupancy.ipynb"


def prepare(home: Path, *others: Path) -> tuple[str, materials.Delivered]:
    """Make the home, private, and bring the course up to date.

    Args:
        home: of the person.
        others: folders that the server needs besides.

    Returns: the page to open first, and what was done to the course

    Raises:
        FolderUnwritable: it cannot be made or written.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        for other in others:
            other.mkdir(parents=True, exist_ok=True)
        first = not (home / "course").exists()
        done = materials.deliver(COURSE, home / "course")
    except OSError as problem:
        raise FolderUnwritable(home, problem.strerror or str(problem)) from problem
    there = (home / "course" / Path(FIRST_PAGE).name).exists()
    return (FIRST_PAGE if first and there else "/lab"), done
