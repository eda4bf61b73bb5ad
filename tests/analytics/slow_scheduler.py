"""The scheduler of workbench.analytics.simulate, as plainly as it can be said: every second, every job, no cleverness.

Also the peer of benchmarks/whatif.py, which runs it on events instead of on every second.
"""

from workbench.analytics.queue import WAITING


def slow(jobs, capacity, outages, policy, until):
    """Start of each of (submit, duration, gpus, owner, limit), whole seconds below `until`."""
    begun = [WAITING] * len(jobs)
    usage = {}
    moments = {row[0] for row in jobs} | {at for at, _ in capacity} | {at for out in outages for at in out[:2]}
    last = 0
    while moments:
        now = min(moments)
        moments.discard(now)
        if now >= until:
            break
        decay(usage, jobs, begun, last, now, policy.half_life_s)
        last = now
        for job in start_now(jobs, begun, usage, now, capacity, outages, policy):
            moments.add(now + jobs[job][1])
    return begun


def decay(usage, jobs, begun, last, now, half_life):
    """What each owner used, half of it forgotten in each half-life; one who holds GPUs gains meanwhile."""
    kept = 2.0 ** (-(now - last) / half_life)
    gain = (1.0 - kept) * half_life / 0.6931471805599453
    for owner in sorted({row[3] for row in jobs}):
        held = sum(
            row[2] for row, at in zip(jobs, begun, strict=True) if row[3] == owner and 0 <= at <= last < at + row[1]
        )
        usage[owner] = usage.get(owner, 0.0) * kept + held * gain


def start_now(jobs, begun, usage, now, capacity, outages, policy):
    """Start what may; which jobs, in the order in which they did."""
    waiting = [k for k, row in enumerate(jobs) if begun[k] == WAITING and row[0] <= now]
    promise = None
    for job in line(jobs, waiting, usage, now, policy):
        if promise and not passes(jobs[job], now, promise):
            continue
        if may_start(jobs, begun, job, now, capacity, outages):
            if promise and now + limit(jobs[job]) > promise[0]:
                promise = (promise[0], promise[1] - jobs[job][2])
            begun[job] = now
            yield job
        elif promise is None:
            if policy.name == "fifo":
                return
            promise = promised(jobs, begun, job, now, capacity, outages)  # None: it never fits, and holds nobody


def line(jobs, waiting, usage, now, policy):
    if policy.name != "fair-share":
        return waiting[: policy.depth]
    held = [k for k in waiting if now - jobs[k][0] >= policy.hold_s][: policy.depth]
    rest = []
    for owner in sorted({jobs[k][3] for k in waiting}, key=lambda one: (usage[one], one)):
        mine = [k for k in waiting if jobs[k][3] == owner and now - jobs[k][0] < policy.hold_s]
        rest += mine[: policy.each]
    return (held + rest)[: policy.depth]


def limit(row):
    return max(row[4], row[1])


def level(capacity, at):
    return ([gpus for since, gpus in capacity if since <= at] or [0])[-1]


def out_at(outages, at):
    return sum(gpus for start, end, gpus in outages if start <= at < end)


def used(jobs, begun, now):
    return sum(row[2] for row, at in zip(jobs, begun, strict=True) if at != WAITING and now < at + row[1])


def crossing(jobs, begun, now, moment):
    """GPUs of jobs that run now and may still run then."""
    return sum(
        row[2]
        for row, at in zip(jobs, begun, strict=True)
        if at != WAITING and (now < at + row[1] or at == now) and at + limit(row) > moment
    )


def clears(jobs, begun, job, at, now, capacity, outages):
    """Whether a job that begins at a moment leaves each later outage what it needs."""
    row = jobs[job]
    return all(
        crossing(jobs, begun, now, start) + row[2] <= level(capacity, start) - gpus
        for start, _end, gpus in outages
        if at < start < at + limit(row)
    )


def may_start(jobs, begun, job, now, capacity, outages):
    free = level(capacity, now) - out_at(outages, now) - used(jobs, begun, now)
    return jobs[job][2] <= free and clears(jobs, begun, job, now, now, capacity, outages)


def passes(row, now, promise):
    shadow, extra = promise
    return now + limit(row) <= shadow or row[2] <= extra


def promised(jobs, begun, job, now, capacity, outages):
    """The first moment later than now at which the job will fit, and what is free beside it then; None: never."""
    running = [
        (at + limit(row), row[2]) for row, at in zip(jobs, begun, strict=True) if at != WAITING and now < at + row[1]
    ]
    moments = {end for end, _ in running} | {at for at, _ in capacity} | {at for out in outages for at in out[:2]}
    for at in sorted(moment for moment in moments if moment > now):
        room = level(capacity, at) - out_at(outages, at) - sum(gpus for end, gpus in running if end > at)
        if room >= jobs[job][2] and clears(jobs, begun, job, at, now, capacity, outages):
            return at, room - jobs[job][2]
    return None
