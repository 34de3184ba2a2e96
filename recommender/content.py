"""Works that resemble what a reader likes by what they are about; needs no ratings at all."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.errors import TooFewInteractions
from recommender.interactions import AnyMatrix, checked
from recommender.linear import Linear


class Content(Linear):
    """Score of an item: the sum of its cosine similarities to the liked items, each in 0..1."""

    kind = "content"

    @classmethod
    def fit(cls, item_features: AnyMatrix) -> Self:
        """Compare all items by `item_features` (items, features), not negative.

        A feature counts log(1 + items / items having it): sharing a rare keyword says more than
        sharing a genre. Items without features resemble nothing. `weights` is (items, items)
        float32 with a zero diagonal. Raises BadInteractions, TooFewInteractions without features.
        """
        features = checked(item_features)
        if not features.nnz:
            raise TooFewInteractions(
                f"found no feature on any of {features.shape[0]} items, expected some"
            )
        return cls(cosine(features), {"features": features.shape[1]})


def cosine(features: AnyMatrix) -> NDArray[np.float32]:
    """Cosine similarities of idf-weighted features, (items, items) float32, zero diagonal."""
    found = checked(features)
    having = np.bincount(found.indices, minlength=found.shape[1])
    idf = np.log1p(found.shape[0] / np.maximum(having, 1)).astype(np.float32)
    weighted = sparse.csr_array(
        (found.data * idf[found.indices], found.indices, found.indptr), shape=found.shape
    )
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)))
    unit = sparse.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ weighted
    similar = np.asarray((unit @ unit.T).toarray(), dtype=np.float32)
    np.fill_diagonal(similar, 0)
    return similar
