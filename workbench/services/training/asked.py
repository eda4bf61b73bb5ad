"""What somebody wants a training session to be, and what is wrong with it by itself, before anything is looked up.

Times are UTC epoch seconds.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.clusters.kernels import RAPIDS, Kernel, installed
from workbench.domain.training import COPY, NO_COPY, TrainingSession
from workbench.i18n import _
from workbench.settings import ROOT, ProfileSettings, Settings
from workbench.units import DAY_S, HOUR_S

GIT = re.compile(r"(https|ssh)://[^\s/-][^\s/]*/\S+|[\w.-]+@[\w.-]+:\S+")
"""How an address of a git repository begins."""
HAND_IN = (COPY, NO_COPY)
"""What happens with the work at the end: each seat's is collected, or nobody's is."""
SHORTEST_S, LONGEST_S = 300, 12 * HOUR_S
FARTHEST_S = 400 * DAY_S
NAME_MOST, TITLE_MOST = 120, 200
OFFERED = "materials"
"""Folder of materials that the centre offers to all who teach; no handle has so many signs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A class as it is wished for. warm: seats that are started ahead (None: all); roster: who is expected, a name
    each; lead_s: so long before the start servers are started; keep_days: for which work can be fetched after the end
    (both None: as in the settings). environment: the one kernel that its seats have ('': all that are installed).
    materials: address of a git repository, or a folder; first_page: of them.
    """

    title: str
    project: str
    instructor: str
    starts_at: int
    ends_at: int
    seats: int
    profile: str
    warm: int | None = None
    environment: str = ""
    languages: str = ""
    materials: str = ""
    branch: str = ""
    first_page: str = ""
    hand_in: str = COPY
    walk_ins: bool = True
    roster: tuple[str, ...] = ()
    lead_s: int | None = None
    keep_days: int | None = None


def warm_of(plan: Plan) -> int:
    """Seats that are started ahead."""
    return plan.seats if plan.warm is None else plan.warm


def lead_of(plan: Plan, settings: Settings) -> int:
    """Seconds before the start from which on servers are started."""
    return settings.training.lead_minutes * 60 if plan.lead_s is None else plan.lead_s


def plan_of(session: TrainingSession) -> Plan:
    """The plan that a session was made of."""
    return Plan(
        title=session.title,
        project=session.project,
        instructor=session.instructor,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        seats=session.seats,
        profile=session.profile,
        warm=session.warm,
        environment=session.environment,
        languages=session.languages,
        materials=session.materials,
        branch=session.branch,
        first_page=session.first_page,
        hand_in=session.hand_in,
        walk_ins=session.walk_ins,
        roster=names_of(session.roster),
        lead_s=session.lead_s,
        keep_days=session.keep_days,
    )


def names_of(text: str) -> tuple[str, ...]:
    """A roster from its text: a name a line, empty lines left out; blanks of any kind are one."""
    return tuple(name for line in text.splitlines() if (name := " ".join(line.split())))


def profile_of(settings: Settings, name: str) -> ProfileSettings | None:
    """The profile of this name, None where there is none."""
    return next((profile for profile in settings.profiles if profile.id == name), None)


def materials_folder(text: str) -> Path | None:
    """The folder that materials name, without links; None for a git repository's address. "notebooks" is the course."""
    return None if not text or GIT.fullmatch(text) else (ROOT / Path(text).expanduser()).resolve()


def open_folders(settings: Settings, who: str) -> tuple[Path, ...]:
    """Where somebody may take materials from: their own home (nobody else's), what the centre offers, the course."""
    ours = (settings.homes / who, settings.training_folder / OFFERED, ROOT / "notebooks")
    return tuple(place.resolve() for place in ours)


def faults(plan: Plan, settings: Settings, who: str, now: int, *, trusted: bool) -> Iterator[str]:
    """What is wrong with a plan by itself, a sentence each.

    Args:
        plan: any.
        settings: limits and profiles.
        who: plans it.
        now: UTC epoch seconds.
        trusted: whoever plans it may name any folder of this machine as materials (secretariat, operator).
    """
    if not 0 < len(plan.title.strip()) <= TITLE_MOST or not plan.title.isprintable():
        yield _("The title is one line of 1 to {most} characters.").format(most=TITLE_MOST)
    yield from _times(plan, settings, now)
    yield from _seats(plan, settings)
    profile = profile_of(settings, plan.profile)
    if profile is None:
        known = ", ".join(profile.id for profile in settings.profiles)
        yield _("There is no profile {name}; there are {known}.").format(name=plan.profile or "''", known=known)
    yield from _environment(plan, settings, profile)
    if plan.hand_in not in HAND_IN:
        yield _("Work is handed in as one of: {known}.").format(known=", ".join(HAND_IN))
    yield from _materials(plan, None if trusted else open_folders(settings, who))


