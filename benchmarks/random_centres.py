"""Whether every cent is there: random small centres, each checked against sums worked out another way.

    .venv/bin/python -m benchmarks.random_centres [--centres 200] [--first 1] [--home FOLDER]

A centre of a seed: a time zone (most with a change of the clocks in the period), two to four projects with awards that
get supplements and new rates, prices with factors, MIG shares, node shares and changes in mid-day, jobs across
midnights and months, some without a price, some still running, charges beside usage. Its records come in portions, in
random order, rated and posted in between. Checked at the end, all in whole cents:

- the charges of each project are the sum over its jobs of usage × price in fractions, each job rounded once;
- on each row list cost is subsidy + user's share; by user and by project the sums are the same;
- no award paid more than its ceiling; the usage of the charges is that of the rollups;
- the ledger's balances are the sums of the charges;
- rated and posted in portions it is the same as rated at once from nothing.

--home: check a copy of the database of this state folder (of the sample centre) in place of random ones: its charges,
its usage, its ledger.
"""

import argparse
import json
import random
import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from benchmarks.random_records import ZONES, RandomCentre
from workbench.domain.access import WholeCentre
from workbench.domain.award_versions import Version
from workbench.domain.awards import Award
from workbench.periods import moment, parse_moment
from workbench.services.charging.rating import rate
from workbench.services.ledger.books import balances
from workbench.services.ledger.posting import bring_up
from workbench.settings import Settings, load
from workbench.store.engine import open_store
from workbench.store.other_charges import other_charges
from workbench.store.tables import charges_daily, charges_user_daily, price_versions, rollup_daily
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

MONEY = ("list_minor", "subsidy_minor", "user_minor")
USED = ("gpu_part_seconds", "core_seconds")


@dataclass(frozen=True)
class Checked:
    """A centre that closed: what there was of it, in cents."""

    jobs: int
    charges: int
    unpriced: int
    list_minor: int
    subsidy_minor: int
    accounts: int


class Differs(Exception):
    """A sum is not what it has to be."""


def one(settings: Settings, seed: int) -> Checked:
    """Make the centre of a seed in an empty store, bring it up in portions, check it.

    Raises:
        Differs: with what differs.
    """
    lots = random.Random(seed)
    zone = lots.choice(ZONES)
    store = open_store(settings.model_copy(update={"centre": settings.centre.model_copy(update={"time_zone": zone})}))
    try:
        centre = RandomCentre(lots, store)
        centre.bring_in()
        return checked(centre)
    finally:
        store.engine.dispose()


def checked(centre: RandomCentre) -> Checked:
    """Raises Differs."""
    with centre.store.read() as conn:
        rows, by_users = (_rows(conn, table) for table in (charges_daily, charges_user_daily))
        used = conn.execute(select(*(func.sum(rollup_daily.c[name]) for name in USED))).one()
        same("usage", tuple(used), tuple(sum(row[name] for row in rows) for name in USED))
        for project in (*centre.projects, ""):
            mine = [row for row in rows if row["project"] == project]
            exact = sum(_cents(job, centre.prices) for job in centre.jobs if (job["project"] or "") == project)
            same(f"list cost of {project!r}", sum(row["list_minor"] or 0 for row in mine), exact)
            by_user = charges_user_daily.c
            sums = select(*(func.coalesce(func.sum(by_user[name]), 0) for name in MONEY))
            found = tuple(conn.execute(sums.where(by_user.project == project)).one())
            same(f"by user of {project!r}", found, tuple(sum(row[name] or 0 for row in mine) for name in MONEY))
        for row in rows:
            if row["list_minor"] is not None:
                same(f"a row of {row['day']}", row["list_minor"], row["subsidy_minor"] + row["user_minor"])
        given = other_charges.c
        ask = select(given.award_id, func.sum(given.subsidy_minor)).group_by(given.award_id)
        beside = dict(conn.execute(ask).all())
        _ceilings(conn, rows, beside)
    listed, subsidy, user = (sum(row[name] or 0 for row in rows) for name in MONEY)
    accounts = balances(centre.store, WholeCentre("secretariat"))
    same("fund:drawn", accounts.get("fund:drawn", 0), subsidy + sum(beside.values()))
    with centre.store.read() as conn:
        others = conn.execute(select(*(func.coalesce(func.sum(other_charges.c[name]), 0) for name in MONEY))).one()
    against = sum(accounts.get(name, 0) for name in ("centre:charges", "refunds", "adjustments"))
    same("charges in the ledger", -against, listed + others[0])
    owed = sum(minor for name, minor in accounts.items() if name.endswith(":payable") or name == "suspense")
    same("users' share in the ledger", owed, user + others[2])
    posted = bring_up(centre.store, centre.now, everything=True).charges
    same("transactions of a second posting", posted, 0)
    rate(centre.store, centre.now, everything=True)
    with centre.store.read() as conn:
        same("rated at once", _rows(conn, charges_daily), rows)
        same("rated at once, by user", _rows(conn, charges_user_daily), by_users)
    return Checked(
        len(centre.jobs), len(rows), sum(row["list_minor"] is None for row in rows), listed, subsidy, len(accounts)
    )


