"""A model that is one item-by-item matrix B: scores = likes · B, which can be taken apart."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from recommender import artifact
from recommender.errors import ArtifactDamaged, BadInteractions, UnknownItem
from recommender.interactions import AnyMatrix, checked

Rows = Sequence[int] | NDArray[np.integer[Any]]


class Stored:
    """An item-by-item matrix with the facts of its fit, to be saved and loaded."""

    kind: ClassVar[str]

    def __init__(self, weights: NDArray[Any], facts: Mapping[str, Any]) -> None:
        # Rows are gathered on every answer; Fortran order would be far slower.
        self.weights = np.ascontiguousarray(weights)
        self.facts = dict(facts)

    def save(
        self,
        folder: str | Path,
        ids: Sequence[str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Write the model as an artifact folder; return its digest.

        `ids` are the items' ids in the order of the rows, `extra` further facts for the manifest.
        Raises ArtifactNotWritten.
        """
        facts = {**self.facts, **(extra or {}), "kind": self.kind}
        if ids is not None:
            if len(ids) != len(self.weights):
                raise UnknownItem(f"found {len(ids)} item ids, expected {len(self.weights)}")
            facts["ids"] = list(ids)
        return artifact.write(folder, self._arrays(), facts)

    @classmethod
    def load(cls, folder: str | Path, digest: str | None = None, *, resident: bool = False) -> Self:
        """The model saved in `folder`, verified and memory-mapped; facts are in `.facts`.

        Who serves for days asks for a `resident` one, held in memory: a mapped file that somebody
        truncates kills the process. Raises ArtifactDamaged, ArtifactVersion or ArtifactKind.
        """
        found = artifact.read(folder, digest, cls.kind, resident=resident)
        own = {"format", "files", "kind"}
        facts = {name: fact for name, fact in found.manifest.items() if name not in own}
        try:
            model = cls._of(found.arrays, facts)
            ids = model.ids
        except KeyError as missing:
            raise ArtifactDamaged(f"{folder} lacks {missing}") from missing
        except (TypeError, ValueError) as wrong:
            raise ArtifactDamaged(f"{folder} holds no {cls.kind} model: {wrong}") from wrong
        if ids and len(ids) != len(model.weights):
            raise ArtifactDamaged(f"{folder} has {len(ids)} ids, expected {len(model.weights)}")
        return model

    @property
    def ids(self) -> tuple[str, ...]:
        """The items' ids as given to `save`; empty for a model that was never saved with any."""
        return tuple(self.facts.get("ids", ()))

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"weights": self.weights}

    @classmethod
    def _of(cls, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Self:
        return cls(square(arrays["weights"]), facts)


class Linear(Stored):
    """Scores linear in what a reader likes; `weights[i, j]` is what a like of i adds to item j."""

    def scores(self, folded: AnyMatrix) -> NDArray[np.float32]:
        """Scores (readers, items) float32 of readers with likes `folded` (readers, items).

        What they already like is scored too; masking is the caller's. Raises BadInteractions.
        """
        likes = checked(folded, items=len(self.weights))
        return np.asarray(likes @ self.weights, dtype=np.float32)

    def scores_of(
        self, liked_rows: Rows, weights: Sequence[float] | NDArray[Any] | None = None
    ) -> NDArray[np.float32]:
        """Scores (items,) float32 of one reader, in time proportional to likes x items.

        `weights` says how much each like counts (1 where absent). Raises UnknownItem, and
        BadInteractions if there are not as many weights as likes.
        """
        rows = item_rows(liked_rows, len(self.weights))
        return gathered(self.weights, rows, _amounts(rows, weights))

    def explain(
        self,
        liked_rows: Rows,
        item_row: int,
        weights: Sequence[float] | NDArray[Any] | None = None,
    ) -> NDArray[np.float64]:
        """What each like contributes to the score of `item_row`, (likes,) float64.

        Contributions may be negative; they sum to the score. Raises as `scores_of`.
        """
        rows = item_rows(liked_rows, len(self.weights))
        (item,) = item_rows([item_row], len(self.weights))
        contributions: NDArray[np.float64] = self.weights[rows, item].astype(np.float64)
        amounts = _amounts(rows, weights)
        return contributions if amounts is None else contributions * amounts


def square(weights: NDArray[Any]) -> NDArray[Any]:
    """`weights` if it is a matrix (items, items); else raises ValueError."""
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise ValueError(
            f"weights have the shape {weights.shape}, expected as many rows as columns"
        )
    return weights


def item_rows(rows: Rows, items: int) -> NDArray[np.intp]:
    """`rows` as an index array; raises UnknownItem unless all are whole numbers in 0..items-1."""
    found = np.asarray(rows)
    if found.size == 0:
        return np.empty(0, dtype=np.intp)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise UnknownItem(f"found {found.dtype} rows of shape {found.shape}, expected item rows")
    if found.min() < 0 or found.max() >= items:
        raise UnknownItem(f"found the rows {found.min()}..{found.max()}, expected 0..{items - 1}")
    return found.astype(np.intp, copy=False)


def gathered(
    weights: NDArray[Any], rows: NDArray[np.intp], amounts: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """The sum of `weights[rows]`, each row times its amount if given; (items,) float32."""
    # To multiply by ones is quicker than to add up: BLAS does it.
    kind = weights.dtype
    each = np.ones(len(rows), kind) if amounts is None else amounts.astype(kind)
    return np.asarray(each @ weights.take(rows, axis=0), dtype=np.float32)


def _amounts(
    rows: NDArray[np.intp], weights: Sequence[float] | NDArray[Any] | None
) -> NDArray[np.float64] | None:
    if weights is None:
        return None
    amounts = np.asarray(weights, dtype=np.float64)
    if amounts.shape != rows.shape:
        raise BadInteractions(f"found {amounts.shape} weights, expected {rows.shape}")
    if not np.isfinite(amounts).all():
        raise BadInteractions("found NaN or infinity among the weights, expected finite numbers")
    return amounts
