"""Why a job waits and how it ended, in plain words with what to do. A reason nobody knows is shown as Slurm writes it.

Slurm's limits follow one pattern, (Assoc|QOS)(Grp|Max|Min)<what>[Minutes|RunMinutes][PerJob|PerUser …], so their
sentences are put together from its parts. Source: squeue(1) "JOB REASON CODES", Slurm's job_reason_string(), sacct(1)
"JOB STATE CODES".
"""

import re

from workbench.i18n import _

_LIMIT = re.compile(
    r"(Assoc|QOS)(Grp|Max|Min)(BB|Billing|CPU|Cpu|Energy|GRES|Jobs|License|Memory|Mem|Node|SubmitJobs?|Unknown|"
    r"WallDuration|Wall)(RunMinutes|Minutes)?(PerJob|PerUser|PerNode|PerAccount|NotSatisfied)?(?:Limit)?"
)
_OF_EACH_ACCOUNT = re.compile(
    r"Max(BB|Billing|Cpu|Energy|GRES|Jobs|License|Memory|Node|SubmitJobs|Unknown)(PerAccount)(?:Limit)?"
)
_TURN = frozenset({"", "None", "Priority", "Resources", "ReqNodeNotAvail", "NodeDown", "Reservation", "Cleaning"})
"""A job with one of these is in the queue for what others have; with any other it waits for something of its own."""


def code_of(reason: str) -> str:
    """The reason's code, without what some versions add: "ReqNodeNotAvail, UnavailableNodes:gpu001"."""
    bare = reason.strip().strip("()")
    if bare.lower().startswith("nodes required for job are down"):
        return "NodeDown"
    if "requeued" in bare.lower():
        return "JobHoldMaxRequeue"
    return re.split(r"[,\s:(]", bare, maxsplit=1)[0]


def waits_for_others(reason: str) -> bool:
    """Whether such a job stands in the queue before those behind it."""
    return code_of(reason) in _TURN


def of_award(reason: str) -> bool:
    """Whether the time that the project's award has left keeps the job waiting, so that our books have the numbers."""
    found = _LIMIT.fullmatch(code_of(reason))
    return bool(found and found[1] == "Assoc" and found[2] == "Grp" and found[4])


def in_words(reason: str) -> str:
    """Why a job waits, and what can be done.

    Args:
        reason: as squeue prints it (%r).
    """
    code = code_of(reason)
    said = _known().get(code) or _limit(code)
    if said:
        return said
    if code in ("", "None"):
        return _("Slurm has not looked at this job yet. It does so within seconds.")
    return _("Slurm says: {reason}.").format(reason=reason.strip().rstrip(".")[:200])


def ended_in_words(
    state: str, *, exit_code: str = "", by_owner: bool | None = None, limit: str = "", ran: bool = True
) -> str:
    """What became of a job: what happened, whether its time is charged, what to do. '' while it waits or runs.

    Args:
        state: as sacct prints it: "TIMEOUT", "CANCELLED by 1001".
        exit_code: sacct's ExitCode, "1:0"; '' unknown.
        by_owner: whether the owner cancelled it themselves; None where nobody knows who it was.
        limit: its time limit in words, '' where not known.
        ran: whether it had started; what never ran is never charged.
    """
    word = state.strip().split(" ")[0].rstrip("+").upper()
    happened = _happened(word, exit_code, limit, by_owner=by_owner)
    if not happened:
        return ""
    if not ran:
        charged = _("It never ran, so nothing is charged and what was held goes back to the award.")
    elif word in ("NODE_FAIL", "BOOT_FAIL"):
        charged = _("The time until then is charged; the lead can claim it back, since the fault was the machine's.")
    else:
        charged = _("Only the time that it ran is charged; the rest goes back to the award.")
    return f"{happened} {charged}"


