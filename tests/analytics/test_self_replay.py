"""A real Slurm's log replayed with its own capacity: what the simulation gets right, and what it cannot know.

One university cluster, ten days around New Year 2017 (tests/fixtures/slurm/ccr-phillips-2016): cores, not GPUs.
Nothing states its capacity: the most cores in use at once are taken for it.
"""

import numpy as np
import pandas as pd
import pytest

from workbench.analytics.ahead import Demand, demand
from workbench.analytics.replayed import self_replay
from workbench.analytics.simulate import POLICIES, simulate
from workbench.periods import Window
from workbench.settings import ROOT

LOG = ROOT / "tests" / "fixtures" / "slurm" / "ccr-phillips-2016" / "phillips.log.gz"
MIT = ROOT / "tests" / "fixtures" / "traces" / "mit-supercloud-2021" / "slurm_log.parquet"
PHILLY = ROOT / "workbench" / "sample" / "philly-2017" / "philly_jobs.parquet"
COLUMNS = {3: "partition", 8: "account", 10: "submit", 12: "start", 13: "end", 18: "cores", 23: "limit"}


@pytest.fixture(scope="module")
def log():
    """The jobs by submission, when each began, and which are of the partition that is one node."""
    rows = pd.read_csv(LOG, sep="|", header=None, usecols=list(COLUMNS), dtype=str, quoting=3).rename(columns=COLUMNS)
    at = {
        name: pd.to_datetime(rows[name]).astype("datetime64[s]").astype("int64") for name in ("submit", "start", "end")
    }
    rows = rows.assign(**at).sort_values("submit", kind="stable")
    duration = (rows["end"] - rows["start"]).to_numpy()
    limit = pd.to_timedelta(rows["limit"].str.replace("-", " days ")).dt.total_seconds().to_numpy().astype(np.int64)
    owner = pd.factorize(rows["account"])[0].astype(np.int64)
    new = np.zeros(len(rows), dtype=bool)
    jobs = Demand(rows["submit"].to_numpy(), duration, rows["cores"].to_numpy(np.int64), new, owner, limit)
    return jobs, rows["start"].to_numpy(), (rows["partition"] == "black").to_numpy()


def most_at_once(jobs, start):
    change = np.concatenate((jobs.parts, -jobs.parts))
    when = np.concatenate((start, start + jobs.duration))
    return int(np.cumsum(change[np.lexsort((change, when))]).max())


@pytest.mark.parametrize("policy", ["backfill", "fair-share"])
def test_the_cores_in_use_are_within_two_hundredths_of_what_they_were(log, policy):
    jobs, start, _ = log
    assert len(jobs) == 4285
    window = Window(int(start.min()), int((start + jobs.duration).max()))
    found = self_replay(jobs, start, [(0, most_at_once(jobs, start))], [], POLICIES[policy], window)
    assert found.error == pytest.approx(0.0154, abs=0.0005)
    # The waits are not: nearly all are of one person's 4,238 jobs, who all asked for one node of 8 cores (below).
    assert found.real_wait == (18_262, 34_714)
    assert found.wait[1] < 600


def test_a_wrong_capacity_is_seen(log):
    jobs, start, _ = log
    window = Window(int(start.min()), int((start + jobs.duration).max()))
    half = most_at_once(jobs, start) // 8
    assert self_replay(jobs, start, [(0, half)], [], POLICIES["backfill"], window).error > 0.1


@pytest.mark.parametrize("policy", list(POLICIES))
def test_the_waits_for_the_node_that_all_waited_for_are_what_they_were(log, policy):
    """Jobs of one partition, one after the other on its 8 cores: the simulation is told only the 8 cores."""
    whole, started, black = log
    ran = black & (whole.duration > 0)  # the others were cancelled while they waited, or took no second
    jobs, start = whole.take(ran), started[ran]
    assert (len(jobs), most_at_once(jobs, start)) == (3977, 8)
    window = Window(int(start.min()) // 3600 * 3600, int((start + jobs.duration).max()) // 3600 * 3600 + 3600)
    found = self_replay(jobs, start, [(0, 8)], [], POLICIES[policy], window)
    assert found.real_wait == (15_857, 34_232)
    for ours, real in zip(found.wait, found.real_wait, strict=True):
        assert ours == pytest.approx(real, rel=0.02)
    # Slurm took a second from one job to the next, jobs of half a minute: more than the 2% of a log of longer jobs.
    assert found.error == pytest.approx(0.0264, abs=0.0005)


def test_a_thinned_log_does_not_tell_why_its_jobs_waited():
    """MIT Supercloud's sample lacks most of that cluster's jobs: nobody waits in the replay, a few waited for hours."""
    rows = pd.read_parquet(MIT)
    gpus = rows["tres_alloc"].str.extractall(r"\b100[12]=(\d+)")[0].astype(np.int64).groupby(level=0).sum()
    rows = rows.assign(gpus=gpus)[rows.index.isin(gpus.index)].sort_values("time_submit", kind="stable")
    submit, start, end, gpus = (
        rows[name].to_numpy(np.int64) for name in ("time_submit", "time_start", "time_end", "gpus")
    )
    jobs = demand(submit, end - start, gpus)
    assert len(jobs) == len(rows) == 2401
    window = Window(int(start.min()), int(end.max()))
    found = self_replay(jobs, start, [(0, most_at_once(jobs, start))], [], POLICIES["backfill"], window)
    assert found.error == pytest.approx(0.0891, abs=0.0005)
    assert (found.wait, found.real_wait) == ((0, 0), (4, 27_705))


@pytest.fixture(scope="module")
def philly():
    rows = pd.read_parquet(PHILLY).sort_values("timestamp", kind="stable")
    submit = rows["timestamp"].astype("datetime64[s]").astype("int64").to_numpy()
    owner = pd.factorize(rows["cluster"])[0].astype(np.int64)
    return demand(submit, *(rows[name].to_numpy(np.int64) for name in ("duration", "num_gpus")), owner=owner)


@pytest.mark.parametrize("gpus", [700, 550, 400])
def test_a_crowded_machine_is_as_busy_by_the_hour_under_another_rule(philly, gpus):
    """Philly's jobs on so few GPUs that they wait (at 400 half of them for 15 days), begun by the greedy rule."""
    window = Window(int(philly.submit[0]) // 3600 * 3600, int(philly.submit[-1]))
    real = simulate(philly, [(0, gpus)], [], POLICIES["greedy"], window.end_s)
    for policy in POLICIES.values():
        found = self_replay(philly, real, [(0, gpus)], [], policy, window)
        assert found.real_wait[1] > 18_000
        assert found.error <= 0.02
        # A tenth fewer GPUs than there were is seen.
        assert self_replay(philly, real, [(0, gpus * 9 // 10)], [], policy, window).error > 2 * 0.02
