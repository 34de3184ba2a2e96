"""What the model's parts are worth: `python benchmarks/folds.py --ratings ratings.csv`.

Reads the two files of MovieLens (latest-small): ratings.csv, and movies.csv beside it for genres
and, from the titles, decades. Items and readers with 10 likes stay; five-fold by reader, 80 % of
each reader's ratings shown. The parts were chosen on these folds and on those of MovieLens-100k,
so what they gain here is an optimistic estimate.
"""

import argparse
import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender import default_model
from recommender.content import binary
from recommender.ease import Ease
from recommender.evaluation import Fold, Report, fold, measure
from recommender.interactions import LIKE, AnyMatrix, Interactions, Matrix, checked, clean
from recommender.recipe import best_recipe
from recommender.tuning import best_l2, most_liked

FOLDS = 5
HIDDEN_SHARE = 0.1
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
    ratings, features = read(parser.parse_args().ratings)
    readers, items = ratings.shape
    print(f"{readers} readers, {items} items, {ratings.nnz:,} ratings; {FOLDS} folds by reader")
    print(f"{'':28} NDCG@100  Recall@20  coverage@20")
    print(f"  {'tuned EASE':26} " + "    ".join(map(_shown, plain(ratings))), flush=True)
    for variant in FITS:
        found = everywhere(ratings, features, variant)
        print(f"  {variant.name:26} " + "    ".join(map(_shown, found)), flush=True)
    print("a tenth of the items hidden  NDCG@100  Recall@20 among the hidden alone")
    for variant in COLD:
        found = without_a_tenth(ratings, features, variant)
        print(f"  {variant.name:26} " + "    ".join(map(_shown, found)), flush=True)


def _shown(figure: float) -> str:
    return f"{figure:.4f}"


def read(path: Path) -> tuple[Matrix, Matrix]:
    """Half-stars (readers, items) with 10 likes each; genres and decades (items, features)."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [(row["userId"], row["movieId"], row["rating"]) for row in csv.DictReader(file)]
    with path.with_name("movies.csv").open(newline="", encoding="utf-8") as file:
        about = {row["movieId"]: _about(row) for row in csv.DictReader(file)}
    people, films, stars = zip(*rows, strict=True)
    told = Interactions.from_triples(people, films, 2 * np.array(stars, dtype=float))
    core, _ = clean(told)
    kept = told.take(np.isin(told.readers, core.readers), np.isin(told.items, core.items))
    return kept.matrix, binary([about[film] for film in kept.items])


def _about(row: Mapping[str, str]) -> list[str]:
    year = re.search(r"\((\d{3})\d\)\s*$", row["title"])
    return [*row["genres"].split("|"), *([f"{year[1]}0s"] if year else [])]


def splits(ratings: Matrix) -> Iterator[tuple[Matrix, Fold, int]]:
    """Of each fold: whom to fit on, what the others show and want, its number."""
    order = np.random.default_rng(0).permutation(ratings.shape[0])
    for number, aside in enumerate(np.array_split(order, FOLDS)):
        rest = np.setdiff1d(order, aside)
        yield ratings[rest], fold(ratings[np.sort(aside)], seed=number, threshold=LIKE), number


def fitted(ratings: Matrix, features: Matrix, variant: Variant) -> default_model:
    """The model with what the variant fixes."""

    def recipe(*given: object) -> object:
        return replace(best_recipe(*given), **variant.fixed)

    with ExitStack() as stack:
        stack.enter_context(patch("recommender.training.best_recipe", recipe))
        for name, value in variant.constants.items():
            stack.enter_context(patch(f"recommender.{name}", value))
        return default_model.fit(ratings, features if variant.content else None)


def plain(ratings: Matrix) -> tuple[float, float, float]:
    """NDCG@100, Recall@20 and coverage of EASE on likes, its penalty tuned on readers aside."""
    found = []
    for rest, shown, _ in splits(ratings):
        likes = liked(rest)
        model = Ease.fit(likes, best_l2(likes[:, most_liked(likes)]))
        told = Fold(liked(shown.known), shown.wanted)
        found.append((measure(model, told, (20, 100)), covered(model, told)))
    return summed(found)


def everywhere(ratings: Matrix, features: Matrix, variant: Variant) -> tuple[float, float, float]:
    """NDCG@100, Recall@20 and coverage, the mean over all readers of all folds."""
    found = []
    for rest, shown, _ in splits(ratings):
        model = fitted(rest, features, variant)
        found.append((measure(model, shown, (20, 100)), covered(model, shown)))
    return summed(found)


def summed(found: list[tuple[Report, float]]) -> tuple[float, float, float]:
    """Means over readers, and over folds for the coverage."""
    values = [np.concatenate([report.per_reader[name] for report, _ in found]) for name in METRICS]
    return (*(float(value.mean()) for value in values), float(np.mean([c for _, c in found])))


def covered(model: object, shown: Fold) -> float:
    """The share of items in anybody's twenty best."""
    scores = model.scores(shown.known)
    scores[shown.known.toarray() > 0] = -np.inf
    best = np.argpartition(-scores, 20, axis=1)[:, :20]
    return len(np.unique(best)) / scores.shape[1]


def liked(ratings: Matrix) -> Matrix:
    """1.0 for each like."""
    found = sparse.csr_array((ratings >= LIKE).astype(np.float32))
    found.eliminate_zeros()
    return found


def without_a_tenth(ratings: Matrix, features: Matrix, variant: Variant) -> tuple[float, float]:
    """NDCG@100 with a tenth of the items hidden from the fit, Recall@20 among those alone."""
    everything, among = [], []
    for rest, shown, number in splits(ratings):
        hidden = np.random.default_rng(number).random(ratings.shape[1]) < HIDDEN_SHARE
        model = fitted(only(rest, ~hidden), features, variant)
        known = only(shown.known, ~hidden)
        report = measure(model, Fold(known, shown.wanted), (100,))
        everything.append(report.per_reader["ndcg@100"])
        wanted = only(shown.wanted, hidden)
        readers = np.flatnonzero(np.diff(wanted.indptr))
        alone = Fold(known[readers], wanted[readers])
        report = measure(Among(model, np.flatnonzero(hidden)), alone, (20,))
        among.append(report.per_reader["recall@20"])
    return float(np.concatenate(everything).mean()), float(np.concatenate(among).mean())


@dataclass(frozen=True, slots=True)
class Among:
    """A model whose answers are `columns` alone: everything else scores less than all of them."""

    model: default_model
    columns: NDArray[np.intp]

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        scores = np.full(checked(folded).shape, -np.inf, dtype=np.float32)
        scores[:, self.columns] = self.model.scores(folded)[:, self.columns]
        return scores


def only(ratings: Matrix, items: NDArray[np.bool_]) -> Matrix:
    """The ratings of these items; the columns of the others stay, empty."""
    kept = sparse.csr_array(ratings @ sparse.diags_array(items.astype(np.float32)))
    kept.eliminate_zeros()
    return kept


if __name__ == "__main__":
    main()
