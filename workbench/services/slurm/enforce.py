"""What the books want against what Slurm has: a plan that can be shown, then applied. Doing it again changes nothing.

Accounts of no project, and users who are nobody of ours, are reported and never touched. Of our accounts only what is
listed in `services.slurm.wanted` is ours: minutes, the GPUs of a downscale, the stop of a pause, the QOS of over-use.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.domain.limits import limit_of, stays
from workbench.errors import NoSlurm, SlurmLax, SlurmRefused
from workbench.services.slurm.wanted import Books, Wanted, books
from workbench.slurm import associations as has
from workbench.slurm.associations import CPU, GPU, Association, Present
from workbench.slurm.configured import Fault, config, faults
from workbench.slurm.offers import offers
from workbench.slurm.runner import Runner
from workbench.store.engine import Store

LOW = "wb-low"
"""QOS of use past a ceiling: below every QOS that has a priority."""
LOW_PRIORITY = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is to become different. account: '' for a QOS; command: what sacctmgr is told."""

    account: str
    what: str
    before: str
    after: str
    why: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """changes: in the order in which they are made. reported: what is not ours, or cannot be; a sentence each."""

    changes: tuple[Change, ...]
    reported: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    def of(self, account: str) -> "Plan":
        """What concerns one account."""
        return Plan(tuple(one for one in self.changes if one.account in ("", account)), (), self.faults)


@dataclass(frozen=True, slots=True)
class Applied:
    """What was changed, and what Slurm refused with its words."""

    done: tuple[Change, ...]
    failed: tuple[tuple[Change, str], ...]


def plan(store: Store, runner: Runner, now: int) -> Plan:
    """What is to be changed so that Slurm keeps what the books say; nothing is changed here.

    Args:
        store: books and settings.
        runner: of this Slurm.
        now: UTC epoch seconds.

    Raises:
        NoSlurm: the settings name none. SlurmError: it did not answer, or refused.
    """
    cluster = store.settings.slurm.cluster
    if not cluster:
        raise NoSlurm
    wrong = faults(config(runner), cluster)
    there = has.present(runner, cluster)
    wanted = books(store, offers(runner), now)
    changes = [*_qos(wanted, there)]
    for one in wanted.accounts.values():
        if has.can_be_account(one.account):
            changes += _account(cluster, one, there, wanted.people)
    return Plan(tuple(changes), tuple(_reported(wanted, there)), tuple(wrong))


def apply(runner: Runner, planned: Plan) -> Applied:
    """Make the changes. What Slurm refuses is told and the others are made; they can be planned again.

    Raises:
        SlurmLax: limits would not hold here, or would kill running jobs; nothing was changed. SlurmSilent: Slurm did
        not answer.
    """
    if grave := [fault.says for fault in planned.faults if fault.grave]:
        raise SlurmLax(grave)
    done, failed = [], []
    for change in planned.changes:
        try:
            has.tell(runner, change.command)
            done.append(change)
        except SlurmRefused as problem:
            failed.append((change, problem.said or str(problem)))
    return Applied(tuple(done), tuple(failed))


def _qos(wanted: Books, there: Present) -> Iterator[Change]:
    if LOW not in there.qos and any(one.opted for one in wanted.accounts.values()):
        why = "Projects that opted in to over-use go on at low priority. Only a Slurm administrator may make a QOS."
        yield Change("", f"QOS {LOW}", "none", f"priority {LOW_PRIORITY}", why, has.add_qos(LOW, LOW_PRIORITY))


def _account(cluster: str, one: Wanted, there: Present, people: frozenset[str]) -> Iterator[Change]:
    account = there.accounts.get(one.account)
    if account is None:
        account, why = Association(one.account), f"The account of project {one.project}."
        command = has.add_account(cluster, one.account, one.title, one.organisation)
        yield Change(one.account, "account", "none", "made", why, command)
    # Limits come before people: nobody computes in an account without its limit.
    yield from _minutes(cluster, one, account, there)
    yield from _brakes(cluster, one, account)
    yield from _low(cluster, one, account)
    yield from _people(cluster, one, there, people)


def _minutes(cluster: str, one: Wanted, account: Association, there: Present) -> Iterator[Change]:
    before, after, words = [], [], []
    for tres, bought, name in ((GPU, one.gpu, "GPU"), (CPU, one.cpu, "CPU")):
        if not _counted(one.account, tres, there):
            continue
        used, limit = there.counter(one.account, tres).used, account.minutes.get(tres)
        if stays(limit, bought, used):
            continue
        wanted = limit_of(bought, used)
        before.append(f"{name} {_count(limit)}")
        after.append(f"{name} {_count(wanted)}" + ("" if wanted is None else f" ({used:,} used)"))
        words.append(f"{tres}={-1 if wanted is None else wanted}")
    if words:
        command = has.change_account(cluster, one.account, f"GrpTRESMins={','.join(words)}")
        yield Change(one.account, "minutes", ", ".join(before), ", ".join(after), one.why, command)


