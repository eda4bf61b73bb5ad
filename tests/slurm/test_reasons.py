"""Slurm's reasons and end states in words."""

import pytest

from workbench.slurm.reasons import code_of, ended_in_words, in_words, of_award, waits_for_others

# What Slurm 22.05 can say of a job that was accepted: strings of its library.
REASONS = """
Priority Resources Dependency DependencyNeverSatisfied PartitionNodeLimit PartitionTimeLimit PartitionDown
PartitionInactive PartitionConfig JobHeldAdmin JobHeldUser BeginTime Licenses AssociationJobLimit
AssociationResourceLimit AssociationTimeLimit Reservation ReservationDeleted NodeDown FrontEndDown SystemFailure
JobLaunchFailure InvalidAccount InvalidQOS QOSUsageThreshold QOSJobLimit QOSResourceLimit QOSTimeLimit Cleaning Prolog
QOSNotAllowed AccountNotAllowed ReqNodeNotAvail JobArrayTaskLimit JobHoldMaxRequeue MaxMemPerLimit DeadLine FedJobLock
Federation BurstBufferResources BurstBufferStageIn BurstBufferOperation AccountingPolicy RequiresReservation ReqResv
AssocGrpBB AssocGrpBBMinutes AssocGrpBBRunMinutes AssocGrpBilling AssocGrpBillingMinutes AssocGrpCPUMinutesLimit
AssocGrpCPURunMinutesLimit AssocGrpCpuLimit AssocGrpEnergy AssocGrpGRES AssocGrpGRESMinutes AssocGrpGRESRunMinutes
AssocGrpJobsLimit AssocGrpLicense AssocGrpMemLimit AssocGrpMemMinutes AssocGrpMemRunMinutes AssocGrpNodeLimit
AssocGrpNodeMinutes AssocGrpSubmitJobsLimit AssocGrpUnknown AssocGrpWallLimit AssocMaxBBPerJob AssocMaxBBPerNode
AssocMaxCpuMinutesPerJobLimit AssocMaxCpuPerJobLimit AssocMaxCpuPerNode AssocMaxGRESMinutesPerJob AssocMaxGRESPerJob
AssocMaxGRESPerNode AssocMaxJobsLimit AssocMaxMemPerJob AssocMaxNodePerJobLimit AssocMaxSubmitJobLimit
AssocMaxWallDurationPerJobLimit MaxBBPerAccount MaxBillingPerAccount MaxCpuPerAccount MaxGRESPerAccount
MaxJobsPerAccount MaxLicensePerAccount MaxMemoryPerAccount MaxNodePerAccount MaxSubmitJobsPerAccount QOSGrpBB
QOSGrpBillingMinutes QOSGrpCPUMinutesLimit QOSGrpCPURunMinutesLimit QOSGrpCpuLimit QOSGrpGRES QOSGrpGRESMinutes
QOSGrpGRESRunMinutes QOSGrpJobsLimit QOSGrpMemLimit QOSGrpMemoryMinutes QOSGrpNodeLimit QOSGrpSubmitJobsLimit
QOSGrpWallLimit QOSMaxBBPerUser QOSMaxCpuMinutesPerJobLimit QOSMaxCpuPerJobLimit QOSMaxCpuPerNode
QOSMaxCpuPerUserLimit QOSMaxGRESMinutesPerJob QOSMaxGRESPerJob QOSMaxGRESPerNode QOSMaxGRESPerUser
QOSMaxJobsPerUserLimit QOSMaxMemoryPerJob QOSMaxMemoryPerUser QOSMaxNodePerJobLimit QOSMaxNodePerUserLimit
QOSMaxSubmitJobPerUserLimit QOSMaxWallDurationPerJobLimit QOSMinCpuNotSatisfied QOSMinGRES QOSMinMemory QOSMinNode
"""


