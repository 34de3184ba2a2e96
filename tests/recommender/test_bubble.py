"""What a set of slates does beyond being right: every figure worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from recommender import bubble
from recommender.errors import BadInteractions

COUNTS = arrays.arrays(np.int64, st.integers(1, 30), elements=st.integers(0, 50))


def test_coverage_is_the_share_of_items_in_anybodys_slate():
    slates = np.array([[0, 1], [1, 3], [1, -1]])

    assert bubble.coverage(slates, 8) == 3 / 8
    assert bubble.exposure(slates, 5).tolist() == [1, 3, 0, 1, 0]
    assert bubble.coverage(np.full((2, 3), -1), 8) == 0


def test_gini_and_hhi_worked_by_hand():
    # Ranks 1, 2, 3 of three: (-2 * 1 + 0 * 2 + 2 * 3) / (3 * 6).
    assert bubble.gini(np.array([3, 1, 2])) == pytest.approx(4 / 18)
    assert bubble.hhi(np.array([3, 1, 2])) == pytest.approx((9 + 1 + 4) / 36)
    assert (bubble.gini(np.zeros(3)), bubble.hhi(np.zeros(3))) == (0, 0)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_all_alike_and_one_alone_are_the_ends_of_both_scales(size):
    alike, alone = np.full(size, 4), np.eye(size)[0]

    assert bubble.gini(alike) == pytest.approx(0)
    assert bubble.hhi(alike) == pytest.approx(1 / size)
    assert bubble.gini(alone) == pytest.approx((size - 1) / size)
    assert bubble.hhi(alone) == 1


@given(COUNTS)
def test_gini_is_half_the_mean_difference_by_the_mean(counts):
    differences = np.abs(counts[:, None] - counts).mean()

    expected = differences / (2 * counts.mean()) if counts.any() else 0

    assert bubble.gini(counts) == pytest.approx(expected)


@given(COUNTS, st.integers(2, 9))
def test_ten_times_the_slates_are_no_less_equal(counts, times):
    assert bubble.gini(times * counts) == pytest.approx(bubble.gini(counts))
    assert bubble.hhi(times * counts) == pytest.approx(bubble.hhi(counts))


def test_distance_within_a_list_worked_by_hand():
    unit = np.array([[1, 0], [0, 1], [0.6, 0.8], [0, 0]])
    slates = np.array([[0, 1, 2], [0, 2, -1], [0, -1, -1], [3, 0, -1], [-1, -1, -1]])

    found = bubble.intra_list_distance(slates, sparse.csr_array(unit))

    # Cosines 0, 0.6 and 0.8; then 0.6; then no pair; then one without a feature; then nothing.
    np.testing.assert_allclose(found, [1 - 1.4 / 3, 0.4, np.nan, 1, np.nan], rtol=1e-6)


def test_distance_is_that_of_every_pair_however_many_readers_there_are():
    generator = np.random.default_rng(0)
    unit = generator.random((12, 4)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    slates = np.array([generator.permutation(12)[:5] for _ in range(300)])

    found = bubble.intra_list_distance(slates, unit)

    pairs = [(a, b) for a in range(5) for b in range(a)]
    expected = [np.mean([1 - unit[row[a]] @ unit[row[b]] for a, b in pairs]) for row in slates]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_genres_of_a_slate_against_those_a_reader_knows_worked_by_hand():
    features = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    known = np.array([[8, 0, 2, 0], [1, 1, 0, 0], [0, 0, 0, 9], [5, 0, 0, 0]])
    slates = np.array([[1, -1], [2, 3], [0, 1], [3, -1]])

    found = bubble.genre_kl(slates, known, features)

    # First: p = (1 + 1/2, 1/2) / 2, q = (0, 1), mixed with a hundredth of p.
    p, q = np.array([0.75, 0.25]), np.array([0.01 * 0.75, 0.99 + 0.01 * 0.25])
    expected = [float(p @ np.log(p / q)), 0, np.nan, np.nan]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_the_same_genres_are_at_no_distance_and_no_distance_is_negative(seed):
    generator = np.random.default_rng(seed)
    features = (generator.random((9, 3)) < 0.5).astype(float)
    slates = np.array([generator.permutation(9)[:4] for _ in range(5)])
    known = np.zeros((5, 9))
    np.put_along_axis(known, slates, 8, axis=1)

    same = bubble.genre_kl(slates, known, features)
    other = bubble.genre_kl(slates, known[::-1], features)

    np.testing.assert_allclose(same[~np.isnan(same)], 0, atol=1e-12)
    assert (other[~np.isnan(other)] >= 0).all()


def test_novelty_is_the_mean_surprise_in_bits():
    shares = np.array([0.5, 0.25, 0.125, 0.0])

    found = bubble.novelty(np.array([[0, 1], [2, -1], [3, 0], [-1, -1]]), shares)

    # What nobody likes surprises as much as what is liked least: 3 bits.
    np.testing.assert_allclose(found, [1.5, 3, 2, np.nan])


def test_features_of_other_items_are_refused():
    with pytest.raises(BadInteractions, match="found 2 item columns, expected 3"):
        bubble.genre_kl(np.array([[0]]), np.ones((1, 2)), np.ones((3, 1)))
