"""What well-chosen questions are worth: `python benchmarks/onboarding.py --ratings ratings.csv`.

Readers whom the model did not learn from are asked five questions and then recommended ten works
(MovieLens latest-small, or simulated readers without `--ratings`; `strong` of
recommender/protocols.py, twice five folds, so that each is asked twice). They answer as the bots
read stars: three and more are 👍, less is 👎, what they did not rate they haven't read.

Compared are the five most popular works; what tells most by itself, unlike what was asked before
(how the bots ask without a tree); and the tree (`recommender.questions`). All three have the same
model, and its works in the bots' order before variety: scores and lean, or popularity while nothing
is liked; neighbours of dislikes wait.

NDCG@10, four ways to count, of which the first two are fair to all, as every way of asking is
measured on the same works and the same targets for a reader, and the goal is for both:

- *hidden*: a fifth of what a reader rated is hidden, and its likes are the targets. Readers answer
  by the rest, and none of the rest, told or not, is in the list.
- *all*: readers answer by all they rated, and all they like is a target but for what they told in
  either way that is compared, which is in neither list.
- *own*: as *all*, but each way leaves out only what it was told itself. That flatters whoever asks
  about little that is liked, as it stays to be found.
- *open*: as *hidden*, but what readers did not tell stays in the list though it is no target. That
  flatters whoever asks about what most have read, as it leaves the list.

Works that were told are never in the list; works that a reader said they haven't read may be. The
constants of the tree were chosen on these folds, so what it gains is an optimistic estimate.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from fit import said
from numpy.typing import NDArray

from bot.conversation.library import Library, Served
from bot.conversation.taste import EASE, Taste, rank
from db.catalogue import Work
from db.tables import Verdict
from recommender import default_model, metrics, questions, rerank, simulate
from recommender.content import binary
from recommender.interactions import LIKE, Interactions, Matrix
from recommender.protocols import FOLDS, Told, strong
from recommender.rank import top
from tasks.evaluating_data import from_files

QUESTIONS, K = 5, 10
LATEST = 3  # dislikes whose neighbours wait
NOVELTY = 0.5  # as in the welcome
RESAMPLES = 2_000
GOAL, FAIR = 1.2, ("hidden", "all")
POPULAR, TELLING, TREE = "the most popular", "what tells most", "the tree"

Answers = Mapping[int, bool | None]
Asks = Callable[[Answers], int]


@dataclass(slots=True, eq=False)
class Bot:
    """A model as the bots rank by it."""

    model: default_model
    library: Library
    orders: dict[tuple[tuple[int, ...], ...], NDArray[np.float32]] = field(default_factory=dict)

    @classmethod
    def of(cls, model: default_model, features: Matrix | None, likes: NDArray[np.int64]) -> "Bot":
        about: list[tuple[str, ...]] = [()] * len(likes)
        if features is not None:
            parts = np.split(features.indices, features.indptr[1:-1])
            about = [tuple(map(str, part)) for part in parts]
        works = tuple(
            Work(n, "film", str(n), str(n), None, (), names, (), (), True, False, "")
            for n, names in enumerate(about)
        )
        served = Served("bench", False, model, np.arange(len(works)))
        return cls(model, Library(works, likes.astype(np.float32)).ranked_by(served))

    def order(self, told: Answers) -> NDArray[np.float32]:
        """What the list is ordered by (items,) for who said this, -inf for what they told."""
        latest_first = [*told.items()][::-1]
        likes, dislikes = (
            tuple(item for item, answer in latest_first if answer is verdict)
            for verdict in (True, False)
        )
        if (likes, dislikes) not in self.orders:
            self.orders[likes, dislikes] = self._order(likes, dislikes)
        return self.orders[likes, dislikes]

    def _order(self, likes: tuple[int, ...], dislikes: tuple[int, ...]) -> NDArray[np.float32]:
        verdicts = dict.fromkeys(likes, Verdict.LIKE) | dict.fromkeys(dislikes, Verdict.DISLIKE)
        ranking = rank(self.library, Taste(verdicts, likes, dislikes))
        scores = ranking.scores.copy()
        if ranking.policy == EASE:
            scores += self.model.lean(len(likes))
        mask = np.isin(np.arange(len(scores)), [*verdicts])
        if dislikes:
            waits = rerank.waiting(scores, self.model.nearest(dislikes[:LATEST]), mask)
            scores[waits] -= scores.max() - scores.min() + 1
        scores[mask] = -np.inf
        return scores


def ways(bot: Bot, ratings: Matrix) -> dict[str, Asks]:
    """Each way to ask, by its name."""
    model, content = bot.model, bot.library.content
    tree = questions.plan(model, ratings)
    nothing = np.zeros(len(model.popularity), dtype=bool)
    popular = np.argsort(-model.popularity, kind="stable")
    telling = model.informative / model.informative.max()

    def most_telling(told: Answers) -> int:
        value = telling if content is None else telling - NOVELTY * content.scores_of([*told])
        return int(top(value, np.isin(np.arange(len(value)), [*told]), 1)[0])

    def by_tree(told: Answers) -> int:
        asked = questions.ask(tree, told, nothing)
        return most_telling(told) if asked is None else asked

    return {POPULAR: lambda told: int(popular[len(told)]), TELLING: most_telling, TREE: by_tree}


def sitting(asks: Asks, stars: NDArray[np.float32]) -> list[dict[int, bool | None]]:
    """What a reader with these half-stars (items,) has said after 0, 1, ... questions."""
    told: dict[int, bool | None] = {}
    after = [told]
    for _ in range(QUESTIONS):
        item = asks(told)
        told = {**told, item: bool(stars[item] >= LIKE) if stars[item] else None}
        after.append(told)
    return after


def quality(order: NDArray[np.float32], wanted: NDArray[np.bool_], out: NDArray[np.bool_]) -> float:
    """NDCG@10 of the list without what is `out`; NaN where nothing is wanted."""
    wanted = wanted & ~out
    if not wanted.any():
        return float("nan")
    best = top(order, out, K)
    hits = np.zeros((1, K), dtype=bool)
    hits[0, : len(best)] = wanted[best]
    return float(metrics.ndcg(hits, np.array([wanted.sum()]), K)[0])


Figures = dict[tuple[str, ...], NDArray[np.float64]]


def measured(data: Told, seeds: int) -> Figures:
    """Numbers (readers,), NaN of who was not asked, the mean of whose was asked twice, by what they
    are: ("hidden", way, questions), ("all", way, way it is compared with), ("all", way that is
    compared, way), ("own", way), ("open", way), and ("told", way), how many works of all they rated
    they were asked about."""
    found: dict[tuple[str, ...], list[float]] = {}
    readers: list[int] = []
    for seed in range(seeds):
        split = strong(data, seed)
        ratings = split.data.ratings
        model = default_model.fit(ratings, data.features)
        likes = np.bincount(ratings.indices[ratings.data >= LIKE], minlength=ratings.shape[1])
        bot = Bot.of(model, data.features, likes)
        asks = ways(bot, ratings)
        whole, known = data.ratings[split.readers].toarray(), split.fold.known.toarray()
        wanted = split.fold.wanted.toarray() > 0
        readers += split.readers.tolist()
        for reader in zip(whole, known, wanted, strict=True):
            for key, value in of_reader(bot, asks, *reader):
                found.setdefault(key, []).append(value)
    return {key: by_reader(np.array(values), np.array(readers)) for key, values in found.items()}


def by_reader(values: NDArray[np.float64], readers: NDArray[np.intp]) -> NDArray[np.float64]:
    """The mean of each reader's `values`, (readers,), of which NaN are none."""
    count = np.bincount(readers, ~np.isnan(values))
    total = np.bincount(readers, np.nan_to_num(values))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def of_reader(
    bot: Bot,
    asks: Mapping[str, Asks],
    stars: NDArray[np.float32],
    known: NDArray[np.float32],
    wanted: NDArray[np.bool_],
) -> Iterator[tuple[tuple[str, ...], float]]:
    """The figures of one reader, who rated so (items,), of which so much is `known` (items,)."""
    liked, rated, nothing = stars >= LIKE, known > 0, np.zeros(len(stars), dtype=bool)
    answers = {name: sitting(way, stars)[-1] for name, way in asks.items()}
    lists = {name: bot.order(told) for name, told in answers.items()}
    out = {name: np.isneginf(order) for name, order in lists.items()}
    for name, way in asks.items():
        orders = [bot.order(told) for told in sitting(way, known)]
        for number, order in enumerate(orders):
            yield ("hidden", name, str(number)), quality(order, wanted, rated)
        yield ("open", name), quality(orders[-1], wanted, nothing)
        yield ("own", name), quality(lists[name], liked, out[name])
        yield ("told", name), float(out[name].sum())
        if name != POPULAR:
            either = out[name] | out[POPULAR]
            yield ("all", name, POPULAR), quality(lists[name], liked, either)
            yield ("all", POPULAR, name), quality(lists[POPULAR], liked, either)


