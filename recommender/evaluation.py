"""How well a model predicts for readers it was not trained on (strong generalisation)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender import metrics
from recommender.errors import BadInteractions, TooFewInteractions
from recommender.interactions import AnyMatrix, Matrix, checked
from recommender.rank import top

KNOWN_SHARE = 0.8
RESAMPLES = 2_000
BATCH = 1_024  # readers scored at once: bounds memory


class Model(Protocol):
    """Anything that scores folded-in readers."""

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        """Scores (readers, items) for `folded` (readers, items)."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its bootstrap 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """What is told to the model and what it should find; the rows are the same readers."""

    known: Matrix
    wanted: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The metrics of one model: intervals, and the numbers of each reader they come from."""

    readers: int
    metrics: Mapping[str, Interval]
    per_reader: Mapping[str, NDArray[np.float64]]


def fold(ratings: AnyMatrix, seed: int = 0, threshold: float = 0.0) -> Fold:
    """Show 80 % of what each reader rated; of the rest, `threshold` and more is to be found.

    Each row is shuffled by its own generator, seeded with (seed, row). Readers with nothing to
    find or nothing known are left out. Raises TooFewInteractions if no reader remains.
    """
    found = checked(ratings)
    known = np.zeros(found.nnz, dtype=bool)
    for row, (start, stop) in enumerate(zip(found.indptr, found.indptr[1:], strict=False)):
        order = np.random.default_rng([seed, row]).permutation(stop - start)
        shown = min(round(KNOWN_SHARE * len(order)), len(order) - 1)
        known[start + order[: max(shown, 0)]] = True
    parts = [_only(found, kept) for kept in (known, ~known & (found.data >= threshold))]
    counts = [np.diff(part.indptr) for part in parts]
    rows = np.flatnonzero((counts[0] > 0) & (counts[1] > 0))
    if not len(rows):
        raise TooFewInteractions(
            f"found {found.shape[0]} readers, none with something to show and something to find"
        )
    return Fold(parts[0][rows], parts[1][rows])


def evaluate(
    model: Model,
    ratings: AnyMatrix,
    ks: Sequence[int] = (20, 100),
    seed: int = 0,
    threshold: float = 0.0,
) -> Report:
    """NDCG@k and Recall@k of `model` for the held-out readers in `ratings` (readers, items).

    Give each model its own scale: likes (1.0) to EASE, half-stars with `threshold=6` to the
    default model; the folds are the same for the same entries, seed and threshold.
    """
    return measure(model, fold(ratings, seed, threshold), ks, seed)


def measure(model: Model, folded: Fold, ks: Sequence[int] = (20, 100), seed: int = 0) -> Report:
    """`evaluate` on a fold that was made before; metrics are named "ndcg@20", "recall@20", ..."""
    wanted = np.diff(folded.wanted.indptr).astype(np.int64)
    hits = _hits(model, folded, max(ks))
    per_reader = {}
    for k in ks:
        per_reader[f"ndcg@{k}"] = metrics.ndcg(hits, wanted, k)
        per_reader[f"recall@{k}"] = metrics.recall(hits, wanted, k)
    intervals = {name: interval(values, seed) for name, values in per_reader.items()}
    return Report(len(wanted), intervals, per_reader)


def difference(one: Report, other: Report, metric: str, seed: int = 0) -> Interval:
    """How much higher `metric` is for `one` than for `other`, reader by reader.

    Raises BadInteractions if the reports are not about the same number of readers.
    """
    if one.readers != other.readers:
        raise BadInteractions(f"found {other.readers} readers, expected {one.readers}")
    return interval(one.per_reader[metric] - other.per_reader[metric], seed)


def interval(values: NDArray[np.float64], seed: int = 0) -> Interval:
    """The mean of `values` with its percentile bootstrap interval, alike for the same seed."""
    generator = np.random.default_rng(seed)
    size = len(values)
    means = [values[generator.integers(size, size=size)].mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))


def _hits(model: Model, folded: Fold, k: int) -> NDArray[np.bool_]:
    readers, items = folded.known.shape
    hits = np.zeros((readers, k), dtype=bool)
    for start in range(0, readers, BATCH):
        stop = min(start + BATCH, readers)
        scores = model.scores(folded.known[start:stop])
        known = folded.known[start:stop].toarray() > 0
        wanted = folded.wanted[start:stop].toarray() > 0
        for n in range(stop - start):
            best = top(scores[n], known[n], min(k, items))
            hits[start + n, : len(best)] = wanted[n, best]
    return hits


def _only(matrix: Matrix, kept: NDArray[np.bool_]) -> Matrix:
    data = np.where(kept, matrix.data, np.float32(0))
    part = sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape, copy=True)
    part.eliminate_zeros()
    return part
