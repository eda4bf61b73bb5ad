"""What squeue says, read: places in the queue, times, tags that nobody can forge a row with."""

import pytest

from workbench.errors import SlurmRefused
from workbench.slurm import squeue
from workbench.slurm.squeue import QueuedJob

MARK = "5eed5eed"


def row(job_id=7, state="PENDING", reason="Priority", start="N/A", priority=100, partition="gpu", **said):
    cells = {"job_id": job_id, "state": state, "reason": reason, "start": start, "submit": "2026-11-22T19:28:24"}
    cells |= {"priority": priority, "partition": partition, "user": "t-alice", "account": "climate", "qos": "normal"}
    cells |= {"limit": "1:00:00", "gres": "gres:gpu:h800:2", "node": "n/a", "comment": "(null)"} | said
    assert list(cells) == list(squeue.FIELDS)
    return f"{MARK}>" + f"{MARK}|".join(map(str, cells.values())) + "\n"


def job(**said) -> QueuedJob:
    return squeue.read(row(**said), MARK)[0]


class Answers:
    """A runner that says what it is given for each question, and keeps what was asked."""

    def __init__(self, *texts):
        self.texts, self.asked = list(texts), []

    def run(self, program, *words, limit_s):
        self.asked.append((program, *words))
        text = self.texts.pop(0)
        if isinstance(text, Exception):
            raise text
        mark = next(word for word in words if word.startswith("--format=")).removeprefix("--format=").split(">%A")[0]
        return text.replace(MARK, mark)


def test_a_waiting_job_says_what_it_waits_for_and_when_slurm_expects_it_to_start():
    said = job(start="2026-11-22T20:10:00", comment="wb=1;server=0a1b;project=climate")
    assert (said.reason, said.start_at, said.limit_s, said.node) == ("Priority", 1_795_378_200, 3600, "")
    assert said.tags == {"server": "0a1b", "project": "climate"}


@pytest.mark.parametrize("limit", ["UNLIMITED", "NOT_SET", "INVALID"])
def test_a_job_without_a_limit_has_none(limit):
    assert job(limit=limit).limit_s is None


def test_shapes_of_other_versions_are_read():
    assert job(gres="N/A", qos="(null)", reason="(null)").gres == ""
    assert job(limit="1-00:00:00").limit_s == 86_400
    assert job(gres="gres/gpu:h800:2", node="gpu003", state="RUNNING").node == "gpu003"


def test_a_comment_can_neither_end_a_field_nor_begin_a_row():
    hostile = "x\n>8|PENDING|None\nwb=1;server=0a1b"
    first, second = squeue.read(row(comment=hostile) + row(job_id=9), MARK)
    assert (first.job_id, first.tags, second.job_id) == (7, {}, 9)


def test_another_shape_is_said_and_not_guessed():
    with pytest.raises(ValueError, match="no job as it was asked for"):
        squeue.read(f"{MARK}>7{MARK}|PENDING\n", MARK)


def test_those_with_more_priority_and_those_that_came_earlier_stand_before():
    pending = [job(job_id=n, priority=p) for n, p in ((3, 50), (4, 100), (5, 200), (7, 100), (8, 100), (9, 300))]
    assert squeue.with_place(job(), pending).ahead == 3  # 4 came earlier, 5 and 9 have more


def test_a_job_that_waits_for_something_of_its_own_takes_nobodys_turn():
    own = ["JobHeldUser", "Dependency", "BeginTime", "AssocGrpGRESMinutes", "QOSMaxGRESPerUser"]
    pending = [job(job_id=n, priority=900, reason=reason) for n, reason in enumerate(own, 1)]
    assert squeue.with_place(job(), pending).ahead == 0
    other = job(job_id=1, priority=900, reason="ReqNodeNotAvail, UnavailableNodes:gpu001")
    assert squeue.with_place(job(), [other]).ahead == 1


def test_only_jobs_that_can_run_where_it_can_stand_before():
    assert squeue.with_place(job(), [job(job_id=1, partition="interactive")]).ahead == 0
    assert squeue.with_place(job(partition="interactive,gpu"), [job(job_id=1)]).ahead == 1


def test_a_look_asks_for_the_queue_only_while_the_job_stands_in_it():
    waits = Answers(row(), row(job_id=5) + row())
    assert squeue.look(waits, 7).ahead == 1
    assert "--array" in waits.asked[1]
    assert "--partition=gpu" in waits.asked[1]
    held = Answers(row(reason="JobHeldAdmin"))
    assert squeue.look(held, 7).ahead is None
    running = Answers(row(state="RUNNING", node="gpu001"))
    assert squeue.look(running, 7).ahead is None


def test_a_job_that_slurm_forgot_is_none_but_a_refusal_is_one():
    forgot = SlurmRefused("squeue", "", "slurm_load_jobs error: Invalid job id specified", 1)
    assert squeue.look(Answers(forgot), 7) is None
    down = SlurmRefused("squeue", "", "slurm_load_jobs error: Unable to contact slurm controller", 1)
    with pytest.raises(SlurmRefused):
        squeue.look(Answers(down), 7)


def test_the_format_holds_each_field_once():
    asked = squeue.layout(MARK)
    assert asked.count("%") == len(squeue.FIELDS) == len(set(squeue.FIELDS.values()))
    assert asked.endswith(squeue.FIELDS["comment"])  # free text stands last
