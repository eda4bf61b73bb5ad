"""Pause, resume and downscale a project: kept with who, when and why; Slurm follows with the next plan."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.brakes import DOWNSCALE, PAUSE, RESUME, Brake, braked
from workbench.domain.projects import Project
from workbench.errors import AskRefused, UnknownProject
from workbench.periods import moment
from workbench.services.two_people import check_centre
from workbench.slurm.associations import GPU, present
from workbench.slurm.runner import Runner
from workbench.store.engine import Store


def pause(store: Store, project: str, who: str, reason: str, now: int) -> Brake:
    """Running jobs go on, no other starts. Who, UTC epoch seconds.

    Raises:
        UnknownProject, UnknownPerson: of the names. AskRefused: no secretariat or operator, no reason, paused already.
    """
    return _keep(store, Brake(project, PAUSE, who, moment(now), reason))


def resume(store: Store, project: str, who: str, reason: str, now: int) -> Brake:
    """Take off a pause and a downscale. Raises as `pause`; AskRefused where there is neither."""
    return _keep(store, Brake(project, RESUME, who, moment(now), reason))


def downscale(store: Store, runner: Runner, brake: Brake) -> Brake:
    """Bound the GPUs of all jobs of a project together; what Slurm allowed before is kept with it.

    Raises:
        As `pause`. SlurmError: Slurm could not be asked what it allows now.
    """
    slurm = store.settings.slurm
    there = present(runner, slurm.cluster).accounts.get(slurm.account(brake.project))
    brake.gpus_before = there.gpus.get(GPU) if there else None
    return _keep(store, brake)


def history(store: Store, project: str | None = None) -> list[Brake]:
    """The records, the newest first."""
    ask = select(Brake).order_by(Brake.id.desc())
    with store.db() as db:
        return list(db.scalars(ask if project is None else ask.where(Brake.project == project)))


def _keep(store: Store, brake: Brake) -> Brake:
    with store.db(writes=True) as db:
        if db.get(Project, brake.project) is None:
            raise UnknownProject(brake.project)
        check_centre(db, brake.who, brake.project)
        if not brake.reason.strip():
            raise AskRefused(brake.project, "no reason is given", "Say why; its people will ask.")
        if why := _idle(db, brake):
            raise AskRefused(brake.project, why, "Nothing is to be done.")
        db.add(brake)
        db.flush()
        return brake


def _idle(db: Session, brake: Brake) -> str:
    """Why it would change nothing, else ''."""
    now = braked(db.scalars(select(Brake).where(Brake.project == brake.project).order_by(Brake.id)).all())
    if brake.kind == PAUSE and now.paused:
        return "it is paused already"
    if brake.kind == RESUME and not now.paused and now.lifted:
        return "it is neither paused nor downscaled"
    same = now.gpus is not None and not now.lifted and now.gpus.gpus == brake.gpus
    return f"it is held to {brake.gpus} GPUs already" if brake.kind == DOWNSCALE and same else ""
