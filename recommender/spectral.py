"""What most readers' taste has in common: the strongest directions of who likes what."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.interactions import Matrix

RANK = 30
NOISE = 1e-6  # of the strongest direction


@dataclass(frozen=True, slots=True, eq=False)
class Spectral:
    """An ideal low-pass filter (Shen et al. 2021, GF-CF, section 4.2) as two thin matrices.

    Its weights are left · rightᵀ without the diagonal; both are (items, rank) float32.
    """

    left: NDArray[np.float32]
    right: NDArray[np.float32]

    @classmethod
    def fit(cls, inputs: Matrix, rank: int = RANK) -> Self | None:
        """The `rank` strongest directions of `inputs` (readers, items), or as many as there are.

        None where readers or items are too few to ask for so many.

        With R = D_u^-½ X D_i^-½ and V its right singular vectors, the weights are
        D_i^-½ V Vᵀ D_i^½.
        """
        from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh  # noqa: PLC0415 - training only

        readers, items = inputs.shape
        if rank >= min(readers, items) - 1:
            return None
        popular = np.asarray(inputs.sum(axis=0), dtype=np.float64) + 1
        active = np.asarray(inputs.sum(axis=1), dtype=np.float64) + 1
        per_item, per_reader = popular**-0.5, 1 / active
        by_reader, by_item = inputs.astype(np.float64), inputs.T.tocsr().astype(np.float64)

        def twice(vector: NDArray[np.float64]) -> NDArray[np.float64]:
            seen = by_reader @ (per_item * vector.ravel())
            return np.asarray(per_item * (by_item @ (per_reader * seen)))

        operator = LinearOperator((items, items), matvec=twice, dtype=np.float64)
        # The first direction is popularity itself: a good place to begin, and always the same.
        try:
            values, vectors = eigsh(
                operator, k=rank, v0=np.sqrt(popular), tol=1e-4, rng=np.random.default_rng(0)
            )
        except ArpackError:
            return None
        # Of fewer independent directions the rest are noise, whose strength is rounding.
        vectors = vectors[:, values > NOISE * values.max()]
        if not vectors.shape[1]:
            return None
        left = vectors * per_item[:, None]
        right = vectors / per_item[:, None]
        return cls(left.astype(np.float32), right.astype(np.float32))

    def scores(self, inputs: Matrix) -> NDArray[np.float32]:
        """Scores (readers, items) float32 of `inputs` (readers, items)."""
        own = np.einsum("ij,ij->i", self.left, self.right)
        itself = inputs.multiply(own[None, :]).toarray()
        return np.asarray((inputs @ self.left) @ self.right.T - itself, dtype=np.float32)

    def add_to(self, weights: NDArray[np.float32], amount: float, rows: int = 256) -> None:
        """Add `amount` times the weights to `weights` (items, items), whose diagonal becomes 0."""
        for start in range(0, len(weights), rows):
            block = slice(start, start + rows)
            weights[block] += (np.float32(amount) * self.left[block]) @ self.right.T
        np.fill_diagonal(weights, 0)
