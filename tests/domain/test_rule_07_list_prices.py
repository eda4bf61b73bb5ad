"""Rule 7: placeholder list prices, HK$ per GPU-hour, dated: H800 28, H100 28, A100 15, L40S 8; core-hour 0.20.

Worked example. Three L40S for 40 minutes on 20 December 2024: 8.00 × 3 × 2/3 h = HK$16.00.
"""

from zoneinfo import ZoneInfo

import pytest

from tests.domain.test_charging import a_metered
from workbench.domain.charging import charge_lines
from workbench.domain.pricelist import PriceList
from workbench.periods import parse_moment
from workbench.services.prices.file import read_price_file
from workbench.settings import ROOT

HKT = ZoneInfo("Asia/Hong_Kong")


@pytest.fixture(scope="module")
def prices():
    return PriceList(read_price_file(ROOT / "hub_config" / "prices.toml", HKT, None).versions)


@pytest.mark.parametrize(
    ("on", "seconds", "gpus", "model", "cents", "versions"),
    [
        ("2024-12-20", 3600, 1, "H800", 2800, ["2024-12"]),
        ("2024-12-20", 3600, 1, "H100", 2800, ["2024-12"]),
        ("2024-12-20", 3600, 1, "A100", 1500, ["2024-12"]),
        ("2024-12-20", 2400, 3, "L40S", 1600, ["2024-12"]),
        ("2024-12-20", 3600, 0, None, 160, ["2024-12"]),  # 8 cores
        ("2026-01-01", 3600, 1, "H800", 2650, ["2026-01"]),  # the day of the new price
        ("2025-12-31T23:30+08:00", 3600, 2, "H800", 5450, ["2024-12", "2026-01"]),  # half an hour at each
        ("2024-12-08", 3600, 1, "H800", None, [""]),  # the day before the first price
    ],
)
def test_the_price_of_the_second_is_charged_and_named(prices, on, seconds, gpus, model, cents, versions):
    job = a_metered(seconds, gpus, parse_moment(on, HKT), gpu_model=model, cpu_cores=8)
    lines = charge_lines(job, prices, [], {})
    assert [line.price_version for line in lines] == versions
    assert (None if lines[0].list_minor is None else sum(line.list_minor for line in lines)) == cents
