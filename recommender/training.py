"""How the matrix that ships is fitted: EASE beside content for what nobody liked yet."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.content import Content
from recommender.ease import blas_threads, refuse_bad_penalty, solve
from recommender.errors import TooFewInteractions
from recommender.gram import gram
from recommender.interactions import LIKE, Matrix
from recommender.memory import refuse_too_much
from recommender.popularity import shares
from recommender.stars import strengths
from recommender.tuning import best_l2, most_liked

# The figures below are printed by benchmarks/folds.py, on the folds of MovieLens by which the
# constants were chosen: the reasons for the choices, not an estimate of what they gain elsewhere.

# How much penalty popular items get on top (EDLAE), and how much the features weigh beside the
# readers, as a share of l2. NDCG@100 is .471, without the first .470, without the second .464.
DROPOUT = 0.33
PRIOR_SHARE = 0.1
# An item without likes must be found, but not push out what readers are known to love. With the
# highest twentieth of scores as high as elsewhere, the very highest stay below; with a tenth of
# the films hidden from the fit, NDCG@100 is .434, without any content .427, with 2.0 .433.
COLD_SHARE = 1.0
# Among hidden films alone, 20 neighbours give NDCG@20 .123, all similarities .094.
NEIGHBOURS = 20
# Where content is all there is, what lies beyond the neighbours still orders the rest.
REST_SHARE = 0.1
# After one like, so many rated works come before the first that nobody rated.
FIRST_WARM = 3
CALIBRATION_READERS = 500
BLOCK_ROWS = 256  # of the item-by-item matrix, worked on at once


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Weights (items, items), popularity (items,), cold (items,), and the penalty chosen."""

    weights: NDArray[np.float32]
    popularity: NDArray[np.float32]
    cold: NDArray[np.bool_]
    l2: float


def train(halves: Matrix, features: Matrix | None, seed: int, l2: float | None) -> Trained:
    """Fit to half-stars (readers, items) and features (items, features), as in `DefaultModel.fit`.

    Items with likes get EASE, its Gram matrix helped by the items' similarity as if by a few more
    readers. Where the row or the column belongs to an item without likes, the weight is the
    similarity to one of the 20 nearest items, scaled so that the highest twentieth of training
    readers' scores for such items is as high, on average, as for the others.
    """
    if l2 is not None:
        refuse_bad_penalty(l2)
    readers, items = halves.shape
    popularity = shares(sparse.csr_array(halves >= LIKE))
    cold = popularity == 0
    warm = np.flatnonzero(~cold)
    # All that is ever held at once: what is learnt, and where it is set among the others.
    refuse_too_much(items, items**2 + (len(warm) ** 2 if cold.any() else 0), 4)
    content = None if features is None or not features.nnz else Content.fit(features)
    if content is None and not len(warm):
        raise TooFewInteractions(
            f"found no like among {halves.nnz} ratings of {readers} readers and no item "
            "features, expected one or the other"
        )
    inputs = strengths(halves)
    together = inputs[:, warm]
    if np.diff(together.indptr).max(initial=0) < 2:
        # Nothing was liked together: content alone, or popularity alone if there is none.
        weights = np.zeros((items, items), dtype=np.float32)
        if content is not None:
            _set_nearest(weights, content, np.arange(items), REST_SHARE)
        return Trained(weights, popularity, cold, 0.0)
    if l2 is None:
        l2 = _chosen(together, content, warm, seed)
    learnt = _learn(together, content, warm, l2)
    if not cold.any():
        return Trained(learnt, popularity, cold, l2)
    weights = np.zeros((items, items), dtype=np.float32)
    weights[np.ix_(warm, warm)] = learnt
    del learnt
    if content is not None:
        _fill(weights, content, cold, inputs, np.random.default_rng(seed))
    return Trained(weights, popularity, cold, l2)