def _counted(account: str, tres: str, there: Present) -> bool:
    """Whether the counter is known; an account that is not there yet has counted nothing. Unknown is not nothing."""
    return account not in there.accounts or (account, tres) in there.counters


def _brakes(cluster: str, one: Wanted, account: Association) -> Iterator[Change]:
    pause, scale = one.braked.pause, one.braked.gpus
    stopped = account.group_jobs == 0
    # A stop that no record of ours explains is somebody else's: it is reported.
    if pause is not None and one.braked.paused != stopped:
        command = has.change_account(cluster, one.account, f"GrpJobs={0 if one.braked.paused else -1}")
        own = f", GrpJobs {_count(account.group_jobs)}" if account.group_jobs else ""
        states = (f"runs{own}", "paused") if one.braked.paused else ("paused", "runs")
        yield Change(one.account, "pause", *states, f"{pause.who}: {pause.reason}", command)
    if scale is None:
        return
    there, wanted = account.gpus.get(GPU), one.braked.before if one.braked.lifted else scale.gpus
    # Once it is lifted, the limit is ours only while it is the one that we set.
    if there != wanted and (not one.braked.lifted or there == scale.gpus):
        last = pause if one.braked.lifted and pause is not None else scale
        command = has.change_account(cluster, one.account, has.limit("GrpTRES", GPU, wanted))
        yield Change(one.account, "GPUs", _count(there), _count(wanted), f"{last.who}: {last.reason}", command)


def _low(cluster: str, one: Wanted, account: Association) -> Iterator[Change]:
    if one.opted and LOW not in account.qos:
        command = has.change_account(cluster, one.account, f"QOS+={LOW}")
        why = "It opted in to over-use."
        yield Change(one.account, "QOS allowed", ",".join(account.qos) or "inherited", f"and {LOW}", why, command)
    if one.low != (account.default_qos == LOW):
        command = has.change_account(cluster, one.account, f"DefaultQOS={LOW if one.low else -1}")
        after = LOW if one.low else "inherited"
        yield Change(one.account, "QOS of new jobs", account.default_qos or "inherited", after, one.why, command)


def _people(cluster: str, one: Wanted, there: Present, people: frozenset[str]) -> Iterator[Change]:
    members = [name for name in one.people if has.can_be_user(name)]
    inside = {user: found for (account, user), found in there.users.items() if account == one.account}
    if new := [name for name in members if name not in inside]:
        command = has.add_users(cluster, one.account, new)
        yield Change(one.account, "users", "none", ", ".join(new), f"Members of project {one.project}.", command)
    for user, found in inside.items():
        if user in members and found.shut:
            command = has.change_user(cluster, one.account, user, "MaxJobs=-1", "MaxSubmitJobs=-1")
            yield Change(one.account, f"user {user}", "shut out", "works", "A member again.", command)
        elif user not in members and user in people and not found.shut:
            command = has.change_user(cluster, one.account, user, "MaxJobs=0", "MaxSubmitJobs=0")
            yield Change(one.account, f"user {user}", "works", "shut out", "No member any more.", command)


def _reported(wanted: Books, there: Present) -> Iterator[str]:
    for name, one in wanted.accounts.items():
        if not has.can_be_account(name):
            yield f"Project {one.project!r}: {name!r} cannot be the name of a Slurm account; its jobs cannot run."
        for person in one.people:
            if not has.can_be_user(person):
                yield f"Project {one.project!r}: {person!r} cannot be the name of a Unix user; no account is opened."
    for name, account in there.accounts.items():
        if name in wanted.accounts and account.group_jobs == 0 and wanted.accounts[name].braked.pause is None:
            yield f"Account {name}: somebody has set GrpJobs=0 by hand, so none of its jobs starts."
        elif name not in wanted.accounts and name != has.ROOT:
            yield f"Account {name} is of no project of ours; left alone."
    for name in wanted.accounts:
        if not all(_counted(name, tres, there) for tres in (GPU, CPU)):
            yield f"Account {name}: slurmctld does not say what it has counted; its minutes stay as they are."
    for account_name, user in there.users:
        if account_name in wanted.accounts and user not in wanted.people and user != has.ROOT:
            yield f"Account {account_name}: user {user} is nobody of ours; left alone."


def _count(value: int | None) -> str:
    return "no limit" if value is None else f"{value:,}"
