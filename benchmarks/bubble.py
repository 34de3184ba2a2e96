"""What thirty retrainings do to what readers are shown: `python benchmarks/bubble.py`.

Everything is simulated: works, readers, their true tastes, and what they answer; real readers
are not so patient. Each round every reader is shown two slates of three, likes what is to their
true taste, and leaves the rest unanswered; then the model is fitted anew to all likes. A tenth of
the works has no rating when it begins. Three ways are compared: plain EASE and its best six by
score; the same without what was shown in the last seven rounds; and the model that ships with what
the bot makes of its scores: re-ranked for variety, nothing again within seven rounds, suggestions
that fade, a slot for new works, but without the lean to what is popular. All are fitted with the
same penalty.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender import bubble, default_model, exploration, rerank, simulate
from recommender.content import Content, binary
from recommender.ease import Ease
from recommender.interactions import Matrix
from recommender.rank import top

GENRES, KEYWORDS = 12, 40
ROUNDS = 30
TOLD = (1, 10, 20, 30)
CARDS, SLATE = 6, 3
FIRST_LIKES = 5  # of each reader, before the first round
NEW_SHARE = 0.1
LIKED = 0.8  # deviations of true taste from which on a work is liked
LIKE = 8  # half-stars
L2 = 50.0
# As the bot has them (bot/conversation/lineup.py, newcomers.py), a round being a day.
POOL, LATELY, REMEMBERED, BEFORE, CANDIDATES = 100, 7, 60, 6, 10


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Works, and readers with the tastes that nobody but they themselves know."""

    features: Matrix  # (items, genres and keywords)
    genres: Matrix  # (items, genres)
    tastes: NDArray[np.float64]  # (readers, items), in deviations
    first: NDArray[np.bool_]  # (readers, items): what they like before the first round

    @classmethod
    def made(cls, readers: int, items: int, seed: int) -> "World":
        generator = np.random.default_rng(seed)
        about = [
            [f"g{n}" for n in generator.choice(GENRES, 2, replace=False)]
            + [f"k{n}" for n in generator.choice(KEYWORDS, 3, replace=False)]
            for _ in range(items)
        ]
        features = binary(about)
        ranks = np.arange(items)
        told = simulate.simulate(features, ranks, readers, seed)
        # The same generator makes the same tastes that those ratings came from.
        tastes = simulate._tastes(features, readers, np.random.default_rng(seed))
        first = np.zeros(tastes.shape, dtype=bool)
        new = generator.random(items) < NEW_SHARE
        _, own = np.unique(told.readers, return_inverse=True)  # their names are in their order
        for reader in range(readers):
            loved = told.items[(own == reader) & (told.half_stars >= LIKE)]
            first[reader, loved[~new[loved]][:FIRST_LIKES]] = True
        return cls(features, binary([names[:2] for names in about]), tastes, first)


@dataclass(slots=True, eq=False)
class History:
    """What happened so far, and in the last round."""

    likes: NDArray[np.bool_]  # (readers, items)
    shown: NDArray[np.int64]  # (readers, items): the round in which it was last shown, or -100
    faded: NDArray[np.float64]  # (readers, items): showings
    tried: NDArray[np.int64]  # (items,): showings in the slot for new works
    loved: NDArray[np.int64]  # (items,): likes of those
    slates: NDArray[np.int64]  # (readers, CARDS)
    known: NDArray[np.bool_]  # (readers, items): the likes before them

    @classmethod
    def of(cls, world: World) -> "History":
        readers, items = world.tastes.shape
        never = np.full((readers, items), -100)
        nothing = np.zeros(items, dtype=np.int64)
        return cls(
            world.first.copy(),
            never,
            np.zeros((readers, items)),
            nothing,
            nothing.copy(),
            np.zeros((readers, 0), dtype=np.int64),
            world.first,
        )


Serve = Callable[[History, int], NDArray[np.int64]]  # a round's slates


