"""What most readers like: the baseline every other model has to beat."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.errors import TooFewInteractions
from recommender.interactions import AnyMatrix, Matrix, checked
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


def informative(halves: Matrix) -> NDArray[np.float32]:
    """How much a new reader's word on each item would tell, (items,) float32, 0 where unrated.

    The logarithm of its raters times the entropy of their half-stars `halves` (readers, items), in
    bits (Rashid et al. 2002, "Getting to know you", log popularity x entropy): well known, and
    people differ about it.
    """
    items = halves.shape[1]
    cells = halves.indices * 11 + halves.data.astype(np.intp)
    counts = np.bincount(cells, minlength=items * 11).reshape(items, 11)[:, 1:]
    raters = counts.sum(axis=1)
    parts = counts / np.maximum(raters, 1)[:, None]
    entropy = -(parts * np.log2(np.where(parts > 0, parts, 1))).sum(axis=1)
    return np.asarray(np.log2(raters + 1) * entropy, dtype=np.float32)


# How much a deviation of the logarithm of popularity counts in units of the default model's scores,
# and after how many likes that begins to fade: without it the twenty best after a single like are
# worse than the most popular ones. See docs/models.md.
LEAN = 0.05
LEAN_LIKES = 20


def lean(popularity: NDArray[np.float32], readers: int, likes: int) -> NDArray[np.float32]:
    """What to add to the default model's scores (items,) to rank for a reader with `likes` likes.

    Who has said little is likely to like what most do; `popularity` (items,) are shares of
    `readers`. What nobody rated is as unlikely as what hardly anybody likes. The same for all
    readers with as many likes, so it changes ranks and no explanation.
    """
    known = popularity > 0
    if not known.any():
        return np.zeros(len(popularity), dtype=np.float32)
    logarithm = np.log(np.maximum(popularity, popularity[known].min()) + 1 / max(1, readers))
    spread = float(logarithm[known].std()) or 1.0
    amount = LEAN * min(1.0, LEAN_LIKES / max(1, likes))
    return np.asarray(amount * (logarithm - logarithm[known].mean()) / spread, dtype=np.float32)
