"""The charge of one job: list price × share × service × priority × seconds, in lines, to the cent.

A line ends where the price, the award, its rate or its money changes. Scheme rule 6, by the second.

The one rounding rule: the list cost *from the job's start to a moment* is rounded to a cent, halves to even; a line is
the difference of two such sums. So whatever the lines, they add up to the rounded cost of the whole job. The subsidy at
rate r of the first n cents is r × n, rounded the same way, and a line's is the difference of two of these: also they
add up, and on each line 0 ≤ subsidy ≤ list. The user pays the rest.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from workbench.domain.pricelist import NANO_PER_MINOR, NORMAL, ON_DEMAND, PriceList, PriceVersion, sliced
from workbench.periods import Window
from workbench.units import BASIS_POINTS, GPU_PARTS, HOUR_S, divide_half_even

SCALE = GPU_PARTS * HOUR_S * NANO_PER_MINOR * BASIS_POINTS**2
"""How many units of `exact` make one minor unit: parts × nano per hour × two factors × seconds."""


@dataclass(frozen=True, slots=True)
class Metered:
    """One job as it was metered, in [start_s, end_s). None: not known. Empty service or priority: as its partition's.

    gpu_parts: workbench.units; a MIG slice (a model like "H800_3g.40gb") counts as the one device that Slurm gives.
    """

    job: str
    start_s: int
    end_s: int
    gpu_model: str | None
    gpu_parts: int
    cpu_cores: int | None = None
    mem_mib: int | None = None
    partition: str = ""
    service: str = ""
    priority: str = ""


@dataclass(frozen=True, slots=True)
class AwardVersion:
    """What an award says in [start_s, end_s). Versions of one award (a supplement, a new rate) draw on one sum."""

    award: int
    version: str
    start_s: int
    end_s: int
    rate_bp: int
    ceiling_minor: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a job is charged for: GPU parts, or core parts (cores × GPU_PARTS) without GPU; by which rule; the price."""

    parts: int
    basis: str
    nano_per_hour: int


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """A part of a job's charge: list_minor = subsidy_minor + user_minor; all None where there is no price (see `why`).

    before_exact, after_exact: list cost of the job up to this line's start and end, in 1/SCALE of a minor unit.
    ends_with: 'price', 'award', 'ceiling', 'cut' or 'end'.
    """

    job: str
    window: Window
    price_version: str
    award_version: str
    award: int | None
    share: Share | None
    service: str
    service_bp: int
    priority: str
    priority_bp: int
    rate_bp: int
    list_minor: int | None
    subsidy_minor: int | None
    user_minor: int | None
    before_exact: int
    after_exact: int
    ends_with: str
    why: str = ""

    @property
    def seconds(self) -> int:
        return self.window.seconds


@dataclass(frozen=True, slots=True)
class _Terms:
    """What holds in one piece of time: the version, the share in it, the factors; `per_second` in 1/SCALE minor."""

    version: str
    share: Share | None
    service: tuple[str, int]
    priority: tuple[str, int]
    why: str = ""

    @property
    def per_second(self) -> int:
        return self.share.parts * self.share.nano_per_hour * self.service[1] * self.priority[1] if self.share else 0


def charge_lines(
    job: Metered,
    prices: PriceList,
    awards: Sequence[AwardVersion],
    drawn: Mapping[int, int],
    cuts: Collection[int] = (),
) -> tuple[ChargeLine, ...]:
    """The charge of one job, in order of time.

    Args:
        job: of no length: no line.
        prices: the price list.
        awards: of the job's project. Of several that hold, the one that began first and has money left pays.
        drawn: award → subsidy drawn before this job, minor units.
        cuts: more seconds at which to cut (the first of a month); they change no sum.

    Returns:
        Lines that follow each other without a gap. The second in which a ceiling is reached is the last of its line:
        the award pays what it has left, the user the rest.
    """
    spent = dict(drawn)
    price_edges = prices.edges(job.start_s, job.end_s)
    award_edges = {edge for a in awards for edge in (a.start_s, a.end_s)}
    why = dict.fromkeys(cuts, "cut") | dict.fromkeys(award_edges, "award") | dict.fromkeys(price_edges, "price")
    edges = sorted(edge for edge in why if job.start_s < edge < job.end_s)
    lines: list[ChargeLine] = []
    start, exact = job.start_s, 0
    for end in (*edges, job.end_s):
        terms = _terms(job, prices.at(start))
        while start < end:
            paying = _paying(awards, start, spent)
            line = _line(job, terms, Window(start, end), exact, paying, spent, why.get(end, "end"))
            if paying is not None and line.subsidy_minor is not None:
                spent[paying.award] = spent.get(paying.award, 0) + line.subsidy_minor
            lines.append(line)
            start, exact = line.window.end_s, line.after_exact
    return tuple(lines)


