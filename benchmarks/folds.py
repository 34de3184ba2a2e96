"""What the model's constants are worth: `python benchmarks/folds.py --ratings ratings.csv`.

Reads the two files of MovieLens (latest-small): ratings.csv, and movies.csv beside it for genres.
Items and readers with 10 likes stay; five-fold by reader, 80 % of each reader's ratings shown.
The constants were chosen on these folds, so what they gain here is an optimistic estimate.
"""

import argparse
import csv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender import default_model
from recommender.content import binary
from recommender.evaluation import Fold, fold, measure
from recommender.interactions import LIKE, AnyMatrix, Interactions, Matrix, checked, clean

FOLDS = 5
HIDDEN_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of a table: constants by "module.NAME", and whether content may help."""

    name: str
    constants: Mapping[str, float] = field(default_factory=dict)
    content: bool = True


FITS = (
    Variant("as it ships"),
    Variant("a low rating counts 0", {"stars.LOW": 0.0}),
    Variant("a low rating counts 1", {"stars.LOW": 1.0}),
    Variant("no dropout", {"training.DROPOUT": 0.0}),
    Variant("no prior", {"training.PRIOR_SHARE": 0.0}),
)
COLD = (
    Variant("as it ships"),
    Variant("cold share 2", {"training.COLD_SHARE": 2.0}),
    Variant("all similarities", {"training.NEIGHBOURS": 10**6}),
    Variant("no content", content=False),
)
DISLIKES = (0.0, 0.5, 1.0)
DISLIKED = 30


def main() -> None:
    """Print three tables: what is learnt, items nobody liked yet, and dislikes at random."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ratings", type=Path, required=True, help="ratings.csv of MovieLens")
    ratings, features = read(parser.parse_args().ratings)
    readers, items = ratings.shape
    print(f"{readers} readers, {items} items, {ratings.nnz:,} ratings; {FOLDS} folds by reader")
    print(f"{'':28} NDCG@100")
    for variant in FITS:
        print(f"  {variant.name:26} {everywhere(ratings, features, variant):.4f}", flush=True)
    print("a tenth of the items hidden  NDCG@100   NDCG@20 among the hidden alone")
    for variant in COLD:
        all_items, hidden = without_a_tenth(ratings, features, variant)
        print(f"  {variant.name:26} {all_items:.4f}     {hidden:.4f}", flush=True)
    print(f"{DISLIKED} dislikes by popularity    NDCG@100")
    for weight, quality in disliking(ratings, features).items():
        print(f"  {f'weight {weight:g}':26} {quality:.4f}", flush=True)


def read(path: Path) -> tuple[Matrix, Matrix]:
    """Half-stars (readers, items) of readers and items with 10 likes; genres (items, genres)."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [(row["userId"], row["movieId"], row["rating"]) for row in csv.DictReader(file)]
    with path.with_name("movies.csv").open(newline="", encoding="utf-8") as file:
        genres = {row["movieId"]: row["genres"].split("|") for row in csv.DictReader(file)}
    people, films, stars = zip(*rows, strict=True)
    told = Interactions.from_triples(people, films, 2 * np.array(stars, dtype=float))
    core, _ = clean(told)
    kept = told.take(np.isin(told.readers, core.readers), np.isin(told.items, core.items))
    return kept.matrix, binary([genres[film] for film in kept.items])


def splits(ratings: Matrix) -> Iterator[tuple[Matrix, Fold, int]]:
    """Of each fold: whom to fit on, what the others show and want, its number."""
    order = np.random.default_rng(0).permutation(ratings.shape[0])
    for number, aside in enumerate(np.array_split(order, FOLDS)):
        rest = np.setdiff1d(order, aside)
        yield ratings[rest], fold(ratings[np.sort(aside)], seed=number, threshold=LIKE), number


def fitted(ratings: Matrix, features: Matrix, variant: Variant) -> default_model:
    """The model with the variant's constants, which hold only while the caller patches them."""
    return default_model.fit(ratings, features if variant.content else None)


def set_to(constants: Mapping[str, float]) -> ExitStack:
    """The constants, by "module.NAME", at these values until the stack closes."""
    stack = ExitStack()
    for name, value in constants.items():
        stack.enter_context(patch(f"recommender.{name}", value))
    return stack


def everywhere(ratings: Matrix, features: Matrix, variant: Variant) -> float:
    """NDCG@100, the mean over all readers of all folds."""
    found = []
    with set_to(variant.constants):
        for rest, shown, _ in splits(ratings):
            report = measure(fitted(rest, features, variant), shown, (100,))
            found.append(report.per_reader["ndcg@100"])
    return float(np.concatenate(found).mean())


def without_a_tenth(ratings: Matrix, features: Matrix, variant: Variant) -> tuple[float, float]:
    """NDCG@100 with a tenth of the items hidden from the fit, and NDCG@20 among those alone."""
    everything, among = [], []
    with set_to(variant.constants):
        for rest, shown, number in splits(ratings):
            hidden = np.random.default_rng(number).random(ratings.shape[1]) < HIDDEN_SHARE
            model = fitted(only(rest, ~hidden), features, variant)
            known = only(shown.known, ~hidden)
            report = measure(model, Fold(known, shown.wanted), (100,))
            everything.append(report.per_reader["ndcg@100"])
            columns = np.flatnonzero(hidden)
            wanted = only(shown.wanted, hidden)
            readers = np.flatnonzero(np.diff(wanted.indptr))
            alone = Fold(known[readers], wanted[readers])
            report = measure(Among(model, columns), alone, (20,))
            among.append(report.per_reader["ndcg@20"])
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


@dataclass(frozen=True, slots=True)
class Disliking:
    """A model that is told of `DISLIKED` dislikes with every reader, drawn by popularity."""

    model: default_model
    weight: float

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        generator = np.random.default_rng(0)
        chance = self.model.popularity / self.model.popularity.sum()
        disliked = np.zeros(checked(folded).shape, dtype=bool)
        for row in disliked:
            row[generator.choice(len(row), DISLIKED, replace=False, p=chance)] = True
        self.model.dislike_weight = self.weight
        return self.model.scores(folded, sparse.csr_array(disliked))


def disliking(ratings: Matrix, features: Matrix) -> dict[float, float]:
    """NDCG@100 by the weight of a dislike, where the dislikes say nothing of the reader."""
    found: dict[float, list[NDArray[np.float64]]] = {weight: [] for weight in DISLIKES}
    for rest, shown, _ in splits(ratings):
        model = default_model.fit(rest, features)
        for weight, values in found.items():
            report = measure(Disliking(model, weight), shown, (100,))
            values.append(report.per_reader["ndcg@100"])
    return {weight: float(np.concatenate(values).mean()) for weight, values in found.items()}


def only(ratings: Matrix, items: NDArray[np.bool_]) -> Matrix:
    """The ratings of these items; the columns of the others stay, empty."""
    kept = sparse.csr_array(ratings @ sparse.diags_array(items.astype(np.float32)))
    kept.eliminate_zeros()
    return kept


if __name__ == "__main__":
    main()
