"""EASE of LensKit (2025.8.1), torch's Cholesky factor on the processor."""

from collections.abc import Callable

import pandas as pd
from child import Prepared, serve, typical
from lenskit.data import ItemList, RecQuery, from_interactions_df
from lenskit.knn import EASEScorer
from scipy import sparse


def prepare(likes: sparse.csr_array, l2: float) -> Prepared:
    entries = likes.tocoo()
    frame = pd.DataFrame({"user_id": entries.coords[0], "item_id": entries.coords[1]})
    data = from_interactions_df(frame)

    def fit() -> EASEScorer:
        model = EASEScorer(regularization=l2)
        model.train(data)
        return model

    def answering(model: EASEScorer) -> Callable[[], object]:
        row = typical(likes)
        liked = likes.indices[likes.indptr[row] : likes.indptr[row + 1]]
        query = RecQuery(user_items=ItemList(item_ids=liked))
        unseen = data.items.ids()[~pd.Series(data.items.ids()).isin(liked).to_numpy()]

        def answer() -> ItemList:
            return model(query, ItemList(item_ids=unseen, vocabulary=model.items)).top_n(20)

        return answer

    return fit, answering


if __name__ == "__main__":
    serve(prepare)
