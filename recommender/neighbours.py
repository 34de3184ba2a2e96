"""Item-kNN: who liked this also liked that, and nothing further."""

from collections.abc import Iterator
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from recommender.choosing import Aside
from recommender.contenders import Data, Model, OfLikes, Progress, likes_of
from recommender.ease import blas_threads
from recommender.errors import BadParameter, TooFewInteractions
from recommender.gram import gram
from recommender.interactions import LIKE, AnyMatrix, Matrix, checked
from recommender.linear import Linear
from recommender.memory import refuse_too_much
from recommender.stars import half_stars
from recommender.tuning import most_liked

Weighting = Literal["plain", "tfidf", "bm25"]

# Okapi BM25 with items as documents and readers as words; as in implicit's BM25Recommender.
BM25_K1, BM25_B = 1.2, 0.75

NEIGHBOURS = (500, 200, 100, 50, 20)
SHRINKAGES = (0.0, 10.0, 50.0)  # in likes: see ItemKnn.fit
BLOCK = 512  # columns sorted at once: bounds memory
MATRICES = 3  # (items, items), that there are at once: together, alike and the weights
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)


class ItemKnn(Linear):
    """The nearest items, by who likes them (Deshpande and Karypis 2004, "Item-Based Top-N")."""

    kind = "item-knn"

    @classmethod
    def fit(
        cls,
        likes: AnyMatrix,
        neighbours: int,
        *,
        shrinkage: float = 0.0,
        weighting: Weighting = "plain",
    ) -> Self:
        """Fit to `likes` (readers, items); what a like amounts to is ignored.

        `weights[i, j]` is how alike the columns i and j are if i is among the `neighbours` that
        are nearest to j, else 0; damped by n / (n + `shrinkage`), where n readers like both. Alike
        is the cosine, of the likes or of their "tfidf", which makes a like of a reader who likes
        much say less. By "bm25" it is the product, where a like of what many like says less too.
        Raises BadInteractions, TooFewInteractions without any like, BadParameter,
        CatalogueTooLarge.
        """
        found = checked(likes)
        if not found.nnz:
            raise TooFewInteractions(f"found no like of {found.shape[0]} readers, expected one")
        _refuse_bad_parameters(neighbours, shrinkage, weighting)
        _refuse_too_many(found.shape[1])
        together = liked_together(found)
        weights = damped(likeness(found, together, weighting), together, shrinkage)
        keep_nearest(weights, neighbours)
        facts = {
            "neighbours": int(neighbours),
            "shrinkage": float(shrinkage),
            "weighting": weighting,
            "readers": found.shape[0],
        }
        return cls(weights, facts)


def fit_knn(data: Data, seed: int, progress: Progress) -> Model:
    """The best ItemKnn of a grid by NDCG@100 on a tenth of readers, then fitted to all of them.

    The grid is tried on the 2,000 most liked items at most. Raises as `ItemKnn.fit`, and
    TooFewInteractions where there is nobody to set aside.
    """
    ratings = half_stars(data.ratings)
    _refuse_too_many(ratings.shape[1])
    aside = Aside.of(Data(ratings[:, most_liked(ratings, LIKE)]), seed)
    together = liked_together(aside.rest)
    found: dict[tuple[int, float, Weighting], float] = {}
    for weighting in WEIGHTINGS:
        for choice, quality in _tried(aside, together, weighting):
            found[choice] = quality
            progress(len(found) / (len(WEIGHTINGS) * len(SHRINKAGES) * len(NEIGHBOURS) + 1))
    neighbours, shrinkage, weighting = max(found, key=found.__getitem__)
    del together
    best = ItemKnn.fit(likes_of(ratings), neighbours, shrinkage=shrinkage, weighting=weighting)
    progress(1.0)
    return OfLikes(best)


def _tried(
    aside: Aside, together: NDArray[np.float32], weighting: Weighting
) -> Iterator[tuple[tuple[int, float, Weighting], float]]:
    """Each choice with this weighting, and its quality."""
    alike = likeness(aside.rest, together, weighting)
    for shrinkage in SHRINKAGES:
        weights = damped(alike, together, shrinkage)
        for count in NEIGHBOURS:  # fewer each time, so those that stay are among those before
            keep_nearest(weights, count)
            yield (count, shrinkage, weighting), aside.quality(OfLikes(ItemKnn(weights, {})))
        del weights  # before the next are made


