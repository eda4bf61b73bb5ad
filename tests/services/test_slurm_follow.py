"""Slurm's accounting, followed, without a Slurm: a fake answers sacct's question from a list of jobs."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from tests.builders import add_prices
from workbench.errors import SlurmRefused, SlurmSilent
from workbench.periods import Window
from workbench.services import meter
from workbench.services.meter import ServerRequest, record_request
from workbench.services.slurm import follow, looks
from workbench.settings import SlurmSettings
from workbench.store import rollups
from workbench.store.dask_tables import dask_clusters, dask_jobs
from workbench.store.engine import Store
from workbench.store.frames import JOBS
from workbench.store.tables import captures, rejected_rows, server_events
from workbench.units import DAY_S, GPU_PARTS, HOUR_S

T0 = int(datetime(2026, 11, 20, 10, 30, tzinfo=UTC).timestamp())


@dataclass
class FakeSlurm:
    """Answers sacct as Slurm 22.05 does: what was eligible before the end and had not ended before the start."""

    jobs: dict[str, dict] = field(default_factory=dict)
    now: int = T0
    silent: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def job(self, job_id: str, start: int | None, end: int | None = None, state: str = "RUNNING", **more) -> None:
        known = self.jobs.get(job_id, {})
        submit = more.pop("submit", known.get("submit", T0 if start is None else start))
        values = {"User": "ana", "Account": "vision", "Partition": "gpu", "QOS": "normal", "AllocCPUS": "8"}
        values |= {"AllocTRES": "billing=8,cpu=8,gres/gpu:h800=2,gres/gpu=2,mem=16384M,node=1", "Suspended": "00:00:00"}
        self.jobs[job_id] = values | known | more | {"submit": submit, "start": start, "end": end, "State": state}

    def run(self, program: str, *words: str, limit_s: float = 60) -> str:
        return self.run_bytes(program, *words, limit_s=limit_s).decode()

    def run_bytes(self, program: str, *words: str, given: str | None = None, limit_s: float = 60) -> bytes:
        if program == "squeue":
            raise SlurmRefused("squeue", "", "slurm_load_jobs error: Invalid job id specified", 1)
        assert program == "sacct"
        if self.silent:
            raise SlurmSilent("sacct", "a test")
        self.asked.append(words)
        said = dict(word.removeprefix("--").partition("=")[::2] for word in words)
        since, until = (int(datetime.fromisoformat(f"{said[f'{n}time']}+00:00").timestamp()) for n in ("start", "end"))
        columns, delimiter = said["format"].split(","), said.get("delimiter", "|")
        lines = [] if "noheader" in said else [delimiter.join(columns)]
        for job_id, job in self.jobs.items():
            if "jobs" in said and job_id not in said["jobs"].split(","):
                continue
            if (
                job["submit"] < until
                and (job["end"] is None or job["end"] >= since)
                and ("jobs" in said or not job.get("hidden"))
            ):
                lines.append(delimiter.join(self._cell(job_id, job, name) for name in columns))
        return "".join(f"{line}\n" for line in lines).encode()

    def _cell(self, job_id: str, job: dict, name: str) -> str:
        if name == "JobID":
            return job_id
        if name in ("Submit", "Start", "End"):
            at = job[name.lower()]
            return "Unknown" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"
        if name == "ElapsedRaw":
            ended = self.now if job["end"] is None else job["end"]
            return str(0 if job["start"] is None else ended - job["start"])
        return str(job.get(name, ""))


@pytest.fixture
def slurm():
    return FakeSlurm()


@pytest.fixture
def centre(store):
    settings = store.settings.model_copy(update={"slurm": SlurmSettings(cluster="alpha", account_prefix="")})
    opened = replace(store, settings=settings)
    add_prices(opened, {"2026-01-01": {"H800": "28.00", "CPU": "0.20"}})
    return opened


def polled(centre: Store, slurm: FakeSlurm, now: int, **more) -> follow.Polled:
    slurm.now = now
    return follow.poll(centre, slurm, now, **more)


def rows(centre: Store, table, *columns):
    with centre.read() as conn:
        return [tuple(row) for row in conn.execute(select(*(table.c[name] for name in columns)).order_by(table.c.id))]


def jobs(centre: Store, *columns):
    return rows(centre, JOBS, *columns)


def test_the_first_poll_brings_in_all_that_slurm_has(centre, slurm):
    slurm.job("1", T0 - 400 * DAY_S, T0 - 400 * DAY_S + 60, "COMPLETED")
    slurm.job("2", T0 - HOUR_S)
    done = polled(centre, slurm, T0)
    assert (done.taken.inserted, done.taken.rejected) == (2, 0)
    assert jobs(centre, "job_id", "project", "gpu_model", "gpu_parts", "state") == [
        ("1", "vision", "H800", 2 * GPU_PARTS, "COMPLETED"),
        ("2", "vision", "H800", 2 * GPU_PARTS, "RUNNING"),
    ]
    assert follow.known_until(centre) == T0


def test_a_poll_with_nothing_new_writes_nothing(centre, slurm):
    slurm.job("1", T0 - 900, T0 - 600, "COMPLETED")
    slurm.job("2", T0 - 900)
    polled(centre, slurm, T0)
    before = jobs(centre, *JOBS.c.keys())
    assert polled(centre, slurm, T0 + 20).taken.rows == 0
    assert jobs(centre, *JOBS.c.keys()) == before
    assert follow.known_until(centre) == T0


def test_how_far_a_running_job_was_seen_is_noted_each_minute_and_no_bytes_are_kept_for_it(centre, slurm):
    slurm.job("2", T0 - 900)
    polled(centre, slurm, T0)
    done = polled(centre, slurm, T0 + 60)
    assert (done.taken.updated, done.taken.captures) == (1, ())
    assert len(rows(centre, captures, "id")) == 1
    (seen, capture) = jobs(centre, "seen_until_at", "capture_id")[0]
    assert int(seen.timestamp()) == T0 + 60
    assert capture == 1
    assert follow.known_until(centre) == T0 + 60


def test_an_end_is_in_the_books_with_the_poll_that_tells_of_it_and_is_charged(centre, slurm):
    slurm.job("2", T0 - 900)
    polled(centre, slurm, T0)
    slurm.job("2", T0 - 900, T0 + 10, "COMPLETED")
    done = polled(centre, slurm, T0 + 20)
    assert (done.taken.updated, len(done.taken.captures)) == (1, 1)
    assert follow.known_until(centre) == T0 + 20
    with centre.read() as conn:
        usage = conn.exec_driver_sql("SELECT sum(gpu_part_seconds), sum(list_minor) FROM charges_daily").one()
    assert usage == (910 * 2 * GPU_PARTS, round(910 * 2 * 2800 / 3600))


def test_two_polls_are_one(centre, slurm):
    slurm.job("1", T0 - 900, T0 - 600, "COMPLETED")
    slurm.job("2", T0 - 900)
    polled(centre, slurm, T0)
    before = jobs(centre, *JOBS.c.keys())
    again = polled(centre, slurm, T0, since=T0 - DAY_S)
    assert (again.taken.inserted, again.taken.updated, again.taken.captures) == (0, 0, ())
    assert jobs(centre, *JOBS.c.keys()) == before
    with centre.read() as conn:
        assert set(rollups.differences(conn, centre.settings.centre.zone).values()) == {0}


def test_silence_loses_nothing_and_shows(centre, slurm):
    polled(centre, slurm, T0)
    slurm.job("1", T0 + 30, T0 + 90, "COMPLETED")
    slurm.silent = True
    with pytest.raises(SlurmSilent):
        polled(centre, slurm, T0 + 600)
    assert follow.known_until(centre) == T0
    slurm.silent = False
    assert polled(centre, slurm, T0 + 5000).taken.inserted == 1
    assert follow.known_until(centre) == T0 + 5000


def test_a_job_that_is_told_of_late_is_found_within_the_hour(centre, slurm):
    polled(centre, slurm, T0)
    slurm.job("1", T0 - 5 * HOUR_S, T0 - 4 * HOUR_S, "COMPLETED")
    assert polled(centre, slurm, T0 + 20).taken.inserted == 0
    assert polled(centre, slurm, T0 + HOUR_S).taken.inserted == 1


def test_the_late_end_of_a_job_that_was_running_is_found_at_once(centre, slurm):
    slurm.job("7", T0 - DAY_S)
    polled(centre, slurm, T0)
    slurm.job("7", T0 - DAY_S, T0 - 2 * HOUR_S, "NODE_FAIL")
    assert polled(centre, slurm, T0 + 20).taken.updated == 1
    assert int(jobs(centre, "end_at")[0][0].timestamp()) == T0 - 2 * HOUR_S


def test_a_row_that_cannot_be_read_is_kept_once(centre, slurm):
    slurm.job("1", T0 - 900, AllocTRES="cpu=8,gres/gpu=many")
    polled(centre, slurm, T0)
    for second in (20, 40, 70):
        assert polled(centre, slurm, T0 + second).taken.captures == ()
    assert len(rows(centre, rejected_rows, "reason")) == 1


def test_an_account_without_our_prefix_is_no_project_of_its_name(centre, slurm):
    slurm.job("1", T0 - 900, T0 - 600, "COMPLETED", Account="wb-vision")
    slurm.job("2", T0 - 900, T0 - 600, "COMPLETED", Account="vision")
    settings = centre.settings.slurm.model_copy(update={"account_prefix": "wb-"})
    polled(replace(centre, settings=centre.settings.model_copy(update={"slurm": settings})), slurm, T0)
    assert jobs(centre, "project") == [("vision",), ("account/vision",)]


class TestServers:
    """A notebook server is a job of Slurm: its request is closed by what accounting says."""

    @pytest.fixture
    def server(self, centre):
        request = ServerRequest("s-1", "ana", "vision", "one", "H800", 2 * GPU_PARTS, 8, T0, 3600)
        record_request(centre, request)
        with centre.begin() as conn:
            conn.execute(server_events.update().values(cluster="alpha", slurm_job_id="9"))

    def closed(self, centre):
        return rows(centre, server_events, "started_at", "ended_at", "end_reason", "metered")[0]

    def test_one_that_waits_stays_open(self, centre, slurm, server):
        slurm.job("9", None, None, "PENDING")
        assert polled(centre, slurm, T0 + 20).ended == ()
        assert not self.closed(centre)[3]

    def test_one_that_runs_is_a_running_job_of_its_own(self, centre, slurm, server):
        slurm.job("9", T0 + 5)
        polled(centre, slurm, T0 + 20)
        assert jobs(centre, "kind", "server_id", "end_at") == [("server", "s-1", None)]
        assert self.closed(centre) == (T0 + 5, None, None, False)

    def test_one_that_ended_is_closed_once_with_the_time_that_ran(self, centre, slurm, server, monkeypatch):
        slurm.job("9", T0 + 5)
        polled(centre, slurm, T0 + 20)
        slurm.job("9", T0 + 5, T0 + 25, "CANCELLED by 1001")
        assert polled(centre, slurm, T0 + 40).ended == ("s-1",)
        assert self.closed(centre) == (T0 + 5, T0 + 25, "cancelled", True)
        monkeypatch.setattr(meter, "close_slurm", None)
        assert polled(centre, slurm, T0 + 60).ended == ()

    def test_one_that_was_cancelled_before_it_started_is_closed_and_used_nothing(self, centre, slurm, server):
        slurm.job("9", None, T0 + 10, "CANCELLED by 1001")
        assert polled(centre, slurm, T0 + 20).ended == ("s-1",)
        assert self.closed(centre) == (None, T0 + 10, "cancelled", True)
        assert jobs(centre, "id") == []

    def test_one_whose_cancelling_is_written_as_its_start_too_used_nothing(self, centre, slurm, server):
        slurm.job("9", T0 + 10, T0 + 10, "CANCELLED by 1001", hidden=True)
        assert polled(centre, slurm, T0 + 20).ended == ("s-1",)
        assert self.closed(centre) == (None, T0 + 10, "cancelled", True)

    def test_one_of_a_job_that_slurm_never_knew_is_closed_after_an_hour(self, centre, slurm, server):
        assert polled(centre, slurm, T0 + HOUR_S).ended == ()
        assert polled(centre, slurm, T0 + HOUR_S + 1).ended == ("s-1",)

    def test_one_whose_job_is_in_the_queue_is_not_lost(self, centre, slurm, server, monkeypatch):
        queued = SimpleNamespace(user="ana")
        monkeypatch.setattr("workbench.services.slurm.ends.squeue.of_id", lambda *_: queued)
        assert polled(centre, slurm, T0 + 2 * HOUR_S).ended == ()
        queued.user = "eve"
        assert polled(centre, slurm, T0 + 2 * HOUR_S).ended == ("s-1",)

    def test_another_persons_job_of_the_same_number_is_not_it(self, centre, slurm, server):
        slurm.job("9", T0 + 5, T0 + 10, "COMPLETED", User="eve")
        assert polled(centre, slurm, T0 + 20).ended == ()
        assert jobs(centre, "kind", "server_id") == [("batch", None)]

    def test_a_later_job_of_the_same_number_is_not_one_that_has_ended(self, centre, slurm, server):
        slurm.job("9", None, T0 + 10, "CANCELLED by 1001")
        polled(centre, slurm, T0 + 20)
        slurm.job("9", T0 + HOUR_S, T0 + HOUR_S + 5, "COMPLETED", submit=T0 + HOUR_S)
        polled(centre, slurm, T0 + HOUR_S + 20)
        assert jobs(centre, "kind", "server_id") == [("batch", None)]

    def test_an_older_job_of_the_same_number_is_not_it(self, centre, slurm, server):
        slurm.job("9", T0 - DAY_S, T0 - 900, "COMPLETED", Comment="wb=1;server=s-1;project=vision")
        assert polled(centre, slurm, T0 + 20).ended == ()
        assert jobs(centre, "kind", "server_id") == [("batch", None)]

    def test_a_job_that_only_says_it_is_a_server_is_none(self, centre, slurm, server):
        slurm.job("10", T0 + 5, T0 + 10, "COMPLETED", Comment="wb=1;server=s-1;project=vision")
        polled(centre, slurm, T0 + 20)
        assert jobs(centre, "kind", "server_id") == [("batch", None)]


class TestWorkers:
    """A Dask worker is a job of Slurm: what it says of itself counts where it is its user's own cluster."""

    @pytest.fixture(autouse=True)
    def cluster(self, centre):
        row = {"id": "d-00000001", "server_id": "s-1", "user_name": "ana", "project": "vision", "profile": "one"}
        row |= {"cluster": "alpha", "workers": 2, "gpus_per_worker": 1, "hours": 1, "opened_at": T0}
        with centre.begin() as conn:
            conn.execute(dask_clusters.insert().values(row))

    @pytest.mark.parametrize(
        ("user", "comment", "kind", "dask_id", "server_id"),
        [
            ("ana", "wb=1;dask=d-00000001;server=s-1;project=vision", "dask", "d-00000001", "s-1"),
            ("ana", "wb=1;dask=d-00000001;server=s-9;project=vision", "dask", "d-00000001", "s-1"),
            ("eve", "wb=1;dask=d-00000001;server=s-1;project=vision", "batch", None, None),
            ("ana", "wb=1;dask=d-00000009;server=s-1;project=vision", "batch", None, None),
        ],
    )
    def test_a_comment_is_believed_where_it_may_say_so(self, centre, slurm, user, comment, kind, dask_id, server_id):
        slurm.job("9", T0 - 60, T0 - 30, "COMPLETED", User=user, Comment=comment)
        polled(centre, slurm, T0)
        assert jobs(centre, "kind", "dask_id", "server_id") == [(kind, dask_id, server_id)]

    def test_one_that_was_seen_in_the_queue_is_known_while_it_runs(self, centre, slurm):
        slurm.job("9", T0 - 60, submit=T0 - 70)
        with centre.begin() as conn:
            conn.execute(
                dask_jobs.insert().values(cluster="alpha", job_id="9", submit_at=T0 - 70, dask_id="d-00000001")
            )
        polled(centre, slurm, T0)
        assert jobs(centre, "kind", "dask_id", "server_id") == [("dask", "d-00000001", "s-1")]


def test_looks_are_cut_by_months_and_overlap():
    assert looks.begin(T0, T0 + 20) == T0 - looks.OVERLAP_S
    assert looks.begin(T0, T0 + HOUR_S) == T0 - DAY_S
    assert looks.begin(T0, T0 + DAY_S) == T0 - looks.WEEK_S
    assert looks.begin(T0 + 50, T0) == T0 - looks.OVERLAP_S, "a clock that was set back"
    cut = looks.windows(T0 - 31 * DAY_S, T0)
    assert [window.end_s == later.start_s for window, later in pairwise(cut)] == [True]
    assert Window(cut[0].start_s, cut[-1].end_s) == Window(T0 - 31 * DAY_S, T0 + looks.AHEAD_S)