def _rows(conn: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.execute(select(table).order_by(*table.primary_key.columns)).mappings()]


def _ceilings(conn: Connection, rows: list[dict[str, Any]], beside: dict[int | None, int]) -> None:
    most = dict(conn.execute(select(Award.__table__.c.id, Award.__table__.c.ceiling_minor)).all())
    for award, ceiling in conn.execute(select(Version.__table__.c.award, Version.__table__.c.ceiling_minor)):
        most[award] = max(most[award], ceiling)
    for award, ceiling in most.items():
        drawn = sum(row["subsidy_minor"] for row in rows if row["award_id"] == award) + beside.get(award, 0)
        if drawn > ceiling:
            raise Differs(f"award {award} paid {drawn} of {ceiling}")


def _cents(job: dict[str, Any], prices: list[dict[str, Any]]) -> int:
    """Usage × price of a whole job in fractions, rounded once; what has no price adds nothing."""
    starts = [datetime.fromisoformat(v["from"]).timestamp() for v in prices]
    exact = Fraction(0)
    for number, version in enumerate(prices):
        until = starts[number + 1] if number + 1 < len(starts) else float("inf")
        if "until" in version:
            until = datetime.fromisoformat(version["until"]).timestamp()
        seconds = min(job["end_at"], until) - max(job["start_at"], starts[number])
        if seconds > 0:
            exact += _per_hour(job, version) * int(seconds) / HOUR_S
    return round(exact * 100)


