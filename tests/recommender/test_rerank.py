"""Lists that are not all alike: worked by hand, and what holds for any scores."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recommender.rank import top
from recommender.rerank import (
    Pool,
    calibrated,
    dial,
    divergence,
    fade,
    hold_back,
    mmr,
    relevance,
    rerank,
    standardised,
    target_mix,
    trust,
)

NOTHING = np.zeros((0, 2))


def pool(scores, similarity, mixes=None, shown=None, shown_mixes=NOTHING):
    size = len(scores)
    mixes = np.zeros((size, 2)) if mixes is None else np.array(mixes, dtype=float)
    shown = np.zeros((size, 0)) if shown is None else np.array(shown, dtype=float)
    similarity = np.array(similarity, dtype=float)
    return Pool(np.array(scores, dtype=float), similarity, mixes, shown, shown_mixes)


def finite(size, low=-10, high=10):
    return arrays.arrays(np.float64, size, elements=st.floats(low, high))


@st.composite
def pools(draw):
    size = draw(st.integers(1, 8))
    half = draw(arrays.arrays(np.float64, (size, size), elements=st.floats(0, 0.5)))
    genres = draw(arrays.arrays(np.int64, size, elements=st.integers(0, 1)))
    return pool(draw(finite(size)), half + half.T, np.eye(2)[genres])


# Two works that are all alike, and a third that is like neither.
SCORES, ALIKE = [1.0, 0.9, 0.8], [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_the_twin_of_the_best_makes_room_for_another_kind():
    """After the first the twin is worth .9 - .2·1 by MMR, the other .8 - 0."""
    alike = np.array(ALIKE)

    assert mmr(np.array(SCORES), alike, 2, balance=0.8).tolist() == [0, 2]
    assert mmr(np.array(SCORES), alike, 2, balance=0.95).tolist() == [0, 1]


def test_relevance_is_a_share_of_the_best_three():
    assert relevance(np.array([4.0, 3.0, 2.0, 1.5])) == pytest.approx([4 / 3, 1, 2 / 3, 0.5])


def test_relevance_without_a_score_above_nothing_is_in_deviations():
    assert relevance(np.array([-1.0, -3.0])) == pytest.approx([1, -1])
    assert relevance(np.array([-1.0, -1.0, 1e-308, 1e-308])) == pytest.approx([-1, -1, 1, 1])
    assert relevance(np.zeros(0)).tolist() == []


def test_variety_is_paid_for_with_relevance():
    """The unit is .9: the twin is .1/.9 = .111 above the other, which a variety of .1 leaves."""
    target = np.zeros(2)

    assert rerank(pool(SCORES, ALIKE), target, 2, variety=0.1).tolist() == [0, 1]
    assert rerank(pool(SCORES, ALIKE), target, 2, variety=0.12).tolist() == [0, 2]


def test_what_was_shown_before_counts_as_the_beginning_of_the_list():
    """The first of the pool is just like one of the two works shown: its mean similarity is ½."""
    shown = [[1, 0], [0, 0], [0, 0]]
    found = rerank(
        pool(SCORES, np.zeros((3, 3)), shown=shown, shown_mixes=np.zeros((2, 2))),
        np.zeros(2),
        1,
        variety=0.3,
    )

    assert found.tolist() == [1]


def test_a_list_gets_the_genres_that_the_reader_likes():
    """Two of the first genre are better by score; the reader likes half of each."""
    mixes = [[1, 0], [1, 0], [0, 1]]
    half = np.array([0.5, 0.5])

    def found(calibration):
        made = pool(SCORES, np.zeros((3, 3)), mixes)
        return rerank(made, half, 2, variety=0, calibration=calibration).tolist()

    # Both of one genre are log(.5 / (.99 + .005)) / 2 + log(.5 / .005) / 2 = 1.9585 nats away.
    assert divergence(half, np.array([[2.0, 0.0]])) == pytest.approx([1.95852], abs=1e-5)
    assert found(0.111 / 1.959) == [0, 1]
    assert found(0.112 / 1.958) == [0, 2]


def test_calibration_alone_weighs_as_in_its_paper():
    mixes = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    half = np.array([0.5, 0.5])

    # The second must give up .1·(1 - s) of score for 1.958·s nats: it does from s = .0487 on.
    assert calibrated(np.array(SCORES), mixes, half, 2, strength=0.048).tolist() == [0, 1]
    assert calibrated(np.array(SCORES), mixes, half, 2, strength=0.049).tolist() == [0, 2]


def test_a_list_of_the_same_mix_is_no_distance_away():
    target = np.array([0.3, 0.7])

    assert divergence(target, np.array([[3.0, 7.0], [0.3, 0.7]])).tolist() == [0, 0]


def test_where_nothing_is_known_of_the_reader_every_mix_will_do():
    assert divergence(np.zeros(2), np.array([[1.0, 0.0], [0.0, 0.0]])).tolist() == [0, 0]
    assert target_mix(NOTHING).tolist() == [0, 0]


def test_likes_without_a_genre_do_not_count_in_the_mix():
    assert target_mix(np.array([[1, 0], [0.5, 0.5], [0, 0]])).tolist() == [0.75, 0.25]


def test_five_likes_are_half_believed():
    assert (trust(0), trust(5), trust(45)) == (0, 0.5, 0.9)


@given(pools(), st.integers(0, 10), st.floats(0, 2), st.floats(0, 1))
def test_a_list_has_each_work_once_and_the_best_score_first(made, k, variety, calibration):
    target = np.array([0.5, 0.5])

    found = rerank(made, target, k, variety=variety, calibration=calibration)

    assert len(set(found.tolist())) == len(found) == min(k, len(made.scores))
    assert (np.diff(made.scores[found]) <= 0).all()


@given(pools(), st.integers(0, 10))
def test_without_variety_or_calibration_they_are_the_best_by_score(made, k):
    # Scores are brought to one scale, where a difference of 1e-190 is none.
    made = replace(made, scores=made.scores.round(9))
    best = np.sort(top(made.scores, None, k))

    target = np.array([0.5, 0.5])
    assert np.sort(rerank(made, target, k, variety=0, calibration=0)).tolist() == best.tolist()
    assert np.sort(mmr(made.scores, made.similarity, k, 1)).tolist() == best.tolist()
    found = calibrated(made.scores, made.mixes, target, k, 0)
    assert np.sort(found).tolist() == best.tolist()


@given(st.data(), st.integers(2, 8))
def test_the_further_the_dial_is_turned_the_better_known_the_list(data, size):
    scores, counts = data.draw(finite(size)), data.draw(finite(size, 0, 1000))
    low, high = sorted(data.draw(st.tuples(st.floats(-1, 1), st.floats(-1, 1))))
    k = data.draw(st.integers(1, size))

    def known(setting):
        return np.log1p(counts[top(dial(scores, counts, setting), None, k)]).sum()

    assume(scores.std() > 1e-6 and counts.std() > 1e-6)
    assume(high - low > 1e-6)
    assert known(low) <= known(high) + 1e-6


def test_the_dial_in_the_middle_changes_nothing():
    scores = np.array([0.1, 0.3, -0.2])

    assert dial(scores, np.array([5, 1, 9]), 0).tolist() == scores.tolist()


def test_the_dial_turns_by_so_many_deviations():
    """Scores 1 and 3 deviate by 1, the logarithms of 1 + 0 and 1 + 9 by one of theirs."""
    found = dial(np.array([1.0, 3.0]), np.array([0, 9]), -1)

    assert found == pytest.approx([1.6, 2.4])


def test_equally_known_works_are_not_turned():
    assert dial(np.array([1.0, 3.0]), np.array([4, 4]), 1).tolist() == [1, 3]


def test_each_showing_takes_a_fifth_of_what_is_left():
    scores = np.array([1.0, 1.0, 1.0, -1.0, -np.inf])

    found = fade(scores, np.array([0, 1, 2, 1, 0]))

    assert found == pytest.approx([1, 0.8, 0.64, -1.2, -np.inf])


def test_half_a_showing_takes_less():
    assert fade(np.array([1.0]), np.array([0.5])) == pytest.approx([0.8**0.5])


@given(st.data(), st.integers(1, 8))
def test_fading_never_raises_a_score_nor_changes_what_was_not_shown(data, size):
    scores, showings = data.draw(finite(size)), data.draw(finite(size, 0, 9))
    before = scores.copy()

    found = fade(scores, showings)

    assert (found <= scores.astype(np.float32)).all()
    assert (found[showings == 0] == scores[showings == 0].astype(np.float32)).all()
    assert (scores == before).all()


def test_what_is_held_back_comes_right_after_the_twenty_best_others_in_its_own_order():
    scores = np.arange(30, 0, -1, dtype=np.float32)

    found = hold_back(scores, np.array([7, 5, 25]))

    best = [row for row in range(22) if row not in (5, 7)]
    assert top(found, None, 30).tolist() == [*best, 5, 7, *range(22, 30)]
    assert found[25] == scores[25]  # no place among the twenty was its own


def test_what_has_no_place_in_the_ranking_is_not_counted_among_the_others():
    scores = np.array([*range(40, 10, -1), -np.inf], dtype=np.float32)
    known = np.arange(31) < 10

    found = hold_back(scores, np.array([15]), known)

    others = [row for row in range(10, 30) if row != 15]
    assert top(found, known, 20).tolist() == [*others, 15]  # behind all nineteen


def test_the_four_best_of_all_keep_their_places_whatever_they_are_near_to():
    scores = np.arange(30, 0, -1, dtype=np.float32)

    found = hold_back(scores, np.array([0, 2, 3, 4]))

    assert top(found, None, 5).tolist() == [0, 1, 2, 3, 5]


@given(st.data(), st.integers(1, 60))
def test_holding_back_moves_nothing_else_and_nothing_up(data, size):
    scores = data.draw(finite(size)).astype(np.float32)
    rows = np.array(data.draw(st.lists(st.integers(0, size - 1), unique=True)), dtype=int)

    found = hold_back(scores, rows)

    others = np.setdiff1d(np.arange(size), rows)
    assert (found[others] == scores[others]).all()
    assert (found <= scores).all()


def test_equal_values_do_not_deviate():
    assert standardised(np.full(7, np.float32(0.1))).tolist() == [0] * 7
    assert standardised(np.array([1.0, 3.0])).tolist() == [-1, 1]
    assert standardised(np.zeros(0)).tolist() == []
