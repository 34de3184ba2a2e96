"""Readers set aside to choose by, how well a fit does on them, and the penalty of EASE."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.ease import blas_threads, solve
from recommender.errors import PenaltyTooSmall, TooFewInteractions
from recommender.evaluation import Fold, fold
from recommender.gram import gram
from recommender.interactions import Matrix
from recommender.metrics import ndcg

GRID = (25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1_600.0)
SHARE = 0.2
SETS = 5
ENOUGH_ASIDE = 1_200  # readers in all: enough to tell, and quick
MOST_ITEMS = 2_000  # enough to choose a penalty, and quick
ENOUGH_READERS = 20  # with fewer to validate on, chance would choose
K = 100
SURE_ERRORS = 3  # standard errors


@dataclass(frozen=True, slots=True, eq=False)
class Aside:
    """Rows of readers to fit on, and a fold of the others to choose by."""

    rest: Matrix
    folded: Fold


def asides(ratings: Matrix, threshold: float, seed: int = 0) -> Iterator[Aside]:
    """Five sets, a fifth of the readers of `ratings` (readers, items) each; of many, fewer sets.

    `threshold` and more is to be found. Nothing where there are too few to tell.
    """
    readers = ratings.shape[0]
    size = min(round(SHARE * readers), ENOUGH_ASIDE // 3)
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


def rule_of_thumb(readers: int) -> float:
    """A penalty for too few readers to choose one on: a fifth of their number, 1 to 100."""
    return float(np.clip(readers / 5, 1, 100))


def most_liked(ratings: Matrix, threshold: float = 1.0) -> NDArray[np.intp]:
    """The columns of at most 2,000 items, those with most likes, in their order.

    A like is an entry of `threshold` and more.
    """
    liked = np.bincount(ratings.indices[ratings.data >= threshold], minlength=ratings.shape[1])
    return np.sort(np.argsort(-liked, kind="stable")[:MOST_ITEMS])


def quality(scores: NDArray[np.float32], folded: Fold) -> float:
    """Mean NDCG@100 of `scores` (readers, items), which are spoilt; ties fall anyhow."""
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
    return float(ndcg(hits, wanted, K).mean())


def best_l2(likes: Matrix, *, seed: int = 0, grid: Sequence[float] = GRID) -> float:
    """The `l2` `between` those of `grid` with the best NDCG@100 of EASE on readers set aside.

    `likes` (readers, items) holds 1.0 for a like. Give it the `most_liked` items only. With too
    few readers to tell, the rule of thumb.
    """
    found: dict[float, list[float]] = {l2: [] for l2 in grid}
    learnt = 1.0
    for aside in asides(likes, 1.0, seed):
        learnt = aside.rest.shape[0] / likes.shape[0]
        for together, l2 in _grams(aside.rest, grid):
            found[l2].append(_of_ease(aside, together, l2))
    if not found[grid[0]]:
        return rule_of_thumb(likes.shape[0])
    return between({l2: np.array(qualities) for l2, qualities in found.items()}, learnt)


def between(by_l2: Mapping[float, NDArray[np.float64]], learnt: float) -> float:
    """The penalty at the top of the parabola through the best of `by_l2` and its two neighbours.

    In logarithms of equal steps; at an end of the grid, the end. More by as much as the readers
    who follow are more: `learnt` is the share of them that these qualities are of.
    """
    grid = sorted(by_l2)
    means = [float(by_l2[l2].mean()) for l2 in grid]
    best = int(np.argmax(means))
    step = 0.0
    if 0 < best < len(grid) - 1:
        below, top, above = means[best - 1 : best + 2]
        bend = below - 2 * top + above
        step = 0.5 * (below - above) / bend if bend < 0 else 0.0
    ratio = grid[best + (1 if step > 0 else -1)] / grid[best] if step else 1.0
    return float(grid[best] * ratio ** abs(step) / learnt)


def surely(gains: NDArray[np.float64]) -> bool:
    """Whether these gains, one for each set of readers, are more than chance: three errors."""
    if len(gains) < 2:
        return False
    return bool(gains.mean() > SURE_ERRORS * gains.std(ddof=1) / np.sqrt(len(gains)))


def _grams(likes: Matrix, grid: Sequence[float]) -> Iterator[tuple[NDArray[np.float32], float]]:
    together = np.empty((likes.shape[1], likes.shape[1]), dtype=np.float32)
    with blas_threads(together):
        gram(likes, together)
    return ((together.copy(), l2) for l2 in grid)


def _of_ease(aside: Aside, buffer: NDArray[np.float32], l2: float) -> float:
    try:
        weights = solve(buffer, l2)
    except PenaltyTooSmall:
        return 0.0
    return quality(np.asarray(aside.folded.known @ weights, dtype=np.float32), aside.folded)
