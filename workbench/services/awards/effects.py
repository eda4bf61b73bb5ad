"""What an approved action makes of its awards: their next versions, each checked against its rule. Minor units."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from sqlalchemy import text
from sqlalchemy.orm import Session

from workbench.domain.applications import check_rate
from workbench.domain.award_actions import Action
from workbench.domain.award_versions import Version, changed, terms_of
from workbench.domain.awards import Award
from workbench.domain.rules.commitments import check_commitment, committed
from workbench.domain.rules.parameters import SchemeRules, rules_on
from workbench.domain.rules.reports import check_supplement
from workbench.domain.rules.terms import Terms, extended, supplemented, transferred
from workbench.errors import RuleBroken, StepRefused
from workbench.services.awards.reports_due import late
from workbench.services.holds.balances import held_by_award
from workbench.settings import Settings
from workbench.store.award_versions import versions_of
from workbench.store.charges import decided_awards, drawn_by_award
from workbench.units import money


@dataclass(frozen=True, slots=True)
class Given:
    """Figures of an action: as they were asked, or as they are decided. None: as asked."""

    amount_minor: int | None = None
    rate_bp: int | None = None
    ends_on: date | None = None

    def over(self, action: Action) -> "Given":
        """These, and where one is not given what was asked."""
        return Given(
            amount_minor=action.amount_minor if self.amount_minor is None else self.amount_minor,
            rate_bp=action.rate_bp if self.rate_bp is None else self.rate_bp,
            ends_on=action.ends_on if self.ends_on is None else self.ends_on,
        )


@dataclass(frozen=True, slots=True)
class Deed:
    """An action about to change awards: with which figures, why, on which day, under which number it is written."""

    action: Action
    given: Given
    reason: str
    now: int
    today: date
    number: int


def versions_made(db: Session, settings: Settings, deed: Deed) -> list[Version]:
    """The versions that an action makes; none where it changes no figure.

    Args:
        db: the transaction; the awards are locked.
        settings: fund, rules, symbol of money.
        deed: of one of the kinds of workbench.domain.award_actions, but no appeal.

    Raises:
        RuleBroken: rule 1, 2, 5 or 15. StepRefused: the award has ended, or is older than the clock.
    """
    make = MAKERS.get(deed.action.kind)
    return [] if make is None else make(db, settings, deed)


def last_version(db: Session, award: Award, today: date) -> Version:
    """The version from which the next one follows.

    Raises:
        StepRefused: the award has ended, or something was decided after this day.
    """
    version = versions_of(db.connection(), [award.id])[award.id][-1]
    if version.ends_on <= today:
        why = f"it ended before {version.ends_on:%-d %b %Y}"
        raise StepRefused(f"Award {award.id}", "change it", why, "Apply anew.")
    if version.from_on > today and version.version > 1:
        why = f"its version {version.version} holds from {version.from_on:%-d %b %Y} on"
        raise StepRefused(f"Award {award.id}", "change it", why, "Set the clock right.")
    return version


def check_fund(db: Session, settings: Settings, wanted_minor: int, today: date) -> None:
    """Refuse what the fund cannot keep beside all that is promised.

    Raises:
        RuleBroken: rule 2.
    """
    if db.get_bind().dialect.name == "postgresql":
        # Two approvals at once would each see the fund without the other; on SQLite there is one writer.
        db.execute(text("LOCK TABLE awards IN SHARE ROW EXCLUSIVE MODE"))
    scheme, symbol, conn = settings.scheme, settings.centre.symbol, db.connection()
    promised = committed(decided_awards(conn, None, today), drawn_by_award(conn, None), today)
    check_commitment(promised, wanted_minor, scheme.budget, scheme.reserve, lambda amount: money(amount, symbol))


def used_minor(db: Session, settings: Settings, award: Award) -> int:
    """Drawn and held of an award: what cannot be given away or cut."""
    mine = frozenset({award.project})
    # What is held is read first: a charge that comes in between is then counted twice for a moment, never not at all.
    held = held_by_award(db.connection(), settings.centre.zone, mine)
    return drawn_by_award(db.connection(), mine).get(award.id, 0) + held.get(award.id, 0)


def _extension(db: Session, settings: Settings, deed: Deed) -> list[Version]:
    return _alone(db, settings, deed, lambda terms, rules: extended(terms, _day(deed), rules))


def _supplement(db: Session, settings: Settings, deed: Deed) -> list[Version]:
    award = _award(db, deed)
    check_supplement(late(db, award, deed.today, _rules(settings, deed)))
    made = _alone(db, settings, deed, lambda terms, _: supplemented(terms, _amount(deed)))
    check_fund(db, settings, _amount(deed), deed.today)
    return made


def _transfer(db: Session, settings: Settings, deed: Deed) -> list[Version]:
    giver, taker = _award(db, deed), db.get_one(Award, deed.action.other_award)
    if giver.id == taker.id:
        raise StepRefused(f"Award {giver.id}", "transfer", "it is its own receiver", "Name another award.")
    gives, takes = last_version(db, giver, deed.today), last_version(db, taker, deed.today)
    used = used_minor(db, settings, giver)
    try:
        less, more = transferred(terms_of(gives), terms_of(takes), _amount(deed), used)
    except RuleBroken as refused:
        symbol = settings.centre.symbol
        free = money(max(0, gives.ceiling_minor - used), symbol)
        said = f"award {giver.id} has {free} that is neither drawn nor held, not {money(_amount(deed), symbol)}"
        raise RuleBroken(5, said, "Choose an amount above zero and within it.") from refused
    return [changed(version, terms, deed.today, deed.number) for version, terms in ((gives, less), (takes, more))]


def _rate(db: Session, settings: Settings, deed: Deed) -> list[Version]:
    scheme, rate = settings.scheme, deed.given.rate_bp
    assert rate is not None  # the kind needs it
    check_rate(rate, scheme.rate, scheme.max_rate, exceptional=True, reason=deed.reason)
    before = last_version(db, _award(db, deed), deed.today)
    return [changed(before, terms_of(before), deed.today, deed.number, rate_bp=rate)]


def _closing(db: Session, settings: Settings, deed: Deed) -> list[Version]:
    def earlier(terms: Terms, _rules: SchemeRules) -> Terms:
        ends = _day(deed)
        if not deed.today < ends < terms.ends_on:
            said = f"an early end lies after today and before {terms.ends_on:%-d %b %Y}"
            raise RuleBroken(5, said, "Choose such a day; it is the first one without the award.")
        return replace(terms, ends_on=ends)

    return _alone(db, settings, deed, earlier)


def _cut(db: Session, settings: Settings, deed: Deed) -> list[Version]:
    amount = min(_amount(deed), cuttable(db, settings, _award(db, deed), deed.today))
    if amount <= 0:
        return []
    return _alone(db, settings, deed, lambda t, _: replace(t, ceiling_minor=t.ceiling_minor - amount))


def cuttable(db: Session, settings: Settings, award: Award, today: date) -> int:
    """What an award has that is neither drawn nor held, minor units ≥ 0."""
    return max(0, last_version(db, award, today).ceiling_minor - used_minor(db, settings, award))


def _outage(db: Session, settings: Settings, deed: Deed) -> list[Version]:
    return _alone(db, settings, deed, lambda terms, _: replace(terms, ends_on=_day(deed)))


def restored(db: Session, settings: Settings, deed: Deed, cut: Action) -> list[Version]:
    """The version that gives a cut back: what it really took, or the part that was decided.

    Raises:
        RuleBroken: rule 2.
    """
    award = db.get_one(Award, cut.award)
    versions = versions_of(db.connection(), [award.id])[award.id]
    taken = sum(
        before.ceiling_minor - after.ceiling_minor for before, after in pairwise(versions) if after.action == cut.id
    )
    amount = min(taken, taken if deed.given.amount_minor is None else deed.given.amount_minor)
    last = last_version(db, award, deed.today)
    made = changed(last, supplemented(terms_of(last), amount), deed.today, deed.number)
    check_fund(db, settings, amount, deed.today)
    return [made]


def _alone(db: Session, settings: Settings, deed: Deed, become: Callable[[Terms, SchemeRules], Terms]) -> list[Version]:
    before = last_version(db, _award(db, deed), deed.today)
    return [changed(before, become(terms_of(before), _rules(settings, deed)), deed.today, deed.number)]


def _award(db: Session, deed: Deed) -> Award:
    return db.get_one(Award, deed.action.award)


def _rules(settings: Settings, deed: Deed) -> SchemeRules:
    return rules_on(settings.rules, deed.today)


def _amount(deed: Deed) -> int:
    assert deed.given.amount_minor is not None  # the kind needs it
    return deed.given.amount_minor


def _day(deed: Deed) -> date:
    assert deed.given.ends_on is not None  # the kind needs it
    return deed.given.ends_on


MAKERS: dict[str, Callable[[Session, Settings, Deed], list[Version]]] = {
    "extension": _extension,
    "supplement": _supplement,
    "transfer": _transfer,
    "rate": _rate,
    "closing": _closing,
    "under-use-cut": _cut,
    "outage-extension": _outage,
}
