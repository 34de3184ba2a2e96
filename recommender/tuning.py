"""The ridge penalty that predicts best for readers who are kept apart while it is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.ease import blas_threads, solve
from recommender.errors import PenaltyTooSmall, TooFewInteractions
from recommender.evaluation import Fold, fold, measure
from recommender.gram import gram
from recommender.interactions import AnyMatrix, Matrix, checked

GRID = (20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)
SHARE = 0.1
MOST_ITEMS = 2_000  # enough to choose a penalty, and quick
ENOUGH_READERS = 20  # with fewer to validate on, chance would choose
REPEATS = 3
SETTLED_READERS = 100  # from here on one split is enough
METRIC = "ndcg@100"


@dataclass(frozen=True, slots=True)
class _Candidate:
    weights: NDArray[np.float32]

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        return np.asarray(checked(folded) @ self.weights, dtype=np.float32)


def most_liked(inputs: Matrix) -> NDArray[np.intp]:
    """The columns of at most 2,000 items, those with most likes, in their order."""
    liked = np.bincount(inputs.indices[inputs.data >= 1], minlength=inputs.shape[1])
    return np.sort(np.argsort(-liked, kind="stable")[:MOST_ITEMS])


def best_l2(
    inputs: Matrix,
    prior: NDArray[np.float32] | None = None,
    *,
    prior_share: float = 0.0,
    dropout: float = 0.0,
    seed: int = 0,
    grid: Sequence[float] = GRID,
) -> float:
    """The `l2` of `grid` with the best NDCG@100 on a tenth of readers; entries of 1.0 are wanted.

    `inputs` (readers, items) holds 1.0 for a like and less for what counts less. The fit is
    `recommender.ease.solve` on XᵀX + prior_share·l2·prior. Give it the `most_liked` items only:
    it holds four matrices (items, items). With too few readers to tell, a rule of thumb: a fifth
    of their number, 1 to 100.
    """
    readers = inputs.shape[0]
    thumb = float(np.clip(readers / 5, 1, 100))
    if round(SHARE * readers) < ENOUGH_READERS:
        return thumb
    generator = np.random.default_rng(seed)
    repeats = 1 if round(SHARE * readers) >= SETTLED_READERS else REPEATS
    totals = np.zeros(len(grid))
    for _ in range(repeats):
        order = generator.permutation(readers)
        aside, rest = np.split(order, [round(SHARE * readers)])
        try:
            folded = fold(inputs[np.sort(aside)], seed, threshold=1.0)
        except TooFewInteractions:
            return thumb
        totals += _qualities(
            inputs[np.sort(rest)],
            folded,
            prior,
            prior_share=prior_share,
            dropout=dropout,
            grid=grid,
        )
    return float(grid[int(totals.argmax())])


def _qualities(
    inputs: Matrix,
    folded: Fold,
    prior: NDArray[np.float32] | None,
    *,
    prior_share: float,
    dropout: float,
    grid: Sequence[float],
) -> NDArray[np.float64]:
    together = np.empty((inputs.shape[1], inputs.shape[1]), dtype=np.float32)
    with blas_threads(together):
        gram(inputs, together)
    found = np.full(len(grid), -1.0)
    for n, l2 in enumerate(grid):
        buffer = together.copy()
        if prior is not None:
            buffer += np.float32(prior_share * l2) * prior
        try:
            candidate = _Candidate(solve(buffer, l2, dropout))
        except PenaltyTooSmall:
            continue
        found[n] = measure(candidate, folded, (100,)).per_reader[METRIC].mean()
    return found
