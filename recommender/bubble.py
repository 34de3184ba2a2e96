"""What a set of slates does to readers and works beyond being right: narrow, alike, popular, new.

A slate is a row of `slates` (readers, k) int: item rows, best first, filled up with -1. What is
said of each reader is NaN where the slate or the features say nothing; take `np.nanmean`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.interactions import AnyMatrix, checked

# How much of the reader's own genres is mixed into the slate's, so that a genre that is missing
# there costs much and not infinitely much (Steck 2018, eq. 4).
ALPHA = 0.01
BLOCK_READERS = 256

Slates = NDArray[np.integer[Any]]


def exposure(slates: Slates, items: int) -> NDArray[np.int64]:
    """How many slates each item is in, (items,)."""
    return np.bincount(slates[slates >= 0], minlength=items).astype(np.int64)


def coverage(slates: Slates, items: int) -> float:
    """The share of `items` that is in anybody's slate, 0..1."""
    return float(np.count_nonzero(exposure(slates, items)) / max(1, items))


def gini(exposure: NDArray[Any]) -> float:
    """How unequally items (items,) are shown: 0 all alike, (n - 1) / n one alone; 0 of nothing.

    Half the mean difference of two items, by the mean: Σ (2r - n - 1)·x / (n·Σ x), r the ranks.
    """
    shown = np.sort(np.asarray(exposure, dtype=np.float64))
    size, total = len(shown), shown.sum()
    if not total:
        return 0.0
    return float((2 * np.arange(1, size + 1) - size - 1) @ shown / (size * total))


def hhi(exposure: NDArray[Any]) -> float:
    """Herfindahl-Hirschman index of items (items,): Σ share², 1 / n all alike, 1 one alone."""
    shown = np.asarray(exposure, dtype=np.float64)
    total = shown.sum()
    return float(((shown / total) ** 2).sum()) if total else 0.0


def intra_list_distance(slates: Slates, unit_features: AnyMatrix) -> NDArray[np.float64]:
    """The mean of 1 - cosine over the pairs of each slate, (readers,); NaN for less than a pair.

    `unit_features` (items, features) has rows of length 1; a row of zeros is far from everything.
    """
    unit = checked(unit_features).astype(np.float64)
    chosen = _chosen(slates, unit.shape[0])
    alike = -np.asarray(chosen @ _row_sums(unit.multiply(unit)), dtype=np.float64)
    # |Σ v|² holds each pair twice, and each vector with itself. Block by block: who read an item
    # may stand in for its features, and then Σ v is as wide as there are readers.
    for start in range(0, len(slates), BLOCK_READERS):
        together = chosen[start : start + BLOCK_READERS] @ unit
        alike[start : start + BLOCK_READERS] += _row_sums(together.multiply(together))
    count = np.diff(chosen.indptr).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 1, 1 - alike / (count * (count - 1)), np.nan)


def genre_kl(slates: Slates, known: AnyMatrix, features: AnyMatrix) -> NDArray[np.float64]:
    """How far a slate's genres are from those of what the reader knows, (readers,) nats.

    Σ p·log(p / ((1 - α)·q + α·p)) with p from `known` (readers, items), whose entries count alike,
    and q from the slate (Steck 2018, "Calibrated recommendations", eq. 2 to 5); an item shares its
    1 among its `features` (items, genres). NaN where either side has no genre.
    """
    genres = _shares(checked(features))
    told = checked(known, items=genres.shape[0])
    told.data = np.ones_like(told.data)
    wished = _shares(sparse.csr_array(told @ genres)).toarray()
    shown = _shares(sparse.csr_array(_chosen(slates, genres.shape[0]) @ genres)).toarray()
    mixed = (1 - ALPHA) * shown + ALPHA * wished
    ratio = np.divide(wished, mixed, out=np.ones_like(wished), where=wished > 0)
    found = (wished * np.log(ratio)).sum(axis=1)
    there = wished.any(axis=1) & shown.any(axis=1)
    # Equal shares may differ in their last bit.
    return np.where(there, np.maximum(found, 0), np.nan)


def novelty(slates: Slates, shares: NDArray[Any]) -> NDArray[np.float64]:
    """The mean of -log2(share of readers who like the item) over a slate, (readers,) bits.

    `shares` (items,) in 0..1; what nobody likes counts as what is liked least (Zhou et al. 2010).
    """
    liked = np.asarray(shares, dtype=np.float64)
    least = liked[liked > 0].min(initial=1)
    bits = -np.log2(np.maximum(liked, least))
    there = slates >= 0
    total = np.where(there, bits[np.where(there, slates, 0)], 0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / there.sum(axis=1), dtype=np.float64)


def _chosen(slates: Slates, items: int) -> "sparse.csr_array[np.float64, tuple[int, int]]":
    """The slates as ones (readers, items)."""
    readers, places = np.nonzero(slates >= 0)
    cells = (readers, slates[readers, places])
    return sparse.csr_array((np.ones(len(readers)), cells), shape=(len(slates), items))


def _shares(amounts: Any) -> Any:  # noqa: ANN401 -- scipy's arithmetic has no narrower type
    """Rows that sum to 1, float64; empty rows stay."""
    sums = _row_sums(amounts)
    scale = sparse.diags_array(1 / np.where(sums > 0, sums, 1))
    return sparse.csr_array(scale @ amounts.astype(np.float64))


def _row_sums(matrix: Any) -> NDArray[np.float64]:  # noqa: ANN401 -- whatever scipy's multiply gives
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
