"""Readers that a model sets aside to choose its parameters on, and how it does on them."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from recommender.contenders import Data, Model, likes_of
from recommender.errors import BadInteractions, TooFewInteractions
from recommender.evaluation import (
    KNOWN_SHARE,
    Fold,
    accuracy,
    in_order,
    only,
    parted,
    ranked,
    split,
)
from recommender.interactions import LIKE, Matrix, checked
from recommender.stars import half_stars

SHARE = 0.1
K = 100  # NDCG@100 chooses


@dataclass(frozen=True, slots=True, eq=False)
class Aside:
    """The likes to fit on, as 1.0, and a fold in half-stars of other readers to choose on.

    `order` has the pattern of `likes`, and is None where nobody knows it.
    """

    likes: Matrix
    order: Matrix | None
    folded: Fold

    @classmethod
    def of(cls, data: Data, seed: int, *, last: bool = False) -> Self:
        """A tenth of the readers with two likes set aside, at least one, chosen by `seed`.

        A fifth of what each of them rated is hidden, at random, or what they rated `last` if the
        order is known.
        Raises BadInteractions, and TooFewInteractions where there are not two such readers.
        """
        ratings = half_stars(data.ratings)
        likes = likes_of(ratings)
        counts = np.diff(likes.indptr)
        able = np.flatnonzero(counts >= 2)
        if len(able) < 2:
            raise TooFewInteractions(
                f"found {len(able)} reader(s) with two likes, expected two: one to learn from, "
                "one to choose on"
            )
        picked = np.random.default_rng(seed).permutation(able)[: max(1, round(SHARE * len(able)))]
        aside, rest = np.sort(picked), np.setdiff1d(np.flatnonzero(counts), picked)
        order = None if data.order is None else _of_the_same(data.order, ratings)
        asked = None if order is None else order[aside]
        if last and asked is not None:
            whole = _without_the_last(ratings[aside], asked)
        else:
            whole = parted(ratings[aside], seed, LIKE, asked)
        if order is not None:
            order = in_order(only(order, ratings.data >= LIKE))[rest]
        return cls(likes[rest], order, whole.take(whole.asked()))

    def quality(self, model: Model) -> float:
        """NDCG@100 of `model`, the mean over the readers set aside."""
        return quality(model, self.folded)


def quality(model: Model, folded: Fold) -> float:
    """NDCG@100 of `model`, the mean over readers."""
    found = accuracy(ranked(model, folded, K), folded.wanted, (K,))
    return float(found[f"ndcg@{K}"].mean())


def _without_the_last(ratings: Matrix, order: Matrix) -> Fold:
    counts = np.diff(ratings.indptr)
    shown = np.minimum(np.rint(KNOWN_SHARE * counts), counts - 1)
    early = in_order(order).data <= np.repeat(shown, counts)
    return split(ratings, early, ~early & (ratings.data >= LIKE), order)


def _of_the_same(order: Matrix, ratings: Matrix) -> Matrix:
    """`order`, if it is one of the entries of `ratings`; else raises BadInteractions."""
    found = checked(order)
    same = np.array_equal(found.indptr, ratings.indptr) and np.array_equal(
        found.indices, ratings.indices
    )
    if not same or found.shape != ratings.shape:
        raise BadInteractions("found an order of other entries, expected one of the ratings")
    return found
