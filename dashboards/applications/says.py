"""The words of the scheme's stages, steps and criteria, the same on every page."""

from collections.abc import Mapping

from workbench.domain.applications import STAGES
from workbench.i18n import _, ngettext

TRACK = STAGES[: STAGES.index("active") + 1]
"""The way, without what lies aside."""
ASIDE = {"declined": "committee", "deferred": "committee", "withdrawn": "", "closed": "active"}
"""A stage beside the way → the stage after which it lies; '': anywhere."""


def stage(name: str) -> str:
    return {
        "draft": _("Draft"),
        "submitted": _("Submitted"),
        "secretariat-check": _("Secretariat check"),
        "preliminary": _("Preliminary assessment"),
        "further": _("Further assessment"),
        "committee": _("Committee decision"),
        "agreement": _("Agreement"),
        "onboarding": _("Onboarding"),
        "active": _("Active"),
        "closed": _("Closed"),
        "declined": _("Declined"),
        "deferred": _("Deferred"),
        "withdrawn": _("Withdrawn"),
    }.get(name, name)


def stage_state(name: str) -> str:
    """How a stage is coloured beside its word: 'good', 'watch', 'act' or ''."""
    return {"active": "good", "declined": "act", "deferred": "watch"}.get(name, "")


def waits(name: str) -> str:
    """For whom an application waits, as a sentence; '' where for nobody."""
    return {
        "draft": _("It is a draft: only its applicant sees it."),
        "submitted": _("It waits for the secretariat to take it up."),
        "secretariat-check": _("The secretariat checks whether it is complete."),
        "preliminary": _("The reviewers score it for the first time."),
        "further": _("The reviewers score it; then it is recommended to the Committee."),
        "committee": _("It waits for the Committee's decision."),
        "agreement": _("It is approved and waits for the applicant to accept the award."),
        "onboarding": _("The award is accepted; the secretariat brings the project on board."),
        "active": _("The project is active: its award pays."),
        "closed": _("The project has ended."),
        "declined": _("The Committee declined it."),
        "deferred": _("The Committee deferred it; the secretariat takes it up again."),
        "withdrawn": _("Its applicant withdrew it."),
    }.get(name, "")


def todo(action: str) -> str:
    """What waits for the reader, short: "Score it"."""
    return {
        "submit": _("Finish and submit"),
        "check": _("Take it up"),
        "assess": _("Check and pass on"),
        "score": _("Score it"),
        "recommend": _("Recommend an amount"),
        "decide": _("Decide"),
        "agree": _("Accept the award"),
        "activate": _("Bring on board"),
        "resume": _("Take up again"),
    }.get(action, "")


def waiting(action: str, count: int) -> str:
    """So many wait for it: "3 wait for your score"."""
    said = {
        "submit": ngettext("{n} draft is not handed in yet", "{n} drafts are not handed in yet", count),
        "check": ngettext("{n} waits to be taken up", "{n} wait to be taken up", count),
        "assess": ngettext("{n} waits for your check", "{n} wait for your check", count),
        "score": ngettext("{n} waits for your score", "{n} wait for your score", count),
        "recommend": ngettext("{n} waits for a recommendation", "{n} wait for a recommendation", count),
        "decide": ngettext("{n} waits for your decision", "{n} wait for your decision", count),
        "agree": ngettext("{n} award waits for your acceptance", "{n} awards wait for your acceptance", count),
        "activate": ngettext("{n} waits to be brought on board", "{n} wait to be brought on board", count),
        "resume": ngettext("{n} is deferred", "{n} are deferred", count),
    }
    return said[action].format(n=count)


def button(action: str, now_in: str = "") -> str:
    """The verb of a step, for its button."""
    if action == "assess":
        return _("Pass on to the reviewers") if now_in == "secretariat-check" else _("Assess further")
    return {
        "submit": _("Submit application"),
        "check": _("Take it up"),
        "return": _("Return to the applicant"),
        "recommend": _("Recommend to the Committee"),
        "approve": _("Approve award"),
        "decline": _("Decline application"),
        "defer": _("Defer decision"),
        "resume": _("Assess further"),
        "agree": _("Accept award"),
        "activate": _("Activate project"),
        "close": _("Close project"),
        "withdraw": _("Withdraw application"),
    }.get(action, action)


def happened(action: str) -> str:
    """A line of the history."""
    return {
        "begin": _("began the draft"),
        "revise": _("changed the draft"),
        "submit": _("submitted it"),
        "check": _("took it up"),
        "return": _("returned it to the applicant"),
        "assess": _("passed it on"),
        "score": _("scored it"),
        "conflict": _("declared a conflict of interest"),
        "recommend": _("recommended it to the Committee"),
        "approve": _("approved it"),
        "decline": _("declined it"),
        "defer": _("deferred it"),
        "resume": _("took it up again"),
        "agree": _("accepted the award"),
        "activate": _("activated the project"),
        "close": _("closed the project"),
        "withdraw": _("withdrew it"),
    }.get(action, action)


def criterion(name: str) -> tuple[str, str]:
    """A criterion's name and what it asks."""
    return {
        "alignment": (_("Alignment with local needs"), _("Does the work answer a need of the place that pays?")),
        "compute": (
            _("Reasonableness of the compute request"),
            _("Necessary; fair to the model and data size; on a sound schedule."),
        ),
        "capability": (_("Technical capability"), _("Method, code and data are ready to use this compute.")),
        "team": (_("Team"), _("People who have done such work, and enough of them.")),
        "outcomes": (_("Expected outcomes"), _("What will be there at the end, and for whom.")),
    }.get(name, (name.capitalize(), ""))


def done(what: str) -> str:
    """What was just done, for the line at the top; '' for anything else."""
    return {
        "saved": _("Draft saved."),
        "open": _("Draft saved. It cannot be submitted yet: what is missing stands beside the button."),
        "submit": _("Submitted. The secretariat takes it from here; its way is below."),
        "check": _("Taken up. Check it and pass it on, or return it with a note."),
        "return": _("Returned to the applicant with your note."),
        "assess": _("Passed on."),
        "score": _("Your score is kept. You may change it until it is recommended."),
        "conflict": _("Your conflict of interest is declared. That application is now closed to you."),
        "recommend": _("Recommended. It is before the Committee."),
        "approve": _("Approved. Project, award, plan and members are made; the applicant accepts next."),
        "decline": _("Declined, with your reason in the minutes."),
        "defer": _("Deferred, with your reason in the minutes."),
        "resume": _("Taken up again."),
        "agree": _("Award accepted. The secretariat brings the project on board."),
        "activate": _("The project is active."),
        "close": _("The project is closed."),
        "withdraw": _("Withdrawn."),
        "vote": _("Your vote is kept; voted again, the last one counts."),
        "open-meeting": _("The meeting is open."),
        "attend": _("Attendance noted."),
        "close-meeting": _("The meeting is closed; its minutes stand."),
    }.get(what, "")


def missing(name: str) -> str:
    """What of a draft is still open."""
    return {
        "purpose": _("what the compute is for"),
        "model_size": _("the size of the model"),
        "data": _("the data"),
        "precision": _("the precision"),
        "gpu_model": _("the GPU model"),
        "gpus": _("GPUs at the same time"),
        "gpu_hours": _("GPU-hours by month"),
    }[name]


def counted(parts: Mapping[str, int]) -> str:
    """The sentence of all that waits: "3 wait for your score, 1 waits for your decision."."""
    found = [waiting(action, count) for action, count in parts.items()]
    return "; ".join(found)
