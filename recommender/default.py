"""What ships: EASE where there are likes, content where there are none yet, all in one matrix."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.errors import BadInteractions, BadParameter
from recommender.interactions import AnyMatrix, checked
from recommender.linear import Rows, Stored, gathered, item_rows, square
from recommender.stars import LOW, half_stars, strengths

# A dislike takes away half of what a like of the same item gives: on MovieLens, thirty dislikes of
# films drawn by popularity cost 5 % of NDCG@100 with 1.0, and 1 % with 0.5 (benchmarks/folds.py).
DISLIKE_WEIGHT = 0.5


class DefaultModel(Stored):
    """Linear in a reader's verdicts: Σ B[likes] + ½ Σ B[rated low] - w · Σ max(B[dislikes], 0).

    `weights` is B (items, items), `popularity` (items,) float32 the share of readers who like an
    item, `cold` (items,) bool the items nobody liked yet. For a reader without any verdict all
    scores are 0: rank by `popularity` then.
    """

    kind = "default"

    def __init__(
        self,
        weights: NDArray[Any],
        popularity: NDArray[np.float32],
        cold: NDArray[np.bool_],
        facts: Mapping[str, Any],
    ) -> None:
        super().__init__(weights, facts)
        self.popularity = popularity
        self.cold = cold
        self.dislike_weight = float(facts["dislike_weight"])

    @classmethod
    def fit(
        cls,
        ratings: AnyMatrix,
        item_features: AnyMatrix | None = None,
        seed: int = 0,
        *,
        l2: float | None = None,
        dislike_weight: float = DISLIKE_WEIGHT,
    ) -> Self:
        """Fit to `ratings` (readers, items), whole half-stars 1..10, of which 6 and more are likes.

        `item_features` (items, features), not negative, stand in for items without likes and help
        those with few. Without `l2` the best of a grid is taken, on a tenth of readers chosen by
        `seed`. Raises BadInteractions; TooFewInteractions if there is no like and no feature;
        PenaltyTooSmall or BadParameter for an `l2` or `dislike_weight` out of range;
        CatalogueTooLarge.
        """
        from recommender import training  # noqa: PLC0415 - LAPACK is for training alone

        halves = half_stars(ratings)
        if not 0 <= dislike_weight < np.inf:
            raise BadParameter(f"found dislike_weight = {dislike_weight!r}, expected 0 or more")
        features = None if item_features is None else checked(item_features)
        if features is not None and features.shape[0] != halves.shape[1]:
            raise BadInteractions(
                f"found features of {features.shape[0]} items, expected {halves.shape[1]}"
            )
        trained = training.train(halves, features, seed, l2)
        facts = {
            "l2": trained.l2,
            "dislike_weight": float(dislike_weight),
            "readers": halves.shape[0],
            "rows": halves.nnz,
        }
        return cls(trained.weights, trained.popularity, trained.cold, facts)

    def scores(self, folded: AnyMatrix, disliked: AnyMatrix | None = None) -> NDArray[np.float32]:
        """Scores (readers, items) float32 of readers with half-stars `folded` (readers, items).

        A like is 6 and more, so 8 will do; what is less counts as nearness, not as dislike.
        `disliked` (readers, items) marks the verdict "not for me". Raises BadInteractions.
        """
        found = strengths(half_stars(folded, items=len(self.weights))) @ self.weights
        if disliked is None:
            return np.asarray(found, dtype=np.float32)
        marks = checked(disliked, items=len(self.weights))
        if marks.shape[0] != len(found):
            raise BadInteractions(
                f"found dislikes of {marks.shape[0]} readers, expected {len(found)}"
            )
        marks.data = np.ones_like(marks.data)
        rows = np.unique(marks.indices)
        pushed = marks[:, rows] @ np.maximum(self.weights[rows], 0)
        return np.asarray(found - self.dislike_weight * pushed, dtype=np.float32)

    def scores_of(
        self, liked_rows: Rows, disliked_rows: Rows = (), low_rows: Rows = ()
    ) -> NDArray[np.float32]:
        """Scores (items,) float32 of one reader, in time proportional to verdicts x items.

        `low_rows` are items rated below three stars. Raises UnknownItem.
        """
        found = gathered(self.weights, item_rows(liked_rows, len(self.weights)))
        if len(low_rows):
            found += LOW * gathered(self.weights, item_rows(low_rows, len(self.weights)))
        if len(disliked_rows):
            pushed = np.maximum(self.weights[item_rows(disliked_rows, len(self.weights))], 0)
            found -= np.float32(self.dislike_weight) * pushed.sum(axis=0)
        return found

    def explain(
        self,
        liked_rows: Rows,
        item_row: int,
        disliked_rows: Rows = (),
        low_rows: Rows = (),
    ) -> NDArray[np.float64]:
        """What each verdict contributes to the score of `item_row`: first the likes, then the
        dislikes, then the low ratings, in the order given; float64, they sum to the score.

        Raises UnknownItem.
        """
        items = len(self.weights)
        (item,) = item_rows([item_row], items)
        column = self.weights[:, item]
        pushed = np.maximum(column[item_rows(disliked_rows, items)], 0).astype(np.float64)
        parts = (
            column[item_rows(liked_rows, items)].astype(np.float64),
            0.0 - self.dislike_weight * pushed,
            LOW * column[item_rows(low_rows, items)].astype(np.float64),
        )
        return np.concatenate(parts)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"weights": self.weights, "popularity": self.popularity, "cold": self.cold}

    @classmethod
    def _of(cls, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Self:
        weights, popularity, cold = (arrays[name] for name in ("weights", "popularity", "cold"))
        items = len(square(weights))
        for name, array in (("popularity", popularity), ("cold", cold)):
            if array.shape != (items,):
                raise ValueError(f"{name} has the shape {array.shape}, expected ({items},)")
        return cls(weights, popularity, cold, facts)
