"""How well a model predicts what readers like: what it finds, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender import contenders, metrics
from recommender.errors import BadInteractions, TooFewInteractions
from recommender.interactions import AnyMatrix, Matrix, checked
from recommender.rank import top

KNOWN_SHARE = 0.8
RESAMPLES = 2_000
FLIPS = 10_000
BATCH = 1_024  # readers scored at once: bounds memory
CELLS = 1 << 22  # of resamples x readers worked on at once: bounds memory

Model: TypeAlias = contenders.Model
Slates: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its bootstrap 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """What is told to the model and what it should find; the rows are the same readers.

    `order` has the pattern of `known` and says what the reader rated first: 1, 2, 3, ...
    """

    known: Matrix
    wanted: Matrix
    order: Matrix | None = None

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Only these rows."""
        order = None if self.order is None else self.order[rows]
        return type(self)(self.known[rows], self.wanted[rows], order)

    def asked(self) -> NDArray[np.intp]:
        """The rows with something to show and something to find. Raises TooFewInteractions."""
        told = [np.diff(part.indptr) > 0 for part in (self.known, self.wanted)]
        rows = np.flatnonzero(told[0] & told[1])
        if not len(rows):
            raise TooFewInteractions(
                f"found {self.known.shape[0]} readers, none with something to show and something "
                "to find"
            )
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The metrics of one model: intervals, and the numbers of each reader they come from."""

    readers: int
    metrics: Mapping[str, Interval]
    per_reader: Mapping[str, NDArray[np.float64]]


def fold(
    ratings: AnyMatrix, seed: int = 0, threshold: float = 0.0, order: Matrix | None = None
) -> Fold:
    """Show 80 % of what each reader rated; of the rest, `threshold` and more is to be found.

    Each row is shuffled by its own generator, seeded with (seed, row). Readers with nothing to
    find or nothing known are left out. Raises TooFewInteractions if no reader remains, and
    BadInteractions where `order` has another pattern than `ratings`.
    """
    whole = parted(ratings, seed, threshold, order)
    return whole.take(whole.asked())


def parted(
    ratings: AnyMatrix, seed: int = 0, threshold: float = 0.0, order: Matrix | None = None
) -> Fold:
    """`fold` with all readers, those with nothing to find or nothing known too."""
    found = checked(ratings)
    known = np.zeros(found.nnz, dtype=bool)
    for row, (start, stop) in enumerate(zip(found.indptr, found.indptr[1:], strict=False)):
        shuffled = np.random.default_rng([seed, row]).permutation(stop - start)
        shown = min(round(KNOWN_SHARE * len(shuffled)), len(shuffled) - 1)
        known[start + shuffled[: max(shown, 0)]] = True
    return split(found, known, ~known & (found.data >= threshold), order)


def without_the_last(ratings: Matrix, order: Matrix, threshold: float) -> Fold:
    """Show the first 80 % of what each reader rated; of the rest, `threshold` and more is wanted.

    All readers are kept. Raises BadInteractions where `order` has another pattern.
    """
    counts = np.diff(ratings.indptr)
    shown = np.minimum(np.rint(KNOWN_SHARE * counts), counts - 1)
    early = in_order(of_the_same(order, ratings)).data <= np.repeat(shown, counts)
    return split(ratings, early, ~early & (ratings.data >= threshold), order)


def split(
    ratings: Matrix, known: NDArray[np.bool_], wanted: NDArray[np.bool_], order: Matrix | None
) -> Fold:
    """A fold of the stored entries (entries,) that are `known` and `wanted`, all readers kept.

    Raises BadInteractions where `order` has another pattern than `ratings`.
    """
    kept = None if order is None else in_order(only(of_the_same(order, ratings), known))
    return Fold(only(ratings, known), only(ratings, wanted), kept)


def of_the_same(order: AnyMatrix, ratings: Matrix) -> Matrix:
    """`order`, if it has the pattern of `ratings` (readers, items); else raises BadInteractions."""
    found = checked(order)
    same = np.array_equal(found.indptr, ratings.indptr) and np.array_equal(
        found.indices, ratings.indices
    )
    if not same or found.shape != ratings.shape:
        raise BadInteractions("found an order of other entries, expected one of the ratings")
    return found


def in_order(values: Matrix) -> Matrix:
    """1, 2, 3, ... for each reader's entries from the lowest value up; of equals, the first."""
    rows = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
    places = np.lexsort((values.data, rows))
    ranks = np.empty(values.nnz, dtype=np.float32)
    ranks[places] = np.arange(values.nnz) - values.indptr[rows] + 1
    return sparse.csr_array((ranks, values.indices, values.indptr), shape=values.shape)


def only(matrix: Matrix, kept: NDArray[np.bool_]) -> Matrix:
    """The stored entries that `kept` (entries,) marks; readers and items stay."""
    data = np.where(kept, matrix.data, np.float32(0))
    part = sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape, copy=True)
    part.eliminate_zeros()
    return part


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
    per_reader = accuracy(ranked(model, folded, max(ks)), folded.wanted, ks)
    found = intervals(np.column_stack(list(per_reader.values())), seed)
    return Report(folded.wanted.shape[0], dict(zip(per_reader, found, strict=True)), per_reader)


