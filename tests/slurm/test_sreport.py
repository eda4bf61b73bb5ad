"""What sreport and sacctmgr say of usage, read: users of an account added, whole hours, until when there are sums."""

import pytest

from workbench.errors import SlurmRefused, SlurmUnreadable
from workbench.periods import Window
from workbench.slurm import sreport
from workbench.slurm.runner import Runner
from workbench.slurm.sreport import added_up_until, by_account, read, used

# sreport -nP -t Seconds -T gres/gpu,cpu cluster AccountUtilizationByUser …, Slurm 22.05: an account's own line holds
# its sub-accounts, root's holds everything.
SAID = """\
fcentre|root||gres/gpu|330328
fcentre|root||cpu|1743040
fcentre|climate||gres/gpu|274104
fcentre|climate|t-alice|gres/gpu|49208
fcentre|climate|t-alice|cpu|393664
fcentre|climate|t-bob|gres/gpu|112532
fcentre|f-sub||gres/gpu|112364
fcentre|f-sub|t-alice|gres/gpu|112364
fcentre|genome||gres/gpu|56224
fcentre|genome|t-bob|gres/gpu|56224
"""

# sacctmgr show stats, Slurm 22.05, after a rollup of the cluster.
STATS = """\
*******************************************************************
sacctmgr show stats output at Sun Nov 22 19:37:44 2026 (1795376264)
Data since                    Sun Nov 22 19:36:22 2026 (1795376182)
All statistics are in microseconds
*******************************************************************

Internal DBD rollup last ran Sun Nov 22 19:36:22 2026 (1795376182)
	Last cycle:   65

User RPC rollup call last ran Sun Nov 22 19:37:43 2026 (1795376263)
	Last cycle:   68982

Cluster 'other' rollup statistics
Hour  last ran Sun Nov 22 20:00:00 2026 (1795377600)
	Last cycle:   0

Cluster 'fcentre' rollup statistics
Hour  last ran Sun Nov 22 19:00:00 2026 (1795374000)
	Last cycle:   0
Day   last ran Sun Nov 22 00:00:00 2026 (1795305600)

Remote Procedure Call statistics by message type
	DBD_FINI                 ( 1401) count:66     ave_time:465    total_time:30747
"""
SEVEN_PM = 1795374000


class Says(Runner):
    """A runner that answers with a text, or refuses."""

    def __init__(self, text: str = "", refused: str = "") -> None:
        super().__init__()
        object.__setattr__(self, "answer", (text, refused, []))

    def run(self, program, *words, given=None, limit_s=60.0):
        text, refused, asked = self.answer
        asked.append((program, *words))
        if refused:
            raise SlurmRefused(program, " ".join(words), refused, 1)
        return text


def test_an_account_is_the_sum_of_its_users_without_its_sub_accounts():
    found = read(SAID, "fcentre")
    assert by_account(found) == {"climate": 161740, "f-sub": 112364, "genome": 56224}
    assert by_account(found, "cpu") == {"climate": 393664}


def test_nothing_used_is_nothing():
    assert by_account(read("\n", "fcentre")) == {}


@pytest.mark.parametrize(
    "line",
    ["fcentre|climate|ana|gres/gpu", "fcentre|climate|ana|gres/gpu|12.5%", "other|climate|ana|gres/gpu|12",
     " sreport: error: Invalid TRES"],
)  # fmt: skip
def test_a_line_of_another_shape_is_said_and_never_taken_as_nothing(line):
    with pytest.raises(SlurmUnreadable, match="sreport"):
        read(line, "fcentre")


def test_whole_hours_are_asked_in_utc():
    runner = Says(SAID)
    used(runner, "fcentre", Window(SEVEN_PM - 86400, SEVEN_PM))
    ((program, *words),) = runner.answer[2]
    assert program == "sreport"
    assert {"start=2026-11-21T19:00:00", "end=2026-11-22T19:00:00", "clusters=fcentre"} <= set(words)
    with pytest.raises(ValueError, match="whole hours"):
        used(runner, "fcentre", Window(SEVEN_PM - 1, SEVEN_PM))


def test_an_empty_window_asks_nothing():
    runner = Says()
    assert used(runner, "fcentre", Window(SEVEN_PM, SEVEN_PM)) == []
    assert runner.answer[2] == []


def test_until_when_slurm_has_added_up_is_what_slurmdbd_says():
    assert added_up_until(Says(STATS), "fcentre", SEVEN_PM + 7200) == SEVEN_PM
    assert added_up_until(Says(STATS), "other", SEVEN_PM + 7200) == SEVEN_PM + 3600


def test_after_a_restart_the_last_run_over_all_clusters_counts():
    said = STATS[: STATS.index("Cluster 'other'")]
    assert added_up_until(Says(said), "fcentre", SEVEN_PM + 7200) == SEVEN_PM


@pytest.mark.parametrize(
    "runner",
    [Says(refused="Your user doesn't have privilege to perform this action"),
     Says("Rollup statistics\n\tHour       count:8      ave_time:292    max_time:432\n"),
     Says("Internal DBD rollup last ran Thu Jan 01 00:00:00 1970 (0)\n")],
)  # fmt: skip
def test_where_slurmdbd_does_not_say_an_hour_is_given_a_quarter_more(runner):
    assert added_up_until(runner, "fcentre", SEVEN_PM + sreport.LATE_S) == SEVEN_PM
    assert added_up_until(runner, "fcentre", SEVEN_PM + sreport.LATE_S - 1) == SEVEN_PM - 3600
