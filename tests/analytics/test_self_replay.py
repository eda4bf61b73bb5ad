"""A real Slurm's log replayed with its own capacity: what the simulation gets right, and what it cannot know.

One university cluster, ten days around New Year 2017 (tests/fixtures/slurm/ccr-phillips-2016): cores, not GPUs.
Nothing states its capacity: the most cores in use at once are taken for it.
"""

import numpy as np
import pandas as pd
import pytest

from workbench.analytics.ahead import Demand
from workbench.analytics.replayed import self_replay
from workbench.analytics.simulate import POLICIES
from workbench.periods import Window
from workbench.settings import ROOT

LOG = ROOT / "tests" / "fixtures" / "slurm" / "ccr-phillips-2016" / "phillips.log.gz"
COLUMNS = {8: "account", 10: "submit", 12: "start", 13: "end", 18: "cores", 23: "limit"}


@pytest.fixture(scope="module")
def log():
    """The jobs by submission, and when each began."""
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
    return jobs, rows["start"].to_numpy()


def most_at_once(jobs, start):
    change = np.concatenate((jobs.parts, -jobs.parts))
    when = np.concatenate((start, start + jobs.duration))
    return int(np.cumsum(change[np.lexsort((change, when))]).max())


@pytest.mark.parametrize("policy", ["backfill", "fair-share"])
def test_the_cores_in_use_are_within_two_hundredths_of_what_they_were(log, policy):
    jobs, start = log
    assert len(jobs) == 4285
    window = Window(int(start.min()), int((start + jobs.duration).max()))
    found = self_replay(jobs, start, [(0, most_at_once(jobs, start))], [], POLICIES[policy], window)
    assert found.error == pytest.approx(0.0154, abs=0.0005)
    # The waits are not: nearly all are of one person's 4,000 jobs, who was let run so many at a time. No log says so.
    assert found.real_wait == (18_262, 34_714)
    assert found.wait[1] < 600


def test_a_wrong_capacity_is_seen(log):
    jobs, start = log
    window = Window(int(start.min()), int((start + jobs.duration).max()))
    half = most_at_once(jobs, start) // 8
    assert self_replay(jobs, start, [(0, half)], [], POLICIES["backfill"], window).error > 0.1
