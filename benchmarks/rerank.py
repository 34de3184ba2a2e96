"""What variety costs: `python benchmarks/rerank.py --ratings ratings.csv`.

Reads the two files of MovieLens (latest-small): ratings.csv, and movies.csv beside it for genres.
Items and readers with 10 likes stay; five-fold by reader, 80 % of each reader's ratings shown. The
lists of 20 are made from the 200 best by the model that ships. Similarity is by genres alone, all
that is known of the films. The constants were chosen on these folds, so what they cost here is an
optimistic estimate.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from folds import splits
from numpy.typing import NDArray
from scipy import sparse

from recommender import bubble, default_model, metrics, rerank
from recommender.content import Content
from recommender.evaluation import Fold
from recommender.interactions import LIKE, Matrix
from recommender.protocols import Told
from recommender.rank import top
from tasks.evaluating_data import from_files

POOL, SLATE = 200, 20
VARIETIES = (0.0, 0.3, 0.6, 1.0, 2.0)
CALIBRATIONS = (0.0, 0.3, 0.6)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A reader to make a list for: the pool's items, and the scores and mixes they come with."""

    items: NDArray[np.intp]
    pool: rerank.Pool
    target: NDArray[np.float64]
    likes: int


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A fold with its readers, and the shares of readers who like an item."""

    fold: Fold
    asked: Sequence[Asked]
    shares: NDArray[np.float32]


Choose = Callable[[Asked, NDArray[np.float32]], NDArray[np.intp]]


def main() -> None:
    """Print a line for each way to make the lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ratings", type=Path, required=True, help="ratings.csv of MovieLens")
    told = from_files(parser.parse_args().ratings, None, 5).told
    features = told.features
    assert features is not None, "expected movies.csv beside the ratings"
    parts = list(prepared(told, features))
    unit = unit_rows(features)
    readers, items = told.ratings.shape
    print(f"{readers} readers, {items} items; lists of {SLATE} out of {POOL}")
    columns = ("NDCG@20", "NDCG@100", "ILD@20")
    print(f"{'':30}" + "".join(f"{name:>16}" for name in columns) + "     KL   bits  cover")
    base: list[float] = []
    for name, choose in ways():
        found = judged(parts, choose, unit, features)
        base = base or found
        compared = zip(found[:3], base[:3], strict=True)
        cells = "".join(f"{x:9.4f} {100 * (x / y - 1):+5.1f}%" for x, y in compared)
        print(f"{name:30}{cells} {found[3]:6.3f} {found[4]:6.2f} {found[5]:6.3f}", flush=True)


def ways() -> Iterator[tuple[str, Choose]]:
    """Each way to make a list, the best by score first."""
    yield "by score", lambda *_: np.arange(SLATE)
    for variety in VARIETIES:
        for calibration in CALIBRATIONS:
            yield (
                f"variety {variety:g}, calibration {calibration:g}",
                combined(variety, calibration),
            )
    for balance in (0.9, 0.8, 0.7):
        yield f"MMR, balance {balance:g}", maximal(balance)
    for strength in (0.1, 0.2, 0.4):
        yield f"calibrated, strength {strength:g}", steck(strength)
    for setting in (-1.0, -0.5, 0.5, 1.0):
        yield f"dial {setting:+g}", dialled(setting)


def combined(variety: float, calibration: float) -> Choose:
    """As the bot does it, with these constants."""

    def choose(asked: Asked, _: NDArray[np.float32]) -> NDArray[np.intp]:
        strength = calibration * rerank.trust(asked.likes)
        return rerank.rerank(asked.pool, asked.target, SLATE, variety=variety, calibration=strength)

    return choose


def maximal(balance: float) -> Choose:
    """Maximal marginal relevance over scores in deviations."""
    return lambda asked, _: rerank.mmr(
        rerank.standardised(asked.pool.scores), asked.pool.similarity, SLATE, balance
    )


def steck(strength: float) -> Choose:
    """Calibration alone."""
    return lambda asked, _: rerank.calibrated(
        rerank.standardised(asked.pool.scores), asked.pool.mixes, asked.target, SLATE, strength
    )


def dialled(setting: float) -> Choose:
    """The dial alone."""

    def choose(asked: Asked, shares: NDArray[np.float32]) -> NDArray[np.intp]:
        turned = rerank.dial(asked.pool.scores, shares[asked.items] * 1e3, setting)
        return top(turned, None, SLATE)

    return choose


def prepared(told: Told, features: Matrix) -> Iterator[Part]:
    """Each fold with what lists are made from."""
    content = Content.fit(features)
    mixes = features.toarray() / np.maximum(1, features.sum(axis=1))[:, None]
    for split, _ in splits(told):
        shown = split.fold
        model = default_model.fit(split.data.ratings, features)
        scores = model.scores(shown.known)
        asked = [
            reader(scores[row], shown.known[[row]], content, mixes) for row in range(len(scores))
        ]
        yield Part(shown, asked, model.popularity)


def reader(
    scores: NDArray[np.float32], known: Matrix, content: Content, mixes: NDArray[np.float64]
) -> Asked:
    """The reader's pool: the best they did not rate."""
    masked = np.zeros(len(scores), dtype=bool)
    masked[known.indices] = True
    items = top(scores, masked, POOL)
    liked = known.indices[known.data >= LIKE]
    nothing = np.zeros((0, mixes.shape[1]))
    pool = rerank.Pool(
        scores[items],
        content.cosines(items, items),
        mixes[items],
        np.zeros((len(items), 0)),
        nothing,
    )
    return Asked(items, pool, rerank.target_mix(mixes[liked]), len(liked))


def judged(parts: Sequence[Part], choose: Choose, unit: Matrix, features: Matrix) -> list[float]:
    """NDCG@20 and @100, distance within a list, KL to what is liked, novelty in bits, coverage."""
    quality, longer, distance, apart, new, covered = [], [], [], [], [], []
    for part in parts:
        chosen = [choose(asked, part.shares) for asked in part.asked]
        slates = np.array(
            [asked.items[places] for asked, places in zip(part.asked, chosen, strict=True)]
        )
        # What was moved out of the list comes behind it, as the next slates of a chat would.
        lists = np.array(
            [
                asked.items[[*places, *np.setdiff1d(np.arange(POOL), places)]]
                for asked, places in zip(part.asked, chosen, strict=True)
            ]
        )
        liked = part.fold.known.copy()
        liked.data = (liked.data >= LIKE).astype(np.float32)
        liked.eliminate_zeros()
        quality.append(ndcg(lists, part.fold.wanted, SLATE))
        longer.append(ndcg(lists, part.fold.wanted, 100))
        distance.append(bubble.intra_list_distance(slates, unit))
        apart.append(bubble.genre_kl(slates, liked, features))
        new.append(bubble.novelty(slates, part.shares))
        covered.append(bubble.coverage(slates, features.shape[0]))
    of_readers = (np.concatenate(found) for found in (quality, longer, distance, apart, new))
    return [*(float(np.nanmean(found)) for found in of_readers), float(np.mean(covered))]


def ndcg(lists: NDArray[np.intp], wanted: Matrix, k: int) -> NDArray[np.float64]:
    """NDCG@k of each list, (readers,)."""
    sought = wanted.toarray() > 0
    hits = np.take_along_axis(sought, lists, axis=1)
    return metrics.ndcg(hits, sought.sum(axis=1), k)


def unit_rows(features: Matrix) -> Matrix:
    """The features with rows of length 1."""
    lengths = np.sqrt(np.asarray(features.multiply(features).sum(axis=1)))
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(lengths, 1)) @ features)


if __name__ == "__main__":
    main()
