"""Rule 6: charge = list price × share × service × priority × hours, by the second.

Worked example. Two H800 at HK$28.00, reserved (× 1.5), high priority (× 1.5), 90 minutes:
28.00 × 2 × 1.5 × 1.5 × 1.5 h = HK$189.00.
"""

import pytest

from tests.domain.test_charging import a_metered, a_version
from workbench.domain.charging import charge_lines
from workbench.domain.pricelist import MigTable, Node, PriceList
from workbench.units import GPU_PARTS

SERVICE = {"spot": 10_000, "on-demand": 10_000, "reserved": 15_000}
PRIORITY = {"normal": 10_000, "high": 15_000}
MIG = MigTable(
    7,
    80,
    {
        "1g.10gb": GPU_PARTS // 7,
        "1g.20gb": GPU_PARTS // 4,
        "2g.20gb": GPU_PARTS * 2 // 7,
        "3g.40gb": GPU_PARTS // 2,
        "4g.40gb": GPU_PARTS * 4 // 7,
        "7g.80gb": GPU_PARTS,
    },
)
LIST = PriceList(
    (
        a_version(
            service=SERVICE,
            priority=PRIORITY,
            ways={"booked": ("reserved", "normal")},
            mig={"H800": MIG},
            nodes={"H800": Node(gpus=8, cores=128, mem_mib=2048 * 1024)},
        ),
    )
)
HOUR = 3600


@pytest.mark.parametrize(
    ("job", "cents"),
    [
        (a_metered(HOUR), 2800),
        (a_metered(5400, gpus=2, service="reserved", priority="high"), 18_900),
        (a_metered(HOUR, service="spot"), 2800),
        (a_metered(HOUR, partition="booked"), 4200),
        (a_metered(HOUR, partition="booked", service="spot"), 2800),
        (a_metered(1), 1),  # 0.7778 cents
        (a_metered(9), 7),  # nine seconds are exactly 7 cents
        # the largest share of the node: 8 GPUs, 128 cores, 2,048 GiB
        (a_metered(HOUR, cpu_cores=16, mem_mib=256 * 1024), 2800),  # 1/8 of each
        (a_metered(HOUR, cpu_cores=64, mem_mib=0), 11_200),  # half of the cores: 4 GPUs
        (a_metered(HOUR, cpu_cores=16, mem_mib=1536 * 1024), 16_800),  # three quarters of the memory: 6 GPUs
        # MIG: larger of memory and compute fraction
        (a_metered(HOUR, gpu_model="H800_1g.10gb"), 400),
        (a_metered(HOUR, gpu_model="H800_1g.20gb"), 700),
        (a_metered(HOUR, gpu_model="H800_2g.20gb"), 800),
        (a_metered(HOUR, gpu_model="H800_3g.40gb"), 1400),
        (a_metered(HOUR, gpu_model="H800_4g.40gb"), 1600),
        (a_metered(HOUR, gpu_model="H800_7g.80gb"), 2800),
        (a_metered(HOUR, gpus=7, gpu_model="H800_1g.10gb"), 2800),  # seven of them are the board
        # without GPU: HK$0.20 a core-hour
        (a_metered(HOUR, gpus=0, gpu_model=None, cpu_cores=10), 200),
        (a_metered(1800, gpus=0, gpu_model=None, cpu_cores=10, service="reserved"), 150),
    ],
)
def test_charge_is_price_times_share_times_service_times_priority_times_time(job, cents):
    assert sum(line.list_minor for line in charge_lines(job, LIST, [], {})) == cents


@pytest.mark.parametrize("profile", MIG.shares)
def test_no_board_full_of_one_profile_is_charged_more_than_the_board(profile):
    full = a_metered(HOUR, gpus=MIG.most(profile), gpu_model=f"H800_{profile}")
    [line] = charge_lines(full, LIST, [], {})
    assert line.list_minor <= 2800
    assert MIG.overcharges() == []
