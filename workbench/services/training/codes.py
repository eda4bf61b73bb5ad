"""Codes that let somebody join a class: eight signs that cannot be mistaken for one another."""

import secrets

from sqlalchemy.orm import Session

from workbench.domain.training import TrainingCode, TrainingSession

SIGNS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
LENGTH = 8


def make(db: Session, session: TrainingSession, now: int) -> str:
    """A new code of this class."""
    code = "".join(secrets.choice(SIGNS) for _sign in range(LENGTH))
    db.add(TrainingCode(code, session.id, now))
    return code
