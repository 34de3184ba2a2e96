"""What a group may read: worked by hand, and what holds whoever is in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recommender.together import LEAST, MISERY, POOL, contenders, percentiles, varied, worth

NAN, OUT = np.nan, -np.inf


def picked(scores, barred, k=3):
    """The rows of a group's works, all of them unlike each other, and the ranks behind them."""
    ranks = percentiles(scores, barred)
    worths = worth(ranks)
    rows = contenders(worths)
    return rows[varied(worths[rows], np.zeros((len(rows), len(rows))), k)].tolist(), ranks


@st.composite
def groups(draw, least=1):
    """Scores, equal ones among them, and what is barred: (members, works) each."""
    shape = (draw(st.integers(least, 6)), draw(st.integers(1, 25)))
    scores = draw(arrays.arrays(np.float32, shape, elements=st.integers(-4, 4).map(float)))
    scores[draw(arrays.arrays(bool, shape, elements=st.sampled_from([False] * 5 + [True])))] = OUT
    return scores, draw(
        arrays.arrays(bool, shape, elements=st.sampled_from([False] * 4 + [True])),
    )


def test_a_rank_is_the_share_of_the_others_that_score_less():
    scores = np.array([[5.0, 1.0, 3.0, 3.0, 9.0, OUT]])
    barred = np.array([[False, False, False, False, True, False]])

    # Of four works: 5 is better than three others, 3 than one.
    np.testing.assert_allclose(
        percentiles(scores, barred), [[1, 0, 1 / 3, 1 / 3, NAN, NAN]], equal_nan=True
    )


def test_a_persons_only_work_has_no_better_one():
    found = percentiles(np.array([[2.0, 7.0]]), np.array([[False, True]]))

    np.testing.assert_array_equal(found, [[1, NAN]])


def test_worth_is_half_the_least_and_half_the_mean():
    assert (LEAST, MISERY) == (0.25, 0.5)

    found = worth(np.array([[1.0, 0.5, 0.25, 0.24, NAN], [0.5, 0.5, 1.0, 1.0, 1.0]]))

    np.testing.assert_allclose(found, [0.625, 0.5, 0.4375, OUT, OUT])


def test_what_one_would_hate_gives_way_to_what_suits_both():
    one, other = np.arange(9.0), np.arange(9.0)[::-1]

    rows, ranks = picked(np.array([one, other]), np.zeros((2, 9), dtype=bool))

    # All have the same average; the one in the middle makes nobody miserable.
    assert rows == [4, 3, 5]
    np.testing.assert_allclose(ranks[:, 4], 0.5)


def test_of_equals_the_lower_row_comes_first():
    scores = np.array([[0.0, 0.0, 7.0, 7.0, 7.0, 7.0]] * 2)

    assert picked(scores, np.zeros((2, 6), dtype=bool))[0] == [2, 3, 4]


def test_the_twin_of_the_best_makes_room_for_another_kind():
    worths = np.array([0.99, 0.98, 0.95])
    alike = np.array([[0.0, 1.0, 0.1], [1.0, 0.0, 0.1], [0.1, 0.1, 0.0]])

    # The twin is worth .9·.98 - .1·1, the other .9·.95 - .1·.1.
    assert varied(worths, alike, 2).tolist() == [0, 2]


def test_nobody_in_it_is_a_group_that_wants_nothing():
    assert picked(np.zeros((0, 4)), np.zeros((0, 4), dtype=bool))[0] == []


def test_two_whose_tastes_have_nothing_in_common_get_nothing():
    scores = np.array([[1.0, 2.0, 3.0, 4.0]] * 2)
    barred = np.array([[True, True, False, False], [False, False, True, True]])

    assert picked(scores, barred)[0] == []


@given(groups())
def test_nothing_is_taken_that_somebody_bars_or_has_in_their_lowest_quarter(group):
    scores, barred = group

    rows, ranks = picked(scores, barred)

    assert len(rows) == len(set(rows)) <= 3
    assert not barred[:, rows].any()
    for member, (own, out) in enumerate(zip(scores, barred, strict=True)):
        theirs = own[np.isfinite(own) & ~out]
        for row in rows:
            less, others = int((theirs < own[row]).sum()), len(theirs) - 1
            assert less >= 0.25 * others
            assert ranks[member, row] == pytest.approx(less / others if others else 1)


@given(groups(least=2))
def test_who_joins_brings_in_nothing_that_they_or_the_others_reject(group):
    scores, barred = group

    before = worth(percentiles(scores[:-1], barred[:-1]))
    rows, ranks = picked(scores, barred)

    assert (ranks[-1, rows] >= LEAST).all()
    assert np.isfinite(before[rows]).all()


@given(groups())
def test_the_same_group_is_told_the_same_and_a_monotone_unit_changes_nothing(group):
    scores, barred = group

    first, ranks = picked(scores, barred)
    again, other = picked(scores * 8 + 3, barred)

    assert first == again
    np.testing.assert_array_equal(ranks, other)


@given(groups())
def test_a_works_worth_is_between_the_least_and_the_most_of_its_ranks(group):
    ranks = percentiles(*group)
    worths = worth(ranks)
    fit = np.isfinite(worths)

    assert (worths[fit] >= ranks[:, fit].min(axis=0) - 1e-12).all()
    assert (worths[fit] <= ranks[:, fit].max(axis=0) + 1e-12).all()


def test_contenders_are_the_best_and_not_too_many():
    worths = np.linspace(0.25, 1, 50)
    worths[-1] = OUT

    assert contenders(worths).tolist() == list(range(48, 48 - POOL, -1))
