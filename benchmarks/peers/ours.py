"""EASE of this project, with what the extra `fast` compiles already loaded."""

import math
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from peers.child import Prepared, serve, typical
from scipy import sparse

from recommender import kernels
from recommender.ease import Ease
from recommender.interactions import Matrix
from recommender.rank import top


def prepare(likes: Matrix, l2: float) -> Prepared:
    def answering(model: Ease) -> Callable[[], object]:
        row = typical(likes)
        liked = likes.indices[likes.indptr[row] : likes.indptr[row + 1]]

        def answer() -> object:
            seen = np.zeros(likes.shape[1], dtype=bool)
            seen[liked] = True
            return top(model.scores_of(liked), seen, 20)

        return answer

    return lambda: Ease.fit(likes, l2), answering


def load_kernels() -> None:
    """Has numba, and what it compiles, in the process: that counts no more than other imports."""
    kernels.scatter(math.inf)
    items = np.arange(2_000)
    pairs = np.concatenate([items, items[:-1] + 1])  # two likes each, too few for the dense way
    ones = np.ones(len(pairs), dtype=np.float32)
    rows = np.concatenate([items, items[:-1]])
    Ease.fit(sparse.csr_array((ones, (rows, pairs)), shape=(2_000, 2_000)), 1.0)


if __name__ == "__main__":
    load_kernels()
    serve(prepare)
