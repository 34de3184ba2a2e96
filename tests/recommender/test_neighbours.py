"""Item-kNN: cosines worked by hand, and a choice of parameters that finds clusters."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from recommender import gram, kernels, memory, neighbours, tuning
from recommender.choosing import quality_of
from recommender.contenders import Data, OfLikes, likes_of
from recommender.errors import BadInteractions, BadParameter, CatalogueTooLarge, TooFewInteractions
from recommender.evaluation import fold
from recommender.interactions import LIKE
from recommender.neighbours import ItemKnn, damped, fit_knn, keep_nearest
from recommender.popularity import Popularity
from tests.recommender.clusters import ITEMS, in_clusters

# Items 0 and 1 share two readers of 3 and 2; items 0 and 2 one of 3 and 1.
LIKES = sparse.csr_array(
    np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]], dtype=np.float32)
)


def fitted(ratings, seed=0):
    return fit_knn(Data(ratings), seed, lambda share: None)


def test_items_are_as_near_as_the_cosine_of_their_readers():
    model = ItemKnn.fit(LIKES, neighbours=3)

    one, two = 2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 1)
    expected = [[0, one, two, 0], [one, 0, 0, 0], [two, 0, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(model.weights, expected, rtol=1e-6)


def test_a_likeness_that_rests_on_few_readers_is_held_back():
    model = ItemKnn.fit(LIKES, neighbours=3, shrinkage=2.0)

    # Two readers like items 0 and 1: 2 / (2 + 2); one likes 0 and 2: 1 / (1 + 2).
    expected = [2 / np.sqrt(6) / 2, 1 / np.sqrt(3) / 3]
    np.testing.assert_allclose(model.weights[0, 1:3], expected, rtol=1e-6)


def test_an_item_hears_of_its_nearest_neighbours_alone():
    model = ItemKnn.fit(LIKES, neighbours=1)

    # Item 0 is nearer to 1 than to 2, but it is all that 2 has.
    assert (model.weights > 0).astype(int).tolist() == [
        [0, 1, 1, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]


@pytest.mark.parametrize("weighting", ["tfidf", "bm25"])
def test_a_reader_who_likes_much_says_less_of_each(weighting):
    # Items 0 and 1 share a reader with nothing else, items 2 and 3 one who likes six.
    likes = np.zeros((4, 8), dtype=np.float32)
    likes[0, [0, 1]] = likes[1, 2:8] = likes[2, [0, 4]] = likes[3, [2, 5]] = 1

    plain = ItemKnn.fit(likes, neighbours=8).weights  # one reader of two each
    model = ItemKnn.fit(likes, neighbours=8, weighting=weighting).weights

    assert plain[0, 1] == pytest.approx(plain[2, 3])
    assert model[0, 1] > model[2, 3]


def test_the_weightings_are_worked_out_by_hand():
    likes = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1]], dtype=np.float32)

    tfidf = ItemKnn.fit(likes, neighbours=3, weighting="tfidf").weights
    bm25 = ItemKnn.fit(likes, neighbours=3, weighting="bm25").weights

    # Of three items the readers like 2, 1 and 3: what they say is log 3/2, log 3 and nothing.
    little, much = np.log(3 / 2), np.log(3)
    expected = little**2 / np.hypot(little, much) / little
    np.testing.assert_allclose(tfidf, [[0, expected, 0], [expected, 0, 0], [0, 0, 0]], atol=1e-6)
    # log(1 + (3 - n + 0.5) / (n + 0.5)) for n = 2 and 3; the items have 3, 2 and 1 readers, 2 on
    # average, and count 2.2 / (1.2 · (0.25 + 0.75 · share) + 1).
    two, three = np.log(1.6), np.log(1 + 0.5 / 3.5)
    long, middle, short = (2.2 / (1.2 * (0.25 + 0.75 * share) + 1) for share in (1.5, 1, 0.5))
    first = (two**2 + three**2) * long * middle
    np.testing.assert_allclose(bm25[0], [0, first, three**2 * long * short], rtol=1e-5)
    np.testing.assert_allclose(bm25[1, 2], three**2 * middle * short, rtol=1e-5)


def test_what_a_like_amounts_to_is_ignored():
    assert np.array_equal(ItemKnn.fit(LIKES * 5, 2).weights, ItemKnn.fit(LIKES, 2).weights)


@given(st.integers(1, 12), st.integers(0, 2**16))
def test_the_neighbours_kept_are_the_largest(neighbours, seed):
    alike = np.random.default_rng(seed).random((9, 9), dtype=np.float32)

    kept = alike.copy()
    keep_nearest(kept, neighbours)

    for column, found in zip(alike.T, kept.T, strict=True):
        assert sorted(found[found > 0]) == sorted(column)[-neighbours:]
        assert np.array_equal(found[found > 0], column[found > 0])


def test_what_is_chosen_on_readers_set_aside_beats_popularity():
    ratings, others = in_clusters(200), fold(in_clusters(60, seed=1), threshold=LIKE)
    told = []

    model = fit_knn(Data(ratings), 0, told.append)

    popular = OfLikes(Popularity.fit(likes_of(ratings)))
    assert quality_of(model, others) > 1.3 * quality_of(popular, others)
    assert told == sorted(told)
    assert (told[0] > 0, told[-1]) == (True, 1.0)


def test_a_choice_takes_no_more_memory_than_it_asked_for(monkeypatch):
    items = 800
    ratings = sparse.csr_array(
        8.0 * (np.random.default_rng(0).random((200, items)) < 0.05), dtype=np.float32
    )
    asked = []
    monkeypatch.setattr(neighbours, "BLOCK", 16)
    # Compiling takes memory of its own, in whoever is the first to do it.
    monkeypatch.setattr(kernels, "scatter", lambda steps: None)
    monkeypatch.setattr(gram, "PIECE", 1 << 12)
    monkeypatch.setattr(neighbours, "NEIGHBOURS", (50, 20))
    monkeypatch.setattr(
        neighbours, "refuse_too_much", lambda items, cells, size: asked.append(cells * size)
    )

    tracemalloc.start()
    try:
        fitted(ratings)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert set(asked) == {3 * items**2 * 4}
    # Half of such a matrix is what blocks and readers take at this size.
    assert peak < asked[0] + items**2 * 4 / 2


def test_a_catalogue_that_does_not_fit_is_refused_before_any_choice(monkeypatch):
    monkeypatch.setattr(memory, "usable", lambda: memory.BESIDE_BYTES + 3 * ITEMS**2 * 4 - 1)
    told = []

    with pytest.raises(CatalogueTooLarge, match=f"found {ITEMS} items"):
        fit_knn(Data(in_clusters(40)), 0, told.append)

    assert told == []


def test_of_a_large_catalogue_the_most_liked_items_are_enough_to_choose_on(monkeypatch):
    monkeypatch.setattr(tuning, "MOST_ITEMS", ITEMS // 2)
    tried = []
    monkeypatch.setattr(
        neighbours, "damped", lambda alike, *rest: tried.append(len(alike)) or damped(alike, *rest)
    )

    model = fitted(in_clusters(80))

    assert set(tried[:-1]) == {ITEMS // 2}
    assert model.scores(in_clusters(5)).shape == (5, ITEMS)


def test_the_same_seed_gives_the_same_neighbours():
    ratings, others = in_clusters(80), in_clusters(5, seed=1)

    assert np.array_equal(fitted(ratings, 3).scores(others), fitted(ratings, 3).scores(others))


def test_low_ratings_say_nothing():
    ratings = in_clusters(80)
    likes = ratings.copy()
    likes.data = np.where(likes.data >= LIKE, likes.data, np.float32(0))
    likes.eliminate_zeros()

    model = fitted(ratings)

    assert np.array_equal(model.scores(ratings), model.scores(likes))


def test_bad_choices_are_refused():
    with pytest.raises(BadParameter, match="found neighbours = 0"):
        ItemKnn.fit(LIKES, 0)
    with pytest.raises(BadParameter, match="found shrinkage = nan"):
        ItemKnn.fit(LIKES, 1, shrinkage=float("nan"))
    with pytest.raises(BadParameter, match="found weighting 'half'"):
        ItemKnn.fit(LIKES, 1, weighting="half")


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(TooFewInteractions, match="found no like"):
        ItemKnn.fit(sparse.csr_array((3, 4)), 1)
    with pytest.raises(TooFewInteractions, match=r"found 1 reader\(s\) with two likes"):
        fitted(sparse.csr_array([[8, 8, 0], [8, 0, 0]]))
    with pytest.raises(BadInteractions):
        fitted(sparse.csr_array([[8.5, 8], [8, 8]]))