def _chosen(inputs: Matrix, content: Content | None, warm: NDArray[np.intp], seed: int) -> float:
    columns = most_liked(inputs)
    prior = None
    if content is not None:
        prior = content.cosines(warm[columns], warm[columns])
        np.fill_diagonal(prior, 1)
    return best_l2(inputs[:, columns], prior, prior_share=PRIOR_SHARE, dropout=DROPOUT, seed=seed)


def _learn(
    inputs: Matrix, content: Content | None, warm: NDArray[np.intp], l2: float
) -> NDArray[np.float32]:
    buffer = np.empty((len(warm), len(warm)), dtype=np.float32)
    with blas_threads(buffer):
        gram(inputs, buffer)
    if content is not None:
        share = np.float32(PRIOR_SHARE * l2)
        for block in _blocks(warm):
            upper = slice(block.start, None)
            buffer[block, upper] += share * content.cosines(warm[block], warm[upper])
        np.einsum("ii->i", buffer)[:] += share  # every item is like itself
    return solve(buffer, l2, DROPOUT)


def _fill(
    weights: NDArray[np.float32],
    content: Content,
    cold: NDArray[np.bool_],
    inputs: Matrix,
    generator: np.random.Generator,
) -> None:
    """Set the columns and rows of `cold` items, block by block: nothing of their size is held."""
    columns, warm = np.flatnonzero(cold), np.flatnonzero(~cold)
    _set_nearest(weights, content, columns)
    sample = generator.permutation(inputs.shape[0])[:CALIBRATION_READERS]
    readers = inputs[np.sort(sample)]
    known = readers.toarray() > 0
    reached = readers @ weights
    high = _high(reached[:, columns][~known[:, columns]])
    scale = COLD_SHARE * _high(reached[~(known | cold)]) / (high or 1)
    weights *= np.where(cold, np.float32(scale), np.float32(1))
    for block in _blocks(columns):
        weights[np.ix_(columns[block], warm)] = weights[np.ix_(warm, columns[block])].T
    for block in _blocks(warm):
        rows = weights[warm[block]]
        weights[np.ix_(warm[block], columns)] *= _modest(rows[:, warm], rows[:, columns])


def _modest(learnt: NDArray[np.float32], content: NDArray[np.float32]) -> NDArray[np.float32]:
    """(rows, 1) factors up to 1 that keep each row's `content` below its own best weights.

    The scale fits readers with many likes. After a single one EASE's weights are small beside a
    similarity, and a first slate would be all unknown works.
    """
    last = learnt.shape[1] - min(FIRST_WARM, learnt.shape[1])
    bar = np.partition(learnt, last, axis=1)[:, last].clip(min=0)
    highest = content.max(axis=1, initial=0)
    factors = np.minimum(1, bar / np.where(highest > 0, highest, 1))
    return np.asarray(factors[:, None], dtype=np.float32)


def _set_nearest(
    weights: NDArray[np.float32], content: Content, columns: NDArray[np.intp], rest: float = 0.0
) -> None:
    """Set `columns` to the similarity to their 20 nearest items, and `rest` of it to all others.

    All of a tie stay and share their weight.
    """
    everything = np.arange(len(weights))
    kept = min(NEIGHBOURS, len(weights))
    for block in _blocks(columns):
        similar = content.cosines(columns[block], everything)
        edge = np.partition(similar, len(weights) - kept, axis=1)[:, [len(weights) - kept]]
        near = np.where((similar >= edge) & (similar > 0), similar, np.float32(0))
        counts = (near > 0).sum(axis=1, keepdims=True)
        near *= np.minimum(1, kept / np.maximum(counts, 1))
        weights[:, columns[block]] = (near + np.float32(rest) * similar).T


def _blocks(rows: NDArray[np.intp]) -> list[slice]:
    return [slice(start, start + BLOCK_ROWS) for start in range(0, len(rows), BLOCK_ROWS)]


def _high(scores: NDArray[np.float32]) -> float:
    """The mean of the highest twentieth; 0 of nothing or nothing above 0."""
    if not len(scores):
        return 0.0
    top = np.partition(scores, len(scores) - 1 - len(scores) // 20)[-1 - len(scores) // 20 :]
    return max(0.0, float(top.mean()))
