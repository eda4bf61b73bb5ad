"""The sample centre's logins: random passwords, hashed in the store, readable only by the owner of the state folder.

While the file exists the Hub listens on loopback only. Removing it (`forget`) also takes the passwords away.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import update

from workbench.domain.projects import Person
from workbench.errors import FileUnreadable
from workbench.services.people import hash_random
from workbench.settings import Settings
from workbench.store.engine import Store

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""No signs that are taken for one another: these are typed off a screen."""


@dataclass(frozen=True, slots=True)
class Login:
    """`role_title` is for people ("Project lead (cantonese-speech)"), `role` for tests ("lead")."""

    role: str
    role_title: str
    name: str
    password: str
    project: str | None = None


def file(settings: Settings) -> Path:
    return settings.secrets / "sample_logins.json"


def exist(settings: Settings) -> bool:
    """Whether sample logins exist: then the Hub refuses to listen anywhere but on loopback."""
    return file(settings).exists()


def read(settings: Settings) -> list[Login]:
    """The sample logins in the order in which they are shown; empty where there are none.

    Raises:
        FileUnreadable: the file is there and cannot be read.
    """
    path = file(settings)
    if not path.exists():
        return []
    try:
        return [Login(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as problem:
        raise FileUnreadable(path, f"{problem}. Remove it and run: workbench sample load") from problem


def make(store: Store, settings: Settings, wanted: list[tuple[str, str, str, str | None]]) -> list[Login]:
    """Give these people new random passwords and write them down.

    Args:
        wanted: (role, role title, person's name, project or None), in the order to show.
    """
    made = [Login(role, title, name, new_password(), project) for role, title, name, project in wanted]
    with store.begin() as conn:
        for login in made:
            row = update(Person).where(Person.name == login.name)
            conn.execute(row.values(password_hash=hash_random(login.password)))
    _write(file(settings), json.dumps([asdict(login) for login in made], indent=1))
    return made


def forget(store: Store, settings: Settings) -> None:
    """Take the sample passwords away: nobody can log in with them, and the Hub may listen elsewhere."""
    names = [login.name for login in read(settings)]
    with store.begin() as conn:
        conn.execute(update(Person).where(Person.name.in_(names)).values(password_hash=None))
    file(settings).unlink(missing_ok=True)


def new_password() -> str:
    """Fourteen signs in three groups, 69 bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(n)) for n in (5, 4, 5))
    return "-".join(groups)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    # The mode is given at the making: there is no moment at which others could open it.
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(path)
