"""What ships: one matrix of what readers and features say, linear in a reader's verdicts."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender import aversion
from recommender.aversion import Near
from recommender.errors import BadInteractions, BadParameter
from recommender.interactions import AnyMatrix, Matrix, checked
from recommender.linear import Rows, Stored, gathered, item_rows, square
from recommender.loading import array_of, marks_of, refuse_bad_facts
from recommender.popularity import lean
from recommender.stars import LOW, half_stars, strengths


class DefaultModel(Stored):
    """Linear in a reader's verdicts: Σ B[likes] + low · Σ B[rated low] - w · Σ A[dislikes].

    `weights` is B (items, items), made by the recipe in `facts` (`recommender.recipe`); A is what
    a dislike takes away (`recommender.aversion`), from `near` (items, 2 · nearest). `popularity`
    (items,) float32 is the share of readers who like an item, `informative` (items,) float32 how
    much a new reader's word on it tells, `questions` (nodes,) int32 the tree of what to ask them
    (`recommender.questions`; both None in models of old), `cold` (items,) bool the items nobody
    liked yet. For a reader without any verdict all scores are 0: rank by `popularity` then.
    """

    kind = "default"

    def __init__(
        self,
        weights: NDArray[Any],
        popularity: NDArray[np.float32],
        cold: NDArray[np.bool_],
        facts: Mapping[str, Any],
        *,
        near: Near | None = None,
        informative: NDArray[np.float32] | None = None,
        questions: NDArray[np.int32] | None = None,
    ) -> None:
        super().__init__(weights, facts)
        self.popularity = popularity
        self.cold = cold
        self.informative = informative
        self.questions = questions
        self.near = np.empty((len(weights), 0), dtype=np.int32) if near is None else near
        self.dislike_weight = float(facts["dislike_weight"])
        self.low = float(facts.get("low", LOW))

    @classmethod
    def fit(
        cls,
        ratings: AnyMatrix,
        item_features: AnyMatrix | None = None,
        seed: int = 0,
        *,
        l2: float | None = None,
        dislike_weight: float = 1.0,
    ) -> Self:
        """Fit to `ratings` (readers, items), whole half-stars 1..10, of which 6 and more are likes.

        `item_features` (items, features), not negative, stand in for items without likes and help
        those with few. The recipe that ranks best for readers set aside by `seed` is taken, unless
        `l2` says the penalty and that all else is as usual. Raises BadInteractions;
        TooFewInteractions if there is no like and no feature; PenaltyTooSmall or BadParameter for
        an `l2` or `dislike_weight` out of range; CatalogueTooLarge.
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
            **trained.facts,
            "dislike_weight": float(dislike_weight),
            "readers": halves.shape[0],
            "rows": halves.nnz,
        }
        return cls(
            trained.weights,
            trained.popularity,
            trained.cold,
            facts,
            near=trained.near,
            informative=trained.informative,
        )

    def scores(self, folded: AnyMatrix, disliked: AnyMatrix | None = None) -> NDArray[np.float32]:
        """Scores (readers, items) float32 of readers with half-stars `folded` (readers, items).

        A like is 6 and more, so 8 will do; what is less counts as nearness, not as dislike.
        `disliked` (readers, items) marks the verdict "not for me". Raises BadInteractions.
        """
        items = len(self.weights)
        found = strengths(half_stars(folded, items=items), self.low) @ self.weights
        if disliked is None:
            return np.asarray(found, dtype=np.float32)
        marks = checked(disliked, items=items)
        if marks.shape[0] != len(found):
            raise BadInteractions(
                f"found dislikes of {marks.shape[0]} readers, expected {len(found)}"
            )
        rows, places = np.unique(marks.indices, return_inverse=True)
        each = np.diff(marks.indptr)
        given = (np.repeat(aversion.share(each), each), places, marks.indptr)
        named: Matrix = sparse.csr_array(given, shape=(marks.shape[0], len(rows)))
        taken = named @ aversion.amounts(self.weights, self.near, rows)
        return np.asarray(found - self.dislike_weight * taken, dtype=np.float32)

    def scores_of(
        self, liked_rows: Rows, disliked_rows: Rows = (), low_rows: Rows = ()
    ) -> NDArray[np.float32]:
        """Scores (items,) float32 of one reader, in time proportional to verdicts x items.

        `low_rows` are items rated below three stars. Raises UnknownItem.
        """
        items = len(self.weights)
        found = gathered(self.weights, item_rows(liked_rows, items))
        if len(low_rows) and self.low:
            found += self.low * gathered(self.weights, item_rows(low_rows, items))
        if len(disliked_rows):
            taken = aversion.amounts(self.weights, self.near, item_rows(disliked_rows, items))
            found -= self._each_of(len(taken)) * taken.sum(axis=0)
        return found

    def nearest(self, rows: Rows) -> NDArray[np.intp]:
        """The items that the same readers like as any of `rows`, once each; none in old models.

        Raises UnknownItem.
        """
        half = self.near.shape[1] // 2
        return np.unique(self.near[item_rows(rows, len(self.weights)), :half]).astype(np.intp)

    def lean(self, likes: int) -> NDArray[np.float32]:
        """What to add to `scores_of` (items,) to rank for somebody with so many likes.

        See `recommender.popularity.lean`. Zeros for models of old, whose scores have other units.
        """
        if "power" not in self.facts:
            return np.zeros(len(self.weights), dtype=np.float32)
        return lean(self.popularity, int(self.facts["readers"]), likes)

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
        disliked = item_rows(disliked_rows, items)
        taken = aversion.amounts(self.weights, self.near, disliked)[:, item]
        parts = (
            column[item_rows(liked_rows, items)].astype(np.float64),
            0.0 - self._each_of(len(taken)) * taken.astype(np.float64),
            self.low * column[item_rows(low_rows, items)].astype(np.float64),
        )
        return np.concatenate(parts)

    def _each_of(self, dislikes: int) -> np.float32:
        return np.float32(self.dislike_weight * float(aversion.share(np.array(dislikes))))

    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays = {"weights": self.weights, "popularity": self.popularity, "cold": self.cold}
        if self.informative is not None:
            arrays["informative"] = self.informative
        if self.questions is not None:
            arrays["questions"] = self.questions
        return {**arrays, "near": self.near}

    @classmethod
    def _of(cls, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Self:
        weights = square(array_of(arrays, "weights"))
        items = len(weights)
        popularity = array_of(arrays, "popularity", (items,))
        cold = marks_of(arrays, "cold", (items,))
        # Models of earlier versions lack these three, and work without.
        near, asked = arrays.get("near"), arrays.get("questions")
        if near is not None:
            _refuse_bad_rows("near", near, (items, near.size // items), items)
        if asked is not None:
            _refuse_bad_rows("questions", asked, (asked.size,), items)
        informative = None
        if "informative" in arrays:
            informative = array_of(arrays, "informative", (items,))
        # Those with a recipe are ranked by, for which it counts how many readers there were.
        refuse_bad_facts(facts, "dislike_weight", *(["readers"] if "power" in facts else []))
        return cls(
            weights, popularity, cold, facts, near=near, informative=informative, questions=asked
        )


def _refuse_bad_rows(name: str, rows: NDArray[Any], shape: tuple[int, ...], items: int) -> None:
    if rows.shape != shape or rows.dtype.kind != "i":
        raise ValueError(f"{name} is {rows.dtype}{rows.shape}, expected whole numbers {shape}")
    if rows.size and not 0 <= rows.min() <= rows.max() < items:
        raise ValueError(f"{name} holds {rows.min()}..{rows.max()}, expected 0..{items - 1}")
