"""Which of the works that nobody knows yet to show: Thompson sampling, with its exact chances.

Each work's chance of being liked is unknown, and what is known of it is a beta distribution: to
begin with by how near the work is to the reader's taste, then by what those said who were shown it.
A work is taken as often as it is likely to be the best (Thompson 1933; Chapelle & Li 2011). These
probabilities are worked out and then drawn from, so that what is logged is what was drawn with.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PRIOR = 2.0  # answers that nearness counts for, beside one like and one dislike of each work
UNANSWERED = 0.1  # dislikes that a showing without an answer counts for: reading takes its time
CELLS = 512  # of the interval 0..1 that is summed over

Floats = NDArray[np.floating[Any]]


def posterior(
    nearness: Floats, likes: Floats, dislikes: Floats, unanswered: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The parameters (works,) and (works,), 1 and more, of the beta distributions.

    `nearness` (works,) 0..1; `likes`, `dislikes` and `unanswered` (works,) count what came of
    showing each work.
    """
    near = np.asarray(nearness, dtype=np.float64)
    alpha = 1 + PRIOR * near + likes
    beta = 1 + PRIOR * (1 - near) + dislikes + UNANSWERED * np.asarray(unanswered)
    return alpha, np.asarray(beta)


def propensities(alpha: Floats, beta: Floats) -> NDArray[np.float64]:
    """How likely each work is to have the highest chance of all, (works,), summing to 1.

    ∫ f_i(x)·Π_{j≠i} F_j(x) dx for the densities f and distributions F of the betas (works,), whose
    parameters are 1 and more; summed over cells, at whose middle F takes half of the cell.
    """
    middles = (np.arange(CELLS) + 0.5) / CELLS
    logs = np.outer(alpha - 1, np.log(middles)) + np.outer(beta - 1, np.log1p(-middles))
    density = np.exp(logs - logs.max(axis=1, keepdims=True))
    density /= density.sum(axis=1, keepdims=True)
    below = np.cumsum(density, axis=1) - density / 2
    best = np.array(
        [density[work] @ np.delete(below, work, axis=0).prod(axis=0) for work in range(len(below))]
    )
    return np.asarray(best / best.sum())


def draw(chances: Floats, generator: np.random.Generator) -> int:
    """The row of one work, drawn with these `chances` (works,), which sum to 1."""
    return int(generator.choice(len(chances), p=chances))