@pytest.mark.parametrize("reason", REASONS.split())
def test_each_reason_has_a_sentence_without_slurms_own_words(reason):
    said = in_words(reason)
    assert reason not in said
    assert said.endswith(".")
    assert "{" not in said


def test_a_reason_that_nobody_knows_is_shown_as_it_is():
    assert in_words("WaitingForGodot") == "Slurm says: WaitingForGodot."


def test_what_versions_add_to_a_reason_is_left_out():
    assert code_of("ReqNodeNotAvail, UnavailableNodes:gpu[001-004]") == "ReqNodeNotAvail"
    assert code_of("ReqNodeNotAvail(Unavailable:gpu001)") == "ReqNodeNotAvail"
    assert code_of("(Priority)") == "Priority"
    long = "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions"
    assert in_words(long) == in_words("NodeDown")
    assert in_words("launch failed requeued held") == in_words("JobHoldMaxRequeue")


def test_a_job_nobody_looked_at_yet_says_so():
    assert in_words("None") == in_words("") == "Slurm has not looked at this job yet. It does so within seconds."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("AssocGrpGRESMinutes", "award has too little GPU time left"),
        ("AssocGrpCPUMinutesLimit", "award has too little CPU time left"),
        ("AssocGrpGRES", "The project has as many GPUs in use as it may"),
        ("QOSMaxGRESPerUser", "You have as many GPUs in use as one person may"),
        ("MaxGRESPerAccount", "The project has as many GPUs in use as it may"),
        ("QOSGrpGRESMinutes", "(QOS) has too little GPU time left"),
        ("QOSMaxWallDurationPerJobLimit", "choose fewer hours"),
        ("AssocMaxJobsLimit", "You have as many jobs in use"),
    ],
)
def test_a_limit_says_whose_it_is_and_of_what(reason, words):
    assert words in in_words(reason)


def test_a_pause_of_the_project_is_said():
    assert "paused" in in_words("AssocGrpJobsLimit")


def test_the_awards_own_limits_are_known_so_that_our_numbers_are_said():
    assert all(of_award(reason) for reason in ("AssocGrpGRESMinutes", "AssocGrpCPURunMinutesLimit"))
    assert not any(of_award(reason) for reason in ("AssocGrpGRES", "QOSGrpGRESMinutes", "Priority", ""))


def test_who_waits_for_others_stands_in_the_queue():
    assert all(map(waits_for_others, ("Priority", "Resources", "None", "ReqNodeNotAvail, UnavailableNodes:a")))
    assert not any(map(waits_for_others, ("JobHeldUser", "AssocGrpGRES", "Dependency", "WaitingForGodot")))


STATES = "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED TIMEOUT"


@pytest.mark.parametrize("state", STATES.split())
def test_each_end_says_what_happened_and_whether_it_is_charged(state):
    said = ended_in_words(state)
    assert "charged" in said
    assert state not in said
    assert "nothing is charged" in ended_in_words(state, ran=False)


@pytest.mark.parametrize("state", ["", "RUNNING", "PENDING", "COMPLETING", "SUSPENDED"])
def test_what_has_not_ended_has_no_end(state):
    assert ended_in_words(state) == ""


def test_who_cancelled_is_said_where_it_is_known():
    assert ended_in_words("CANCELLED by 1001", by_owner=True).startswith("You stopped it.")
    assert "operator" in ended_in_words("CANCELLED by 0", by_owner=False)
    assert ended_in_words("CANCELLED+").startswith("It was cancelled.")


def test_a_failure_says_its_number():
    assert "exit code 3" in ended_in_words("FAILED", exit_code="3:0")
    assert "signal 9" in ended_in_words("FAILED", exit_code="0:9")
    assert "4 hours" in ended_in_words("TIMEOUT", limit="4 hours")


def test_a_failed_node_says_that_it_can_be_claimed_back():
    assert "claim it back" in ended_in_words("NODE_FAIL")
    assert "claim it back" not in ended_in_words("OUT_OF_MEMORY")
