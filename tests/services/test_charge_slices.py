"""Charges by day: both ways of computing give the same lines, and the slices of a job add up to the job."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.charging import AwardVersion, charge_lines
from workbench.domain.pricelist import NANO, NORMAL, ON_DEMAND, MigTable, Node, PriceList, PriceVersion
from workbench.services.charging.slice_prices import metered, slices_of
from workbench.services.charging.slices import charge_slices
from workbench.store.charged_jobs import ProjectJobs
from workbench.units import BASIS_POINTS, DAY_S, GPU_PARTS, HOUR_S

DAYS = 6
EDGES = np.array([day * DAY_S - 3 * HOUR_S * (day > 3) for day in range(DAYS + 1)], dtype=np.int64)
"""Six days, one of them of 21 hours."""
UNTIL = int(EDGES[-1])


def project_jobs(rows):
    rows = sorted(rows)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], [], [], []]
    start, length, model, parts, cores, partition, mem = columns
    count = len(rows)

    def names(values):
        found = np.empty(count, dtype=object)
        found[:] = values
        return found

    begin, end = np.array(start, dtype=np.int64), np.array(start, dtype=np.int64) + np.array(length, dtype=np.int64)
    return ProjectJobs(
        cluster=names(["alpha"] * count),
        job_id=names([f"{n:03}" for n in range(count)]),
        submit=begin,
        start=begin,
        end=end,
        user=names(["ana"] * count),
        partition=names(partition),
        model=names(model),
        parts=np.array(parts, dtype=np.int64),
        cores=np.array(cores, dtype=np.int64),
        mem=np.array(mem, dtype=np.int64),
    )


moments = st.one_of(st.integers(0, UNTIL), st.sampled_from(EDGES[:-1].tolist()))
jobs = st.lists(
    st.tuples(
        moments,
        st.one_of(st.integers(0, 3 * DAY_S), st.integers(0, 5 * HOUR_S)),
        st.sampled_from(("H800", "H800_3g.40gb", "B300", "")),
        st.integers(0, 9).map(lambda gpus: gpus * GPU_PARTS),
        st.sampled_from((-1, 0, 8, 97)),
        st.sampled_from(("", "main", "fast")),
        st.sampled_from((-1, 0, 64_000, 700_001)),
    ),
    max_size=12,
).map(project_jobs)


@st.composite
def price_lists(draw):
    starts = sorted({draw(st.sampled_from((0, 1000))), *draw(st.lists(moments, max_size=3))})
    ends = [*starts[1:], draw(st.sampled_from((None, UNTIL - 5000)))]
    versions = [
        PriceVersion(
            f"v{start}", start, end, {"H800": draw(st.integers(0, 40 * NANO))}, core_hour=13_000_000,
            service={ON_DEMAND: BASIS_POINTS, "reserved": 15_000}, priority={NORMAL: BASIS_POINTS, "odd": 3_333},
            ways={"fast": ("reserved", "odd")}, mig={"H800": MigTable(7, 80, {"3g.40gb": GPU_PARTS // 2})},
            nodes=draw(st.sampled_from(({}, {"H800": Node(8, 96, 1_000_000)}))),
        )
        for start, end in zip(starts, ends, strict=True) if end is None or end > start
    ]  # fmt: skip
    return PriceList(tuple(versions))


@st.composite
def award_versions(draw):
    found = []
    for award in (1, 2)[: draw(st.integers(0, 2))]:
        start, change, end = sorted(draw(st.lists(moments, min_size=3, max_size=3)))
        rates = draw(st.lists(st.integers(0, BASIS_POINTS), min_size=2, max_size=2))
        ceiling = draw(st.one_of(st.integers(0, 3_000_000), st.integers(0, 20_000)))
        spans = ((start, change, ceiling), (change, end, ceiling + draw(st.integers(0, 50_000))))
        found += [
            AwardVersion(award, f"{award}/{n}", begins, ends, rate, most)
            for n, ((begins, ends, most), rate) in enumerate(zip(spans, rates, strict=True))
            if begins < ends
        ]
    return found


def rows(lines):
    named = zip(lines.slice, lines.seconds, lines.version, lines.award, lines.listed, lines.subsidy, strict=True)
    return [tuple(int(value) for value in row) for row in named]


@given(jobs, price_lists(), award_versions())
def test_days_at_once_and_slice_by_slice_are_the_same_lines(jobs, prices, awards):
    slices = slices_of(jobs, EDGES)
    given_to_both = (jobs, slices, EDGES, prices, awards, {1: 500})
    assert rows(charge_slices(*given_to_both)) == rows(charge_slices(*given_to_both, one_by_one=True))


@given(jobs, price_lists(), award_versions())
def test_slices_of_a_job_add_up_to_the_job(jobs, prices, awards):
    slices = slices_of(jobs, EDGES)
    lines = charge_slices(jobs, slices, EDGES, prices, awards, {})
    for place in range(len(jobs.start)):
        if jobs.end[place] > UNTIL:
            continue
        whole = charge_lines(metered(jobs, place), prices, [], {})
        mine = slices.job[lines.slice] == place
        assert lines.listed[mine].sum() == sum(line.list_minor or 0 for line in whole)
        assert lines.seconds[mine].sum() == jobs.end[place] - jobs.start[place]


@given(jobs, award_versions())
def test_no_ceiling_is_passed_and_every_line_closes(jobs, awards):
    prices = PriceList((PriceVersion("v", 0, None, {"H800": 28 * NANO}, core_hour=NANO // 5),))
    lines = charge_slices(jobs, slices_of(jobs, EDGES), EDGES, prices, awards, {})
    assert (lines.subsidy >= 0).all()
    assert (lines.subsidy <= lines.listed).all()
    for award in {a.award for a in awards}:
        places = [place for place, a in enumerate(awards) if a.award == award]
        drawn = lines.subsidy[np.isin(lines.award, places)].sum()
        assert drawn <= max(awards[place].ceiling_minor for place in places)


def test_more_memory_than_its_cards_share_is_charged_where_the_node_is_stated():
    node = {"H800": Node(8, 96, 800_000)}
    wants = [(0, HOUR_S, "H800", GPU_PARTS, 8, "", mem) for mem in (-1, 100_000, 300_000)]
    for nodes, gpus in (({}, 3), (node, 5)):
        prices = PriceList((PriceVersion("v", 0, None, {"H800": 28 * NANO}, nodes=nodes),))
        jobs = project_jobs(wants)
        lines = charge_slices(jobs, slices_of(jobs, EDGES), EDGES, prices, [], {})
        assert sum(int(minor) for minor in lines.listed) == gpus * 2800


def test_prices_and_jobs_too_large_for_64_bits_are_exact_all_the_same():
    price = 10**9 * NANO + 1
    prices = PriceList((PriceVersion("v", 0, None, {"H800": price}),))
    jobs = project_jobs([(0, 5 * DAY_S, "H800", 3000 * GPU_PARTS, -1, "", -1)])
    lines = charge_slices(jobs, slices_of(jobs, EDGES), EDGES, prices, [], {})
    assert sum(int(minor) for minor in lines.listed) == round(Fraction(3000 * 5 * 24 * price * 100, NANO))
