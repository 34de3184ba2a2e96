"""Half-stars as the model takes them."""

import numpy as np

from recommender.errors import BadInteractions
from recommender.interactions import LIKE, AnyMatrix, Matrix, checked

# What a rating below three stars counts as: people rate low what lies near their taste, so it
# says "this is my corner" at half the strength. The search for a recipe may choose 0 instead.
LOW = 0.5
# How much more five stars count than three, of a like of four stars.
TILT = 0.2
PLAIN = 8  # half-stars of a like without a number: a 👍 counts as four stars


def half_stars(ratings: AnyMatrix, items: int | None = None) -> Matrix:
    """`ratings` checked: (readers, `items`), whole numbers 1..10. Raises BadInteractions."""
    found = checked(ratings, items)
    wrong = (found.data > 10) | (found.data != np.floor(found.data))
    if wrong.any():
        value = found.data[int(wrong.argmax())]
        raise BadInteractions(f"found the rating {value:g}, expected whole half-stars 1..10")
    return found


def strengths(ratings: Matrix, low: float = LOW) -> Matrix:
    """Half-stars as the model takes them: 0.9 to 1.1 for a like by its stars, `low` for the rest.

    A like of four stars, or of no number, is 1.
    """
    found = ratings.copy()
    likes = 1 + TILT * (found.data - PLAIN) / 4
    found.data = np.where(found.data >= LIKE, likes, low).astype(np.float32)
    found.eliminate_zeros()
    return found
