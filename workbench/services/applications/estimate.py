"""What a planned number of GPU-hours costs by today's price list: list price, subsidy at a rate, the user's share.

An estimate for who applies and who decides: no charge is made of it, and a price that changes later changes the cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.domain.pricelist import NANO_PER_MINOR
from workbench.services.prices.stored import stored_prices
from workbench.store.engine import Store
from workbench.units import BASIS_POINTS, divide_half_even


@dataclass(frozen=True, slots=True)
class Estimate:
    """Minor units; list_minor = subsidy_minor + user_minor. All None where the GPU model has no price today.

    gpu_hours: of all months. price_nano: list price of one GPU-hour in 10⁻⁹ of the currency. by_month: list cost.
    """

    gpu_hours: int
    rate_bp: int
    price_nano: int | None = None
    list_minor: int | None = None
    subsidy_minor: int | None = None
    user_minor: int | None = None
    by_month: tuple[int, ...] = ()


def estimate(
    store: Store, gpu_model: str | None, gpu_hours_by_month: Sequence[int], now: int, rate_bp: int | None = None
) -> Estimate:
    """The cost of a plan.

    Args:
        store: the price list and the scheme's normal rate.
        gpu_model: None: not yet chosen.
        gpu_hours_by_month: ≥ 0.
        now: UTC epoch seconds; the price is that of now.
        rate_bp: share that the subsidy pays; None: the scheme's normal one.
    """
    rate = store.settings.scheme.rate if rate_bp is None else rate_bp
    hours = sum(gpu_hours_by_month)
    price = gpu_prices(store, now).get(gpu_model or "")
    if price is None:
        return Estimate(hours, rate)
    listed = divide_half_even(hours * price, NANO_PER_MINOR)
    subsidy = divide_half_even(listed * rate, BASIS_POINTS)
    by_month = tuple(divide_half_even(given * price, NANO_PER_MINOR) for given in gpu_hours_by_month)
    return Estimate(hours, rate, price, listed, subsidy, listed - subsidy, by_month)


def gpu_prices(store: Store, now: int) -> dict[str, int]:
    """GPU models that can be asked for: those with a list price now, in 10⁻⁹ of the currency per GPU-hour."""
    with store.read() as conn:
        version = stored_prices(conn, store.settings.centre.zone).at(now)
    return dict(sorted(version.gpu_hour.items())) if version else {}
