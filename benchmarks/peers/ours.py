"""EASE of this project."""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from child import Prepared, serve, typical

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


if __name__ == "__main__":
    serve(prepare)
