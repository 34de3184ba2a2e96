"""Readers that a model sets aside to choose its parameters on, and how well it does on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.contenders import Data, Model, likes_of
from recommender.errors import TooFewInteractions
from recommender.evaluation import (
    BATCH,
    Fold,
    fold,
    in_order,
    of_the_same,
    only,
    parted,
    scores_for,
    without_the_last,
)
from recommender.interactions import LIKE, Matrix
from recommender.metrics import ndcg
from recommender.stars import half_stars

TENTH = 0.1
FIFTH = 0.2
SETS = 5
ENOUGH_ASIDE = 1_200  # readers in all: enough to tell, and quick
ENOUGH_READERS = 20  # with fewer to validate on, chance would choose
K = 100  # NDCG@100 chooses


@dataclass(frozen=True, slots=True, eq=False)
class Aside:
    """Rows of readers to fit on, and a fold of the others to choose by.

    `order` has the pattern of `rest`, and is None where nobody knows it.
    """

    rest: Matrix
    folded: Fold
    order: Matrix | None = None

    @classmethod
    def of(cls, data: Data, seed: int, *, last: bool = False) -> Self:
        """A tenth of the readers with two likes set aside, at least one, chosen by `seed`.

        The fold is in half-stars, the rest are likes as 1.0. A fifth of what each of them rated is
        hidden, at random, or what they rated `last` if the order is known.
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
        drawn = np.random.default_rng(seed).permutation(able)
        size = max(1, round(TENTH * len(able)))
        order = None if data.order is None else of_the_same(data.order, ratings)
        for start in range(0, len(able), size):
            aside = np.sort(drawn[start : start + size])
            shown = None if order is None else order[aside]
            if last and shown is not None:
                whole = without_the_last(ratings[aside], shown, LIKE)
            else:
                whole = parted(ratings[aside], seed, LIKE, shown)
            try:
                asked = whole.asked()
            except TooFewInteractions:  # what was hidden of these few happens to be low: the next
                continue
            rest = np.setdiff1d(np.flatnonzero(counts), aside)
            if order is not None:
                order = in_order(only(order, ratings.data >= LIKE))[rest]
            return cls(likes[rest], whole.take(asked), order)
        raise TooFewInteractions(
            f"found {len(able)} readers with two likes, none of whom has a like to be found"
        )

    def quality(self, model: Model) -> float:
        """NDCG@100 of `model`, asked with half-stars, the mean over the readers set aside."""
        return quality_of(model, self.folded)


def asides(ratings: Matrix, threshold: float, seed: int = 0) -> Iterator[Aside]:
    """Five sets, a fifth of the readers of `ratings` (readers, items) each; of many, three of 400.

    `threshold` and more is to be found. Nothing where there are too few to tell.
    """
    readers = ratings.shape[0]
    size = min(round(FIFTH * readers), ENOUGH_ASIDE // 3)
    if size < ENOUGH_READERS:
        return
    order = np.random.default_rng(seed).permutation(readers)
    for n in range(min(SETS, readers // size, -(-ENOUGH_ASIDE // size))):
        aside = np.sort(order[n * size : (n + 1) * size])
        rest = np.ones(readers, dtype=bool)
        rest[aside] = False
        try:
            folded = fold(ratings[aside], seed, threshold=threshold)
        except TooFewInteractions:
            return
        yield Aside(ratings[np.flatnonzero(rest)], folded)


def quality(scores: NDArray[np.float32], folded: Fold) -> float:
    """NDCG@100 of `scores` (readers, items), which are spoilt: the mean over readers.

    Ties fall anyhow.
    """
    return float(_by_reader(scores, folded).mean())


def quality_of(model: Model, folded: Fold) -> float:
    """`quality` of what the model answers to the readers of a fold; it is told the order if known.

    So many are asked at once as bounds memory.
    """
    readers = folded.known.shape[0]
    parts = [
        folded.take(np.arange(start, min(start + BATCH, readers)))
        for start in range(0, readers, BATCH)
    ]
    found = [_by_reader(scores_for(model, part).copy(), part) for part in parts]
    return float(np.concatenate(found).mean())


def _by_reader(scores: NDArray[np.float32], folded: Fold) -> NDArray[np.float64]:
    readers, items = scores.shape
    wanted = np.diff(folded.wanted.indptr).astype(np.int64)
    rows = np.repeat(np.arange(readers), np.diff(folded.known.indptr))
    scores[rows, folded.known.indices] = -np.inf
    kept = min(K, items)
    best = np.argpartition(-scores, kept - 1, axis=1)[:, :kept]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    hits = np.zeros((readers, K), dtype=bool)
    hits[:, :kept] = np.take_along_axis(folded.wanted.toarray() > 0, best, axis=1)
    return ndcg(hits, wanted, K)
