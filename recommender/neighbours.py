"""Item-kNN: who liked this also liked that, and nothing further."""

import itertools
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from recommender.choosing import Aside
from recommender.contenders import Data, Model, OfLikes, Progress, likes_of
from recommender.ease import blas_threads
from recommender.errors import BadParameter, TooFewInteractions
from recommender.gram import gram
from recommender.interactions import AnyMatrix, Matrix, checked
from recommender.linear import Linear
from recommender.memory import refuse_too_much

Weighting = Literal["plain", "tfidf", "bm25"]

# Okapi BM25 with items as documents and readers as words; as in implicit's BM25Recommender.
BM25_K1, BM25_B = 1.2, 0.75

NEIGHBOURS = (20, 50, 100, 200, 500)
SHRINKAGES = (0.0, 10.0, 50.0)  # in likes: see ItemKnn.fit
BLOCK = 512  # columns sorted at once: bounds memory
MATRICES = 5  # (items, items), that there are at once
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
        weights = nearest(damped(*likeness(found, weighting), shrinkage), neighbours)
        facts = {
            "neighbours": int(neighbours),
            "shrinkage": float(shrinkage),
            "weighting": weighting,
            "readers": found.shape[0],
        }
        return cls(weights, facts)


def fit_knn(data: Data, seed: int, progress: Progress) -> Model:
    """The best ItemKnn of a grid by NDCG@100 on a tenth of readers, then fitted to all of them.

    Raises as `ItemKnn.fit`, and TooFewInteractions where there is nobody to set aside.
    """
    aside = Aside.of(data, seed)
    tried = 0
    found: dict[tuple[int, float, Weighting], float] = {}
    for weighting in WEIGHTINGS:
        alike, together = likeness(aside.rest, weighting)
        for shrinkage, count in itertools.product(SHRINKAGES, NEIGHBOURS):
            model = ItemKnn(nearest(damped(alike, together, shrinkage), count), {})
            found[count, shrinkage, weighting] = aside.quality(OfLikes(model))
            tried += 1
            progress(tried / (len(WEIGHTINGS) * len(SHRINKAGES) * len(NEIGHBOURS) + 1))
    neighbours, shrinkage, weighting = max(found, key=found.__getitem__)
    best = ItemKnn.fit(likes_of(data.ratings), neighbours, shrinkage=shrinkage, weighting=weighting)
    progress(1.0)
    return OfLikes(best)


def likeness(
    likes: Matrix, weighting: Weighting
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How alike items are, and how many readers like both, (items, items), the diagonals empty.

    An item that nobody likes is like no other. Raises CatalogueTooLarge.
    """
    items = likes.shape[1]
    refuse_too_much(items, MATRICES * items**2, np.dtype(np.float32).itemsize)
    ones = likes.copy()
    ones.data = np.ones_like(ones.data)
    together = _products(ones)
    products = together if weighting == "plain" else _products(_weighed(ones, weighting))
    lengths: NDArray[np.float32] = np.sqrt(np.diagonal(products))
    lengths[(lengths == 0) | (weighting == "bm25")] = 1  # a cosine would undo the weights of items
    alike: NDArray[np.float32] = products / lengths / lengths[:, None]
    np.fill_diagonal(alike, 0)
    np.fill_diagonal(together, 0)
    return alike, together


def damped(
    alike: NDArray[np.float32], together: NDArray[np.float32], shrinkage: float
) -> NDArray[np.float32]:
    """`alike`, less the fewer readers it rests on: times n / (n + shrinkage)."""
    if shrinkage == 0:
        return alike
    return alike * (together / (together + np.float32(shrinkage)))


def nearest(alike: NDArray[np.float32], neighbours: int) -> NDArray[np.float32]:
    """Only the `neighbours` largest of each column of `alike` (items, items); of equals, any."""
    if neighbours >= len(alike):
        return alike.copy()
    kept = np.zeros_like(alike)
    for start in range(0, len(alike), BLOCK):
        part = alike[:, start : start + BLOCK]
        rows = np.argpartition(-part, neighbours - 1, axis=0)[:neighbours]
        best = np.take_along_axis(part, rows, axis=0)
        np.put_along_axis(kept[:, start : start + BLOCK], rows, best, axis=0)
    return kept


def _weighed(ones: Matrix, weighting: Weighting) -> Matrix:
    items = ones.shape[1]
    liked = np.diff(ones.indptr)  # of each reader
    rarity = np.log(items / np.maximum(liked, 1)) if weighting == "tfidf" else _idf(items, liked)
    found = ones.copy()
    found.data = np.repeat(rarity, liked).astype(np.float32)
    if weighting == "bm25":
        sizes = np.bincount(ones.indices, minlength=items)  # of each item
        longer = 1 - BM25_B + BM25_B * sizes / sizes.mean()
        found.data *= ((BM25_K1 + 1) / (BM25_K1 * longer + 1)).astype(np.float32)[ones.indices]
    return found


def _idf(items: int, liked: NDArray[np.integer]) -> NDArray[np.float64]:
    return np.log1p((items - liked + 0.5) / (liked + 0.5))


def _products(matrix: Matrix) -> NDArray[np.float32]:
    """XᵀX, whole."""
    buffer = np.empty((matrix.shape[1],) * 2, dtype=np.float32)
    with blas_threads(buffer):
        gram(matrix, buffer)
    upper = np.triu(buffer)
    return upper + np.triu(upper, 1).T


def _refuse_bad_parameters(neighbours: int, shrinkage: float, weighting: str) -> None:
    if neighbours < 1:
        raise BadParameter(f"found neighbours = {neighbours!r}, expected at least 1")
    if not 0 <= shrinkage < np.inf:
        raise BadParameter(f"found shrinkage = {shrinkage!r}, expected 0 or more")
    if weighting not in WEIGHTINGS:
        raise BadParameter(f"found weighting {weighting!r}, expected one of {WEIGHTINGS}")
