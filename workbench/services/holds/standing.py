"""How a project stands before a start: its awards in force with their balances, and whether it may go past them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.awards import Award
from workbench.domain.holds import Balance, Hold, held_for
from workbench.domain.overuse import OverUseRule, used_minor
from workbench.domain.rules.parameters import rules_on
from workbench.domain.starts import Standing
from workbench.periods import day_of, moment
from workbench.services.awards.actions import over_use_opted_in
from workbench.services.holds.balances import balances, in_force
from workbench.services.holds.reserved import CLASSES
from workbench.settings import Settings
from workbench.store.charges import charge_sums, decided_awards


def standings(db: Session, settings: Settings, project: str, now: int) -> tuple[Standing, ...]:
    """How a project stands, one for each award that is in force, in the order in which they are drawn.

    Args:
        db: whoever takes from an award holds its lock.
        settings: rules, time zone, what holds without an award.
        project: slug.
        now: UTC epoch seconds.

    Returns:
        At least one; without an award in force it says on which terms the project may start nevertheless.
    """
    conn, mine, today = db.connection(), frozenset({project}), day_of(now, settings.centre.zone)
    rule = OverUseRule(rules_on(settings.rules, today).over_use_limit_bp)
    live = in_force(conn, mine, now, settings.centre.zone).get(project, [])
    if not live:
        without = settings.scheme.start_without_award == "list-price"
        return (Standing(None, 0, Balance(0, 0, 0), 0, rule, opted_in=False, without_award=without),)
    opted_in = over_use_opted_in(conn, project, moment(now))
    awards = {award.id: award for award in decided_awards(conn, mine, today)}
    return tuple(
        Standing(
            version.award,
            version.rate_bp,
            balance,
            _used(db, awards[version.award], balance) if opted_in else balance.drawn_minor + balance.held_minor,
            rule,
            opted_in,
            without_award=False,
        )
        for version, balance in zip(live, balances(db, settings, live, mine), strict=True)
    )


def _used(db: Session, award: Award, balance: Balance) -> int:
    """What an award would have paid without its ceiling: list cost in its term at its rate, and so of what runs."""
    sums = charge_sums(db.connection(), (), frozenset({award.project}), (award.starts_on, award.ends_on))
    # What is held for a class is less than at its start as soon as seats have taken of it: no sign of going beyond.
    ours = Hold.award == award.id, Hold.ended_at.is_(None), Hold.cluster != CLASSES
    running = db.scalars(select(Hold).where(*ours))
    # The part of running work that the award cannot pay any more is held by nobody.
    beyond = sum(held_for(h.list_minor_per_hour, h.rate_bp, h.requested_s) - h.amount_minor for h in running)
    return used_minor(int(sums["list_minor"].sum()), award.rate_bp) + balance.held_minor + beyond
