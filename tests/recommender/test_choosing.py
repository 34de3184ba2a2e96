"""Who is set aside, and what of them is hidden."""

import numpy as np
import pytest
from scipy import sparse

from recommender import choosing
from recommender.choosing import Aside, quality, quality_of
from recommender.contenders import Data
from recommender.errors import TooFewInteractions
from recommender.interactions import LIKE
from tests.recommender.clusters import ITEMS, in_clusters


def read_from_left_to_right(readers):
    """Ratings in which everyone rated the items from the left to the right."""
    ratings = in_clusters(readers)
    order = ratings.copy()
    order.data = np.concatenate([np.arange(1, n + 1) for n in np.diff(ratings.indptr)])
    order.data = order.data.astype(np.float32)
    return Data(ratings, order=order)


def test_a_tenth_of_readers_is_set_aside_and_nobody_is_in_both():
    ratings = in_clusters(50)

    aside = Aside.of(Data(ratings), seed=0)

    assert aside.folded.known.shape[0] == 5
    assert aside.rest.shape[0] == 45
    told = (aside.folded.known.toarray() >= LIKE) | (aside.folded.wanted.toarray() > 0)
    both = np.vstack([aside.rest.toarray() > 0, told])
    assert sorted(both.tolist()) == sorted((ratings.toarray() >= LIKE).tolist())


def test_readers_with_one_like_are_learnt_from_and_not_set_aside():
    ratings = np.zeros((12, 5), dtype=np.float32)
    ratings[:10, 0] = 8
    ratings[10:, :2] = 8

    aside = Aside.of(Data(sparse.csr_array(ratings)), seed=0)

    assert aside.rest.sum(axis=0).tolist() == [11, 1, 0, 0, 0]
    assert aside.folded.known.shape[0] == 1


def test_the_seed_says_who_is_set_aside():
    data = Data(in_clusters(50))

    one, two, other = (Aside.of(data, seed).folded.known.toarray() for seed in (0, 0, 1))

    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_what_came_last_is_hidden_where_that_is_asked_for_and_the_order_known():
    data = read_from_left_to_right(60)

    aside = Aside.of(data, seed=0, last=True)

    for known, wanted in zip(aside.folded.known, aside.folded.wanted, strict=True):
        assert known.indices.max() < wanted.indices.min()
        # Four fifths of six to nine ratings: 5, 6, 6 and 7; what is hidden and low is not wanted.
        assert known.nnz in (5, 6, 7)
        assert known.nnz + wanted.nnz <= round(known.nnz / 0.8)
    assert aside.folded.order is not None
    for likes, order in zip(aside.rest, aside.order, strict=True):
        assert order.indices.tolist() == likes.indices.tolist()
        assert order.data.tolist() == list(range(1, likes.nnz + 1))


def test_low_ratings_are_shown_and_not_wanted():
    aside = Aside.of(Data(in_clusters(300)), seed=0)

    assert aside.folded.known.data.min() < LIKE
    assert aside.folded.wanted.data.min() >= LIKE


def test_without_two_readers_to_part_nothing_can_be_chosen():
    with pytest.raises(TooFewInteractions, match=r"found 0 reader\(s\) with two likes"):
        Aside.of(Data(sparse.csr_array((4, 3), dtype=np.float32)), seed=0)


class Fixed:
    """Scores of items that are the same for everybody."""

    def __init__(self, scores):
        self.given = scores

    def scores(self, folded):
        return np.tile(self.given, (folded.shape[0], 1))


def test_a_model_is_judged_as_its_scores_are_however_many_are_asked_at_once(monkeypatch):
    monkeypatch.setattr(choosing, "BATCH", 4)
    folded = Aside.of(Data(in_clusters(100)), seed=0).folded
    given = np.random.default_rng(0).random(ITEMS, dtype=np.float32)

    found = quality_of(Fixed(given), folded)

    assert found == quality(np.tile(given, (10, 1)), folded)
    assert 0 < found < 1


def test_a_model_that_asks_is_told_the_order_of_those_it_is_chosen_on():
    class Ordered(Fixed):
        def scores_in_order(self, folded, order):
            assert order.indices.tolist() == folded.indices.tolist()
            return super().scores(folded)

        scores = None

    aside = Aside.of(read_from_left_to_right(60), seed=0, last=True)

    assert aside.quality(Ordered(np.arange(ITEMS, dtype=np.float32))) > 0


def test_where_nothing_can_be_found_of_the_first_who_is_drawn_it_is_the_next_ones_turn():
    """All but one reader have rated so much low that a hidden fifth seldom holds a like."""
    ratings = np.full((10, 40), 2, dtype=np.float32)
    ratings[:, :2] = 8
    ratings[9] = 8

    for seed in range(5):
        aside = Aside.of(Data(sparse.csr_array(ratings)), seed)

        assert aside.folded.wanted.nnz


def test_where_nothing_can_be_found_of_anybody_that_is_said():
    ratings = sparse.csr_array(np.array([[8, 8, 2], [8, 8, 2]], dtype=np.float32))
    order = sparse.csr_array(np.array([[1, 2, 3], [1, 2, 3]], dtype=np.float32))

    with pytest.raises(TooFewInteractions, match="none of whom has a like to be found"):
        Aside.of(Data(ratings, order=order), 0, last=True)