def _times(plan: Plan, settings: Settings, now: int) -> Iterator[str]:
    if plan.ends_at <= plan.starts_at:
        yield _("It ends before it begins.")
    elif plan.ends_at <= now:
        yield _("Its time is over already.")
    elif plan.starts_at < now - SHORTEST_S:
        yield _("It begins in the past.")
    elif not SHORTEST_S <= plan.ends_at - plan.starts_at <= LONGEST_S:
        yield _("It lasts from {least} minutes to {most} hours.").format(
            least=SHORTEST_S // 60, most=LONGEST_S // HOUR_S
        )
    elif plan.starts_at > now + FARTHEST_S:
        yield _("It begins more than {days} days ahead.").format(days=FARTHEST_S // DAY_S)
    if not 0 <= lead_of(plan, settings) <= DAY_S:
        yield _("Servers are started at most a day ahead.")
    if plan.keep_days is not None and not 0 <= plan.keep_days <= 365:
        yield _("Work is kept for 0 to 365 days.")


def _seats(plan: Plan, settings: Settings) -> Iterator[str]:
    most = settings.training.most_seats
    if not 1 <= plan.seats <= most:
        yield _("A class has 1 to {most} seats.").format(most=most)
    elif not 0 <= warm_of(plan) <= plan.seats:
        yield _("Of {seats} seats, 0 to {seats} can be started ahead.").format(seats=plan.seats)
    if len(plan.roster) > max(0, plan.seats):
        yield _("The roster names {names} people, and there are {seats} seats.").format(
            names=len(plan.roster), seats=plan.seats
        )
    if twice := sorted(_twice(plan.roster)):
        yield _("The roster names more than once: {names}.").format(names=", ".join(twice[:5]))
    if any(len(name) > NAME_MOST or not name.isprintable() for name in plan.roster):
        yield _("A name of the roster is one line of at most {most} characters.").format(most=NAME_MOST)


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(name.casefold() for name in names).items() if times > 1]


def kernels(settings: Settings) -> dict[str, Kernel]:
    """What a plan's environment can be, by name; with Slurm people choose in their own Labs."""
    return {} if settings.slurm.spawns else installed()


def _environment(plan: Plan, settings: Settings, profile: ProfileSettings | None) -> Iterator[str]:
    if not plan.environment:
        return
    known = kernels(settings)
    if plan.environment not in known:
        there = ", ".join(known) or _("none that a class can choose")
        yield _("There is no kernel {name}; there are {known}.").format(name=plan.environment, known=there)
    elif plan.environment == RAPIDS and profile is not None and not profile.gpus:
        yield _("The kernel {name} needs a profile with a GPU.").format(name=known[RAPIDS].title)


def _materials(plan: Plan, allowed: tuple[Path, ...] | None) -> Iterator[str]:
    if "\0" in plan.materials or "\0" in plan.first_page:
        yield _("A name of a file holds no NUL.")
        return
    first = Path(plan.first_page)
    if plan.first_page and (first.is_absolute() or ".." in first.parts):
        yield _("The first page is named as it lies in the materials: intro/start.ipynb.")
    if plan.branch and (plan.branch.startswith("-") or re.search(r"[\s~^:?*\[\\]|\.\.", plan.branch)):
        yield _("{name} is no name of a branch.").format(name=plan.branch)
    if plan.materials.startswith("-"):
        yield _("Materials are the address of a git repository, or a folder.")
        return
    folder = materials_folder(plan.materials)
    if folder is None:
        return
    if allowed is not None and not any(folder.is_relative_to(one) for one in allowed):
        yield _("Materials are the address of a git repository, a folder of your own home, or {course}.").format(
            course="notebooks"
        )
    elif not folder.is_dir():
        yield _("There is no folder {name}.").format(name=plan.materials)
