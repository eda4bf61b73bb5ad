"""The list price: dated, per GPU-hour of a model or per CPU core-hour, in minor units."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from workbench.domain.base import Stored
from workbench.errors import NoPrice

CPU = "cpu"
"""The resource name of a CPU core; every other resource is a GPU model."""


class ListPrice(Stored):
    """From `from_on` on (centre's days), one GPU-hour of `resource` costs `minor_per_hour`, until the next price."""

    __tablename__ = "list_prices"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    resource: Mapped[str] = mapped_column(index=True)
    from_on: Mapped[date]
    minor_per_hour: Mapped[int]
    note: Mapped[str] = mapped_column(default="")


def price_on(prices: Sequence[ListPrice], resource: str, day: date) -> ListPrice:
    """The price of a resource on a day: the one with the latest `from_on` not after it.

    Raises:
        NoPrice: none had begun by then.
    """
    begun = [p for p in prices if p.resource == resource and p.from_on <= day]
    if not begun:
        raise NoPrice(resource, day)
    return max(begun, key=lambda p: p.from_on)
