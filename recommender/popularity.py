"""What most readers like: the baseline every other model has to beat."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.errors import TooFewInteractions
from recommender.interactions import AnyMatrix, checked
from recommender.linear import Rows, item_rows


class Popularity:
    """The same scores for everyone: the share of readers who like an item, (items,) in 0..1."""

    def __init__(self, shares: NDArray[np.float32]) -> None:
        self.shares = shares

    @classmethod
    def fit(cls, likes: AnyMatrix) -> Self:
        """Count who likes what in `likes` (readers, items); how much they like it is ignored.

        Raises BadInteractions, and TooFewInteractions if there is no reader.
        """
        found = checked(likes)
        if not found.shape[0]:
            raise TooFewInteractions("found no reader, expected at least one")
        return cls(shares(found))

    def scores(self, folded: AnyMatrix) -> NDArray[np.float32]:
        """Scores (readers, items) float32, alike in every row. Raises BadInteractions."""
        readers = checked(folded, items=len(self.shares)).shape[0]
        return np.tile(self.shares, (readers, 1))

    def scores_of(self, liked_rows: Rows, weights: Any = None) -> NDArray[np.float32]:  # noqa: ANN401, ARG002 - as the other models
        """Scores (items,) float32, whatever is liked. Raises UnknownItem."""
        item_rows(liked_rows, len(self.shares))
        return self.shares.copy()

    def explain(self, liked_rows: Rows, item_row: int) -> NDArray[np.float64]:
        """Zeros (likes,): no like of this reader contributes; the score is `shares[item_row]`."""
        item_rows([item_row], len(self.shares))
        return np.zeros(len(item_rows(liked_rows, len(self.shares))))


def shares(likes: AnyMatrix) -> NDArray[np.float32]:
    """The share of readers with an entry for each item, (items,) float32; zeros without readers."""
    found = checked(likes)
    counts = np.bincount(found.indices, minlength=found.shape[1])
    return np.asarray(counts / max(1, found.shape[0]), dtype=np.float32)
