"""Works that nobody rated, as mixtures of those that somebody did."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from recommender.content import Content
from recommender.interactions import Matrix

# The ridge penalty in units of one item's features; flat between 1 and 10 on MovieLens.
RIDGE = 3.0
NEIGHBOURS = 20
BLOCK_ROWS = 256  # of the item-by-item matrix, worked on at once


def fill(
    weights: NDArray[np.float32], content: Content, cold: NDArray[np.bool_], sample: Matrix
) -> None:
    """Set the rows and columns of the `cold` items (items,) in `weights`, as `placed` left them.

    A ridge regression from features F to any vector over the rated items w is, for an item c,
    a mixture of them: m = (F_w F_wᵀ + μI)⁻¹ F_w f_c. So B_wc = B_ww m, B_cw = mᵀ B_ww and
    B_cc = mᵀ B_ww m: side information in closed form, both ways (compare Add-EASE in Jeunen et al.
    2020). Columns are lowered where the highest scores for cold items, of the readers in `sample`
    (readers, items), would lie above those for the others: an item must be found, but not push out
    what readers are known to love. Beside the weights it holds one square, of features or of rated
    items, whichever are fewer.
    """
    warm, columns = np.flatnonzero(~cold), np.flatnonzero(cold)
    mixtures = _Mixtures(content, warm)
    for block in blocks(columns):
        ours = columns[block]
        mixed = mixtures.of(ours)
        likely = np.zeros((len(ours), len(warm)), dtype=np.float32)
        for part in blocks(warm):
            # B_ww block by block: picked out whole it would be another matrix.
            learnt = weights[np.ix_(warm[part], warm)]
            weights[np.ix_(warm[part], ours)] = learnt @ mixed
            likely += mixed[part].T @ learnt
        weights[np.ix_(ours, warm)] = likely
    for block in blocks(columns):
        mixed = mixtures.of(columns[block])
        for other in blocks(columns):
            rows = weights[np.ix_(columns[other], warm)]
            weights[np.ix_(columns[other], columns[block])] = rows @ mixed
    np.fill_diagonal(weights, 0)
    high, bar = (_high(weights, sample, each) for each in (columns, warm))
    if high > bar > 0:
        weights *= np.where(cold, np.float32(bar / high), np.float32(1))


def placed(learnt: NDArray[np.float32], cold: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The weights `learnt` among those of all items, 0 where an item is `cold` (items,)."""
    weights = np.zeros((len(cold), len(cold)), dtype=np.float32)
    weights[np.ix_(~cold, ~cold)] = learnt
    return weights


def set_nearest(
    weights: NDArray[np.float32], content: Content, rest: float, kept: int = NEIGHBOURS
) -> None:
    """Set every column to the similarity to its nearest items, and `rest` of it to all others.

    All of a tie stay and share their weight.
    """
    everything = np.arange(len(weights))
    kept = min(kept, len(weights))
    for block in blocks(everything):
        similar = content.cosines(everything[block], everything)
        edge = np.partition(similar, len(weights) - kept, axis=1)[:, [len(weights) - kept]]
        near = np.where((similar >= edge) & (similar > 0), similar, np.float32(0))
        counts = (near > 0).sum(axis=1, keepdims=True)
        near *= np.minimum(1, kept / np.maximum(counts, 1))
        weights[:, block] = (near + np.float32(rest) * similar).T


def blocks(rows: NDArray[np.intp]) -> Iterator[slice]:
    """Slices of at most BLOCK_ROWS of `rows`."""
    return (slice(start, start + BLOCK_ROWS) for start in range(0, len(rows), BLOCK_ROWS))


def _high(weights: NDArray[np.float32], sample: Matrix, columns: NDArray[np.intp]) -> float:
    """The mean of the highest twentieth of scores for what readers do not know; at least 0."""
    known = sample[:, columns].toarray() > 0
    scores = np.asarray(sample @ weights)[:, columns][~known]
    if not len(scores):
        return 0.0
    first = len(scores) - 1 - len(scores) // 20
    return max(0.0, float(np.partition(scores, first)[first:].mean()))


class _Mixtures:
    """Solves for m in whichever is smaller, features or items: holds one square of that size."""

    def __init__(self, content: Content, warm: NDArray[np.intp]) -> None:
        from scipy.linalg import cho_factor  # noqa: PLC0415 - training only

        self._content, self._warm = content, warm
        self._known = content.unit[warm]
        self._by_feature = self._known.shape[1] <= len(warm)
        rows = self._known.T.tocsr() if self._by_feature else self._known
        across = rows.T.tocsr()
        square = np.empty((rows.shape[0],) * 2, dtype=np.float32)
        for start in range(0, len(square), BLOCK_ROWS):  # a sparse square takes three dense ones
            block = slice(start, start + BLOCK_ROWS)
            square[block] = cast(Any, rows[block] @ across).toarray()
        np.einsum("ii->i", square)[:] += RIDGE
        # Transposed it is Fortran-ordered, so that LAPACK works in place; it is symmetric.
        self._factor = cho_factor(square.T, overwrite_a=True, check_finite=False)

    def of(self, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """The mixtures (rated items, columns) float32."""
        from scipy.linalg import cho_solve  # noqa: PLC0415

        about = self._content.unit[columns]
        if self._by_feature:
            named = about.T.toarray()
            solved = self._known @ cho_solve(self._factor, named, check_finite=False)
        else:
            likeness = cast(Any, self._known @ about.T).toarray()
            solved = cho_solve(self._factor, likeness, check_finite=False)
        return np.asarray(solved, dtype=np.float32)
