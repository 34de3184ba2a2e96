"""What one dislike does: `python benchmarks/dislikes.py --ratings ratings.csv`.

Folds as in benchmarks/folds.py. Each held-out reader dislikes one film they do not come to like:
out of their own twenty best suggestions, which is the hard case, or drawn by popularity. Then of
its twenty nearest (the cosine of who likes them, on the training readers), how many fewer are
among the next twenty, and what it costs: NDCG@100 beside that of the same list without the film.
By scores alone, with each amount of a dislike; and in the order of the bots before they make it
varied, which begins with what is popular and holds back what is nearest to the latest dislikes.
Exits with 1 if that misses the goal.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fit import said
from folds import Variant, fitted, splits
from numpy.typing import NDArray
from scipy import sparse

from recommender import default_model
from recommender.contenders import likes_of
from recommender.evaluation import Fold, measure
from recommender.interactions import LIKE, AnyMatrix, Matrix, checked
from recommender.protocols import Told
from recommender.rank import top
from recommender.rerank import hold_back
from tasks.evaluating_data import from_files

NEAREST = SLATE = 20
MANY = 30
LATEST = 3  # dislikes whose neighbours the bots hold back
WAYS = ((0.5, False), (1.0, False), (1.5, False), (1.0, True))
LEAST_GONE, MOST_LOST = 0.6, 0.02
Draw = Callable[[default_model, Fold, np.random.Generator], NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class Answers:
    """A model that is told of `disliked` (readers, items) too, or only leaves those out.

    `ranks`: as the bots rank, with the lean to what is popular, and what is nearest to three of
    each reader's dislikes held back.
    """

    model: default_model
    disliked: Matrix
    counts: bool
    ranks: bool = False

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        """Scores (readers, items), NaN for what was disliked."""
        scores = self.model.scores(folded, self.disliked if self.counts else None)
        scores[self.disliked.toarray() > 0] = np.nan
        if self.ranks:
            known = checked(folded)
            for row in range(len(scores)):
                mine = known[[row]]
                scores[row] += self.model.lean(int((mine.data >= LIKE).sum()))
                if self.counts:
                    own = self.disliked[[row]].indices[:LATEST]
                    rows, mask = self.model.nearest(own), mine.toarray()[0] > 0
                    scores[row] = hold_back(scores[row], rows, mask)
        return scores


def suggested(model: default_model, shown: Fold, generator: np.random.Generator) -> NDArray:
    """One of each reader's twenty best that they do not come to like; the first if they do all."""
    slates = slates_of(model.scores(shown.known), shown.known)
    wanted = shown.wanted.toarray() > 0
    picks = []
    for slate, mine in zip(slates, wanted, strict=True):
        unwanted = slate[~mine[slate]]
        picks.append(generator.choice(unwanted) if len(unwanted) else slate[0])
    return np.array(picks)


def popular(model: default_model, shown: Fold, generator: np.random.Generator) -> NDArray:
    """One film each that is neither known nor wanted, by its share of likes."""
    free = (shown.known.toarray() == 0) & (shown.wanted.toarray() == 0)
    chance = model.popularity * free
    return np.array([generator.choice(len(row), p=row / row.sum()) for row in chance])


def slates_of(scores: NDArray[np.float32], known: Matrix) -> list[NDArray[np.intp]]:
    """Everybody's twenty best."""
    masks = known.toarray() > 0
    return [top(row, mask, SLATE) for row, mask in zip(scores, masks, strict=True)]


def nearest(rest: Matrix) -> NDArray[np.intp]:
    """The twenty films with the highest cosine to each, (items, 20)."""
    likes = likes_of(rest)
    together = (likes.T @ likes).toarray()
    lengths = np.sqrt(np.maximum(np.diag(together), 1))
    cosines = together / np.outer(lengths, lengths)
    np.fill_diagonal(cosines, -1)
    return np.argsort(-cosines, axis=1)[:, :NEAREST]


def effect(told: Told, draw: Draw) -> dict[tuple[float, bool], tuple[float, float]]:
    """By the weight of a dislike, and whether it is as the bots rank: the share of its neighbours
    that is gone, and the change of NDCG@100."""
    counts = {way: [0, 0] for way in WAYS}
    quality: dict[tuple[float, bool], list[tuple[float, float]]] = {way: [] for way in WAYS}
    for split, number in splits(told):
        shown = split.fold
        model = fitted(split.data, Variant("as it ships"))
        near = nearest(split.data.ratings)
        picks = draw(model, shown, np.random.default_rng(number))
        readers = np.arange(len(picks))
        shape = shown.known.shape
        disliked = sparse.csr_array((np.ones(len(picks), bool), (readers, picks)), shape=shape)
        for weight, ranks in WAYS:
            model.dislike_weight = weight
            both = [Answers(model, disliked, counts, ranks) for counts in (False, True)]
            for n, each in enumerate(both):
                slates = slates_of(each.scores(shown.known), shown.known)
                counts[weight, ranks][n] += sum(
                    len(np.intersect1d(near[pick], slate))
                    for pick, slate in zip(picks, slates, strict=True)
                )
            reports = [measure(each, shown, (100,)).per_reader["ndcg@100"] for each in both]
            quality[weight, ranks] += list(zip(*reports, strict=True))
    found = {}
    for way in WAYS:
        before, after = np.mean(quality[way], axis=0)
        had, has = counts[way]
        found[way] = (1 - has / had, after / before - 1)
    return found


def at_random(told: Told) -> float:
    """The change of NDCG@100 by thirty dislikes drawn by popularity, which say nothing."""
    before, after = [], []
    for split, number in splits(told):
        shown = split.fold
        model = fitted(split.data, Variant("as it ships"))
        generator = np.random.default_rng(number)
        chance = model.popularity / model.popularity.sum()
        marks = np.zeros(shown.known.shape, dtype=bool)
        for row in marks:
            row[generator.choice(len(row), MANY, replace=False, p=chance)] = True
        marks &= (shown.known.toarray() == 0) & (shown.wanted.toarray() == 0)
        disliked = sparse.csr_array(marks)
        for counts, values in ((False, before), (True, after)):
            report = measure(Answers(model, disliked, counts, ranks=True), shown, (100,))
            values.append(report.per_reader["ndcg@100"])
    return float(np.concatenate(after).mean() / np.concatenate(before).mean() - 1)


def main() -> int:
    """Print a line for each way to draw and each way to count; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ratings", type=Path, required=True, help="ratings.csv of MovieLens")
    told = from_files(parser.parse_args().ratings, None, 5).told
    print("one dislike                                 neighbours gone   NDCG@100")
    met = True
    for name, draw in (("out of the twenty best", suggested), ("by popularity", popular)):
        for (weight, ranks), (gone, change) in effect(told, draw).items():
            way = "as the bots rank" if ranks else f"scores x {weight}"
            print(f"  {name:23} {way:17} {gone:14.0%} {change:+14.1%}", flush=True)
            met &= not ranks or (gone >= LEAST_GONE and change >= -MOST_LOST)
    print(f"{MANY} dislikes by popularity, which say nothing of the reader: ", end="")
    print(f"{at_random(told):+.1%}")
    goal = f"{LEAST_GONE:.0%} of the neighbours gone for {MOST_LOST:.0%} of NDCG@100, as bots rank"
    return int(not said(goal, met))


if __name__ == "__main__":
    sys.exit(main())
