"""What a work is about, as numbers: the features that stand in where ratings are missing."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

from db.catalogue import Work
from recommender.interactions import Matrix


def features_of(works: Sequence[Work]) -> Matrix:
    """Genres, keywords and authors of `works`, (works, features) float32 of ones.

    A feature that one work alone has stays: it resembles nothing, but costs nothing either.
    """
    columns: dict[str, int] = {}
    rows, cols = [], []
    for row, work in enumerate(works):
        for name in dict.fromkeys(_names(work)):
            rows.append(row)
            cols.append(columns.setdefault(name, len(columns)))
    ones = np.ones(len(rows), dtype=np.float32)
    return sparse.csr_array((ones, (rows, cols)), shape=(len(works), len(columns)))


def _names(work: Work) -> Iterator[str]:
    yield from (f"genre:{genre}" for genre in work.genres)
    yield from (f"keyword:{keyword}" for keyword in work.keywords)
    yield from (f"author:{author}" for author in work.authors)
