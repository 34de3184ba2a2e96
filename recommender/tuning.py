"""The penalty of EASE, chosen on readers set aside, and what is surely better on them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.choosing import Aside, asides, quality
from recommender.ease import blas_threads, solve
from recommender.errors import PenaltyTooSmall
from recommender.gram import gram
from recommender.interactions import Matrix

GRID = (25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1_600.0)
MOST_ITEMS = 2_000  # enough to choose on, and quick
SURE_ERRORS = 3  # standard errors


def rule_of_thumb(readers: int) -> float:
    """A penalty for too few readers to choose one on: a fifth of their number, 1 to 100."""
    return float(np.clip(readers / 5, 1, 100))


def most_liked(ratings: Matrix, threshold: float = 1.0) -> NDArray[np.intp]:
    """The columns of at most 2,000 items, those with most likes, in their order.

    A like is an entry of `threshold` and more.
    """
    liked = np.bincount(ratings.indices[ratings.data >= threshold], minlength=ratings.shape[1])
    return np.sort(np.argsort(-liked, kind="stable")[:MOST_ITEMS])


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
