"""Who is learnt from and who is asked what: by reader, within readers, and by time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recommender.contenders import Data
from recommender.errors import BadInteractions, TooFewInteractions
from recommender.evaluation import Fold, accuracy, fold, ranked
from recommender.interactions import checked
from recommender.protocols import (
    PROTOCOLS,
    Cold,
    Told,
    by_time,
    cold_works,
    few_likes,
    random_within_favourites,
    recall_at_random,
    strong,
    strong_in_order,
    weak,
)


def told(readers=60, items=30, seed=0, times=True, lowest=1):
    """Half-stars from `lowest` up of one in two items, and a moment of this century for each."""
    generator = np.random.default_rng(seed)
    given_ = generator.random((readers, items)) < 0.5
    matrix = checked(np.where(given_, generator.integers(lowest, 11, given_.shape), 0))
    moments = 1.7e9 + generator.permutation(matrix.nnz) if times else None
    genres = sparse.csr_array((generator.random((items, 4)) < 0.4).astype(np.float32))
    return Told(matrix, moments, genres, genres)


def entries(matrix):
    return set(zip(*(part.tolist() for part in matrix.nonzero()), strict=True))


def ranks_of(order):
    """The values of each row, sorted."""
    return [sorted(row[row > 0].tolist()) for row in order.toarray()]


def test_five_seeds_of_the_strong_protocol_ask_every_reader_once():
    everything = told(lowest=6)

    found = [strong(everything, seed) for seed in range(5)]

    asked = np.concatenate([split.readers for split in found])
    assert sorted(asked.tolist()) == list(range(60))
    assert {split.data.ratings.shape for split in found} == {(48, 30)}
    assert strong(everything, 5).readers.tolist() not in [s.readers.tolist() for s in found]


def test_the_strong_protocol_fits_on_the_ratings_of_others_alone():
    everything = told(lowest=4)

    found = strong(everything, seed=2)

    rest = np.setdiff1d(np.arange(60), found.readers)
    assert len(rest) == 48
    assert (found.data.ratings != everything.ratings[rest]).nnz == 0
    shown = found.fold.known + found.fold.wanted
    assert entries(shown) <= entries(everything.ratings[found.readers])
    assert found.fold.wanted.data.min() >= 6
    assert found.fold.known.data.min() < 6


def test_the_weak_protocol_learns_from_what_it_shows_and_never_from_what_it_asks():
    everything = told()

    found = weak(everything, seed=1)

    assert (found.data.ratings[found.readers] != found.fold.known).nnz == 0
    wanted = {(int(found.readers[row]), item) for row, item in entries(found.fold.wanted)}
    assert not wanted & entries(found.data.ratings)
    assert wanted <= entries(everything.ratings)
    shares = np.diff(found.data.ratings.indptr) / np.diff(everything.ratings.indptr)
    assert abs(shares - 0.8).max() < 0.1


def test_by_time_nothing_is_learnt_from_what_came_later_worked_by_hand():
    # Two readers; the moments are 1 to 10, so that what comes from 8.2 on is later.
    ratings = checked(np.array([[8, 8, 8, 8, 8.0], [8, 8, 2, 8, 2]]))
    everything = Told(ratings, np.array([1, 2, 3, 9, 10, 4, 7, 5, 6, 8.0]))

    found = by_time(everything, seed=0)

    assert found.data.ratings.toarray().tolist() == [[8, 8, 8, 0, 0], [8, 8, 2, 8, 2]]
    assert found.readers.tolist() == [0]
    assert found.fold.known.toarray().tolist() == [[8, 8, 8, 0, 0]]
    assert found.fold.wanted.toarray().tolist() == [[0, 0, 0, 8, 8]]
    assert found.data.order.toarray().tolist() == [[1, 2, 3, 0, 0], [1, 4, 2, 3, 5]]


def test_by_time_needs_times():
    with pytest.raises(BadInteractions, match="found no times"):
        by_time(told(times=False), seed=0)


@pytest.mark.parametrize("protocol", [by_time, strong_in_order])
def test_the_order_of_what_is_told_counts_from_one_and_is_that_of_the_times(protocol):
    everything = told()
    moments = everything.ratings.copy()
    moments.data = everything.times - everything.times.min() + 1

    found = protocol(everything, 0)

    for shown, order in (
        (found.data.ratings, found.data.order),
        (found.fold.known, found.fold.order),
    ):
        assert entries(order) == entries(shown)
        assert all(ranks == list(range(1, len(ranks) + 1)) for ranks in ranks_of(order))
    row = found.fold.order[[0]].tocoo()
    by_rank = row.col[np.argsort(row.data)]
    then = moments.toarray()[found.readers[0], by_rank]
    assert (np.diff(then) > 0).all()


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nobody_is_asked_for_what_was_told_and_a_seed_says_all(protocol, seed):
    found, again = protocol(told(), seed), protocol(told(), seed)

    assert not entries(found.fold.known) & entries(found.fold.wanted)
    assert (np.diff(found.fold.wanted.indptr) > 0).all()
    assert (found.fold.known != again.fold.known).nnz == 0
    assert (found.data.ratings != again.data.ratings).nnz == 0


@pytest.mark.parametrize("protocol", [strong, weak])
def test_where_ratings_are_hidden_at_random_no_order_is_told(protocol):
    found = protocol(told(times=True), 0)

    assert (found.data.order, found.fold.order) == (None, None)


def test_what_new_readers_liked_last_is_asked_of_the_same_readers_as_at_random():
    everything = told(lowest=4)

    found = strong_in_order(everything, seed=1)

    others = strong(everything, seed=1)
    assert (found.data.ratings != others.data.ratings).nnz == 0
    assert set(found.readers) <= set(strong(told(lowest=6), seed=1).readers)
    moments = everything.ratings.copy()
    moments.data = everything.times
    then = moments.toarray()[found.readers]
    known, wanted = (part.toarray() > 0 for part in (found.fold.known, found.fold.wanted))
    for row in range(len(then)):
        assert then[row][known[row]].max() < then[row][wanted[row]].min()
    assert found.fold.wanted.data.min() >= 6


def test_what_came_last_needs_times():
    with pytest.raises(BadInteractions, match="found no times"):
        strong_in_order(told(times=False), 0)


@pytest.mark.parametrize(
    "order",
    [
        np.eye(2, 4),  # other items
        np.array([[1, 2, 3, 0], [0, 0, 0, 1]]),  # the same items in a row, of other readers
        np.array([[1, 2, 0, 0, 0], [0, 0, 1, 2, 0]]),  # another catalogue
    ],
)
def test_an_order_of_other_ratings_is_refused(order):
    ratings = checked(np.array([[8, 8, 0, 0], [0, 0, 8, 8]]))

    with pytest.raises(BadInteractions, match="an order of other entries"):
        fold(ratings, order=checked(order))


def test_four_readers_are_too_few_to_set_a_fifth_aside():
    with pytest.raises(TooFewInteractions):
        strong(told(readers=4), 4)


def test_of_readers_who_have_just_come_so_many_likes_are_known_and_all_others_wanted():
    everything = told()
    whole = fold(everything.ratings, threshold=6, order=everything.order())

    for count in (1, 3):
        found, rows = few_likes(whole, count, seed=0)

        likes = whole.known[rows].toarray() >= 6
        assert np.diff(found.known.indptr).tolist() == [count] * len(rows)
        assert (found.known.toarray()[found.known.toarray() > 0] >= 6).all()
        both = (found.known.toarray() > 0) | (found.wanted.toarray() > 0)
        assert (both == likes | (whole.wanted[rows].toarray() > 0)).all()
        assert all(ranks == list(range(1, count + 1)) for ranks in ranks_of(found.order))


def test_readers_with_too_few_likes_cannot_show_so_many():
    whole = fold(checked(np.array([[8.0] * 10, [2] * 6 + [8] * 4])), threshold=6)

    found, rows = few_likes(whole, 8, seed=0)

    assert (found.known.shape, rows.tolist()) == ((1, 10), [0])


def test_works_that_nobody_rated_are_learnt_from_by_nobody_and_wanted_by_those_who_like_them():
    split = strong_in_order(told(), 0)

    found = cold_works(split, seed=0)

    hidden = np.flatnonzero(found.hidden)
    assert len(hidden) == 3
    assert found.data.ratings[:, hidden].nnz == found.fold.known[:, hidden].nnz == 0
    assert found.data.ratings.nnz == split.data.ratings.nnz - split.data.ratings[:, hidden].nnz
    assert set(found.fold.wanted.indices.tolist()) <= set(hidden.tolist())
    likes = split.fold.known.toarray() >= 6
    expected = (likes | (split.fold.wanted.toarray() > 0))[found.rows][:, hidden]
    assert (found.fold.wanted[:, hidden].toarray() > 0).tolist() == expected.tolist()
    assert all(ranks == list(range(1, len(ranks) + 1)) for ranks in ranks_of(found.data.order))


class ByRow:
    """Puts items with a high row first."""

    def scores(self, folded):
        return np.tile(np.arange(folded.shape[1], dtype=np.float32), (folded.shape[0], 1))


def test_hidden_works_are_ranked_among_themselves():
    found = cold_works(strong(told(), 0), seed=0)
    hidden = np.flatnonzero(found.hidden)

    slates = ranked(ByRow(), found.fold, 5, allowed=found.hidden)

    assert slates.tolist() == [[*hidden[::-1].tolist(), -1, -1]] * len(slates)
    assert set(accuracy(slates, found.fold.wanted, (5,))["recall@5"]) == {1}


def test_so_much_of_the_hidden_works_is_found_in_random_order():
    hidden = np.arange(60) < 40
    wanted = checked((np.arange(60) < np.array([[1], [2], [30]])).astype(float))
    cold = Cold(Data(wanted), Fold(wanted, wanted), np.arange(3), hidden)

    found = recall_at_random(cold, 20)

    # Each of 40 is among the first 20 in half of all orders; of 30 that are wanted 20 can be found.
    assert found.tolist() == [0.5, 0.5, 15 / 20]
    assert recall_at_random(cold, 50).tolist() == [1, 1, 1]
    several = [np.random.default_rng(n).permutation(40)[:20] < 30 for n in range(400)]
    assert np.mean(several) == pytest.approx(found[2], abs=0.01)


def test_the_bar_for_hidden_works_is_chance_within_favourite_genres():
    split = strong(told(items=60), 0)
    found = cold_works(split, seed=0)
    genres = np.zeros((60, 2), dtype=np.float32)
    genres[::2, 0] = 1
    liked = found.fold.known.toarray()[:, ::2] >= 6
    assert liked.any(axis=1).all()

    slates = random_within_favourites(found, sparse.csr_array(genres), 20, seed=0)

    hidden = np.flatnonzero(found.hidden)
    even = int((hidden % 2 == 0).sum())
    assert (np.sort(slates[:, : len(hidden)], axis=1) == hidden).all()
    assert (slates[:, :even] % 2 == 0).all()
    assert (slates[:, len(hidden) :] == -1).all()
    assert len({tuple(row) for row in slates.tolist()}) > 1