def share_of(job: Metered, version: PriceVersion) -> Share:
    """The share that a job is charged for: the largest of its GPU, CPU and memory share of the node (scheme rule 6).

    CPU and memory are counted where the version knows the model's node; they come in whole parts, downwards.

    Raises:
        ValueError: the version has no price for it; the text says for what.
    """
    if not job.gpu_parts:
        if job.cpu_cores is None:
            raise ValueError("it used no GPU and its cores are not known")
        if version.core_hour is None:
            raise ValueError("a core-hour has no price")
        return Share(job.cpu_cores * GPU_PARTS, "cores", version.core_hour)
    if job.gpu_model is None:
        raise ValueError("its GPU model is not known")
    board, profile = sliced(job.gpu_model)
    price = version.gpu_hour.get(job.gpu_model, version.gpu_hour.get(board))
    if price is None:
        raise ValueError(f"{job.gpu_model} has no price")
    shares = [(_gpu_parts(job, version, board, profile), "MIG" if profile else "GPU")]
    if node := version.nodes.get(board):
        board_parts = node.gpus * GPU_PARTS
        shares.append(((job.cpu_cores or 0) * board_parts // node.cores, "CPU"))
        shares.append(((job.mem_mib or 0) * board_parts // node.mem_mib, "memory"))
    parts, basis = max(shares, key=lambda share: share[0])
    return Share(parts, basis, price)


def _gpu_parts(job: Metered, version: PriceVersion, board: str, profile: str | None) -> int:
    if profile is None or job.gpu_model in version.gpu_hour:
        return job.gpu_parts
    table = version.mig.get(board)
    if table is None or profile not in table.shares:
        raise ValueError(f"the MIG table of {board} has no {profile}")
    slices, rest = divmod(job.gpu_parts, GPU_PARTS)
    # A count that is not whole was weighted when its log was brought in: it is a share already.
    return job.gpu_parts if rest else slices * table.shares[profile]


def _terms(job: Metered, version: PriceVersion | None) -> _Terms:
    if version is None:
        nothing = (job.service or ON_DEMAND, BASIS_POINTS), (job.priority or NORMAL, BASIS_POINTS)
        return _Terms("", None, *nothing, "No price list holds at this time.")
    service, priority = version.ways.get(job.partition, (ON_DEMAND, NORMAL))
    service, priority = job.service or service, job.priority or priority
    factors = (service, version.service.get(service, 0)), (priority, version.priority.get(priority, 0))
    for (name, factor), kind in zip(factors, ("service", "priority"), strict=True):
        if not factor:
            return _Terms(version.name, None, *factors, f"Price list {version.name!r} has no {kind} {name!r}.")
    try:
        return _Terms(version.name, share_of(job, version), *factors)
    except ValueError as missing:
        return _Terms(version.name, None, *factors, f"In price list {version.name!r} {missing}.")


def _paying(awards: Sequence[AwardVersion], second: int, spent: Mapping[int, int]) -> AwardVersion | None:
    live = (a for a in awards if a.start_s <= second < a.end_s and spent.get(a.award, 0) < a.ceiling_minor)
    return min(live, key=lambda a: (a.start_s, a.award, a.version), default=None)


def _line(
    job: Metered,
    terms: _Terms,
    window: Window,
    before: int,
    paying: AwardVersion | None,
    spent: Mapping[int, int],
    ends_with: str,
) -> ChargeLine:
    """The line of a window, or of its part until the paying award's ceiling."""
    rate = paying.rate_bp if paying and terms.share else 0
    per_second, listed_before = terms.per_second, divide_half_even(before, SCALE)
    taken = divide_half_even(listed_before * rate, BASIS_POINTS)
    left = paying.ceiling_minor - spent.get(paying.award, 0) if paying else 0

    def subsidy_after(seconds: int) -> int:
        listed = divide_half_even(before + per_second * seconds, SCALE)
        return divide_half_even(listed * rate, BASIS_POINTS) - taken

    seconds = window.seconds
    subsidy = subsidy_after(seconds)
    if rate and subsidy >= left:
        seconds = _first(subsidy_after, left, seconds)
        subsidy = left
        ends_with = "ceiling" if seconds < window.seconds else ends_with
    after = before + per_second * seconds
    listed = divide_half_even(after, SCALE) - listed_before
    amounts = (listed, subsidy, listed - subsidy) if terms.share else (None, None, None)
    return ChargeLine(
        job=job.job,
        window=Window(window.start_s, window.start_s + seconds),
        price_version=terms.version,
        award_version=paying.version if paying and terms.share else "",
        award=paying.award if paying and terms.share else None,
        share=terms.share,
        service=terms.service[0],
        service_bp=terms.service[1],
        priority=terms.priority[0],
        priority_bp=terms.priority[1],
        rate_bp=rate,
        list_minor=amounts[0],
        subsidy_minor=amounts[1],
        user_minor=amounts[2],
        before_exact=before,
        after_exact=after,
        ends_with=ends_with,
        why=terms.why,
    )


def _first(subsidy_after: Callable[[int], int], left: int, most: int) -> int:
    """The first whole second after which the subsidy has reached what was left; it has after `most`."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if subsidy_after(middle) >= left else (middle + 1, high)
    return low
