"""How good a ranking is: NDCG and Recall at k, one number a reader."""

import numpy as np
from numpy.typing import NDArray


def ndcg(hits: NDArray[np.bool_], wanted: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """NDCG@k in 0..1 of each reader, (readers,).

    `hits` (readers, at least k) says which ranks hold an item the reader wanted, `wanted`
    (readers,) how many there were, at least 1. Gain is 1, discount log2(rank + 1).
    """
    discounts = 1 / np.log2(np.arange(k) + 2)
    ideal = np.cumsum(discounts)[np.minimum(wanted, k) - 1]
    return np.asarray(hits[:, :k] @ discounts / ideal, dtype=np.float64)


def recall(hits: NDArray[np.bool_], wanted: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Recall@k in 0..1 of each reader, (readers,); arguments as in `ndcg`.

    Divided by min(k, wanted) (Liang et al. 2018, section 4.2), so that 1 is within reach.
    """
    return np.asarray(hits[:, :k].sum(axis=1) / np.minimum(wanted, k), dtype=np.float64)
