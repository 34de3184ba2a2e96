"""What the model's parts are worth: `python benchmarks/folds.py --ratings ratings.csv`.

Reads the two files of MovieLens (latest-small): ratings.csv, and movies.csv beside it for genres
and, from the titles, decades. Items and readers with 10 likes stay; five-fold by reader, 80 % of
each reader's ratings shown. The parts were chosen on these folds and on those of MovieLens-100k,
so what they gain here is an optimistic estimate.
"""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

from recommender import default_model
from recommender.contenders import Data, Model, likes_of
from recommender.ease import Ease
from recommender.evaluation import Fold, Report, accuracy, measure, only, ranked
from recommender.protocols import FOLDS, HIDDEN_SHARE, Split, Told, strong
from recommender.recipe import best_recipe
from recommender.tuning import best_l2, most_liked
from tasks.evaluating_data import from_files

METRICS = ("ndcg@100", "recall@20")


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of a table: what of the recipe is fixed, constants by name, and the features."""

    name: str
    fixed: Mapping[str, object] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    content: bool = True


FITS = (
    Variant("as it ships"),
    Variant("no features", content=False),
    Variant("a low rating counts 0", {"low": 0.0}),
    Variant("a low rating counts 1", {"low": 1.0}),
    Variant("stars of a like ignored", constants={"stars.TILT": 0.0}),
    Variant("no dropout", constants={"recipe.DROPOUT": 0.0}),
    Variant("diagonal 0 (power 1)", {"mix": (1.0, 0.3)}),
    Variant("no spectral part", {"mix": (0.5, 0.0)}),
)
COLD = (Variant("as it ships"), Variant("no features", content=False))


def main() -> None:
    """Print two tables: what readers teach, and items nobody liked yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ratings", type=Path, required=True, help="ratings.csv of MovieLens")
    told = from_files(parser.parse_args().ratings, None, 5).told
    readers, items = told.ratings.shape
    ratings = told.ratings.nnz
    print(f"{readers} readers, {items} items, {ratings:,} ratings; {FOLDS} folds by reader")
    print(f"{'':28} NDCG@100  Recall@20  coverage@20")
    print(f"  {'tuned EASE':26} " + "    ".join(map(_shown, plain(told))), flush=True)
    for variant in FITS:
        found = everywhere(told, variant)
        print(f"  {variant.name:26} " + "    ".join(map(_shown, found)), flush=True)
    print("a tenth of the items hidden  NDCG@100  Recall@20 among the hidden alone")
    for variant in COLD:
        found = without_a_tenth(told, variant)
        print(f"  {variant.name:26} " + "    ".join(map(_shown, found)), flush=True)


def _shown(figure: float) -> str:
    return f"{figure:.4f}"


def splits(told: Told) -> Iterator[tuple[Split, int]]:
    """Each of the folds, and its number: every reader is asked once."""
    return ((strong(told, number), number) for number in range(FOLDS))


def fitted(data: Data, variant: Variant) -> default_model:
    """The model with what the variant fixes."""

    def recipe(*given: object) -> object:
        return replace(best_recipe(*given), **variant.fixed)

    with ExitStack() as stack:
        stack.enter_context(patch("recommender.training.best_recipe", recipe))
        for name, value in variant.constants.items():
            stack.enter_context(patch(f"recommender.{name}", value))
        return default_model.fit(data.ratings, data.features if variant.content else None)


def plain(told: Told) -> tuple[float, float, float]:
    """NDCG@100, Recall@20 and coverage of EASE on likes, its penalty tuned on readers aside."""
    found = []
    for split, _ in splits(told):
        likes = likes_of(split.data.ratings)
        model = Ease.fit(likes, best_l2(likes[:, most_liked(likes)]))
        shown = Fold(likes_of(split.fold.known), split.fold.wanted)
        found.append((measure(model, shown, (20, 100)), covered(model, shown)))
    return summed(found)


def everywhere(told: Told, variant: Variant) -> tuple[float, float, float]:
    """NDCG@100, Recall@20 and coverage, the mean over all readers of all folds."""
    found = []
    for split, _ in splits(told):
        model = fitted(split.data, variant)
        found.append((measure(model, split.fold, (20, 100)), covered(model, split.fold)))
    return summed(found)


def summed(found: list[tuple[Report, float]]) -> tuple[float, float, float]:
    """Means over readers, and over folds for the coverage."""
    values = [np.concatenate([report.per_reader[name] for report, _ in found]) for name in METRICS]
    return (*(float(value.mean()) for value in values), float(np.mean([c for _, c in found])))


def covered(model: Model, shown: Fold) -> float:
    """The share of items in anybody's twenty best."""
    return len(np.unique(ranked(model, shown, 20))) / shown.known.shape[1]


def without_a_tenth(told: Told, variant: Variant) -> tuple[float, float]:
    """NDCG@100 with a tenth of the items hidden from the fit, Recall@20 among those alone."""
    everything, among = [], []
    for split, number in splits(told):
        hidden = np.random.default_rng(number).random(told.ratings.shape[1]) < HIDDEN_SHARE
        ratings, known, wanted = split.data.ratings, split.fold.known, split.fold.wanted
        model = fitted(Data(only(ratings, ~hidden[ratings.indices]), told.features), variant)
        shown = Fold(only(known, ~hidden[known.indices]), wanted)
        everything.append(measure(model, shown, (100,)).per_reader["ndcg@100"])
        alone = Fold(shown.known, only(wanted, hidden[wanted.indices]))
        alone = alone.take(np.flatnonzero(np.diff(alone.wanted.indptr)))
        slates = ranked(model, alone, 20, allowed=hidden)
        among.append(accuracy(slates, alone.wanted, (20,))["recall@20"])
    return float(np.concatenate(everything).mean()), float(np.concatenate(among).mean())


if __name__ == "__main__":
    main()
