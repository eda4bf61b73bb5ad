"""At what a job is charged: its share of a node, the list price of it, the factors of its service and priority.

All of it follows from the job as it was metered and the version of the price list that holds (scheme rules 6 and 7).
"""

from dataclasses import dataclass

from workbench.domain.pricelist import NANO_PER_MINOR, NORMAL, ON_DEMAND, PriceList, PriceVersion, sliced
from workbench.errors import NoPrice
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
class Share:
    """What a job is charged for: GPU parts, or core parts (cores × GPU_PARTS) without GPU; by which rule; the price."""

    parts: int
    basis: str
    nano_per_hour: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds in one piece of time: the version, the share in it, the factors; `per_second` in 1/SCALE minor.

    Without a share there is no price; `why` says why.
    """

    version: str
    share: Share | None
    service: tuple[str, int]
    priority: tuple[str, int]
    why: str = ""

    @property
    def per_second(self) -> int:
        return self.share.parts * self.share.nano_per_hour * self.service[1] * self.priority[1] if self.share else 0


def terms_of(job: Metered, version: PriceVersion | None) -> Terms:
    """At what a job is charged while a version holds; None: none holds."""
    if version is None:
        nothing = (job.service or ON_DEMAND, BASIS_POINTS), (job.priority or NORMAL, BASIS_POINTS)
        return Terms("", None, *nothing, "No price list holds at this time.")
    service, priority = version.ways.get(job.partition, (ON_DEMAND, NORMAL))
    service, priority = job.service or service, job.priority or priority
    factors = (service, version.service.get(service, 0)), (priority, version.priority.get(priority, 0))
    for (name, factor), kind in zip(factors, ("service", "priority"), strict=True):
        if not factor:
            return Terms(version.name, None, *factors, f"Price list {version.name!r} has no {kind} {name!r}.")
    try:
        return Terms(version.name, share_of(job, version), *factors)
    except ValueError as missing:
        return Terms(version.name, None, *factors, f"In price list {version.name!r} {missing}.")


def exact_until(job: Metered, prices: PriceList, second: int) -> int:
    """List cost of a job from its start to a second of it, in 1/SCALE of a minor unit; no price adds nothing."""
    start, exact = job.start_s, 0
    for end in (*prices.edges(start, second), second):
        exact += terms_of(job, prices.at(start)).per_second * (end - start)
        start = end
    return exact


def hourly_list_minor(
    prices: PriceList,
    model: str | None,
    units: int,
    at: int,
    partition: str = "",
    cpu_cores: int | None = None,
    mem_mib: int | None = None,
) -> int:
    """What an hour costs at list price from a moment on, in minor units.

    Args:
        prices: the price list.
        model: GPU model, a MIG slice too ("H800_3g.40gb"); None: CPU cores.
        units: GPUs, devices or cores.
        at: UTC epoch seconds; what holds then is taken for the hour.
        partition: of the job, which may say its service and priority.
        cpu_cores, mem_mib: beside its GPUs, where they may be a larger share of the node.

    Raises:
        NoPrice: it has no price then.
    """
    gpus, cores = (units, cpu_cores) if model else (0, units)
    asked = Metered("", at, at, model, gpus * GPU_PARTS, cores, mem_mib, partition=partition)
    terms = terms_of(asked, prices.at(at))
    if terms.share is None:
        raise NoPrice(model or "CPU cores", terms.why)
    return divide_half_even(terms.per_second * HOUR_S, SCALE)


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
    price = version.hourly(job.gpu_model)
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
