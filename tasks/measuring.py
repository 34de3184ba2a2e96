"""How well a model finds what held-out readers like, beside popularity and the active model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.default import DefaultModel
from recommender.errors import TooFewInteractions
from recommender.evaluation import Model, Report, difference, fold, measure
from recommender.interactions import LIKE, AnyMatrix, checked
from recommender.popularity import Popularity
from tasks.material import Material

CUTOFFS = (10, 20, 50, 100)
KEPT = ("ndcg@10", "ndcg@100", "recall@20")  # what the registry remembers of a model


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """A model of other works, or of the same in another order, asked about the present ones.

    `rows` (items,) says which of the model's rows each present work has, -1 for none.
    """

    model: DefaultModel
    rows: NDArray[np.intp]

    @classmethod
    def to(cls, items: Sequence[str], model: DefaultModel) -> Self:
        """`model` for the works with these keys."""
        known = {key: row for row, key in enumerate(model.ids)}
        rows = np.fromiter((known.get(key, -1) for key in items), dtype=np.intp, count=len(items))
        return cls(model, rows)

    def scores(self, folded: AnyMatrix) -> NDArray[np.float32]:
        """Scores (readers, items) float32; NaN, which is never suggested, for unknown works."""
        given = checked(folded, items=len(self.rows)).tocoo()
        there = self.rows[given.col] >= 0
        cells = (given.row[there], self.rows[given.col[there]])
        shape = (given.shape[0], len(self.model.weights))
        found = self.model.scores(sparse.csr_array((given.data[there], cells), shape=shape))
        placed = np.full(given.shape, np.nan, dtype=np.float32)
        placed[:, self.rows >= 0] = found[:, self.rows[self.rows >= 0]]
        return placed


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The same readers, the same folds: figures of the model, popularity and the active model."""

    model: Report
    popularity: Report
    active: Report | None = None


def compare(
    model: DefaultModel, material: Material, seed: int = 0, *, active: Model | None = None
) -> Comparison | None:
    """Shows the models 80 % of each held-out reader and asks for the rest; None without readers."""
    try:
        folded = fold(material.aside.matrix, seed, threshold=LIKE)
    except TooFewInteractions:
        return None
    popularity = Popularity.fit(material.fit.at_least(LIKE).matrix)
    return Comparison(
        model=measure(model, folded, CUTOFFS, seed),
        popularity=measure(popularity, folded, CUTOFFS, seed),
        active=None if active is None else measure(active, folded, CUTOFFS, seed),
    )


def figures(comparison: Comparison | None, seed: int = 0) -> dict[str, float]:
    """The figures a registry keeps: means with their 95 % intervals, and how many readers.

    "gain_…" is by how much the model was better, reader by reader, than the one that was active.
    """
    if comparison is None:
        return {"held_out_readers": 0}
    found: dict[str, float] = {"held_out_readers": comparison.model.readers}
    for name in KEPT:
        shown = {
            "": comparison.model.metrics[name],
            "popularity_": comparison.popularity.metrics[name],
        }
        if comparison.active is not None:
            shown["active_"] = comparison.active.metrics[name]
            shown["gain_"] = difference(comparison.model, comparison.active, name, seed)
        for prefix, interval in shown.items():
            found[f"{prefix}{name}"] = round(interval.mean, 4)
            found[f"{prefix}{name}_low"] = round(interval.low, 4)
            found[f"{prefix}{name}_high"] = round(interval.high, 4)
    return found
