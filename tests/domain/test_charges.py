"""Charges: rounded once, split without loss, never past a ceiling."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.awards import Award
from workbench.domain.charges import UsageLine, charges, list_cost
from workbench.domain.pricing import CPU, ListPrice
from workbench.units import GPU_PARTS, HOUR_S

DAY = date(2026, 1, 5)


def a_line(day=DAY, gpu_hours=0, core_hours=0, model="H800"):
    return UsageLine(day, "alpha", "main", model, gpu_hours * GPU_PARTS * HOUR_S, core_hours * HOUR_S)


def a_price(resource="H800", from_on=date(2025, 1, 1), minor=2800, number=1):
    price = ListPrice(resource, from_on, minor)
    price.id = number
    return price


def an_award(number=1, rate=7000, ceiling=10**9, starts_on=date(2025, 1, 1), ends_on=date(2027, 1, 1)):
    award = Award("p", None, rate, ceiling, starts_on, ends_on, starts_on)
    award.id = number
    return award


def split(charge):
    return charge.list_minor, charge.subsidy_minor, charge.user_minor


def test_one_gpu_hour_costs_the_list_price_and_the_award_pays_its_share():
    [made] = charges([a_line(gpu_hours=1)], [a_price()], [an_award()], {})
    assert split(made) == (2800, 1960, 840)
    assert (made.price_id, made.award_id) == (1, 1)


def test_without_an_award_the_user_pays_all():
    assert split(charges([a_line(gpu_hours=1)], [a_price()], [], {})[0]) == (2800, 0, 2800)


def test_without_a_price_nothing_is_known_and_nothing_is_zero():
    [made] = charges([a_line(gpu_hours=1, model="")], [a_price()], [an_award()], {})
    assert split(made) == (None, None, None)
    assert (made.price_id, made.award_id) == (None, None)


def test_cores_are_priced_only_where_no_gpu_was_used():
    prices = [a_price(), a_price(CPU, minor=20, number=2)]
    alone, beside = charges([a_line(core_hours=10, model=""), a_line(DAY + timedelta(1), 1, 10)], prices, [], {})
    assert split(alone) == (200, 0, 200)
    assert split(beside) == (2800, 0, 2800)


def test_a_new_price_holds_from_its_day_on_and_the_charge_names_it():
    prices = [a_price(), a_price(from_on=DAY, minor=2600, number=2)]
    before, after = charges([a_line(DAY - timedelta(1), 1), a_line(DAY, 1)], prices, [], {})
    assert [(c.list_minor, c.price_id) for c in (before, after)] == [(2800, 1), (2600, 2)]


def test_past_the_ceiling_the_user_pays_also_within_one_line():
    lines = [a_line(DAY + timedelta(n), 1) for n in range(3)]
    made = charges(lines, [a_price()], [an_award(ceiling=3000)], {})
    assert [split(c) for c in made] == [(2800, 1960, 840), (2800, 1040, 1760), (2800, 0, 2800)]


def test_what_was_drawn_before_counts():
    assert split(charges([a_line(gpu_hours=1)], [a_price()], [an_award(ceiling=3000)], {1: 2990})[0]) == (
        2800,
        10,
        2790,
    )


def test_a_second_award_pays_from_the_first_line_after_the_first_is_used_up():
    awards = [an_award(1, ceiling=1000), an_award(2, starts_on=date(2025, 6, 1))]
    made = charges([a_line(DAY + timedelta(n), 1) for n in range(2)], [a_price()], awards, {})
    assert [(c.award_id, c.subsidy_minor) for c in made] == [(1, 1000), (2, 1960)]


def test_rounding_is_half_even_once():
    half = GPU_PARTS * HOUR_S // 2
    assert [list_cost(UsageLine(DAY, "a", "m", "H800", n * half, 0), 1) for n in (1, 3, 5)] == [0, 2, 2]


days = st.integers(0, 40).map(lambda n: DAY + timedelta(n))
usage_lines = st.builds(
    UsageLine,
    day=days,
    cluster=st.sampled_from(("alpha", "hub")),
    partition=st.sampled_from(("train", "general")),
    gpu_model=st.sampled_from(("H800", "L40S", "")),
    gpu_part_seconds=st.integers(0, 10**13),
    core_seconds=st.integers(0, 10**9),
)
award_lists = st.lists(
    st.tuples(days, st.integers(1, 60), st.integers(1, 9999), st.integers(0, 10**8)), max_size=4
).map(lambda rows: [an_award(n, r, c, d, d + timedelta(t)) for n, (d, t, r, c) in enumerate(rows, 1)])
PRICES = [a_price(), a_price("L40S", DAY + timedelta(10), 800, 2), a_price(CPU, minor=20, number=3)]


@given(st.lists(usage_lines, max_size=25), award_lists)
def test_subsidy_and_user_share_make_the_list_cost_and_no_award_passes_its_ceiling(lines, awards):
    made = charges(lines, PRICES, awards, {})
    assert len(made) == len(lines)
    drawn = {award.id: 0 for award in awards}
    for charge in made:
        if charge.list_minor is None:
            assert charge.subsidy_minor is charge.user_minor is None
            continue
        assert charge.list_minor == charge.subsidy_minor + charge.user_minor
        assert 0 <= charge.subsidy_minor <= charge.list_minor
        if charge.award_id is not None:
            drawn[charge.award_id] += charge.subsidy_minor
    assert all(drawn[award.id] <= award.ceiling_minor for award in awards)


@given(st.lists(usage_lines, max_size=25), award_lists, days)
def test_charging_in_two_parts_by_day_is_charging_at_once(lines, awards, cut):
    at_once = charges(lines, PRICES, awards, {})
    first = charges([line for line in lines if line.day < cut], PRICES, awards, {})
    drawn: dict[int, int] = {}
    for charge in first:
        if charge.award_id is not None:
            drawn[charge.award_id] = drawn.get(charge.award_id, 0) + charge.subsidy_minor
    assert first + charges([line for line in lines if line.day >= cut], PRICES, awards, drawn) == at_once
