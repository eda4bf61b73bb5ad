"""The records of a random centre, brought in in portions and in random order; see random_centres.py."""

import random
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select

from workbench.analytics.schema import job_frame
from workbench.domain.award_actions import Action
from workbench.domain.award_versions import Version
from workbench.domain.awards import Award
from workbench.domain.other_charges import OtherCharge
from workbench.domain.projects import Project
from workbench.periods import day_of, day_start, moment
from workbench.services.beside_usage.rows import record, split
from workbench.services.charging.rating import mark, rate
from workbench.services.ledger.posting import bring_up
from workbench.services.prices.stored import add_versions
from workbench.store.engine import Store
from workbench.store.jobs import upsert_jobs
from workbench.store.tables import charges_daily
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

ZONES = ("Asia/Hong_Kong", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
FIRST, DAYS = date(2025, 9, 26), 50
"""From before the clocks change in the south until after they have in the north."""
MODELS = ("H800", "H800", "H800", "L40S", "L40S", "H800_3g.40gb", "H800_1g.10gb", "H800", "H800", "B300", None)


class RandomCentre:
    """One that grows: `jobs` as they will have ended, `prices` as in a price file, `now` (UTC epoch seconds)."""

    def __init__(self, lots: random.Random, store: Store) -> None:
        self.lots, self.store, self.zone = lots, store, store.settings.centre.zone
        self.start = day_start(FIRST, self.zone)
        self.until = day_start(FIRST + timedelta(days=DAYS), self.zone)
        self.projects = [f"p{n}" for n in range(lots.randint(2, 4))]
        self.prices = self._prices()
        self.jobs = [self._job(number) for number in range(lots.randint(30, 90))]
        self.now = self.start
        self.others = 0

    def bring_in(self) -> None:
        """All records, in portions; after each of them charges and ledger follow."""
        with self.store.db(writes=True) as db:
            db.add_all(Project(slug, slug, "university", "University A", made_up=True) for slug in self.projects)
        self._load_prices(self.prices[:1])
        waiting: list[Any] = [self._load_prices] * (len(self.prices) > 1) + [self._award] * self.lots.randint(1, 7)
        waiting += [self._other] * self.lots.randint(0, 12) + [self._supplement] * self.lots.randint(0, 3)
        jobs = self.jobs[:]
        self.lots.shuffle(jobs)
        while jobs:
            portion = self.lots.randint(1, 25)
            waiting.append(("jobs", jobs[:portion]))
            jobs = jobs[portion:]
        # Most awards come early, so that there is usage for them to pay.
        waiting.sort(key=lambda what: self.lots.random() - (what == self._award) * 0.7)
        for number, what in enumerate(waiting, 1):
            self.now = self.start + (self.until - self.start) * number // len(waiting) - self.lots.randint(0, HOUR_S)
            if what == self._load_prices:
                self._load_prices(self.prices[1:])
            elif isinstance(what, tuple):
                self._bring_jobs(what[1])
            else:
                rate(self.store, self.now)
                what()
            rate(self.store, self.now)
            if self.lots.random() < 0.6:
                bring_up(self.store, self.now)
        # What still ran, as it ended.
        self._bring_jobs([])
        self.now = self.until + 20 * DAY_S
        rate(self.store, self.now)
        bring_up(self.store, self.now)

    def _moment(self) -> int:
        """Any second of the period, often a midnight or one beside it."""
        if self.lots.random() < 0.3:
            day = FIRST + timedelta(days=self.lots.randrange(DAYS))
            return day_start(day, self.zone) + self.lots.choice((-1, 0, 0, 1))
        return self.lots.randrange(self.start, self.until)

    def _prices(self) -> list[dict[str, Any]]:
        lots = self.lots
        starts = sorted(
            {self.start - lots.choice((DAY_S, -5 * DAY_S)), *(self._moment() for _ in range(lots.randint(0, 3)))}
        )
        last_ends = lots.random() < 0.2
        found = []
        for number, start in enumerate(starts):
            amounts = {
                model: f"{lots.randint(1, 60)}.{lots.choice(('00', '5', '333', '0125', '000000001'))}"
                for model in ("H800", "L40S")
            }
            version: dict[str, Any] = {
                "name": f"v{number}", "from": moment(start).isoformat(), "gpu_hour": amounts, "core_hour": "0.013",
                "service": {"reserved": "1.5"}, "priority": {"high": f"1.{lots.randint(0, 9999):04d}"},
                "partitions": {"fast": {"priority": "high"}, "kept": {"service": "reserved", "priority": "high"}},
                "mig": {"H800": {"slices": "7", "mem_gb": "80", "shares": {"1g.10gb": "1/7", "3g.40gb": "1/2"}}},
            }  # fmt: skip
            if lots.random() < 0.5:
                version["nodes"] = {"H800": {"gpus": "8", "cores": "96", "mem_gib": "2000"}}
            if last_ends and number == len(starts) - 1:
                version["until"] = moment(max(start + 1, self.until - 3 * DAY_S)).isoformat()
            found.append(version)
        return found

    def _load_prices(self, versions: list[dict[str, Any]]) -> None:
        centre = self.store.settings.centre
        with self.store.begin() as conn:
            add_versions(conn, versions, centre.currency, centre, "a random centre", self.now)

    def _job(self, number: int) -> dict[str, Any]:
        lots = self.lots
        start = self._moment()
        length = int(lots.choice((lots.randint(0, 600), lots.lognormvariate(9, 2), lots.randint(1, 14) * DAY_S)))
        gpus = lots.choice((0, 1, 1, 2, 4, 8, Fraction(1, 2), Fraction(1, 7)))
        model = lots.choice(MODELS) if gpus else None
        end = start + min(length, 20 * DAY_S)
        if lots.random() < 0.1:
            end = max(start, self._moment())
        return {
            "cluster": lots.choice(("alpha", "hub")), "job_id": str(number), "submit_at": start - lots.randint(0, 500),
            "start_at": start, "end_at": end, "seen_until_at": end, "project": lots.choice((*self.projects, None)),
            "user_name": lots.choice(("ana", "bo", None)), "partition": lots.choice(("main", "fast", "kept", None)),
            "gpu_model": model, "gpu_parts": int(gpus * GPU_PARTS), "cpu_cores": lots.choice((None, 0, 8, 61)),
            "state": "COMPLETED", "name": None, "source": "joblog", "submit_known": True, "capture_id": None,
        }  # fmt: skip

    def _bring_jobs(self, jobs: list[dict[str, Any]]) -> None:
        """Some jobs as they are, some as they ran a while ago; of those that ran before, the end."""
        ended = [job for job in self.jobs if job.pop("open", False)]
        seen = []
        for job in jobs:
            looked = job
            if self.lots.random() < 0.3 and job["end_at"] > job["start_at"]:
                until = self.lots.randrange(job["start_at"], job["end_at"])
                looked = {**job, "end_at": None, "seen_until_at": until, "state": "RUNNING"}
                job["open"] = True
                if self.lots.random() < 0.4:  # what its source corrects later
                    looked |= {"user_name": "eve", "gpu_parts": job["gpu_parts"] * self.lots.choice((1, 2))}
            seen.append({name: value for name, value in looked.items() if name != "open"})
        if frame := [*ended, *seen]:
            with self.store.begin() as conn:
                upsert_jobs(conn, job_frame(frame), self.zone)

    def _award(self) -> None:
        lots, project = self.lots, self.lots.choice(self.projects)
        first = FIRST + timedelta(days=lots.randint(-10, 15))
        last = first + timedelta(days=lots.randint(5, 2 * DAYS))
        ceiling = int(lots.lognormvariate(12, 2)) + 1
        with self.store.db(writes=True) as db:
            award = Award(project, None, lots.randint(1, 9000), ceiling, first, last, min(first, self._today()))
            db.add(award)
            db.flush()
            mark(db.connection(), [project], min(first, FIRST))

    def _supplement(self) -> None:
        """More money and another rate from a day on."""
        with self.store.db(writes=True) as db:
            awards = db.scalars(select(Award)).all()
            if not awards:
                return
            award = self.lots.choice(awards)
            before = db.scalars(select(Version).where(Version.award == award.id).order_by(Version.version)).all()
            day = max([self._today(), *(version.from_on + timedelta(days=1) for version in before)])
            was = before[-1] if before else award
            action = Action(award.id, "supplement", "sec", moment(self.now), "More")
            db.add(action)
            db.flush()
            more = was.ceiling_minor + int(self.lots.lognormvariate(10, 2))
            number = len(before) + 2
            rate_bp = self.lots.randint(1, 9000)
            db.add(Version(award.id, number, day, rate_bp, more, was.starts_on, was.ends_on, action.id))
            db.flush()
            mark(db.connection(), [award.project], day)

    def _other(self) -> None:
        """A charge beside usage, or a refund of some of what an award has paid."""
        lots, project, day = (
            self.lots,
            self.lots.choice(self.projects),
            self._today() - timedelta(days=self.lots.randint(0, 9)),
        )
        self.others += 1
        with self.store.begin() as conn:
            listed = int(lots.lognormvariate(11, 2)) + 1
            parts = split(conn, self.zone, project, day, listed)
            subsidy, user, award, kind = parts.subsidy_minor, parts.user_minor, parts.award_id, "reservation"
            if lots.random() < 0.5:
                mine = charges_daily.c
                paid = select(mine.award_id, func.sum(mine.subsidy_minor), func.sum(mine.user_minor))
                found = conn.execute(
                    paid.where(
                        mine.project == project, mine.day == day.isoformat(), mine.award_id.is_not(None)
                    ).group_by(mine.award_id)
                ).first()
                if found is None:
                    return
                award, subsidy, user, kind = found[0], -int(found[1]) // 2, -int(found[2]) // 2, "refund"
            key = f"{kind}/{self.others}"
            row = OtherCharge(key, kind, project, day, subsidy + user, subsidy, user, "", "sec", self.now, award)
            record(conn, row)

    def _today(self) -> date:
        return day_of(self.now, self.zone)
