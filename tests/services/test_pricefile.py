"""A price file is taken whole or refused whole, with every line that is wrong and why."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from workbench.domain.pricelist import NANO, Node
from workbench.errors import FileUnreadable, PriceFileError
from workbench.periods import day_start, parse_moment
from workbench.services.prices.file import read_price_file
from workbench.settings import ROOT
from workbench.units import GPU_PARTS

HKT = ZoneInfo("Asia/Hong_Kong")
GOOD = """\
currency = "HKD"
[[version]]
name = "one"
from = 2026-01-01
core_hour = "0.013"
[version.gpu_hour]
H800 = 28.00
[version.nodes]
H800 = { gpus = 8, cores = 96, mem_gib = 2048 }
"""
SECOND = """\
[[version]]
name = "two"
from = 2026-02-01T00:00:00Z
core_hour = 0.02
[version.gpu_hour]
H800 = "26.50"
"""
MIG = """\
[version.mig.H800]
slices = 7
mem_gb = 80
layouts = {layouts}
[version.mig.H800.shares]
{shares}
"""


@pytest.fixture
def read(tmp_path):
    def read(text, name="prices.toml", models=("H800", "L40S")):
        path = tmp_path / name
        path.write_text(text)
        return read_price_file(path, HKT, models)

    return read


@pytest.fixture
def problems(read):
    def problems(text, **how):
        with pytest.raises(PriceFileError) as refused:
            read(text, **how)
        return list(refused.value.problems)

    return problems


def test_a_good_file_is_exact_and_each_version_ends_where_the_next_begins(read):
    one, two = read(GOOD + SECOND).versions
    assert (one.gpu_hour["H800"], one.core_hour, two.gpu_hour["H800"]) == (28 * NANO, 13_000_000, 26_500_000_000)
    assert one.start_s == parse_moment("2025-12-31T16:00Z", HKT)
    assert one.end_s == two.start_s == parse_moment("2026-02-01T00:00Z", HKT)
    assert two.end_s is None
    assert one.nodes == {"H800": Node(8, 96, 2048 * 1024)}


def test_the_file_that_comes_with_the_product_is_good():
    first, second = read_price_file(ROOT / "hub_config" / "prices.toml", HKT, None).versions
    assert first.gpu_hour["H800"] == 28 * NANO
    assert second.mig["H800"].shares["4g.40gb"] == GPU_PARTS * 4 // 7
    assert (first.storage_free_tb, first.storage_tb_month) == (1, 27 * NANO)


def test_yaml_says_the_same(read):
    text = """
currency: HKD
version:
  - name: one
    from: 2026-01-01
    gpu_hour: {H800: 0.1}
"""
    [one] = read(text, name="prices.yaml").versions
    assert one.gpu_hour["H800"] == NANO // 10
    assert one.start_s == day_start(date(2026, 1, 1), HKT)


def test_all_problems_are_said_at_once_with_their_lines(problems):
    text = """\
currency = "hk"
colour = "blue"
[[version]]
name = "one"
from = "soon"
core_hour = "-1"
[version.gpu_hour]
H8O0 = "28.00"
L40S = "eight"
[version.service]
reserved = "1.00001"
[version.partitions]
big = { service = "reservd" }
"""
    found = problems(text)
    assert [int(p.split(":")[0].removeprefix("line ")) for p in found] == [1, 2, 5, 6, 8, 9, 11, 13]
    reasons = ("three letters", "no 'colour'", "neither a date", "negative", "did you mean 'H800'", "not an amount")
    for part, reason in zip((*reasons, "no factor", "no service 'reservd'"), found, strict=True):
        assert part in reason


def test_an_overlap_is_refused_at_the_line_of_the_later_version(problems):
    [found] = problems(GOOD.replace("from = 2026-01-01", "from = 2026-01-01\nuntil = 2026-03-01") + SECOND)
    assert found == "line 13: 'two' begins before 'one' has ended: the two overlap"


def test_two_versions_that_begin_together_overlap(problems):
    found = problems(GOOD + SECOND.replace("2026-02-01T00:00:00Z", "2026-01-01"))
    assert any("overlap" in reason for reason in found)


def test_a_gap_is_refused(problems):
    [found] = problems(GOOD.replace("from = 2026-01-01", "from = 2026-01-01\nuntil = 2026-01-31") + SECOND)
    assert "115,200 s after 'one' has ended: a gap without prices" in found


def test_a_model_that_loses_its_price_is_refused(problems):
    [found] = problems(GOOD + SECOND.replace("H800", "L40S"))
    assert "'two' has no price for H800" in found


def test_cores_that_lose_their_price_are_refused(problems):
    [found] = problems(GOOD + SECOND.replace("core_hour = 0.02\n", ""))
    assert found.startswith("line 12: 'two' has no core_hour")


def test_two_versions_of_one_name_are_refused(problems):
    [found] = problems(GOOD + SECOND.replace("two", "one"))
    assert "two versions have the name 'one'" in found


@pytest.mark.parametrize(
    ("shares", "layouts", "why"),
    [
        ('"1g.10gb" = "0.15"', "[]", "7 × 1g.10gb would charge 21/20 (1.0500) of a board"),
        ('"1g.10gb" = "0.142858"', "[]", "of a board"),
        ('"1g.20gb" = "2/7"', "[]", "4 × 1g.20gb would charge 8/7"),
        ('"3g.40gb" = "1/2"\n"4g.40gb" = "4/7"', '[["4g.40gb", "3g.40gb"]]', "1 × 3g.40gb would charge 15/14"),
        ('"3g.40gb" = "1/2"', '[["3g.40gb", "1g.10gb"]]', "names '1g.10gb', which has no share"),
        ('"3g" = "1/2"', "[]", "no MIG profile"),
        ('"3g.40gb" = "3/2"', "[]", "no share of a board"),
    ],
)  # fmt: skip
def test_a_mig_table_that_would_charge_more_than_the_board_is_refused(problems, shares, layouts, why):
    [found] = problems(GOOD + MIG.format(shares=shares, layouts=layouts))
    assert why in found
    assert found.startswith("line 1")


def test_shares_that_fill_the_board_exactly_are_taken(read):
    [one] = read(GOOD + MIG.format(shares='"1g.10gb" = "1/7"', layouts="[]")).versions
    assert one.mig["H800"].shares == {"1g.10gb": GPU_PARTS // 7}


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("currency = ", "p.toml", "no TOML"),
        ("a: [", "p.yaml", "no YAML"),
        ("- 1", "p.yaml", "no table"),
        ("currency: HKD\ncurrency: USD", "p.yaml", "line 2: currency is there twice"),
        ('currency = "HKD"', "p.toml", "no [[version]]"),
    ],
)
def test_a_text_that_is_no_price_list_is_refused(problems, text, name, why):
    assert why in " ".join(problems(text, name=name))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileUnreadable, match="No such file"):
        read_price_file(tmp_path / "none.toml", HKT, None)