def liked_together(likes: Matrix) -> NDArray[np.float32]:
    """How many readers like both of two items, (items, items), and how many like one."""
    ones = likes.copy()
    ones.data = np.ones_like(ones.data)
    return _products(ones)


def likeness(
    likes: Matrix, together: NDArray[np.float32], weighting: Weighting
) -> NDArray[np.float32]:
    """How alike items are, (items, items), the diagonal empty; `together` are `liked_together`.

    An item that nobody likes is like no other.
    """
    alike = together.copy() if weighting == "plain" else _products(_weighed(likes, weighting))
    if weighting != "bm25":  # a cosine would undo the weights of items
        lengths: NDArray[np.float32] = np.sqrt(np.diagonal(alike))
        lengths[lengths == 0] = 1
        alike /= lengths
        alike /= lengths[:, None]
    np.fill_diagonal(alike, 0)
    return alike


def damped(
    alike: NDArray[np.float32], together: NDArray[np.float32], shrinkage: float
) -> NDArray[np.float32]:
    """`alike`, less the fewer readers it rests on: times n / (n + `shrinkage`); a new array."""
    if shrinkage == 0:
        return alike.copy()
    found = together + np.float32(shrinkage)
    np.divide(together, found, out=found)
    found *= alike
    return found


def keep_nearest(alike: NDArray[np.float32], neighbours: int) -> None:
    """Leave the `neighbours` largest of each column of `alike` (items, items); of equals, any."""
    if neighbours >= len(alike):
        return
    for start in range(0, len(alike), BLOCK):
        part = alike[:, start : start + BLOCK]
        rows = np.argpartition(-part, neighbours - 1, axis=0)[:neighbours]
        best = np.take_along_axis(part, rows, axis=0)
        part[:] = 0
        np.put_along_axis(part, rows, best, axis=0)


def _weighed(likes: Matrix, weighting: Weighting) -> Matrix:
    items = likes.shape[1]
    liked = np.diff(likes.indptr)  # of each reader
    rarity = np.log(items / np.maximum(liked, 1)) if weighting == "tfidf" else _idf(items, liked)
    found = likes.copy()
    found.data = np.repeat(rarity, liked).astype(np.float32)
    if weighting == "bm25":
        sizes = np.bincount(likes.indices, minlength=items)  # of each item
        longer = 1 - BM25_B + BM25_B * sizes / sizes.mean()
        found.data *= ((BM25_K1 + 1) / (BM25_K1 * longer + 1)).astype(np.float32)[likes.indices]
    return found


def _idf(items: int, liked: NDArray[np.integer]) -> NDArray[np.float64]:
    return np.log1p((items - liked + 0.5) / (liked + 0.5))


def _products(matrix: Matrix) -> NDArray[np.float32]:
    """XᵀX, whole."""
    found = np.empty((matrix.shape[1],) * 2, dtype=np.float32)
    with blas_threads(found):
        gram(matrix, found)
    for start in range(0, len(found), BLOCK):  # what lies below the diagonal is not filled
        own, below = slice(start, start + BLOCK), slice(start + BLOCK, None)
        corner = np.triu(found[own, own])
        found[own, own] = corner + np.triu(corner, 1).T
        found[below, own] = found[own, below].T
    return found


def _refuse_too_many(items: int) -> None:
    refuse_too_much(items, MATRICES * items**2, np.dtype(np.float32).itemsize)


def _refuse_bad_parameters(neighbours: int, shrinkage: float, weighting: str) -> None:
    if neighbours < 1:
        raise BadParameter(f"found neighbours = {neighbours!r}, expected at least 1")
    if not 0 <= shrinkage < np.inf:
        raise BadParameter(f"found shrinkage = {shrinkage!r}, expected 0 or more")
    if weighting not in WEIGHTINGS:
        raise BadParameter(f"found weighting {weighting!r}, expected one of {WEIGHTINGS}")
