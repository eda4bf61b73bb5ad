"""`sacct --json` and the answers of slurmrestd's accounting (slurmdb/jobs) to a job frame, by the same rules as text.

Slurm 21 to 25 write the same facts in several ways: a number or {"set", "infinite", "number"}; a state or a list that
begins with it; null, "" or 0 for no name. Each job is put into the words of sacct's columns and read as those are.
Source: slurm's openapi/dbv0.0.37 and .38, data_parser/v0.0.39 to .43.
"""

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from workbench.analytics.parsed import ParsedLog, Reject, shortened
from workbench.slurm.allocated import Models
from workbench.slurm.attempts import Attempts, ReadAs

UTC = ZoneInfo("UTC")
NOTHING_FOUND = 9003
"""ESLURM_REST_EMPTY_RESULT. Source: slurm_errno.h."""


class _Odd(ValueError):
    """A job has a thing of another kind than Slurm writes there."""


def parse_sacct_json(
    text: str,
    cluster: str,
    *,
    weights: Mapping[str, Fraction] | None = None,
    models: Models | None = None,
    projects: Callable[[str], str | None] | None = None,
) -> ParsedLog:
    """Jobs of an answer in JSON; in what is said of a rejected one, its line is its number, from 1.

    Args:
        text: the whole answer; bytes that were no UTF-8 as surrogates.
        cluster: name to file the jobs under.
        weights, models, projects: as for slurm.sacct.parse_sacct.

    Raises:
        ValueError: it is no such answer; says what it is instead.
    """
    jobs = _jobs(text)
    attempts = Attempts(ReadAs(cluster, UTC, weights or {}, models, projects), lambda _name: True)
    odd: list[Reject] = []
    for number, job in enumerate(jobs, 1):
        try:
            cells = _cells(job)
            attempts.steps += len(_list(job, "steps"))
        except _Odd as problem:
            odd.append(Reject(number, "not as Slurm writes it", str(problem), _shown(job)))
            continue
        attempts.take(number, _cell(cells), lambda job=job: _shown(job))  # type: ignore[misc]
    return attempts.log(odd)


def _found_nothing(errors: object) -> bool:
    """Whether all that is wrong is that there is no such job: slurmrestd of Slurm 22.05 calls that an error."""
    said = errors if isinstance(errors, list) else [errors]
    return all(isinstance(one, dict) and one.get("error_number") == NOTHING_FOUND for one in said)


def _jobs(text: str) -> list[Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"it is no JSON: {problem}") from problem
    if not isinstance(answer, dict):
        raise ValueError("it is JSON, but no answer of Slurm's")
    jobs = answer.get("jobs")
    if not jobs and answer.get("errors") and not _found_nothing(answer["errors"]):
        raise ValueError(f"Slurm answered with errors: {shortened(json.dumps(answer['errors']))}")
    if not isinstance(jobs, list):
        kind = next((name for name in ("nodes", "partitions", "reservations", "accounts") if name in answer), None)
        raise ValueError(f"it tells of {kind}, not of jobs" if kind else "it is JSON, but has no list of jobs")
    if any(isinstance(job, dict) and "job_state" in job and "time" not in job for job in jobs):
        raise ValueError(
            "it tells of the queue of one moment (squeue --json, or slurmrestd's slurm/…/jobs), not of accounting: ask "
            "sacct --json, or slurmdb/…/jobs"
        )
    return jobs


def _cell(cells: Mapping[str, str]) -> Callable[[str], str]:
    return lambda name: cells.get(name, "")


def _cells(job: Any) -> dict[str, str]:
    """A job in the words of sacct's columns.

    Raises:
        _Odd: something in it is of another kind than Slurm writes.
    """
    if not isinstance(job, dict):
        raise _Odd("it is no job")
    time, state = _part(job, "time"), _part(job, "state").get("current")
    state = state[0] if isinstance(state, list) and state else state
    allocated, requested = _part(job, "tres").get("allocated"), _part(job, "tres").get("requested")
    return {
        "jobid": _job_id(job),
        "cluster": _name(job, "cluster"),
        "user": _name(job, "user") or _name(_part(job, "association"), "user"),
        "account": _name(job, "account") or _name(_part(job, "association"), "account"),
        "partition": _name(job, "partition"),
        "qos": _name(job, "qos"),
        "reservation": _reservation(job),
        "state": state if isinstance(state, str) else "",
        "jobname": _name(job, "name"),
        "comment": _name(_part(job, "comment"), "job").strip(),
        "submit": _digits(time, "submission"),
        "start": _digits(time, "start"),
        "end": _digits(time, "end"),
        "elapsedraw": _digits(time, "elapsed"),
        "suspended": _digits(time, "suspended"),
        "alloctres": _tres(allocated),
        "reqtres": _tres(requested),
    }


def _job_id(job: Mapping[str, Any]) -> str:
    """As sacct writes it: 12, 12_3 a task, 12_[4-9] tasks that wait, 12+1 a component."""
    own, array, het = _number(job.get("job_id")), _part(job, "array"), _part(job, "het")
    if own is None:
        raise _Odd("it has no job_id")
    if of := _number(array.get("job_id")):
        task = _number(array.get("task_id"))
        if task is not None:
            return f"{of}_{task}"
        return f"{of}_[{waiting}]" if (waiting := _name(array, "task")) else str(of)
    if of := _number(het.get("job_id")):
        return f"{of}+{_number(het.get('job_offset')) or 0}"
    return str(own)


def _reservation(job: Mapping[str, Any]) -> str:
    name = _part(job, "reservation").get("name")
    return name if isinstance(name, str) else ""  # some versions print an address in memory in its place


def _tres(listed: Any) -> str:
    """Resources as AllocTRES writes them; such without a count (energy nobody measured) are left out."""
    if listed is None:
        return ""
    if not isinstance(listed, list):
        raise _Odd("its tres is no list")
    said = []
    for entry in listed:
        if not isinstance(entry, dict):
            raise _Odd("its tres lists what is no resource")
        kind, name, count = _name(entry, "type"), _name(entry, "name"), _number(entry.get("count"))
        if "," in kind + name or "=" in kind + name:
            raise _Odd(f"a resource is called {kind}/{name}")
        if count is None or count < 0:
            if kind == "gres":
                raise _Odd(f"it does not say how many {name} it has")
            continue
        said.append(f"{kind}/{name}={count}" if name else f"{kind}={count}")
    return ",".join(said)


def _digits(part: Mapping[str, Any], name: str) -> str:
    number = _number(part.get(name))
    return "" if number is None else str(number)


def _number(value: Any) -> int | None:
    """A whole number, as one or as {"set", "infinite", "number"}; None where it is not set or has no end.

    Raises:
        _Odd: it is something else.
    """
    if isinstance(value, dict) and "number" in value:
        if value.get("infinite") or not value.get("set", True):
            return None
        value = value["number"]
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _Odd(f"{shortened(repr(value))} stands where a whole number should")


def _name(part: Mapping[str, Any], key: str) -> str:
    """A text; '' where there is none, for which some versions write null or 0."""
    value = part.get(key)
    if value is None or value == 0:
        return ""
    if not isinstance(value, str):
        raise _Odd(f"{key} is {shortened(repr(value))}, no text")
    return value


def _part(job: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = job.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Odd(f"{name} is {shortened(repr(value))}")
    return value


def _list(job: Mapping[str, Any], name: str) -> list[Any]:
    value = job.get(name)
    return value if isinstance(value, list) else []


def _shown(job: Any) -> str:
    brief = {key: value for key, value in job.items() if key != "steps"} if isinstance(job, dict) else job
    return shortened(json.dumps(brief))