def main() -> None:
    """Print the figures of each way after some of the rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=300)
    parser.add_argument("--items", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    world = World.made(options.readers, options.items, options.seed)
    print(f"simulated: {options.readers} readers, {options.items} works, {CARDS} cards a round")
    print(f"{'':22} round coverage   Gini     HHI    ILD     KL   liked  new shown")
    ways: dict[str, Serve] = {
        "plain EASE": lambda history, _: best(history, history.likes),
        "EASE, no repeats": lambda history, round_: best(
            history, history.likes | (round_ - history.shown <= LATELY)
        ),
        "as the bot does it": Bot(world),
    }
    for name, serve in ways.items():
        history = History.of(world)
        for round_ in range(1, ROUNDS + 1):
            step(world, history, serve, round_)
            if round_ in TOLD:
                print(f"{name:22} {round_:5} {figures(world, history)}", flush=True)


def step(world: World, history: History, serve: Serve, round_: int) -> None:
    """One round: everybody is shown their cards and likes what is to their taste."""
    slates = serve(history, round_)
    history.slates, history.known = slates, history.likes.copy()
    readers = np.arange(len(slates))[:, None]
    liked = world.tastes[readers, slates] > LIKED
    history.likes[readers, slates] |= liked
    history.shown[readers, slates] = round_
    history.faded[readers, slates] += 1


def figures(world: World, history: History) -> str:
    """Of the last round: coverage, Gini, HHI, distance in a list, KL to the likes before it."""
    slates, items = history.slates, world.features.shape[0]
    known = sparse.csr_array(history.known.astype(np.float32))
    seen = bubble.exposure(slates, items)
    new = ~world.first.any(axis=0)
    readers = np.arange(len(slates))[:, None]
    return (
        f"{bubble.coverage(slates, items):8.3f} {bubble.gini(seen):6.3f} {bubble.hhi(seen):7.4f} "
        f"{np.nanmean(bubble.intra_list_distance(slates, Content.fit(world.features).unit)):6.3f} "
        f"{np.nanmean(bubble.genre_kl(slates, known, world.genres)):6.3f} "
        f"{(world.tastes[readers, slates] > LIKED).mean():7.3f} {seen[new].sum() / seen.sum():6.3f}"
    )


def best(history: History, masked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The best by EASE where `masked` (readers, items) is not true."""
    likes = sparse.csr_array(history.likes.astype(np.float32))
    scores = Ease.fit(likes, L2).scores(likes)
    return np.array([top(scores[row], masked[row], CARDS) for row in range(len(scores))])


class Bot:
    """What the bot does with the model that ships."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.content = Content.fit(world.features)
        everything = np.arange(world.features.shape[0])
        self.alike = self.content.cosines(everything, everything)
        genres = world.genres.toarray()
        self.mixes = genres / np.maximum(1, genres.sum(axis=1, keepdims=True))
        self.generator = np.random.default_rng(0)

    def __call__(self, history: History, round_: int) -> NDArray[np.int64]:
        ratings = sparse.csr_array(LIKE * history.likes.astype(np.float32))
        model = default_model.fit(ratings, self.world.features, l2=L2)
        scores = model.scores(ratings)
        masked = history.likes | (round_ - history.shown <= LATELY)
        left = 1 - np.minimum(1, (round_ - history.shown) / REMEMBERED)
        faded = history.faded * left
        return np.array(
            [
                self._cards(history, reader, rerank.fade(scores[reader], faded[reader]), told)
                for reader, told in enumerate((own, model.cold) for own in masked)
            ]
        )

    def _cards(
        self,
        history: History,
        reader: int,
        scores: NDArray[np.float32],
        told: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    ) -> list[int]:
        """Slate after slate; `told`: what is masked for this reader, and what nobody likes yet."""
        masked, cold = told
        shown: list[int] = []
        likes = np.flatnonzero(history.likes[reader])
        strength = rerank.CALIBRATION * rerank.trust(len(likes))
        target = rerank.target_mix(self.mixes[likes])
        while len(shown) < CARDS:
            rows = top(scores, masked | ~(scores > 0), POOL)
            if len(rows) < SLATE:
                rows = top(scores, masked, POOL)
            before = shown[-BEFORE:]
            pool = rerank.Pool(
                scores[rows],
                self.alike[np.ix_(rows, rows)],
                self.mixes[rows],
                self.alike[np.ix_(rows, before)],
                self.mixes[before],
            )
            slate = rows[rerank.rerank(pool, target, SLATE, calibration=strength)].tolist()
            masked[slate[: SLATE - 1]] = True
            new = self._new(history, reader, likes, masked | ~cold)
            slate = slate if new is None else [*slate[: SLATE - 1], new]
            masked[slate] = True
            shown += slate
        return shown

    def _new(
        self, history: History, reader: int, likes: NDArray[np.intp], masked: NDArray[np.bool_]
    ) -> int | None:
        """The work for the slot, and what comes of showing it."""
        near = self.content.scores_of(likes)
        rows = top(near, masked | (near <= max(0.0, float(np.median(near)))), CANDIDATES)
        if not len(rows):
            return None
        given = exploration.posterior(
            near[rows] / near.max(),
            history.loved[rows],
            np.zeros(len(rows)),
            history.tried[rows] - history.loved[rows],
        )
        row = int(rows[exploration.draw(exploration.propensities(*given), self.generator)])
        history.tried[row] += 1
        history.loved[row] += self.world.tastes[reader, row] > LIKED
        return row


if __name__ == "__main__":
    main()
