"""What readers who come, change and go do to EASE, without the fit: the inverse follows them.

With P = (XᵀX + penalty)⁻¹, of which EASE keeps B = -P / diag(P) and the diagonal, rows U that come
(C = 1) or go (C = -1) make it P - Vᵀ(C + UVᵀ)⁻¹V with V = UP (Woodbury 1950).
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender import kernels
from recommender.errors import BadInteractions
from recommender.interactions import Matrix

RANK = 256  # rows that share one pass over the weights
# Below this many items a pass is over before two threads have begun.
ONE_THREAD_ITEMS = 2_000
STRIPES = 8
CACHED_BYTES = 1 << 18  # of the weights, worked on at once: they stay in the cache
TOLERANCE = 1_000  # how many roundings wide the line is between what was learnt and what was not

Rows: TypeAlias = sparse.csr_array[np.float64, tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Rows (rows, items) that XᵀX and its penalty gain, sign 1, and after them lose, sign -1."""

    rows: Rows
    signs: NDArray[np.float64]

    @classmethod
    def of(cls, added: Matrix, removed: Matrix, dropout: float) -> Self:
        """What readers `added` and `removed`, (readers, items) each, change.

        The penalty of dropout p is p/(1-p)·diag(XᵀX): where it changes, it is as if a reader came
        or went who likes that item alone.
        """
        parts = [(added.astype(np.float64), 1.0), (removed.astype(np.float64), -1.0)]
        if dropout:
            grown = dropout / (1 - dropout) * (_squares(added) - _squares(removed))
            parts = [parts[0], (_single(grown), 1.0), parts[1], (_single(-grown), -1.0)]
        kept = [(rows, sign) for rows, sign in parts if rows.nnz] or parts[:1]
        together = [part for part, _ in kept]
        rows = together[0] if len(kept) == 1 else sparse.vstack(together, format="csr")
        signs = np.repeat([sign for _, sign in kept], [part.shape[0] for part in together])
        return cls(rows, signs)

    def refuse_unlearnt(self, weights: NDArray[Any], diagonal: NDArray[np.float64]) -> None:
        """Raise BadInteractions if what is lost cannot have been in the fit.

        Whoever goes leaves XᵀX + penalty positive definite, or was never there. Takes the square of
        the number of lost rows.
        """
        if not len(self.signs) or self.signs[-1] > 0:
            return
        lost = self.rows[np.flatnonzero(self.signs < 0)]
        left = np.eye(lost.shape[0])
        for start in range(0, len(left), RANK):
            part = _residuals(lost[start : start + RANK], weights) * diagonal
            left[:, start : start + RANK] -= np.asarray(lost @ part.T)
        least = float(np.linalg.eigvalsh(left)[0])
        if not least > _least(weights):
            raise BadInteractions(
                f"found removed readers who would leave {least:.1g} of what the model knows of "
                "their like, expected readers it was fitted to"
            )

    def refuse_overwhelming(self, weights: NDArray[Any], diagonal: NDArray[np.float64]) -> None:
        """Raise BadInteractions if what is gained leaves too little of the diagonal to be told.

        1/P'ⱼⱼ is at most 1/Pⱼⱼ + Σ(U - UB)²ⱼ: a minimum, where what was the best is one choice.
        """
        grown = np.zeros(len(diagonal))
        gained = self.rows[np.flatnonzero(self.signs > 0)]
        for start in range(0, gained.shape[0], RANK):
            grown += (_residuals(gained[start : start + RANK], weights) ** 2).sum(axis=0)
        _refuse_too_little(1 / (1 + diagonal * grown), weights)

    def applied(self, weights: NDArray[Any], diagonal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Change `weights` in place; return the new diagonal.

        What comes is added before what goes is taken away: all on the way is an inverse. Raises
        BadInteractions, with nothing changed, if so much comes that little is left to be told.
        """
        if len(self.signs) > RANK:  # what fits in one pass is found out there, at no cost
            self.refuse_overwhelming(weights, diagonal)
        for start in range(0, len(self.signs), RANK):
            part = slice(start, start + RANK)
            diagonal = _follow(weights, diagonal, self.rows[part], self.signs[part])
        return diagonal


def _squares(rows: Matrix) -> NDArray[np.float64]:
    """The diagonal of XᵀX, (items,)."""
    values = rows.data.astype(np.float64) ** 2
    return np.bincount(rows.indices, values, rows.shape[1]).astype(np.float64)


def _single(squares: NDArray[np.float64]) -> Rows:
    """A row for each item with a square above 0, which holds its root and nothing else."""
    items = np.flatnonzero(squares > 0)
    values = np.sqrt(squares[items])
    shape = (len(items), len(squares))
    return sparse.csr_array((values, items, np.arange(len(items) + 1)), shape=shape)


def _residuals(rows: Rows, weights: NDArray[Any]) -> NDArray[np.float64]:
    """U - UB, (rows, items); times the diagonal of P it is UP, as that of B is empty."""
    found = (rows.astype(weights.dtype) @ weights).astype(np.float64)
    return np.asarray(rows.toarray() - found)


def _least(weights: NDArray[Any]) -> float:
    return float(TOLERANCE * np.finfo(weights.dtype).eps)


def _refuse_too_little(left: NDArray[np.float64], weights: NDArray[Any]) -> None:
    if not (left > _least(weights)).all():
        raise BadInteractions(
            f"found readers who leave {np.nanmin(left):.1g} of what was unknown of an item, "
            f"expected {_least(weights):.1g} and more: such a change takes a new fit"
        )


def _follow(
    weights: NDArray[Any],
    diagonal: NDArray[np.float64],
    rows: Rows,
    signs: NDArray[np.float64],
) -> NDArray[np.float64]:
    left = _residuals(rows, weights) * diagonal
    right = np.linalg.solve(np.diag(signs) + rows @ left.T, left)
    after = np.asarray(diagonal - np.einsum("ki,ki->i", left, right))
    _refuse_too_little(after / diagonal, weights)
    # Off the diagonal, B' = -P'/diag(P') is B·diag(P)/diag(P') and a product of `rows` rank.
    _pass(weights, diagonal / after, left, right / after)
    np.einsum("ii->i", weights)[:] = 0
    return after


def _pass(
    weights: NDArray[Any],
    scale: NDArray[np.float64],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
) -> None:
    """Set `weights` to weights · diag(scale) + leftᵀ · right, reading and writing it but once."""
    factors = [np.ascontiguousarray(a, dtype=weights.dtype) for a in (scale, left.T, right)]
    rank, items = right.shape
    work = kernels.scaled_sum(items, rank) or _scaled_sum
    # The product of many rows is BLAS's, which has threads of its own.
    if items < ONE_THREAD_ITEMS or (rank > 1 and work is _scaled_sum):
        work(weights, *factors)
        return

    def stripe(ends: tuple[int, int]) -> None:
        own = slice(*ends)
        work(weights[own], factors[0], factors[1][own], factors[2])

    edges = np.linspace(0, items, STRIPES + 1).astype(int).tolist()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(stripe, pairwise(edges)))


def _scaled_sum(
    block: NDArray[Any], scale: NDArray[Any], left: NDArray[Any], right: NDArray[Any]
) -> None:
    rank, items = right.shape
    step = max(1 if rank == 1 else RANK, CACHED_BYTES // (items * block.itemsize))
    product = np.empty((min(step, len(block)), items), dtype=block.dtype)
    for start in range(0, len(block), step):
        own = block[start : start + step]
        some = product[: len(own)]
        if rank == 1:
            np.multiply(left[start : start + step], right, out=some)
        else:
            np.matmul(left[start : start + step], right, out=some)
        own *= scale
        own += some
