"""What a work is about, as numbers: the features that stand in where ratings are missing."""

from collections.abc import Sequence

from db.catalogue import Work
from recommender.content import binary
from recommender.interactions import Matrix


def features_of(works: Sequence[Work]) -> Matrix:
    """Genres, keywords and authors of `works`, (works, features) float32 of ones."""
    return binary([work.about for work in works])
