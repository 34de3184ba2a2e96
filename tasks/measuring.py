"""How well a model finds what held-out readers like, beside popularity."""

from dataclasses import dataclass

from recommender.default import DefaultModel
from recommender.errors import TooFewInteractions
from recommender.evaluation import Report, fold, measure
from recommender.interactions import LIKE
from recommender.popularity import Popularity
from tasks.material import Material

CUTOFFS = (10, 20, 50, 100)
KEPT = ("ndcg@10", "ndcg@100", "recall@20")  # what the registry remembers of a model


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The same readers, the same folds: the model's figures and popularity's."""

    model: Report
    popularity: Report


def compare(model: DefaultModel, material: Material, seed: int = 0) -> Comparison | None:
    """Shows the model 80 % of each held-out reader and asks for the rest; None without readers."""
    try:
        folded = fold(material.aside.matrix, seed, threshold=LIKE)
    except TooFewInteractions:
        return None
    popularity = Popularity.fit(material.fit.at_least(LIKE).matrix)
    return Comparison(
        model=measure(model, folded, CUTOFFS, seed),
        popularity=measure(popularity, folded, CUTOFFS, seed),
    )


def figures(comparison: Comparison | None) -> dict[str, float]:
    """The figures a registry keeps: means with their 95 % intervals, and how many readers."""
    if comparison is None:
        return {"held_out_readers": 0}
    found: dict[str, float] = {"held_out_readers": comparison.model.readers}
    for prefix, report in (("", comparison.model), ("popularity_", comparison.popularity)):
        for name in KEPT:
            interval = report.metrics[name]
            found[f"{prefix}{name}"] = round(interval.mean, 4)
            found[f"{prefix}{name}_low"] = round(interval.low, 4)
            found[f"{prefix}{name}_high"] = round(interval.high, 4)
    return found
