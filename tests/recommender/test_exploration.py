"""Thompson sampling over new works: its chances by hand, against simulation, and how it learns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.exploration import draw, posterior, propensities


def chances(nearness, likes=None, dislikes=None, unanswered=None):
    none = np.zeros(len(nearness))
    counts = [none if given is None else np.array(given) for given in (likes, dislikes, unanswered)]
    return propensities(*posterior(np.array(nearness), *counts))


def test_before_any_answer_nearness_counts_as_two():
    alpha, beta = posterior(np.array([1.0, 0.25]), np.zeros(2), np.zeros(2), np.zeros(2))

    assert (alpha.tolist(), beta.tolist()) == ([3, 1.5], [1, 2.5])


def test_ten_showings_without_an_answer_are_one_dislike():
    alpha, beta = posterior(np.array([0.5]), np.array([4]), np.array([1]), np.array([10]))

    assert (alpha.tolist(), beta.tolist()) == ([6], [4])


def test_one_work_is_certain():
    assert chances([0.3]).tolist() == [1]


def test_works_of_which_the_same_is_known_have_the_same_chance():
    assert chances([0.7] * 4) == pytest.approx([0.25] * 4, abs=1e-12)


def test_two_works_worked_by_hand():
    """With densities 2x and 1 on 0..1 the first is higher with ∫ 2x·x dx = 2/3."""
    found = propensities(np.array([2.0, 1.0]), np.array([1.0, 1.0]))

    assert found == pytest.approx([2 / 3, 1 / 3], abs=1e-5)


def test_chances_are_those_of_sampling():
    """Half a million draws: three standard errors are at most .0022."""
    alpha, beta = np.array([30.0, 3.0, 1.5]), np.array([20.0, 1.0, 2.5])
    drawn = np.random.default_rng(0).beta(alpha, beta, (500_000, 3)).argmax(axis=1)

    found = propensities(alpha, beta)

    assert found == pytest.approx(np.bincount(drawn) / len(drawn), abs=0.0022)


def test_many_answers_leave_little_to_chance():
    found = chances([0.5, 0.5], likes=[4_000, 2_000], dislikes=[2_000, 4_000])

    assert found == pytest.approx([1, 0], abs=1e-9)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=10), st.data())
def test_chances_sum_to_one_and_a_like_raises_them(nearness, data):
    work = data.draw(st.integers(0, len(nearness) - 1))
    likes = np.eye(len(nearness))[work]

    before = chances(nearness)
    liked, disliked = chances(nearness, likes=likes), chances(nearness, dislikes=likes)

    assert before.sum() == pytest.approx(1)
    assert disliked[work] < before[work] < liked[work]


def test_what_is_drawn_comes_with_its_chance():
    found = np.array([0.7, 0.2, 0.1])
    generator = np.random.default_rng(1)

    drawn = np.bincount([draw(found, generator) for _ in range(20_000)]) / 20_000

    assert drawn == pytest.approx(found, abs=0.01)  # three standard errors


def test_the_same_seed_draws_the_same():
    found = np.full(10, 0.1)

    first, second = (
        [draw(found, generator) for _ in range(20)]
        for generator in (np.random.default_rng(5), np.random.default_rng(5))
    )

    assert first == second