def _per_hour(job: dict[str, Any], version: dict[str, Any]) -> Fraction:
    """Price of an hour of a job in major units; 0 where it has none."""
    high = Fraction(version.get("priority", {}).get("high", 1))
    factor = {"fast": high, "kept": high * Fraction(3, 2)}.get(job["partition"], Fraction(1))
    gpus, model = Fraction(job["gpu_parts"], GPU_PARTS), job["gpu_model"]
    if not gpus:
        return Fraction(job["cpu_cores"] or 0) * Fraction(version["core_hour"]) * factor
    board, _, profile = (model or "").partition("_")
    price = Fraction(version["gpu_hour"].get(board, 0))
    if profile and gpus.denominator == 1:
        gpus *= {"1g.10gb": Fraction(1, 7), "3g.40gb": Fraction(1, 2)}[profile]
    if board in version.get("nodes", {}):
        cores = Fraction((job["cpu_cores"] or 0) * 8 * GPU_PARTS // 96, GPU_PARTS)
        gpus = max(gpus, cores)
    return gpus * price * factor


def same(what: str, found: Any, wanted: Any) -> None:
    if found == wanted:
        return
    if isinstance(found, list):
        found, wanted = (
            [row for row in some if row not in rest][:3] for some, rest in ((found, wanted), (wanted, found))
        )
    raise Differs(f"{what}: {found}, not {wanted}")


def whole(settings: Settings) -> Checked:
    """Bring a stored centre up, until the day after its last job, and check it; its prices are plain amounts.

    Raises:
        Differs: with what differs.
    """
    store = open_store(settings)
    zone = settings.centre.zone
    with store.read() as conn:
        now = conn.scalar(text("SELECT max(seen_until_at) FROM jobs")) + DAY_S
        contents = [json.loads(content) for content in conn.scalars(select(price_versions.c.content))]
        prices = sorted(
            ({**content, "from": moment(parse_moment(content["from"], zone)).isoformat()} for content in contents),
            key=lambda version: version["from"],
        )
    rate(store, now)
    bring_up(store, now)
    with store.read() as conn:
        names = ("project", "start_at", "seen_until_at", "partition", "gpu_model", "gpu_parts", "cpu_cores")
        exact: dict[str, int] = {}
        jobs = 0
        for row in conn.execute(text(f"SELECT {', '.join(names)} FROM jobs")):
            job = dict(zip(("project", "start_at", "end_at", *names[3:]), row, strict=True))
            exact[job["project"] or ""] = exact.get(job["project"] or "", 0) + _cents(job, prices)
            jobs += 1
        rows = _rows(conn, charges_daily)
        used = conn.execute(select(*(func.sum(rollup_daily.c[name]) for name in USED))).one()
        beside = conn.execute(select(*(func.coalesce(func.sum(other_charges.c[name]), 0) for name in MONEY))).one()
    same("usage", tuple(used), tuple(sum(row[name] for row in rows) for name in USED))
    for project, cents in exact.items():
        same(f"list cost of {project!r}", sum(r["list_minor"] or 0 for r in rows if r["project"] == project), cents)
    listed, subsidy, user = (sum(row[name] or 0 for row in rows) for name in MONEY)
    same("list cost", listed, subsidy + user)
    accounts = balances(store, WholeCentre("secretariat"))
    same("fund:drawn", accounts["fund:drawn"], subsidy + beside[1])
    against = sum(accounts.get(name, 0) for name in ("centre:charges", "refunds", "adjustments"))
    same("charges in the ledger", -against, listed + beside[0])
    same("transactions of a second posting", bring_up(store, now, everything=True).charges, 0)
    store.engine.dispose()
    return Checked(jobs, len(rows), sum(row["list_minor"] is None for row in rows), listed, subsidy, len(accounts))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--centres", type=int, default=200)
    asked.add_argument("--first", type=int, default=1, help="the first seed")
    asked.add_argument("--home", type=Path)
    given = asked.parse_args()
    begun, found, wrong = time.perf_counter(), [], []
    with tempfile.TemporaryDirectory() as folder:
        if given.home:
            (Path(folder) / "whole").mkdir()
            shutil.copy(given.home / "workbench.db", Path(folder) / "whole" / "workbench.db")
            print(whole(load(home=Path(folder) / "whole")))
            return
        empty = load(home=Path(folder) / "empty")
        open_store(empty).engine.dispose()
        for seed in range(given.first, given.first + given.centres):
            home = Path(folder) / str(seed)
            shutil.copytree(empty.home, home)
            try:
                found.append(one(load(home=home), seed))
            except Differs as problem:
                wrong.append(seed)
                print(f"seed {seed}: {problem}")
            shutil.rmtree(home)
    listed, subsidy = sum(c.list_minor for c in found), sum(c.subsidy_minor for c in found)
    print(f"{given.centres} centres in {time.perf_counter() - begun:.0f} s at {datetime.now(UTC):%Y-%m-%d}")
    print(f"jobs {sum(c.jobs for c in found):,}, charges {sum(c.charges for c in found):,}", end=", ")
    print(f"of them without a price {sum(c.unpriced for c in found):,}")
    print(f"list cost {listed:,} cents = subsidy {subsidy:,} + users {listed - subsidy:,}")
    print(f"centres with a difference of a cent or more: {len(wrong)}")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
