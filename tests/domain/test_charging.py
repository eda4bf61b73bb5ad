"""Charges of one job: lines, their sums, and the second at which a ceiling is reached."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.charging import AwardVersion, charge_lines
from workbench.domain.job_price import Metered
from workbench.domain.pricelist import NANO, NORMAL, ON_DEMAND, MigTable, Node, PriceList, PriceVersion
from workbench.units import BASIS_POINTS, GPU_PARTS, HOUR_S

END = 10**9


def a_version(name="v1", start_s=0, end_s=None, h800=28 * NANO, **more):
    return PriceVersion(name, start_s, end_s, {"H800": h800}, core_hour=NANO // 5, **more)


def a_metered(seconds=HOUR_S, gpus=1, start_s=0, **more):
    return Metered("7", start_s, start_s + seconds, **{"gpu_model": "H800", "gpu_parts": gpus * GPU_PARTS, **more})


def an_award(number=1, rate_bp=7000, ceiling_minor=10**9, start_s=0, end_s=END, version=""):
    return AwardVersion(number, version or f"award {number}", start_s, end_s, rate_bp, ceiling_minor)


def split(lines):
    return [(line.seconds, line.list_minor, line.subsidy_minor, line.user_minor) for line in lines]


def totals(lines):
    return tuple(sum(getattr(line, name) for line in lines) for name in ("list_minor", "subsidy_minor", "user_minor"))


LIST = PriceList((a_version(),))


def test_one_gpu_hour_is_one_line_that_names_its_versions():
    [line] = charge_lines(a_metered(), LIST, [an_award()], {})
    assert split([line]) == [(3600, 2800, 1960, 840)]
    assert (line.price_version, line.award_version, line.ends_with) == ("v1", "award 1", "end")


def test_a_job_of_no_length_has_no_line():
    assert charge_lines(a_metered(0), LIST, [], {}) == ()


def test_a_new_price_begins_a_line_and_no_cent_is_lost():
    prices = PriceList((a_version("old", 0, 1800), a_version("new", 1800, h800=26 * NANO + NANO // 2)))
    lines = charge_lines(a_metered(), prices, [an_award()], {})
    assert [(line.price_version, line.list_minor) for line in lines] == [("old", 1400), ("new", 1325)]
    assert totals(lines) == (2725, 1908, 817)  # 70% of 27.25 is 19.075: 19.08 to the nearest even cent
    assert lines[0].ends_with == "price"


def test_a_supplement_with_another_rate_begins_a_line_and_draws_on_the_same_sum():
    awards = [an_award(end_s=1800, version="a/1"), an_award(start_s=1800, rate_bp=9000, version="a/2")]
    lines = charge_lines(a_metered(), LIST, awards, {})
    assert [(x.award_version, x.subsidy_minor) for x in lines] == [("a/1", 980), ("a/2", 1260)]


def test_outside_of_the_term_the_user_pays_the_list_price():
    lines = charge_lines(a_metered(), LIST, [an_award(start_s=900, end_s=2700)], {})
    assert [(x.ends_with, x.subsidy_minor) for x in lines] == [("award", 0), ("award", 980), ("end", 0)]
    assert totals(lines) == (2800, 980, 1820)


def test_past_a_ceiling_the_next_award_pays():
    awards = [an_award(1, ceiling_minor=980), an_award(2, rate_bp=5000, start_s=1)]
    lines = charge_lines(a_metered(start_s=10), LIST, awards, {})
    assert [(x.award, x.seconds, x.subsidy_minor) for x in lines] == [(1, 1800, 980), (2, 1800, 700)]
    assert [x.ends_with for x in lines] == ["ceiling", "end"]


def test_a_thing_without_a_price_has_no_amount_and_the_rest_of_the_job_has():
    prices = PriceList((a_version(start_s=1800),))
    first, second = charge_lines(a_metered(), prices, [an_award()], {})
    assert (first.list_minor, first.subsidy_minor, first.user_minor) == (None, None, None)
    assert "No price list holds" in first.why
    assert second.list_minor == 1400


@pytest.mark.parametrize(
    ("job", "why"),
    [
        (a_metered(gpu_model="B300"), "B300 has no price"),
        (a_metered(gpu_model=None), "model is not known"),
        (a_metered(gpus=0, cpu_cores=None), "cores are not known"),
        (a_metered(gpu_model="H800_1g.10gb"), "MIG table of H800 has no 1g.10gb"),
        (a_metered(service="lunar"), "no service 'lunar'"),
        (a_metered(priority="royal"), "no priority 'royal'"),
    ],
)
def test_what_cannot_be_priced_says_why(job, why):
    [line] = charge_lines(job, LIST, [an_award()], {})
    assert line.list_minor is None
    assert why in line.why


seconds = st.integers(1, 40_000)
versions = st.lists(st.tuples(st.integers(1, 40_000), st.integers(0, 90 * NANO)), max_size=3)
awards_drawn = st.lists(
    st.builds(
        an_award,
        number=st.integers(1, 3),
        rate_bp=st.integers(0, BASIS_POINTS),
        ceiling_minor=st.integers(0, 40_000),
        start_s=st.integers(0, 20_000),
        end_s=st.integers(20_001, 50_000),
    ),
    max_size=3,
    unique_by=lambda award: award.award,
)


def price_list(changes):
    starts = sorted({0: 28 * NANO, **dict(changes)}.items())
    ends = [start for start, _ in starts[1:]] + [None]
    factors = {
        "service": {ON_DEMAND: BASIS_POINTS, "reserved": 15_000},
        "priority": {NORMAL: BASIS_POINTS, "odd": 3_333},
    }
    return PriceList(
        tuple(a_version(f"v{s}", s, e, price, **factors) for (s, price), e in zip(starts, ends, strict=True))
    )


jobs = st.builds(
    a_metered,
    seconds=seconds,
    start_s=st.integers(0, 20_000),
    gpu_parts=st.integers(1, 9 * GPU_PARTS),
    service=st.sampled_from(("", "reserved")),
    priority=st.sampled_from(("", "odd")),
)


@given(jobs, versions, awards_drawn, st.lists(st.integers(0, 60_000), max_size=6))
def test_splitting_never_changes_a_sum(job, changes, awards, cuts):
    prices = price_list(changes)
    whole = charge_lines(job, prices, awards, {})
    assert totals(charge_lines(job, prices, awards, {}, cuts)) == totals(whole)


@given(jobs, versions, awards_drawn, st.lists(st.integers(0, 60_000), max_size=6))
def test_lines_join_up_and_their_sum_is_the_whole_rounded_once(job, changes, awards, cuts):
    prices = price_list(changes)
    lines = charge_lines(job, prices, awards, {}, cuts)
    assert lines[0].window.start_s == job.start_s
    assert lines[-1].window.end_s == job.end_s
    assert all(a.window.end_s == b.window.start_s for a, b in pairwise(lines))
    exact = sum(
        Fraction(job.gpu_parts, GPU_PARTS) * Fraction(x.share.nano_per_hour, NANO) * 100 * Fraction(x.seconds, HOUR_S)
        * Fraction(x.service_bp, BASIS_POINTS) * Fraction(x.priority_bp, BASIS_POINTS)
        for x in lines
    )  # fmt: skip
    assert totals(lines)[0] == round(exact)  # halves to even, as Python rounds fractions


@given(jobs, versions, awards_drawn)
def test_every_line_closes_and_no_ceiling_is_passed(job, changes, awards):
    lines = charge_lines(job, price_list(changes), awards, {1: 77})
    drawn = {1: 77}
    for line in lines:
        assert line.list_minor == line.subsidy_minor + line.user_minor
        assert 0 <= line.subsidy_minor <= line.list_minor
        drawn[line.award] = drawn.get(line.award, 0) + line.subsidy_minor
    assert all(drawn.get(a.award, 0) <= max(a.ceiling_minor, 77 * (a.award == 1)) for a in awards)


@given(seconds, st.integers(1, 8 * GPU_PARTS), st.integers(1, 9_999), st.integers(1, 20_000), st.integers(0, 500))
def test_the_second_of_the_ceiling_is_the_one_that_counting_finds(length, parts, rate, ceiling, drawn):
    job, award = a_metered(length, gpu_parts=parts), an_award(rate_bp=rate, ceiling_minor=drawn + ceiling)
    lines = charge_lines(job, LIST, [award], {1: drawn})
    reached = lines[0].seconds

    def subsidy(after):  # of a shorter job under an award without end
        return totals(charge_lines(a_metered(after, gpu_parts=parts), LIST, [an_award(rate_bp=rate)], {}))[1]

    if len(lines) == 1:
        assert reached == length
        assert lines[0].subsidy_minor == min(ceiling, subsidy(length))
    else:
        assert lines[0].ends_with == "ceiling"
        assert (lines[0].subsidy_minor, lines[1].subsidy_minor) == (ceiling, 0)
        assert subsidy(reached) >= ceiling
        assert reached == 1 or subsidy(reached - 1) < ceiling


def test_node_sizes_are_kept_by_model_and_a_bigger_share_wins():
    prices = PriceList((a_version(nodes={"H800": Node(8, 96, 2_000_000)}),))
    [line] = charge_lines(a_metered(cpu_cores=24, mem_mib=250_000), prices, [], {})
    assert (line.share.basis, line.share.parts, line.list_minor) == ("CPU", 2 * GPU_PARTS, 5600)


def test_a_weighted_slice_is_a_share_already():
    prices = PriceList((a_version(mig={"H800": MigTable(7, 80, {"1g.10gb": GPU_PARTS // 7})}),))
    [line] = charge_lines(a_metered(gpu_model="H800_1g.10gb", gpu_parts=GPU_PARTS // 7), prices, [], {})
    assert (line.share.parts, line.list_minor) == (GPU_PARTS // 7, 400)
