"""What "not for me" takes away: the neighbourhood of the disliked item."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender import aversion


def test_the_items_read_together_are_those_of_the_highest_cosine():
    # Lengths 2, 1, 3: the cosines are 1/2, 5/6 and 1/3.
    upper = np.array([[4, 1, 5], [np.inf, 1, 1], [np.inf, np.inf, 9]], dtype=np.float32)

    near = aversion.read_together(upper, 2)

    assert near.tolist() == [[2, 1], [0, 2], [0, 1]]


def test_an_item_that_nothing_is_read_with_stands_for_itself():
    near = aversion.read_together(np.diag([2.0, 0.0]), 2)

    assert near.tolist() == [[0, 0], [1, 1]]


def test_blocks_of_rows_find_the_same_as_the_whole():
    generator = np.random.default_rng(0)
    likes = (generator.random((400, 2 * aversion.BLOCK_ROWS + 5)) < 0.1).astype(np.float32)
    together = likes.T @ likes

    near = aversion.read_together(np.triu(together), 3)

    lengths = np.sqrt(np.diag(together))
    cosines = together / np.outer(lengths, lengths)
    np.fill_diagonal(cosines, 0)
    expected = -np.sort(-cosines, axis=1)[:, :3]
    np.testing.assert_allclose(np.take_along_axis(cosines, near, axis=1), expected, rtol=1e-5)


def test_a_dislike_takes_positive_weights_and_more_from_both_kinds_of_neighbours():
    weights = np.array([[0, 0.3, -0.2, 0.1], [0] * 4, [0] * 4, [0] * 4], dtype=np.float32)
    near = np.array([[1, 2, 1, 0], [1] * 4, [2] * 4, [3] * 4], dtype=np.int32)

    taken = aversion.amounts(weights, near, np.array([0]))

    # 0.39 of what is positive, 0.29 for the first two and 0.06 for the last two neighbours; the
    # item itself is none of its own.
    np.testing.assert_allclose(taken, [[0, 0.117 + 0.29 + 0.06, 0.29, 0.039]], rtol=1e-6)


def test_of_more_than_three_dislikes_each_counts_less():
    shares = aversion.share(np.array([0, 1, 3, 12, 27]))

    np.testing.assert_allclose(shares, [1, 1, 1, 1 / 2, 1 / 3], rtol=1e-6)


@given(st.integers(1, 6), st.integers(1, 30), st.integers(0, 2**31))
def test_nothing_is_its_own_neighbour_or_counted_twice(items, count, seed):
    weights = np.random.default_rng(seed).normal(size=(items, items)).astype(np.float32)
    np.fill_diagonal(weights, 0)

    near = aversion.recommended(weights, count)

    for row, places in enumerate(near.tolist()):
        others = [place for place in places if place != row]
        assert sorted(others) == np.flatnonzero(weights[row] > 0).tolist()[:items] or (
            len(others) == count and len(set(others)) == count
        )
        assert (weights[row, others] > 0).all()


def test_no_dislike_takes_nothing():
    near = np.empty((3, 0), dtype=np.int32)

    assert aversion.amounts(np.eye(3), near, np.empty(0, dtype=np.intp)).shape == (0, 3)
