"""What goes into the matrix that ships, and the search for the best of it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from recommender import recipe as recipes
from recommender import tuning
from recommender.choosing import asides, quality
from recommender.content import Content
from recommender.ease import Ease
from recommender.interactions import LIKE
from recommender.popularity import informative
from recommender.recipe import Prior, Recipe, best_recipe, learn, mix, relaxed, unit
from recommender.simulate import simulate
from recommender.spectral import Spectral
from recommender.stars import strengths
from recommender.tuning import between

ITEMS = 60


def halves_of(readers=300, seed=0):
    about = sparse.csr_array(np.random.default_rng(5).random((ITEMS, 8)) < 0.3)
    made = simulate(about, np.arange(ITEMS), readers=readers, seed=seed)
    names = {name: row for row, name in enumerate(dict.fromkeys(made.readers))}
    rows = [names[name] for name in made.readers]
    shape = (readers, ITEMS)
    return sparse.csr_array((made.half_stars, (rows, made.items)), shape=shape, dtype=np.float32)


def test_power_one_without_the_rest_is_ease_with_dropout():
    inputs = strengths(halves_of())
    plain = Recipe(50.0, share=0.0, mix=(1.0, 0.0))

    weights, diagonal = learn(inputs, plain, None)
    mix(weights, diagonal, plain, inputs[:100], None)

    ease = Ease.fit(inputs, 50.0, dropout=recipes.DROPOUT)
    scale = unit(np.asarray(inputs[:100] @ ease.weights))
    np.testing.assert_allclose(weights, ease.weights / scale, rtol=1e-4, atol=1e-6)


def test_power_nought_is_ridge_regression_off_the_diagonal():
    inputs = strengths(halves_of())
    plain = Recipe(50.0, share=0.0, mix=(0.0, 0.0))

    weights, diagonal = learn(inputs, plain, None)

    together = (inputs.T @ inputs).toarray().astype(np.float64)
    odds = recipes.DROPOUT / (1 - recipes.DROPOUT)
    inverse = np.linalg.inv(together + np.diag(50.0 + odds * np.diag(together)))
    expected = -inverse
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(weights * relaxed(diagonal, 0), expected, atol=1e-6)


def test_features_are_a_few_readers_more():
    inputs = strengths(halves_of())
    content = Content.fit(sparse.csr_array(np.random.default_rng(1).random((ITEMS, 5)) < 0.4))
    helped = Recipe(50.0, share=0.2)

    weights, _ = learn(inputs, helped, Prior(content, np.arange(ITEMS)))

    together = (inputs.T @ inputs).toarray().astype(np.float64)
    likeness = content.cosines(np.arange(ITEMS), np.arange(ITEMS)) + np.eye(ITEMS)
    odds = recipes.DROPOUT / (1 - recipes.DROPOUT)
    # Dropout is counted on what readers said and on the likeness alike.
    total = together + 0.2 * 50 * likeness
    inverse = np.linalg.inv(total + np.diag(50.0 + odds * np.diag(total)))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(weights, expected, atol=1e-5)


def test_both_parts_count_in_units_of_their_own_scores():
    inputs = strengths(halves_of())
    spectral = Spectral.fit(inputs, rank=10)
    usual = Recipe(50.0, share=0.0)
    sample = inputs[:80]

    blended, without = (learn(inputs, usual, None) for _ in range(2))
    mix(*blended, usual, sample, spectral)
    mix(*without, replace(usual, mix=(0.5, 0.0)), sample, None)

    assert unit(np.asarray(sample @ without[0])) == pytest.approx(1, rel=1e-4)
    added = np.asarray(sample @ (blended[0] - without[0]))
    assert unit(added) == pytest.approx(0.3, rel=1e-3)


def test_the_search_keeps_to_what_is_usual_unless_something_else_is_surely_better():
    halves = halves_of(readers=400)

    chosen = best_recipe(halves, None, seed=1)

    assert recipes.GRID[0] < chosen.l2 < recipes.GRID[-1]
    assert replace(chosen, l2=1.0, mix=(0.5, 0.3), low=0.5) == Recipe(1.0)
    assert chosen == best_recipe(halves, None, seed=1)


def test_a_low_rating_that_means_the_opposite_is_not_counted():
    # Two tastes; everybody rates high what is theirs and low what is the others'.
    generator = np.random.default_rng(0)
    theirs = np.repeat([0, 1], 150)[:, None] == (np.arange(ITEMS) % 2)[None, :]
    rated = generator.random((300, ITEMS)) < 0.4
    halves = sparse.csr_array(np.where(theirs, 8, 2) * rated, dtype=np.float32)

    assert best_recipe(halves, None).low == 0


def test_with_too_few_readers_to_tell_a_rule_of_thumb_decides():
    assert best_recipe(halves_of(readers=40), None) == Recipe(8.0)


def test_readers_set_aside_are_disjoint_and_not_learnt_from():
    halves = halves_of(readers=200)

    sets = list(asides(halves, LIKE, seed=3))

    assert [each.rest.shape[0] for each in sets] == [160] * 5
    assert sum(each.folded.known.shape[0] for each in sets) <= 200


def test_of_many_readers_fewer_sets_are_enough():
    halves = sparse.csr_array(np.full((9_000, 3), 8.0, dtype=np.float32))

    assert [each.folded.known.shape[0] for each in asides(halves, LIKE)] == [400] * 3


def test_likes_of_three_stars_count_among_the_most_liked(monkeypatch):
    monkeypatch.setattr(tuning, "MOST_ITEMS", 1)
    halves = sparse.csr_array([[7, 8], [7, 0], [6, 0]], dtype=np.float32)

    assert tuning.most_liked(halves, LIKE).tolist() == [0]


def test_the_quality_is_the_ndcg_of_what_was_not_shown():
    (aside, *_) = asides(halves_of(readers=200), LIKE)
    perfect = aside.folded.wanted.toarray().astype(np.float32)

    assert quality(perfect.copy(), aside.folded) == 1
    assert quality(-perfect, aside.folded) < 0.5


def test_the_penalty_lies_at_the_top_of_the_parabola():
    # In doublings -(x - 1.2)² about x = 1: a fifth of one above 100, for a quarter more readers.
    by_l2 = {50.0 * 2**x: np.array([-((x - 1.2) ** 2)]) for x in range(4)}

    assert between(by_l2, 0.8) == pytest.approx(1.25 * 100 * 2**0.2)


def test_a_penalty_at_the_end_of_the_grid_is_taken_as_it_is():
    assert between({50.0: np.array([0.1]), 100.0: np.array([0.3])}, 0.8) == pytest.approx(125)


def test_a_word_on_a_work_tells_more_where_many_know_it_and_disagree():
    halves = np.zeros((8, 4))
    halves[:, 0] = [2, 10] * 4
    halves[:, 1] = 8
    halves[:2, 2] = [2, 10]

    told = informative(sparse.csr_array(halves, dtype=np.float32))

    # log2(9) x 1 bit, unanimous, log2(3) x 1 bit, unknown.
    np.testing.assert_allclose(told, [np.log2(9), 0, np.log2(3), 0], rtol=1e-6)
