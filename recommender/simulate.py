"""Invented readers with tastes, for a demo and for tests: what they rate, and how.

Every reader loves two to four features (genres, keywords), chosen with a probability that grows
with the root of how common a feature is, and has a position among eight hidden factors that items
have too; half of what draws a reader to an item is one, half the other. What is read is drawn
without replacement, with a weight that falls with the item's popularity rank and grows with the
reader's taste. How many is lognormal (median 40). The rating is half taste, a third the reader's
mood that day, the rest the item's quality and how strict the reader is; its rank among all gives
its place on a normal scale with the mean 3.45 and deviation 1.0 stars of the ratings that this
project is made for, rounded to half-stars.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from recommender.errors import BadInteractions, TooFewInteractions
from recommender.interactions import AnyMatrix, Matrix, checked

MEAN, DEVIATION = 6.97, 2.12  # half-stars; what is cut off at 10 takes a little of both
MEDIAN_COUNT, COUNT_SPREAD, FEWEST = 40, 0.8, 5
MOST_SHARE = 0.6  # of the catalogue
FACTORS = 8
RANK_SLOPE, RANK_SHIFT = 1.0, 10.0
TASTE = 1.5  # how much taste draws, in units of log weight
STRENGTHS = {"taste": 1.0, "mood": 0.8, "quality": 0.45, "strictness": 0.45}


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Ratings as three sequences of equal length: reader id, item row, half-stars 1..10."""

    readers: tuple[str, ...]
    items: NDArray[np.int64]
    half_stars: NDArray[np.int64]


def simulate(
    features: AnyMatrix, popularity_rank: NDArray[np.integer], readers: int = 1_759, seed: int = 0
) -> Simulated:
    """Ratings by `readers` invented people, named "sim-0001" and so on, alike for the same seed.

    `features` (items, features) says what the items are about, `popularity_rank` (items,) how
    widely known they are, 0 the most. Raises BadInteractions if the two do not fit together,
    TooFewInteractions for fewer than 10 items or no reader.
    """
    about = checked(features)
    ranks = np.asarray(popularity_rank, dtype=np.float64)
    items = about.shape[0]
    if ranks.shape != (items,) or not (ranks >= 0).all():
        raise BadInteractions(f"found ranks of shape {ranks.shape}, expected {items} from 0 up")
    if items < 10 or readers < 1:
        raise TooFewInteractions(f"found {items} items and {readers} readers, expected 10 and 1")
    generator = np.random.default_rng(seed)
    taste = _tastes(about, readers, generator)
    counts = _counts(items, readers, generator)
    draw = TASTE * taste - RANK_SLOPE * np.log(ranks + RANK_SHIFT)
    # The highest of log weight + Gumbel noise are a draw without replacement.
    draw += generator.gumbel(size=draw.shape)
    order = np.argsort(-draw, axis=1)
    rows = np.repeat(np.arange(readers), counts)
    read = order[np.arange(items) < counts[:, None]]
    parts = {
        "taste": taste[rows, read],
        "mood": generator.standard_normal(len(rows)),
        "quality": generator.standard_normal(items)[read],
        "strictness": generator.standard_normal(readers)[rows],
    }
    opinion = sum((weight * parts[name] for name, weight in STRENGTHS.items()), np.zeros(len(rows)))
    placed = np.rint(MEAN + DEVIATION * _normal_scores(opinion))
    half_stars = np.clip(placed, 1, 10).astype(np.int64)
    names = [f"sim-{n:04d}" for n in range(1, readers + 1)]
    return Simulated(
        tuple(names[row] for row in rows), read.astype(np.int64), half_stars.astype(np.int64)
    )


def _tastes(about: Matrix, readers: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(readers, items), each row with mean 0 and deviation 1."""
    items, kinds = about.shape
    loved = np.zeros((readers, kinds))
    common = np.bincount(about.indices, minlength=kinds)
    if about.nnz:
        chances = np.sqrt(common) / np.sqrt(common).sum()
        for row in loved:
            most = min(int(generator.integers(2, 5)), int((common > 0).sum()))
            row[generator.choice(kinds, size=most, replace=False, p=chances)] = 1
    by_feature = _standard(np.asarray((about @ loved.T).T))
    hidden = generator.standard_normal((readers, FACTORS)) @ generator.standard_normal(
        (FACTORS, items)
    )
    return _standard(by_feature + _standard(hidden))


def _counts(items: int, readers: int, generator: np.random.Generator) -> NDArray[np.int64]:
    drawn = generator.lognormal(np.log(MEDIAN_COUNT), COUNT_SPREAD, size=readers)
    most = max(1, int(MOST_SHARE * items))
    return np.clip(np.rint(drawn), min(FEWEST, most), most).astype(np.int64)


def _normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same order on a normal scale: people love more than they hate, stars end at five."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values)) + 0.5
    return np.asarray(ndtri(ranks / len(values)))


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    deviations = values.std(axis=1, keepdims=True)
    return np.asarray(
        (values - values.mean(axis=1, keepdims=True)) / np.where(deviations > 0, deviations, 1)
    )
