"""Works that resemble what a reader likes by what they are about; needs no ratings at all."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.errors import TooFewInteractions
from recommender.interactions import AnyMatrix, Matrix, checked
from recommender.linear import Rows, item_rows


class Content:
    """Score of an item: the sum of its cosine similarities to the liked items, each in 0..1.

    Nothing of the size (items, items) is kept: a chat process needs a few rows at a time.
    """

    def __init__(self, unit: Matrix) -> None:
        self._unit = unit  # (items, features), rows of length 1, or 0 where there is no feature

    @classmethod
    def fit(cls, item_features: AnyMatrix) -> Self:
        """Compare items by `item_features` (items, features), not negative.

        A feature counts log(1 + items / items having it): sharing a rare keyword says more than
        sharing a genre. Items without features resemble nothing, and none resembles itself.
        Raises BadInteractions, TooFewInteractions without features.
        """
        features = checked(item_features)
        if not features.nnz:
            raise TooFewInteractions(
                f"found no feature on any of {features.shape[0]} items, expected some"
            )
        return cls(_unit(features))

    @property
    def unit(self) -> Matrix:
        """The features as compared, (items, features): rows of length 1, or 0 without any."""
        return self._unit

    def scores(self, folded: AnyMatrix) -> NDArray[np.float32]:
        """Scores (readers, items) float32 of likes `folded` (readers, items). BadInteractions."""
        likes = checked(folded, items=self._unit.shape[0])
        found = np.asarray(((likes @ self._unit) @ self._unit.T).toarray(), dtype=np.float32)
        for reader, (start, stop) in enumerate(zip(likes.indptr, likes.indptr[1:], strict=False)):
            rows = likes.indices[start:stop]
            found[reader, rows] = likes.data[start:stop] @ self.cosines(rows, rows)
        return found

    def scores_of(self, liked_rows: Rows) -> NDArray[np.float32]:
        """Scores (items,) float32 of one reader. Raises UnknownItem."""
        rows = item_rows(liked_rows, self._unit.shape[0])
        scores = np.asarray(self._unit @ self._unit[rows].sum(axis=0), dtype=np.float32)
        # Worked out again without the item itself: taking off its own 1 would leave a residue.
        scores[rows] = self.cosines(rows, rows).sum(axis=0)
        return scores

    def explain(self, liked_rows: Rows, item_row: int) -> NDArray[np.float64]:
        """What each like contributes to the score of `item_row`, (likes,). Raises UnknownItem."""
        rows = item_rows(liked_rows, self._unit.shape[0])
        (item,) = item_rows([item_row], self._unit.shape[0])
        parts = np.asarray((self._unit[rows] @ self._unit[[item]].T).toarray()).ravel()
        return np.where(rows == item, 0, parts).astype(np.float64)

    def cosines(
        self, rows: NDArray[np.integer[Any]], columns: NDArray[np.integer[Any]]
    ) -> NDArray[np.float32]:
        """Similarity of each item of `rows` to each of `columns`, (rows, columns); 0 to itself."""
        found = np.asarray((self._unit[rows] @ self._unit[columns].T).toarray(), dtype=np.float32)
        found[rows[:, None] == columns] = 0
        return found


def binary(names: Sequence[Iterable[str]]) -> Matrix:
    """Features (items, features), float32 of ones, from the names of what each item is about.

    A name that one item alone has stays: it resembles nothing, but costs nothing either.
    """
    columns: dict[str, int] = {}
    rows, cols = [], []
    for row, item in enumerate(names):
        for name in dict.fromkeys(item):
            rows.append(row)
            cols.append(columns.setdefault(name, len(columns)))
    ones = np.ones(len(rows), dtype=np.float32)
    return sparse.csr_array((ones, (rows, cols)), shape=(len(names), len(columns)))


def _unit(found: Matrix) -> Matrix:
    having = np.bincount(found.indices, minlength=found.shape[1])
    idf = np.log1p(found.shape[0] / np.maximum(having, 1)).astype(np.float32)
    weighted = sparse.csr_array(
        (found.data * idf[found.indices], found.indices, found.indptr), shape=found.shape
    )
    weighted.eliminate_zeros()
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)))
    scale = sparse.diags_array((1 / np.where(lengths > 0, lengths, 1)).astype(np.float32))
    return sparse.csr_array(scale @ weighted)
