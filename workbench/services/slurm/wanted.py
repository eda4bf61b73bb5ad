"""What the books want of Slurm: a project's account, people, brakes, and the minutes that it can still pay."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.domain.awards import Award
from workbench.domain.brakes import Brake, Braked, braked
from workbench.domain.charging import AwardVersion
from workbench.domain.holds import Balance
from workbench.domain.job_price import SCALE, Metered, terms_of
from workbench.domain.limits import Purse, minutes_bought
from workbench.domain.overuse import used_minor
from workbench.domain.pricelist import PriceVersion
from workbench.domain.projects import Member, Person, Project
from workbench.domain.rules.parameters import rules_on
from workbench.periods import day_of, moment
from workbench.services.awards.actions import over_use_opted_in
from workbench.services.holds.balances import balances, in_force
from workbench.services.prices.stored import stored_prices
from workbench.settings import Settings
from workbench.slurm.offers import Offer
from workbench.store.charges import charge_sums, decided_awards
from workbench.store.engine import Store
from workbench.units import BASIS_POINTS, GPU_PARTS, money

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """One project. people: names of its members. gpu, cpu: minutes that it can still pay, None: without end.

    opted: it may go on past its ceiling, at list price; low: it does. why: a sentence about the minutes.
    """

    project: str
    account: str
    title: str = ""
    organisation: str = ""
    people: tuple[str, ...] = ()
    gpu: int | None = None
    cpu: int | None = None
    opted: bool = False
    low: bool = False
    braked: Braked = field(default_factory=Braked)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """All projects by account, and the names of all people that we know."""

    accounts: Mapping[str, Wanted]
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Cheapest:
    """The lowest list price of a minute of a GPU and of a core in this Slurm, minor units; None: nothing has a price.

    A core's is None, too, where a job without GPU has no price: cores then draw on no award.
    """

    gpu: Fraction | None
    core: Fraction | None


def books(store: Store, offers: Sequence[Offer], now: int) -> Books:
    """What is wanted now.

    Args:
        store: projects, members, awards, charges, prices, brakes.
        offers: what a job can get in this Slurm.
        now: UTC epoch seconds.
    """
    settings = store.settings
    with store.db() as db:
        prices = stored_prices(db.connection(), settings.centre.zone).at(now)
        funds = _funds(db, settings, now)
        cost = cheapest(prices, offers, settings)
        known = db.scalars(select(Person.name)).all()
        members: dict[str, list[str]] = {}
        for member in db.scalars(select(Member).order_by(Member.project, Member.person)):
            members.setdefault(member.project, []).append(member.person)
        brakes: dict[str, list[Brake]] = {}
        for brake in db.scalars(select(Brake).order_by(Brake.id)):
            brakes.setdefault(brake.project, []).append(brake)
        found = []
        for project in db.scalars(select(Project).order_by(Project.slug)):
            one = Wanted(
                project.slug,
                settings.slurm.account(project.slug),
                project.title,
                project.organisation,
                tuple(members.get(project.slug, ())),
                braked=braked(brakes.get(project.slug, ())),
            )
            found.append(_funded(one, funds.get(project.slug), cost, settings))
    return Books({one.account: one for one in found}, frozenset(known))


def cheapest(prices: PriceVersion | None, offers: Iterable[Offer], settings: Settings) -> Cheapest:
    """What a minute costs where it is cheapest. A GPU job draws on cores too: at most all of a node for one GPU."""
    gpus: list[Fraction] = []
    of_gpu_jobs: list[Fraction] = []
    cores: list[Fraction] = []
    for offer in offers:
        alone = _minute(prices, offer.partition, None, 1)
        cores += [] if alone is None else [alone]
        if offer.gpu_type:
            model = settings.slurm.model(offer.gpu_type)
            gpu, whole = (_minute(prices, offer.partition, model, count) for count in (None, offer.cores))
            gpus += [] if gpu is None else [gpu]
            of_gpu_jobs += [] if whole is None else [whole / max(1, offer.cores)]
    return Cheapest(min(gpus, default=None), min([*cores, *of_gpu_jobs]) if cores else None)


def _minute(prices: PriceVersion | None, partition: str, model: str | None, cores: int | None) -> Fraction | None:
    job = Metered("", 0, MINUTE_S, model, GPU_PARTS if model else 0, cores, partition=partition)
    terms = terms_of(job, prices)
    return None if terms.share is None else Fraction(terms.per_second * MINUTE_S, SCALE)


@dataclass(frozen=True, slots=True)
class _Fund:
    """What a project has in force: purses of its awards; opted in to over-use; low: it computes past its ceiling."""

    purses: tuple[Purse, ...]
    opted: bool
    low: bool
    why: str


def _funded(project: Wanted, fund: _Fund | None, cost: Cheapest, settings: Settings) -> Wanted:
    if fund is not None:
        gpu, cpu = (minutes_bought(fund.purses, price) for price in (cost.gpu, cost.core))
        return replace(project, gpu=gpu, cpu=cpu, opted=fund.opted, low=fund.low, why=fund.why)
    if settings.scheme.start_without_award == "list-price":
        return replace(project, why="No award is in force; it may compute at list price.")
    return replace(project, gpu=0, cpu=0, why="No award is in force.")


def _funds(db: Session, settings: Settings, now: int) -> dict[str, _Fund]:
    """Project → what its awards in force have left."""
    conn, today = db.connection(), day_of(now, settings.centre.zone)
    live = in_force(conn, None, now, settings.centre.zone)
    flat = [version for versions in live.values() for version in versions]
    held = {v.award: balance for v, balance in zip(flat, balances(db, settings, flat, None), strict=True)}
    awards = {award.id: award for award in decided_awards(conn, None, today)}
    limit_bp = rules_on(settings.rules, today).over_use_limit_bp
    found = {}
    for project, versions in live.items():
        left = [Purse(_left(held[v.award]), v.rate_bp) for v in versions]
        opted, over = over_use_opted_in(conn, project, moment(now)), [0] * len(versions)
        if opted:
            over = [_over(db, awards[v.award], v, held[v.award], limit_bp) for v in versions]
        low = not any(purse.left_minor for purse in left) and any(over)
        purses = [Purse(max(p.left_minor, more), p.rate_bp) for p, more in zip(left, over, strict=True)]
        found[project] = _Fund(tuple(purses), opted, low, _why(settings, versions, left, low=low))
    return found


def _left(balance: Balance) -> int:
    return max(0, balance.ceiling_minor - balance.drawn_minor)


def _over(db: Session, award: Award, version: AwardVersion, balance: Balance, limit_bp: int) -> int:
    """What a project that opted in may still use, as the award would have paid it without its ceiling."""
    sums = charge_sums(db.connection(), (), frozenset({award.project}), (award.starts_on, award.ends_on))
    used = max(used_minor(int(sums["list_minor"].sum()), version.rate_bp), balance.drawn_minor)
    return max(0, balance.ceiling_minor * limit_bp // BASIS_POINTS - used)


def _why(settings: Settings, versions: Sequence[AwardVersion], left: Sequence[Purse], *, low: bool) -> str:
    names = ", ".join(str(version.award) for version in versions)
    whose = f"award {names}" if len(versions) == 1 else f"awards {names}"
    total = sum(purse.left_minor for purse in left)
    if total:
        return f"{money(total, settings.centre.symbol)} left of {whose}."
    return f"Over-use at list price: {whose} is used up." if low else f"Nothing is left of {whose}."