def _happened(word: str, exit_code: str, limit: str, *, by_owner: bool | None) -> str:
    if word == "CANCELLED":
        if by_owner is None:
            return _("It was cancelled.")
        return _("You stopped it.") if by_owner else _("It was cancelled by the operator, or by a rule of the centre.")
    if word == "TIMEOUT" and limit:
        return _("Its time was over: {limit}. Start it again with more hours if you need them.").format(limit=limit)
    if word == "FAILED":
        code, _colon, signal = exit_code.partition(":")
        if signal not in ("", "0"):
            return _("It was killed by signal {n}. Its log says more.").format(n=signal)
        if code not in ("", "0"):
            return _("It ended with exit code {n}. Its log says more.").format(n=code)
        return _("It ended with an error. Its log says more.")
    return {
        "COMPLETED": _("It ended by itself, in order."),
        "TIMEOUT": _("Its time was over. Start it again with more hours if you need them."),
        "DEADLINE": _("Its deadline passed before it could end."),
        "OUT_OF_MEMORY": _("It used more memory than it had. Choose a card with more memory, or load less at once."),
        "NODE_FAIL": _("The node that it ran on failed. Start it again: it goes to another node."),
        "BOOT_FAIL": _("Its node did not boot. Start it again: it goes to another node."),
        "PREEMPTED": _("A job that goes first took its place. Start it again: it waits for its turn."),
        "REVOKED": _("Another cluster took it over."),
        "LAUNCH_FAILED": _("Its node could not start it. Start it again, and tell the operator if that fails too."),
        "RECONFIG_FAIL": _("Its node could not be set up. Start it again, and tell the operator if that fails too."),
    }.get(word, "")


def _known() -> dict[str, str]:
    """Code → sentence; in the language of the moment."""
    account = _("A limit of the project is reached. It starts when other jobs of the project end.")
    paused = _("The project is paused, or has as many jobs as it may. Ask the project's lead or the secretariat.")
    reserved = _("This partition takes jobs of reservations only. Choose another card.")
    agreeing = _("The clusters agree on who runs it. That takes a moment.")
    return {
        "Priority": _("Other jobs come first. It starts when its turn comes."),
        "Resources": _("It is next in line and waits until what it needs is free."),
        "ReqNodeNotAvail": _("Nodes that it needs are down or reserved. It starts when they are back."),
        "NodeDown": _("Nodes that it needs are down. It starts when they are back; a smaller card may start sooner."),
        "FrontEndDown": _("Slurm's front end is down. It starts when that is back."),
        "Reservation": _("It waits for its reservation to begin."),
        "ReservationDeleted": _("The reservation that it waited for is gone. Cancel it and start again without one."),
        "ReqResv": reserved,
        "RequiresReservation": reserved,
        "Dependency": _("It waits for another job to end."),
        "DependencyNeverSatisfied": _("It waits for a job that can no longer end as asked. Cancel it."),
        "JobHeldAdmin": _("The operator holds it. Ask them why and until when."),
        "JobHeldUser": _("It is held by its owner. `scontrol release` with its number lets it go on."),
        "JobHoldMaxRequeue": _("It failed to start several times, so Slurm holds it. Cancel it and tell the operator."),
        "BeginTime": _("It was asked to begin later, or was requeued a moment ago. It starts then."),
        "Licenses": _("All licences that it needs are in use. It starts when one is given back."),
        "PartitionTimeLimit": _("It asks for more hours than its partition allows. Cancel it and choose fewer hours."),
        "PartitionNodeLimit": _("It asks for more nodes than its partition has up now. Choose a smaller card."),
        "PartitionDown": _("Its partition starts nothing until the operator opens it. Another card may start."),
        "PartitionInactive": _("Its partition takes no jobs now. Choose another card, or ask the operator."),
        "PartitionConfig": _("Its partition cannot run such a job. Choose another card."),
        "AccountNotAllowed": _("The project may not use this partition. Choose another card, or ask the operator."),
        "InvalidAccount": _("Slurm does not know the project's account any more. Tell the operator."),
        "InvalidQOS": _("Slurm does not know its class of service (QOS) any more. Tell the operator."),
        "QOSNotAllowed": _("The project may not use this class of service (QOS). Choose another card."),
        "QOSUsageThreshold": _("The project has used too much of its share for this class of service (QOS)."),
        "AccountingPolicy": account,
        "AssociationJobLimit": paused,
        "AssocGrpJobsLimit": paused,
        "AssocGrpSubmitJobsLimit": paused,
        "AssociationResourceLimit": account,
        "AssociationTimeLimit": _limit("AssocMaxWallDurationPerJobLimit"),
        "QOSJobLimit": _limit("QOSGrpJobsLimit"),
        "QOSResourceLimit": _("A limit of its class of service (QOS) is reached. It starts when jobs in it end."),
        "QOSTimeLimit": _limit("QOSMaxWallDurationPerJobLimit"),
        "JobArrayTaskLimit": _("As many tasks of its array run as were allowed. It starts when one ends."),
        "MaxMemPerLimit": _("It asks for more memory than a job may have. Choose a card with less."),
        "Prolog": _("Its node is being prepared for it. That takes a moment."),
        "Cleaning": _("Its node is still being cleaned up. That takes a moment."),
        "BurstBufferResources": _("The fast storage that it asked for is full. It starts when some is free."),
        "BurstBufferStageIn": _("Its data is being copied to fast storage. It starts when that is done."),
        "BurstBufferOperation": _("Its fast storage could not be set up. Tell the operator."),
        "JobLaunchFailure": _("Its node could not start it. Cancel it and start again."),
        "SystemFailure": _("Slurm itself failed to start it. Cancel it, start again, and tell the operator."),
        "DeadLine": _("Its deadline comes before it could end. Cancel it."),
        "FedJobLock": agreeing,
        "Federation": agreeing,
    }


