"""From scores to a ranking."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def top(scores: NDArray[Any], mask: NDArray[np.bool_] | None, k: int) -> NDArray[np.intp]:
    """The rows of the `k` best `scores` (items,), best first; of equals, the lower row first.

    Where `mask` (items,) is true, or a score is NaN, the item is never returned, so there may be
    fewer than `k`.
    """
    hidden = np.isnan(scores) if mask is None else mask | np.isnan(scores)
    rows = np.flatnonzero(~hidden)
    if k <= 0:
        return rows[:0]
    allowed = scores[rows]
    if k < len(rows):
        last = np.partition(allowed, len(rows) - k)[len(rows) - k]
        above = np.flatnonzero(allowed > last)
        level = np.flatnonzero(allowed == last)[: k - len(above)]
        best = np.sort(np.concatenate([above, level]))
        rows, allowed = rows[best], allowed[best]
    return rows[np.argsort(-allowed, kind="stable")]
