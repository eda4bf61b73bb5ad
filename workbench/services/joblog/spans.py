"""When each job of a batch ran: what the log says, what follows from it, and which of two readings is meant.

Start, else submit + wait, else end − duration, else submit (then no wait is known). End, else start + duration. A job
without an end still runs; one without a start never began.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.services.joblog.cells import Amounts
from workbench.services.joblog.fields import Fields, is_one_of
from workbench.services.joblog.moments import NS, Times
from workbench.wallclock import Flags, Ints

RUNS_ON = ("RUNNING", "R", "SUSPENDED", "S", "COMPLETING", "CG", "STOPPED", "ACTIVE", "STARTED")
WAITS = ("PENDING", "PD", "QUEUED", "WAITING", "SUBMITTED", "CONFIGURING", "CF")
RAN = ("COMPLETED", "CD", "TIMEOUT", "TO", "OUT_OF_MEMORY", "OOM", "PREEMPTED", "SUCCEEDED", "SUCCESS", "PASS")
"""States of a job that ran and is over: without a start its row is broken."""


@dataclass(frozen=True)
class Spans:
    """Epoch seconds, one per row.

    `until`: the end, or how long a running job was seen; without `until_known` that is not said in its row.
    `submit`: when it was submitted, the start where that is not known; a wait is made of it only with `submit_known`.
    """

    start: Ints
    until: Ints
    until_known: Flags
    runs_on: Flags
    not_started: Flags
    submit: Ints
    submit_known: Flags
    submit_odd: Flags
    duration_differs: Flags


def spans(fields: Fields, state: pa.Array) -> Spans:
    """The spans of a batch; rows that do not say when they ran are noted in its problems."""
    submit, given_start, end = (fields.times(name) for name in ("submit", "start", "end"))
    duration, wait = fields.durations("duration"), fields.durations("wait")
    has = fields.mapping.has
    start = _or(_or(given_start, _shifted(submit, wait, 1)), _shifted(end, duration, -1))
    submit_is_start = not (has("start") or has("wait") or has("end"))
    if submit_is_start:
        start = submit
    end_given = end.known
    end = _or(end, _shifted(start, duration, 1))
    start_ns, end_ns = _decided(fields, start, end, duration)
    runs_on, not_started = _states(fields, state, start.known, end, end_given, duration)
    begin = _seconds(fields, start_ns, start.known & ~not_started, "start")
    until = _seconds(fields, end_ns, end.known & ~not_started, "end")
    submit_ns = np.where(submit.second <= start_ns, submit.second, submit.first)
    submit_given = submit.known & (not submit_is_start)
    submit_s = _seconds(fields, submit_ns, submit_given, "submit")
    # One with two readings keys the job, but tells its wait only to the hour.
    odd = submit_given & start.known & ((submit_s > begin) | (submit.first != submit.second))
    return Spans(
        start=begin,
        until=np.where(end.known, until, begin),
        until_known=end.known,
        runs_on=runs_on,
        not_started=not_started,
        submit=np.where(submit_given, submit_s, begin),
        submit_known=submit_given & ~odd,
        submit_odd=odd,
        duration_differs=start.known & end_given & duration.known & (np.abs(end_ns - start_ns - duration.values) >= NS),
    )


def _states(
    fields: Fields, state: pa.Array, started: Flags, end: Times, end_given: Flags, duration: Amounts
) -> tuple[Flags, Flags]:
    """Which jobs still run, and which never began; a row that is neither, but lacks a time, is noted."""
    says_running = is_one_of(state, (*RUNS_ON, *fields.mapping.states.running))
    says_waiting = is_one_of(state, (*WAITS, *fields.mapping.states.waiting))
    silent = np.asarray(pc.is_null(state))
    # A duration beside the state "running" is its age so far, not its length.
    runs_on = started & (says_running | (~end.known & silent))
    no_time = ~duration.known | (duration.values == 0)
    over = is_one_of(state, RAN) | says_running
    # Only its state can say that a job never began: without one, a row without times is a row with something missing.
    not_started = (says_waiting & ~end_given) | (~started & ~over & ~silent & no_time)
    not_started &= ~fields.problems.mask(fields.length)
    fields.note(~started & ~not_started, "no start", "it has no start")
    over_without_end = started & ~end.known & ~runs_on & ~not_started
    fields.note(over_without_end, "no end", "it is over by its state, but has no end")
    return runs_on & ~not_started, not_started


def _decided(fields: Fields, start: Times, end: Times, duration: Amounts) -> tuple[Ints, Ints]:
    """Start and end of each row, one reading each: the only one that fits, or the one that the mapping wants."""
    start_ns, end_ns = start.first.copy(), end.first.copy()
    rule = fields.mapping.times.ambiguous
    for row in np.flatnonzero((start.first != start.second) | (end.first != end.second)):
        starts = sorted({int(start.first[row]), int(start.second[row])})
        ends = sorted({int(end.first[row]), int(end.second[row])}) if end.known[row] else [starts[-1]]
        ways = [(s, e) for s in starts for e in ends if e >= s]
        if duration.known[row] and end.known[row]:
            ways = [(s, e) for s, e in ways if e - s == duration.values[row]] or ways
        if len(ways) > 1 and rule == "reject":
            fields.problems.note(
                int(row),
                "an hour that came twice",
                f"clocks in {fields.mapping.time_zone} went back in that hour and nothing says which is meant"
                ' (times.ambiguous = "earlier" or "later" does)',
            )
        if ways:
            start_ns[row], end_ns[row] = ways[-1] if rule == "later" else ways[0]
    return start_ns, end_ns


def _seconds(fields: Fields, nanoseconds: Ints, known: Flags, name: str) -> Ints:
    if fields.mapping.times.subsecond == "round":
        return (nanoseconds + NS // 2) // NS
    for row in np.flatnonzero(known & (nanoseconds % NS != 0)):
        fields.problems.note(
            int(row),
            "part of a second",
            f"its {name} falls {nanoseconds[row] % NS / NS:g} s past a whole second; whole seconds are kept"
            ' (times.subsecond = "round" rounds to them)',
        )
    return nanoseconds // NS


def _shifted(times: Times, by: Amounts, sign: int) -> Times:
    return Times(times.first + sign * by.values, times.second + sign * by.values, times.known & by.known)


def _or(times: Times, other: Times) -> Times:
    known = times.known
    return Times(
        np.where(known, times.first, other.first), np.where(known, times.second, other.second), known | other.known
    )