def _limit(code: str) -> str:
    """The sentence of a limit whose name follows the pattern; '' where it does not."""
    if each := _OF_EACH_ACCOUNT.fullmatch(code):
        scope, kind, what, time, each_of = "QOS", "Max", each[1], None, each[2]
    elif found := _LIMIT.fullmatch(code):
        scope, kind, what, time, each_of = found.groups()
    else:
        return ""
    if what.startswith("Wall") and kind == "Max":
        said = _("It asks for more hours than a job may have here. Cancel it and choose fewer hours.")
    elif kind == "Min":
        said = _("It asks for fewer {what} than its class of service (QOS) takes. Choose a larger card.")
    elif time and kind == "Grp":
        said = _time_used_up(scope)
    elif time or each_of in ("PerJob", "PerNode"):
        said = _("It asks for more {what} than one job may have. Choose a smaller card.")
    elif each_of == "PerUser" or (scope == "Assoc" and kind == "Max"):
        said = _("You have as many {what} in use as one person may. It starts when a job of yours ends.")
    elif scope == "QOS" and each_of is None:
        said = _("All {what} of its class of service (QOS) are in use. It starts when a job in it ends.")
    else:
        said = _("The project has as many {what} in use as it may. It starts when a job of the project ends.")
    return said.format(what=_things()[what.lower()], time=_times().get(what.lower(), _("time")))


def _time_used_up(scope: str) -> str:
    if scope == "QOS":
        return _(
            "Its class of service (QOS) has too little {time} left for this. Choose fewer hours or a smaller card."
        )
    return _(
        "The project's award has too little {time} left for all of this. It starts when running jobs of the project "
        "end early or the award is raised; fewer hours or a smaller card may start now."
    )


def _things() -> dict[str, str]:
    """What a limit counts, in lower case → in words."""
    jobs, memory, hours = _("jobs"), _("memory"), _("hours")
    return {
        "bb": _("fast storage"), "billing": _("billing units"), "cpu": _("CPU cores"), "energy": _("energy"),
        "gres": _("GPUs"), "jobs": jobs, "license": _("licences"), "mem": memory, "memory": memory,
        "node": _("nodes"), "submitjob": jobs, "submitjobs": jobs, "unknown": _("resources"),
        "wall": hours, "wallduration": hours,
    }  # fmt: skip


def _times() -> dict[str, str]:
    """As `_things`, for what is counted over time."""
    return {"cpu": _("CPU time"), "gres": _("GPU time"), "node": _("node time")}
