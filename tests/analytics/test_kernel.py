"""The compiled loops against counting second by second."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics import kernel

FAR = 1_700_000_000
"""What is added to every moment: real ones are not near 0."""
moments = st.integers(-20, 220)
intervals = st.lists(
    st.tuples(moments, st.integers(0, 150), st.integers(-3, 9), st.integers(0, 2)), min_size=1, max_size=40
)
uneven = st.lists(st.integers(0, 200), min_size=2, max_size=12, unique=True).map(sorted)
even = st.builds(lambda first, width, count: [first + width * n for n in range(count + 1)], *[st.integers(1, 12)] * 3)


def given_as(rows, edges):
    """Arrays of the intervals (read-only, as columns of Parquet are), and the cut."""
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    start, end = columns[0] + FAR, columns[0] + columns[1] + FAR
    for column in (start, end, *columns):
        column.flags.writeable = False
    return start, end, columns[2], columns[3], kernel.cut(np.array(edges, dtype=np.int64) + FAR)


def by_seconds(rows, edges):
    sums = np.zeros((3, len(edges)), dtype=np.int64)
    for start, length, weight, group in rows:
        for second in range(start, start + length):
            if edges[0] <= second < edges[-1]:
                sums[group, np.searchsorted(edges, second, side="right") - 1] += weight
    return sums


@given(intervals, st.one_of(uneven, even))
def test_every_second_is_counted_in_its_bucket(rows, edges):
    start, end, weight, group, cuts = given_as(rows, edges)
    part, step = (np.zeros((3, len(edges)), dtype=np.int64) for _ in range(2))
    pairs = kernel.pairs(3, cuts)
    for into in ((part, step), (pairs[..., 0], pairs[..., 1])):
        kernel.accumulate(start, end, weight, group, cuts, *into)
        np.testing.assert_array_equal(kernel.finish(*into, cuts), by_seconds(rows, edges))


@given(intervals, intervals, even)
def test_parts_of_the_intervals_add_up(some, others, edges):
    pairs = []
    for each in ([some, others], [some + others]):
        pairs.append(kernel.pairs(3, kernel.cut(np.array(edges, dtype=np.int64) + FAR)))
        for rows in each:
            *columns, cuts = given_as(rows, edges)
            kernel.accumulate(*columns, cuts, pairs[-1][..., 0], pairs[-1][..., 1])
    np.testing.assert_array_equal(pairs[0][:, :-1], pairs[1][:, :-1])


@given(intervals, st.one_of(uneven, even))
def test_a_value_is_counted_where_its_interval_begins(rows, edges):
    start, _end, value, group, cuts = given_as(rows, edges)
    out, expected = (np.zeros((3, len(edges)), dtype=np.int64) for _ in range(2))
    kernel.tally(start, value, group, cuts, out)
    for begin, _length, amount, of in rows:
        if edges[0] <= begin < edges[-1]:
            expected[of, np.searchsorted(edges, begin, side="right") - 1] += amount
    np.testing.assert_array_equal(out, expected)


def test_buckets_of_one_length_are_their_own_cells():
    hours = np.arange(0, 10 * 3600, 3600)
    assert kernel.cut(hours).even
    assert not kernel.cut(np.array([0, 3600, 9000])).even
