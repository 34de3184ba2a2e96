"""What the verdict "not for me" takes away: a disliked item's own neighbourhood.

Half of the nearest items are those that the same readers like, half those that the model itself
recommends for it. Each loses a fixed amount, whoever asks, so that scores stay linear in the
verdicts: readers who gave the model much to go by keep more than those who gave it little. Only of
more than three dislikes each counts less: thirty of them must not leave nothing to read.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

NEAREST = 20  # of each kind; of a small catalogue a twentieth
# In units of the root mean square of readers' scores. See benchmarks/dislikes.py.
OWN = 0.39  # of the item's own positive weights
BY_READERS = 0.29
BY_WEIGHTS = 0.06
FULL_DISLIKES = 3  # count in full
BLOCK_ROWS = 256

Near: TypeAlias = NDArray[np.int32]


def nearest_of(items: int) -> int:
    """How many of so many items are near to each."""
    return min(NEAREST, max(1, items // 20))


def read_together(upper: NDArray[Any], count: int) -> Near:
    """The `count` items with the highest cosine to each item, (items, count), nearest first.

    From XᵀX (items, items), of which only the upper triangle is read. A place that no item
    deserves holds the item itself.
    """
    items = len(upper)
    lengths = np.sqrt(np.maximum(np.einsum("ii->i", upper), 0))
    scale = (1 / np.where(lengths > 0, lengths, np.inf)).astype(np.float32)
    found = np.empty((items, count), dtype=np.int32)
    for block in _blocks(items):
        rows = np.empty((block.stop - block.start, items), dtype=np.float32)
        rows[:, : block.start] = upper[: block.start, block].T
        rows[:, block.start :] = upper[block, block.start :]
        corner = np.triu(rows[:, block])
        rows[:, block] = corner + np.triu(corner, 1).T
        found[block] = _highest(rows * scale, block, count)
    return found


def recommended(weights: NDArray[np.float32], count: int) -> Near:
    """The `count` items with the highest weight in each row, as `read_together` has them."""
    found = np.empty((len(weights), count), dtype=np.int32)
    for block in _blocks(len(weights)):
        found[block] = _highest(weights[block].copy(), block, count)
    return found


def share(dislikes: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
    """How much each of so many dislikes of one reader counts, in 0..1; of any shape, float32."""
    many = np.maximum(1, np.asarray(dislikes) / FULL_DISLIKES)
    return np.asarray(1 / np.sqrt(many), dtype=np.float32)


def amounts(
    weights: NDArray[Any], near: Near, rows: NDArray[np.integer[Any]]
) -> NDArray[np.float32]:
    """What a dislike of each of `rows` takes away, (rows, items) float32, never below 0.

    A share of all that the item would recommend, and more from its neighbours `near`
    (items, 2 · count).
    """
    half = near.shape[1] // 2
    if not half:  # a model of before there were neighbours: its own weights were all it had
        return np.asarray(np.maximum(weights[rows], 0), dtype=np.float32)
    taken = np.float32(OWN) * np.maximum(weights[rows], np.float32(0))
    lines = np.arange(len(rows))[:, None]
    for columns, amount in ((near[rows, :half], BY_READERS), (near[rows, half:], BY_WEIGHTS)):
        # An item stands for itself where it has no neighbour, several times perhaps: none is lost.
        taken[lines, columns] += np.float32(amount) * (columns != rows[:, None])
    return np.asarray(taken, dtype=np.float32)


def _highest(rows: NDArray[np.float32], block: slice, count: int) -> Near:
    """The columns of the highest values above 0 in each of `rows`, the row's own left out."""
    own = np.arange(block.start, block.stop)
    rows[np.arange(len(rows)), own] = -np.inf
    kept = min(count, rows.shape[1] - 1)
    columns = np.broadcast_to(own[:, None], (len(rows), count)).copy()
    if kept > 0:
        best = np.argpartition(-rows, kept - 1, axis=1)[:, :kept]
        values = np.take_along_axis(rows, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        best, values = np.take_along_axis(best, order, 1), np.take_along_axis(values, order, 1)
        columns[:, :kept] = np.where(values > 0, best, own[:, None])
    return columns.astype(np.int32)


def _blocks(items: int) -> Iterator[slice]:
    return (slice(n, min(n + BLOCK_ROWS, items)) for n in range(0, items, BLOCK_ROWS))
