"""Splits, rankings, and the numbers that judge them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from recommender import metrics
from recommender.ease import Ease
from recommender.errors import BadInteractions, TooFewInteractions
from recommender.evaluation import difference, evaluate, fold, interval, measure
from recommender.popularity import Popularity
from recommender.rank import top
from recommender.splits import held_out


def test_a_tenth_of_readers_is_held_out():
    share = np.mean([held_out(f"reader:{n}") for n in range(20_000)])

    # Three standard deviations of a binomial are 0.0064.
    assert abs(share - 0.1) < 0.0064


def test_who_is_held_out_never_changes():
    found = [n for n in range(60) if held_out(f"sim-{n:04d}")]

    assert found == [3, 5, 9, 15, 23, 37, 46, 47, 52, 57]
    assert (held_out(""), held_out("독자")) == (False, False)


def test_the_best_come_first_and_of_equals_the_lower_row():
    scores = np.array([0.5, 0.9, 0.5, 0.1, 0.9, 0.5])

    assert top(scores, None, 4).tolist() == [1, 4, 0, 2]
    assert top(scores, np.array([0, 1, 1, 0, 0, 0], dtype=bool), 3).tolist() == [4, 0, 5]


def test_what_is_masked_or_has_no_score_never_comes():
    scores = np.array([np.nan, 1.0, -np.inf, 2.0])

    assert top(scores, np.array([False, False, False, True]), 10).tolist() == [1, 2]
    assert top(scores, np.ones(4, dtype=bool), 3).tolist() == []
    assert top(scores, None, 0).tolist() == []


@given(
    arrays.arrays(np.float32, 30, elements=st.integers(-3, 3).map(float)),
    arrays.arrays(bool, 30),
    st.integers(0, 35),
)
def test_a_ranking_is_what_sorting_everything_would_give(scores, mask, k):
    expected = sorted((row for row in range(30) if not mask[row]), key=lambda row: -scores[row])

    assert top(scores, mask, k).tolist() == expected[:k]


def test_ndcg_and_recall_worked_by_hand():
    hits = np.array([[True, False, True], [False, False, False]])
    wanted = np.array([2, 5])

    # First reader: found at ranks 1 and 3, ideally at 1 and 2.
    expected = (1 + 1 / 2) / (1 + 1 / np.log2(3))
    np.testing.assert_allclose(metrics.ndcg(hits, wanted, 3), [expected, 0])
    np.testing.assert_allclose(metrics.recall(hits, wanted, 3), [1, 0])
    np.testing.assert_allclose(metrics.recall(hits, wanted, 1), [1, 0])
    np.testing.assert_allclose(metrics.recall(hits, wanted, 2), [1 / 2, 0])


@given(arrays.arrays(bool, (4, 10)), st.integers(1, 10))
def test_metrics_stay_between_nothing_and_everything(hits, k):
    wanted = np.maximum(hits.sum(axis=1), 1)

    for metric in (metrics.ndcg, metrics.recall):
        assert ((metric(hits, wanted, k) >= 0) & (metric(hits, wanted, k) <= 1 + 1e-12)).all()


def likes(readers=200, items=40, seed=0):
    """Readers of two circles, each with its own half of the items."""
    generator = np.random.default_rng(seed)
    circle = np.arange(readers)[:, None] % 2 == np.arange(items) % 2
    return sparse.csr_array(
        (generator.random((readers, items)) < np.where(circle, 0.5, 0.05)).astype(np.float32)
    )


def test_a_fold_shows_four_fifths_and_hides_the_rest():
    whole = sparse.csr_array(np.ones((3, 10)))

    found = fold(whole, seed=1)

    assert (found.known + found.wanted != whole).nnz == 0
    assert np.diff(found.known.indptr).tolist() == [8, 8, 8]
    assert len({tuple(row) for row in found.known.toarray()}) > 1  # not all the same four fifths


def test_one_readers_fold_does_not_depend_on_the_others():
    whole = likes()

    few, many = fold(whole[:5]), fold(whole)

    assert (few.known != many.known[:5]).nnz == 0
    assert (fold(whole, seed=1).known != many.known).nnz > 0


def test_only_likes_are_to_be_found_and_low_ratings_may_be_known():
    ratings = sparse.csr_array([[8.0] * 5 + [2.0] * 5] * 50)

    found = fold(ratings, threshold=6)

    assert set(found.wanted.data) == {8}
    assert set(found.known.data) == {8, 2}
    assert not (found.known.toarray() * found.wanted.toarray()).any()


def test_readers_with_nothing_to_show_or_to_find_are_left_out():
    ratings = sparse.csr_array([[1.0, 0, 0], [1.0, 1.0, 0], [0, 0, 0]])

    assert fold(ratings).known.shape == (1, 3)
    with pytest.raises(TooFewInteractions, match="none with something to show"):
        fold(ratings[[0, 2]])


class Oracle:
    """Knows what is to be found, but puts what is known already before it."""

    def __init__(self, folded):
        self.folded = folded

    def scores(self, known):
        return self.folded.wanted.toarray() + 2 * known.toarray()


def test_what_is_known_already_takes_no_rank_from_what_is_found():
    folded = fold(likes())

    report = measure(Oracle(folded), folded, ks=(5, 20))

    assert report.readers == 200
    assert {name: found.mean for name, found in report.metrics.items()} == {
        "ndcg@5": 1,
        "recall@5": 1,
        "ndcg@20": 1,
        "recall@20": 1,
    }


def test_more_ranks_than_items_are_no_error():
    report = evaluate(Popularity.fit(likes(items=12)), likes(items=12), ks=(100,))

    assert 0.9 < report.metrics["recall@100"].mean <= 1


def test_the_interval_holds_the_mean_and_narrows_with_more_readers():
    generator = np.random.default_rng(0)
    few, many = interval(generator.random(50)), interval(generator.random(5_000))

    assert few.low < few.mean < few.high
    assert many.high - many.low < (few.high - few.low) / 5
    # The standard error of 50 uniform numbers is 0.29 / √50.
    assert few.high - few.low == pytest.approx(2 * 1.96 * 0.289 / np.sqrt(50), rel=0.2)
    assert interval(np.ones(3)) == interval(np.ones(3), seed=9)


def test_ease_beats_popularity_reader_by_reader():
    train, test = likes(seed=1), likes(seed=2)

    ease = evaluate(Ease.fit(train, l2=20.0), test)
    popular = evaluate(Popularity.fit(train), test)

    assert difference(ease, popular, "ndcg@20").low > 0
    assert difference(ease, ease, "ndcg@20").high == 0
    with pytest.raises(BadInteractions, match="found 199 readers, expected 200"):
        difference(ease, evaluate(Popularity.fit(train), test[:199]), "ndcg@20")