def ratio(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float, float]:
    """How many times the mean of `other` that of `one` is, with its bootstrap 95 % interval."""
    pairs = np.array([one, other]).T
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    drawn = np.random.default_rng(0).integers(len(pairs), size=(RESAMPLES, len(pairs)))
    means = pairs[drawn].mean(axis=1)
    low, high = np.percentile(means[:, 0] / means[:, 1], [2.5, 97.5])
    return float(pairs[:, 0].mean() / pairs[:, 1].mean()), float(low), float(high)


def invented(readers: int, items: int, seed: int = 0) -> Told:
    """Simulated readers of works with two of twelve genres and three of forty keywords."""
    generator = np.random.default_rng(seed)
    features = binary(
        [
            [f"g{n}" for n in generator.choice(12, 2, replace=False)]
            + [f"k{n}" for n in generator.choice(40, 3, replace=False)]
            for _ in range(items)
        ]
    )
    told = simulate.simulate(features, np.arange(items), readers, seed)
    names = [str(item) for item in told.items]
    whole = Interactions.from_triples(told.readers, names, told.half_stars)
    return Told(whole.aligned([str(item) for item in range(items)]).matrix, features=features)


def main() -> int:
    """Print the figures of each way to ask; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ratings", type=Path, help="ratings.csv of MovieLens")
    parser.add_argument("--seeds", type=int, default=2 * FOLDS, help="5 ask each reader once")
    parser.add_argument("--readers", type=int, default=1_000, help="simulated ones")
    parser.add_argument("--items", type=int, default=600, help="simulated ones")
    given = parser.parse_args()
    if given.ratings:
        data = from_files(given.ratings, None, 5).told
    else:
        data = invented(given.readers, given.items)
    readers, items = data.ratings.shape
    kind = "" if given.ratings else "simulated "
    print(f"{readers} {kind}readers, {items} works, {data.ratings.nnz:,} ratings", end="; ")
    found = measured(data, given.seeds)
    asked = int((~np.isnan(found["told", TREE])).sum())
    print(f"{asked} asked, by {given.seeds} models; NDCG@{K}")
    return int(not report(found))


def report(found: Figures) -> bool:
    """Print the figures; whether the goal is met."""

    def mean(*key: str) -> float:
        return float(np.nanmean(found[key]))

    met = True
    print(f"  {'hidden: after questions':24}" + "".join(f"{n:>7}" for n in range(QUESTIONS + 1)))
    for name in (POPULAR, TELLING, TREE):
        cells = [mean("hidden", name, str(n)) for n in range(QUESTIONS + 1)]
        print(f"  {name:24}" + "".join(f"{cell:7.3f}" for cell in cells))
    print(f"  {'after five':24}{'popular':>8}{'it':>7}    times the popular [95 %]   told")
    for name in (TELLING, TREE):
        last = str(QUESTIONS)
        for count, one, other in (
            ("hidden", ("hidden", name, last), ("hidden", POPULAR, last)),
            ("all", ("all", name, POPULAR), ("all", POPULAR, name)),
            ("own", ("own", name), ("own", POPULAR)),
            ("open", ("open", name), ("open", POPULAR)),
        ):
            times, low, high = ratio(found[one], found[other])
            means = f"{mean(*other):8.3f}{mean(*one):7.3f}"
            print(
                f"  {name + ', ' + count:24}{means}    {times:.2f} [{low:.2f}, {high:.2f}]", end=""
            )
            print(f"{mean('told', name):20.2f}" if count == "all" else "")
            met &= name != TREE or count not in FAIR or times >= GOAL
    print(f"  works told of all they rated: {mean('told', POPULAR):.2f} of the most popular")
    return said(f"the tree {GOAL} times the most popular, hidden and all", met)


if __name__ == "__main__":
    sys.exit(main())