def ranked(model: Model, folded: Fold, k: int, allowed: NDArray[np.bool_] | None = None) -> Slates:
    """The `k` items that the model puts first for each reader, of those not known already.

    (readers, k), filled up with -1; where `allowed` (items,) is given, of these items alone. A
    model that asks for the order is told it, if anybody knows it.
    """
    readers, items = folded.known.shape
    slates = np.full((readers, k), -1, dtype=np.int32)
    for start in range(0, readers, BATCH):
        part = folded.take(np.arange(start, min(start + BATCH, readers)))
        scores = scores_for(model, part)
        hidden = part.known.toarray() > 0
        if allowed is not None:
            hidden |= ~allowed
        for n, slate in enumerate(slates[start : start + BATCH]):
            best = top(scores[n], hidden[n], min(k, items))
            slate[: len(best)] = best
    return slates


def accuracy(slates: Slates, wanted: Matrix, ks: Sequence[int]) -> dict[str, NDArray[np.float64]]:
    """NDCG and Recall of each reader at each of `ks`, (readers,), by name: "ndcg@20", ..."""
    hits = np.zeros(slates.shape, dtype=bool)
    for start in range(0, len(slates), BATCH):
        rows = slice(start, start + BATCH)
        there = wanted[rows].toarray() > 0
        hits[rows] = np.take_along_axis(there, np.maximum(slates[rows], 0), axis=1)
    hits &= slates >= 0
    count = np.diff(wanted.indptr).astype(np.int64)
    found = {}
    for k in ks:
        found[f"ndcg@{k}"] = metrics.ndcg(hits, count, k)
        found[f"recall@{k}"] = metrics.recall(hits, count, k)
    return found


def difference(one: Report, other: Report, metric: str, seed: int = 0) -> Interval:
    """How much higher `metric` is for `one` than for `other`, reader by reader.

    Raises BadInteractions if the reports are not about the same number of readers.
    """
    if one.readers != other.readers:
        raise BadInteractions(f"found {other.readers} readers, expected {one.readers}")
    return interval(one.per_reader[metric] - other.per_reader[metric], seed)


def interval(values: NDArray[np.float64], seed: int = 0) -> Interval:
    """The mean of `values` with its percentile bootstrap interval, alike for the same seed."""
    return intervals(values[:, None], seed)[0]


def intervals(values: NDArray[np.float64], seed: int = 0) -> list[Interval]:
    """`interval` of each column of `values` (readers, figures), over the same resampled readers.

    Readers for whom a figure is NaN are left out of it; without any, all three numbers are NaN.
    """
    generator = np.random.default_rng(seed)
    readers, figures = values.shape
    there = (~np.isnan(values)).astype(np.float64)
    told = np.nan_to_num(values)
    means = np.empty((RESAMPLES, figures))
    step = max(1, CELLS // max(1, readers))
    with np.errstate(invalid="ignore", divide="ignore"):
        for start in range(0, RESAMPLES, step):
            size = min(step, RESAMPLES - start)
            drawn = generator.integers(readers, size=(size, readers))
            drawn += readers * np.arange(size)[:, None]
            times = np.bincount(drawn.ravel(), minlength=size * readers).reshape(size, readers)
            means[start : start + size] = (times @ told) / (times @ there)
        center = told.sum(axis=0) / there.sum(axis=0)
    low, high = np.full((2, figures), np.nan)
    for n in np.flatnonzero(~np.isnan(center)):  # a resample may hold none of a few readers
        low[n], high[n] = np.nanpercentile(means[:, n], [2.5, 97.5])
    return [Interval(*map(float, three)) for three in zip(center, low, high, strict=True)]


def sign_flips(differences: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    """Of each column of `differences` (readers, figures): the p-value of its mean not being 0.

    Two-sided, by 10,000 random flips of readers' signs: under the null hypothesis which of two
    models a number comes from is a coin's throw (Fisher's randomisation; Smucker et al. 2007).
    The observed signs count as one more, so no p is 0. Where a difference is NaN it counts as 0.
    """
    generator = np.random.default_rng(seed)
    told = np.nan_to_num(differences)
    bar = np.abs(told.sum(axis=0)) * (1 - 1e-12)  # what is equal may differ in its last bit
    reached = np.ones(told.shape[1])
    step = max(1, CELLS // max(1, len(told)))
    for start in range(0, FLIPS, step):
        size = min(step, FLIPS - start)
        signs = 2.0 * generator.integers(2, size=(size, len(told)), dtype=np.int8) - 1
        reached += (np.abs(signs @ told) >= bar).sum(axis=0)
    return np.asarray(reached / (FLIPS + 1), dtype=np.float64)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """The p-values corrected for how many there are (Holm 1979): never smaller, at most 1."""
    corrected, most = {}, 0.0
    for n, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        most = max(most, min(1.0, (len(p_values) - n) * p_values[name]))
        corrected[name] = most
    return {name: corrected[name] for name in p_values}


def scores_for(model: Model, part: Fold) -> NDArray[np.float32]:
    """Scores (readers, items) of the readers of a fold; a model that asks is told the order."""
    if part.order is not None and isinstance(model, contenders.Ordered):
        return model.scores_in_order(part.known, part.order)
    return model.scores(part.known)
