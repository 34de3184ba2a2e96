"""What models are told of works: their features, and which they must not ask readers about."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from db.catalogue import Work
from recommender.content import binary
from recommender.interactions import Matrix


def features_of(works: Sequence[Work]) -> Matrix:
    """Genres, keywords and authors of `works`, (works, features) float32 of ones."""
    return binary([work.about for work in works])


def never_asked(works: Sequence[Work]) -> NDArray[np.bool_]:
    """(works,) bool: for adults, or gone, so that no new reader is asked about them."""
    return np.array([work.adult or work.gone for work in works], dtype=bool)
