"""How sure a figure is: resampled readers, flipped signs; and models that ask for the order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluation import (
    Fold,
    fold,
    holm,
    in_order,
    interval,
    intervals,
    ranked,
    sign_flips,
)
from recommender.interactions import checked


def test_figures_of_one_set_of_readers_are_resampled_together():
    values = np.random.default_rng(0).random((200, 3))

    together = intervals(values, seed=4)

    alone = [interval(values[:, n], seed=4) for n in range(3)]
    for one, other in zip(together, alone, strict=True):
        assert (one.mean, one.low, one.high) == pytest.approx((other.mean, other.low, other.high))


def test_an_interval_is_as_wide_as_theory_has_it():
    values = np.random.default_rng(0).normal(0.4, 0.2, size=900)

    found = interval(values)

    expected = 1.96 * 0.2 / np.sqrt(900)
    assert (found.high - found.low) / 2 == pytest.approx(expected, rel=0.08)
    assert found.mean == values.mean()


def test_readers_for_whom_a_figure_says_nothing_are_left_out_of_it_alone():
    values = np.array([[0.5, np.nan], [0.5, 1.0], [0.5, np.nan], [0.5, 1.0]])

    one, other = intervals(values)

    assert (one.mean, one.low, one.high) == (0.5, 0.5, 0.5)
    assert (other.mean, other.low, other.high) == (1, 1, 1)


def test_a_figure_that_nobody_has_is_no_number():
    (found,) = intervals(np.full((3, 1), np.nan))

    assert np.isnan([found.mean, found.low, found.high]).all()


def test_few_resamples_at_once_draw_as_many_do(monkeypatch):
    values = np.random.default_rng(0).random(50)
    whole = interval(values)
    p = sign_flips(values[:, None] - 0.45)

    monkeypatch.setattr("recommender.evaluation.CELLS", 5_000)

    assert interval(values) == whole
    assert sign_flips(values[:, None] - 0.45) == pytest.approx(p, abs=0.02)


def test_three_readers_who_agree_are_chance_in_one_of_four_cases():
    found = sign_flips(np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 0.0]]))

    # Of 8 flips two are as far from 0 as three of three; the second column's sum is 0 already.
    assert found[0] == pytest.approx(1 / 4, abs=0.02)
    assert found[1] == 1


def test_no_difference_is_impossible_and_some_are_hardly_chance():
    generator = np.random.default_rng(0)

    found = sign_flips(np.column_stack([generator.normal(1, 1, 200), np.zeros(200)]))

    assert found.tolist() == [1 / 10_001, 1]


def test_the_p_value_of_nothing_but_noise_is_evenly_spread():
    noise = np.random.default_rng(1).normal(size=(60, 400))

    found = np.sort(sign_flips(noise))

    assert abs(found - np.linspace(0, 1, 400)).max() < 0.08


def test_holm_worked_by_hand():
    found = holm({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.5})

    # Sorted: 4 * 0.01, 3 * 0.03, then 2 * 0.04, which may not be less, and 0.5.
    assert found == pytest.approx({"a": 0.09, "b": 0.04, "c": 0.09, "d": 0.5})
    assert holm({}) == {}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_corrects_upwards_up_to_one(p_values):
    named = {str(n): p for n, p in enumerate(p_values)}

    corrected = holm(named)

    assert list(corrected) == list(named)
    assert all(named[name] <= p <= 1 for name, p in corrected.items())


class Last:
    """Puts first what follows the item that the reader rated last."""

    def scores(self, folded):
        raise AssertionError("it should have been told the order")

    def scores_in_order(self, folded, order):
        last = order.toarray().argmax(axis=1)
        return np.roll(np.eye(folded.shape[1], dtype=np.float32)[last], 1, axis=1)


def test_a_model_that_asks_for_the_order_is_told_it():
    known = checked(np.array([[8, 8, 0, 0], [8, 8, 0, 0]]))
    order = checked(np.array([[1, 2, 0, 0], [2, 1, 0, 0]]))

    found = ranked(Last(), Fold(known, checked(np.eye(2, 4, k=2)), order), 3)

    assert found.tolist() == [[2, 3, -1], [2, 3, -1]]


def test_where_nobody_knows_the_order_no_model_is_told_one():
    known = checked(np.array([[8, 8, 0, 0]]))

    with pytest.raises(AssertionError, match="should have been told"):
        ranked(Last(), Fold(known, known), 3)


def test_ranks_count_from_one_in_each_row_and_of_equals_the_first_comes_first():
    found = in_order(checked(np.array([[5, 0, 2, 9], [7, 7, 0, 0], [0, 0, 0, 0]])))

    assert found.toarray().tolist() == [[2, 0, 1, 3], [1, 2, 0, 0], [0, 0, 0, 0]]


def test_a_fold_tells_the_order_of_what_is_known_counted_anew():
    ratings = checked(np.full((4, 10), 8.0))
    order = checked(np.array([np.random.default_rng(n).permutation(10) + 1 for n in range(4)]))

    found = fold(ratings, order=order)

    for row in range(4):
        known = found.known.toarray()[row] > 0
        before, after = order.toarray()[row][known], found.order.toarray()[row][known]
        assert sorted(after.tolist()) == list(range(1, 9))
        assert np.argsort(before).tolist() == np.argsort(after).tolist()
