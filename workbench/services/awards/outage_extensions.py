"""A long outage gives its days back: the term of an award becomes longer, day for day. Scheme rule 13.

Out of service is a model whose GPUs were all out, on every place of the centre that has it: the model that the award's
application asked for, or all models where it named none. One that lasts still counts when the term is about to end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.award_actions import APPROVED, SCHEME, Action, Decision
from workbench.domain.award_versions import terms_of
from workbench.domain.awards import Application, Award
from workbench.domain.rules.parameters import rules_on
from workbench.domain.rules.terms import Terms, extended_by_outages
from workbench.periods import day_of, moment
from workbench.services.awards.effects import Deed, Given, last_version, versions_made
from workbench.services.awards.records import lock_awards, write
from workbench.services.centre import capacity_steps
from workbench.services.filters import Only
from workbench.services.spend_days import ONE_DAY, today_of
from workbench.store.award_versions import awards_on
from workbench.store.engine import Store


@dataclass(frozen=True, slots=True)
class Spell:
    """Out of service in [first, back), days of the centre; `over` once the GPUs are back."""

    first: date
    back: date
    over: bool


def extend(store: Store, now: int) -> list[int]:
    """Give every award of today the days that long outages took; the numbers of the actions, run again none."""
    today = today_of(store, now)
    with store.db() as db:
        live = [award for award in awards_on(db.connection(), None, today) if today < award.ends_on]
        models = {award.id: _model(db, award) for award in live}
    out = {model: spells(store, model, now) for model in set(models.values())}
    made = []
    for award in live:
        for spell in out[models[award.id]]:
            made += _give_back(store, award.id, spell, now)
    return made


def spells(store: Store, gpu_model: str | None, now: int) -> list[Spell]:
    """When every GPU of a model (None: of all) was out of service, up to now, in order."""
    zone = store.settings.centre.zone
    pieces = capacity_steps(store, 0, now, Only(gpu_model=gpu_model))
    found = []
    for start_s, end_s in out_of_service(pieces):
        first, back, over = day_of(start_s, zone), day_of(end_s, zone), end_s < now
        found.append(Spell(first, back if over else back + ONE_DAY, over))
    return found


def out_of_service(pieces: pd.DataFrame) -> list[tuple[int, int]]:
    """The windows [start, end) in UTC epoch seconds in which GPUs are installed and none is in service.

    Args:
        pieces: the stepped line of capacity (workbench.services.centre.capacity_steps).
    """
    changes: dict[int, list[int]] = {}
    for row in pieces.itertuples():
        for at, sign in ((row.from_at, 1), (row.to_at, -1)):
            of = changes.setdefault(int(at.timestamp()), [0, 0])
            of[0] += sign * int(row.installed)
            of[1] += sign * int(row.capacity)
    found: list[tuple[int, int]] = []
    installed = serving = 0
    since: int | None = None
    for at in sorted(changes):
        installed, serving = installed + changes[at][0], serving + changes[at][1]
        dead = installed > 0 and serving <= 0
        if dead and since is None:
            since = at
        elif not dead and since is not None:
            found.append((since, at))
            since = None
    return found


def _give_back(store: Store, number: int, spell: Spell, now: int) -> list[int]:
    today, zone = today_of(store, now), store.settings.centre.zone
    with store.db(writes=True) as db:
        award = lock_awards(db, [number])[number]
        version = last_version(db, award, today)
        terms = terms_of(version)
        rules = rules_on(store.settings.rules, today)
        lost = _days(terms, extended_by_outages(terms, [(spell.first, spell.back)], rules))
        prefix = f"outage/{number}/{spell.first}/"
        given = max((int(key.rsplit("/", 1)[1]) for key in _keys(db, prefix)), default=0)
        if lost <= given or not (spell.over or terms.ends_on <= today + ONE_DAY):
            return []
        ends_on = terms.ends_on + timedelta(days=lost - given)
        until = f"to {spell.back - ONE_DAY:%-d %b %Y}" if spell.over else "and still"
        action = Action(
            award=number,
            kind="outage-extension",
            asked_by=SCHEME,
            asked_at=moment(now),
            reason=f"Out of service from {spell.first:%-d %b %Y} {until}: {lost} days, more than {rules.outage_days}.",
            key=f"{prefix}{lost}",
            ends_on=ends_on,
        )
        db.add(action)
        db.flush()
        deed = Deed(action, Given(ends_on=ends_on), action.reason, now, day_of(now, zone), action.id)
        write(db, versions_made(db, store.settings, deed))
        db.add(Decision(action.id, APPROVED, SCHEME, moment(now), action.reason, ends_on=ends_on))
        return [action.id]


def _keys(db: Session, prefix: str) -> Iterable[str]:
    return [key for key in db.scalars(select(Action.key).where(Action.key.startswith(prefix))) if key]


def _days(before: Terms, after: Terms) -> int:
    return (after.ends_on - before.ends_on).days


def _model(db: Session, award: Award) -> str | None:
    return None if award.application is None else db.get_one(Application, award.application).gpu_model
