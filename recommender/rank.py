"""From scores to a ranking."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def top(scores: NDArray[Any], mask: NDArray[np.bool_] | None, k: int) -> NDArray[np.intp]:
    """The rows of the `k` best `scores` (items,), best first; of equals, the lower row first.

    Where `mask` (items,) is true, or a score is NaN, the item is never returned, so there may be
    fewer than `k`.
    """
    costs = 0.0 - scores  # the best first; numpy puts NaN last, wherever it looks for an order
    if mask is not None:
        np.copyto(costs, np.nan, where=mask)
    k = min(k, len(costs))
    if k <= 0:
        return np.empty(0, dtype=np.intp)
    last = np.partition(costs, k - 1)[k - 1]
    rows = np.flatnonzero(~np.isnan(costs) if np.isnan(last) else costs <= last)
    return rows[np.argsort(costs[rows], kind="stable")[:k]]
