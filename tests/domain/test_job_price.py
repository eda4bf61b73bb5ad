"""What an hour costs at list price, from the price list itself."""

import pytest

from workbench.domain.job_price import hourly_list_minor
from workbench.domain.pricelist import NANO, NORMAL, ON_DEMAND, MigTable, PriceList, PriceVersion
from workbench.errors import NoPrice
from workbench.units import BASIS_POINTS, GPU_PARTS

LIST = PriceList(
    (
        PriceVersion("old", 0, 1000, {"H800": 28 * NANO}, core_hour=13_000_000),
        PriceVersion(
            "new", 1000, 2000, {"H800": 26 * NANO + NANO // 2},
            service={ON_DEMAND: BASIS_POINTS, "reserved": 15_000}, ways={"kept": ("reserved", NORMAL)},
            mig={"H800": MigTable(7, 80, {"3g.40gb": GPU_PARTS // 2})},
        ),
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("model", "units", "at", "partition", "minor"),
    [
        ("H800", 1, 999, "", 2800),
        ("H800", 4, 1000, "", 10_600),
        ("H800", 1, 1000, "kept", 3975),
        ("H800_3g.40gb", 2, 1000, "", 2650),
        (None, 8, 0, "", 10),  # 8 × 1.3 cents: 10.4
    ],
)
def test_an_hour_costs_what_holds_at_its_beginning(model, units, at, partition, minor):
    assert hourly_list_minor(LIST, model, units, at, partition) == minor


@pytest.mark.parametrize(
    ("model", "at", "why"),
    [
        ("L40S", 0, "for L40S: In price list 'old' L40S has no price."),
        (None, 1500, "CPU cores"),
        ("H800", 2000, "No price list holds"),
    ],
)
def test_no_price_is_an_error_and_not_a_zero(model, at, why):
    with pytest.raises(NoPrice, match=why):
        hourly_list_minor(LIST, model, 1, at)
