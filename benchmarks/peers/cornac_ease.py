"""EASE of Cornac (3.0.1): scipy's sparse product and `np.linalg.inv`."""

from collections.abc import Callable

import numpy as np
from child import Prepared, serve, typical
from cornac.data import Dataset
from cornac.models import EASE
from scipy import sparse


def prepare(likes: sparse.csr_array, l2: float) -> Prepared:
    readers, items = likes.shape
    entries = likes.tocoo()
    triples = (*entries.coords, entries.data.astype(np.float64))
    # As Dataset.from_uir leaves it, without its loop over a list of Python's.
    ids = [{number: number for number in range(count)} for count in (readers, items)]
    data = Dataset(readers, items, *ids, triples, seed=0)

    def fit() -> EASE:
        return EASE(lamb=l2, posB=False, verbose=False).fit(data)

    def answering(model: EASE) -> Callable[[], object]:
        row = typical(likes)
        return lambda: model.recommend(row, k=20, remove_seen=True, train_set=data)

    return fit, answering


if __name__ == "__main__":
    serve(prepare)
