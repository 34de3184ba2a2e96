"""Item neighbours of implicit (0.7.3), which has no EASE: for what an answer costs there."""

from collections.abc import Callable

from child import Prepared, serve, typical
from implicit.nearest_neighbours import BM25Recommender
from scipy import sparse


def prepare(likes: sparse.csr_array, _l2: float) -> Prepared:
    matrix = sparse.csr_matrix(likes).astype("float64")

    def fit() -> BM25Recommender:
        model = BM25Recommender(K=200)
        model.fit(matrix, show_progress=False)
        return model

    def answering(model: BM25Recommender) -> Callable[[], object]:
        row = typical(likes)
        own = matrix[row]
        return lambda: model.recommend(row, own, N=20)

    return fit, answering


if __name__ == "__main__":
    serve(prepare)
