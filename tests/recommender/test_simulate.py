"""Invented readers look like the ones this project is made for."""

from collections import Counter

import numpy as np
import pytest
from scipy import sparse

from recommender.ease import Ease
from recommender.errors import BadInteractions, TooFewInteractions
from recommender.evaluation import difference, evaluate
from recommender.interactions import Interactions, clean
from recommender.popularity import Popularity
from recommender.simulate import simulate
from recommender.splits import held_out
from recommender.tuning import best_l2

ITEMS = 400


def features():
    generator = np.random.default_rng(7)
    return sparse.csr_array((generator.random((ITEMS, 40)) < 0.08).astype(np.float32))


@pytest.fixture(scope="module")
def simulated():
    return simulate(features(), np.arange(ITEMS), seed=5)


@pytest.fixture(scope="module")
def interactions(simulated):
    ids = [f"naver:{row:04d}" for row in range(ITEMS)]
    named = [ids[row] for row in simulated.items]
    return Interactions.from_triples(simulated.readers, named, simulated.half_stars, item_ids=ids)


def test_the_same_seed_invents_the_same_readers(simulated):
    again = simulate(features(), np.arange(ITEMS), seed=5)
    other = simulate(features(), np.arange(ITEMS), seed=6)

    assert again.readers == simulated.readers
    np.testing.assert_array_equal(again.items, simulated.items)
    np.testing.assert_array_equal(again.half_stars, simulated.half_stars)
    assert not np.array_equal(other.items[:1000], simulated.items[:1000])


def test_stars_have_the_mean_and_spread_of_real_ones(simulated):
    stars = simulated.half_stars / 2

    assert set(simulated.half_stars) == set(range(1, 11))
    assert stars.mean() == pytest.approx(3.45, abs=0.05)
    assert stars.std() == pytest.approx(1.0, abs=0.05)


def test_readers_rate_few_or_many_works_never_most(simulated):
    counts = np.array(list(Counter(simulated.readers).values()))

    assert len(counts) == 1_759
    assert set(simulated.readers) >= {"sim-0001", "sim-1759"}
    assert (counts.min(), counts.max()) == (5, 240)
    assert np.median(counts) == pytest.approx(40, abs=4)
    assert 0.01 < (counts < 10).mean() < 0.06
    assert 65_000 < counts.sum() < 100_000


def test_few_works_are_read_by_many_and_the_best_known_most(simulated):
    counts = np.bincount(simulated.items, minlength=ITEMS)

    assert counts[:20].mean() > 3 * np.median(counts)
    assert counts[:40].sum() > 2 * counts.sum() / 10
    assert np.corrcoef(np.arange(ITEMS), counts)[0, 1] < -0.5


def test_nobody_rates_a_work_twice(simulated):
    pairs = set(zip(simulated.readers, simulated.items.tolist(), strict=True))

    assert len(pairs) == len(simulated.items)


def test_cleaning_has_some_work(interactions):
    core, steps = clean(interactions)

    assert 1_500 < len(core.readers) < len(interactions.readers)
    assert steps[-1].rows == core.matrix.nnz < steps[0].rows


def test_ease_learns_tastes_that_popularity_cannot(interactions):
    likes = interactions.at_least(6)
    aside = np.array([held_out(reader) for reader in likes.readers])
    train, test = likes.matrix[~aside], likes.matrix[aside]

    ease = evaluate(Ease.fit(train, l2=200.0), test)
    popular = evaluate(Popularity.fit(train), test)

    assert difference(ease, popular, "ndcg@20").low > 0.05


def test_the_penalty_is_chosen_by_what_predicts_best(interactions):
    likes = interactions.at_least(6).matrix

    chosen = best_l2(likes, grid=(1.0, 200.0, 1e6))

    assert 50 < chosen < 500


def test_with_few_readers_the_penalty_is_a_rule_of_thumb(interactions):
    likes = interactions.at_least(6).matrix

    assert best_l2(likes[:50]) == 10
    assert best_l2(likes[:2]) == 1


def test_small_or_unfitting_catalogues_are_refused():
    with pytest.raises(TooFewInteractions, match="found 9 items"):
        simulate(sparse.csr_array((9, 3)), np.arange(9))
    with pytest.raises(TooFewInteractions):
        simulate(sparse.csr_array((20, 3)), np.arange(20), readers=0)
    with pytest.raises(BadInteractions, match=r"found ranks of shape \(9,\), expected 10"):
        simulate(sparse.csr_array((10, 3)), np.arange(9))


def test_works_without_any_feature_can_still_be_simulated():
    found = simulate(sparse.csr_array((20, 3)), np.arange(20), readers=30)

    assert len(set(found.readers)) == 30
