"""From the best works to a good list: not all alike, in the mix that the reader likes.

Lists are made greedily, from a pool of the best by score. What is re-ranked is the order alone:
scores, and how they are explained, stay as they are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.rank import top

# Chosen by benchmarks/rerank.py on MovieLens: lists of 20 out of the best 200 are 9 % further
# apart and a quarter closer to the genres that the reader likes, for less than 2 % of NDCG@20. A
# variety of 2 makes it 20 % further apart, for 1 % of NDCG@100 but 6 % of NDCG@20. The unit of
# both is the score of the pool's best.
VARIETY = 0.6  # what it costs to be just like the rest of the list,
WIDE = 1.2  # and in a list for somebody of whom nothing is known: one of it may hit
CALIBRATION = 0.3  # what it costs if the list's genres are one nat from the reader's
KNOWN_LIKES = 5.0  # so many likes say half of what endlessly many would of the reader's mix
BEST = 3  # works whose mean score is the unit: one alone may stand out
SMOOTHING = 0.01  # the share of the reader's mix in every list's (Steck 2018, eq. 4)
# What the dial turns by, in deviations of the pool's scores: to the niche, lists are half a bit
# more novel, and together they reach a third more films and upwards (the same benchmark).
DIAL = 0.6
FADE = 0.8  # what is left of a score after one showing without an answer
# What is too near to a disliked work waits until so many others of a list have had their places,
# unless it is among the first: much speaks for that. See benchmarks/dislikes.py.
HELD_PLACES, KEPT_PLACES = 20, 4

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Works to choose from, and what was shown just before, as if it were the list's beginning.

    `scores` (pool,) in any unit, finite; `similarity` (pool, pool) 0..1; `mixes` (pool, genres),
    each row a work's shares of its genres, which sum to 1, or to 0 where it has none.
    `shown_similarity` (pool, shown) and `shown_mixes` (shown, genres) say the same of what was
    shown before.
    """

    scores: Floats
    similarity: Floats
    mixes: Floats
    shown_similarity: Floats
    shown_mixes: Floats


def rerank(
    pool: Pool,
    target: Floats,
    k: int,
    *,
    variety: float = VARIETY,
    calibration: float = CALIBRATION,
) -> NDArray[np.intp]:
    """The places in `pool` of a list of `k`, the best score first; fewer if the pool is smaller.

    One after the other that one is taken which has the highest r - v·s - c·KL: r its `relevance`,
    s its mean similarity to the list so far, KL how far the list with it is from the mix `target`
    (genres,) of the reader; v and c are `variety` and `calibration`.
    """
    worth = relevance(pool.scores)
    alike = pool.shown_similarity.sum(axis=1)
    length = pool.shown_similarity.shape[1]
    mixed = pool.shown_mixes.sum(axis=0)
    chosen: list[int] = []
    for _ in range(min(k, len(worth))):
        value = worth - variety * alike / max(1, length)
        if calibration:
            value = value - calibration * divergence(target, mixed + pool.mixes)
        best = _best(value, chosen)
        chosen.append(best)
        alike = alike + pool.similarity[best]
        mixed = mixed + pool.mixes[best]
        length += 1
    # How different the list is does not depend on its order, but how good it is does.
    return np.array(sorted(chosen, key=lambda place: -pool.scores[place]), dtype=np.intp)


def mmr(scores: Floats, similarity: Floats, k: int, balance: float) -> NDArray[np.intp]:
    """The rows of `k` items by maximal marginal relevance, in order (Carbonell & Goldstein 1998).

    Each time the highest balance·score - (1 - balance)·(similarity to the nearest one chosen), of
    `scores` (items,) and `similarity` (items, items). With a `balance` of 1 they are the best.
    """
    nearest = np.zeros(len(scores))
    chosen: list[int] = []
    for _ in range(min(k, len(scores))):
        best = _best(balance * scores - (1 - balance) * nearest, chosen)
        chosen.append(best)
        nearest = np.maximum(nearest, similarity[best])
    return np.array(chosen, dtype=np.intp)


def calibrated(
    scores: Floats, mixes: Floats, target: Floats, k: int, strength: float
) -> NDArray[np.intp]:
    """The rows of `k` items in the mix `target` (genres,), in order (Steck 2018, eq. 6).

    Each time the one that raises (1 - strength)·Σ scores - strength·KL the most, of `scores`
    (items,) and `mixes` (items, genres). With a `strength` of 0 they are the best.
    """
    mixed = np.zeros(len(target))
    chosen: list[int] = []
    for _ in range(min(k, len(scores))):
        value = (1 - strength) * scores - strength * divergence(target, mixed + mixes)
        best = _best(value, chosen)
        chosen.append(best)
        mixed = mixed + mixes[best]
    return np.array(chosen, dtype=np.intp)


def divergence(target: Floats, mixed: Floats) -> NDArray[np.float64]:
    """KL(p ‖ (1 - α)·q + α·p) in nats, (lists,), at least 0.

    p is `target` (genres,), which sums to 1 or 0; q what `mixed` (lists, genres) sums up, scaled
    to 1; α is SMOOTHING (Steck 2018, eq. 3 and 4).
    """
    wanted = np.flatnonzero(target > 0)
    share = target[wanted].astype(np.float64)
    mass = mixed.sum(axis=-1, keepdims=True)
    found = mixed[..., wanted] / np.where(mass > 0, mass, 1)
    lost = np.log(share / ((1 - SMOOTHING) * found + SMOOTHING * share)) @ share
    return np.maximum(np.asarray(lost, dtype=np.float64), 0)  # equal shares differ in a last bit


def target_mix(mixes: Floats) -> NDArray[np.float64]:
    """What a reader likes, (genres,), summing to 1: the mean of their likes' `mixes` (likes,
    genres); zeros where nothing is known."""
    total = mixes.sum(axis=0, dtype=np.float64)
    mass = float(total.sum())
    return np.asarray(total / mass if mass > 0 else total)


def trust(likes: int) -> float:
    """How far the mix of so many likes is to be believed, 0..1."""
    return likes / (likes + KNOWN_LIKES)


def relevance(scores: Floats) -> NDArray[np.float64]:
    """`scores` (pool,) as shares of the mean of the best three; where that is not above 0, or is
    nothing beside the lowest of them, in deviations from the mean of all."""
    values = np.asarray(scores, dtype=np.float64)
    if not len(values):
        return values
    unit = float(np.sort(values)[-BEST:].mean())
    least = float(np.abs(values).max()) * float(np.finfo(np.float32).eps)
    return values / unit if unit > least else standardised(values)


def dial(scores: Floats, popularity: Floats, setting: float) -> NDArray[np.float64]:
    """`scores` (pool,), in their unit, turned to what few know or to what many know.

    `setting` is -1 for the niche, 0 for `scores` as they are, 1 for the popular; `popularity`
    (pool,) is a count, whose logarithm matters.
    """
    values = np.asarray(scores, dtype=np.float64)
    if not setting or not len(values):
        return values
    known = standardised(np.log1p(popularity, dtype=np.float64))
    return values + setting * DIAL * float(values.std()) * known


def fade(scores: Floats, showings: Floats) -> NDArray[np.float32]:
    """`scores` (items,) of works that were shown so often, (items,), and never answered.

    Each showing takes away a fifth of what is left; a negative score is lowered as much as a
    positive one. A showing long past may count as less than one.
    """
    faded = np.array(scores, dtype=np.float32)
    rows = np.flatnonzero(showings)  # elsewhere a score may be infinite
    lost = 1 - FADE ** np.asarray(showings[rows], dtype=np.float64)
    faded[rows] -= lost * np.abs(faded[rows])
    return faded


def waiting(
    scores: Floats, rows: NDArray[np.integer[Any]], mask: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """(items,) which of the items in `rows` give way to others: all but those of the four best.

    Items where `mask` (items,) is true have no place in the ranking by `scores` (items,).
    """
    near = np.zeros(len(scores), dtype=bool)
    near[rows] = True
    near[top(scores, mask, KEPT_PLACES)] = False
    return near


def hold_back(
    scores: Floats, rows: NDArray[np.integer[Any]], mask: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """`scores` (items,) with the `waiting` ones of `rows` behind the twenty best others.

    Those that would be among them come right after, in their order; what else there is stays as it
    is. Items where `mask` (items,) is true have no place in the ranking.
    """
    held = np.array(scores, dtype=np.float32)
    there = np.isfinite(held) if mask is None else np.isfinite(held) & ~mask
    near = waiting(held, rows, ~there)
    others = -np.sort(-held[there & ~near])
    if not len(others):
        return held
    places = min(HELD_PLACES, len(others))
    last = others[places - 1]
    below = others[places] if len(others) > places else last - max(1, np.abs(last))
    high = np.flatnonzero(near & there & (held > below))
    order = high[np.argsort(-held[high], kind="stable")]
    line = np.linspace(last, below, len(order) + 2, dtype=np.float32)[1:-1]
    held[order] = np.minimum(held[order], line)
    return held


def standardised(values: Floats) -> NDArray[np.float64]:
    """`values` (n,) with mean 0 and deviation 1; zeros where all are equal."""
    if not len(values):
        return np.zeros(0)
    centred = np.asarray(values, dtype=np.float64) - np.mean(values, dtype=np.float64)
    deviation = float(centred.std())
    # Equal values may differ from their own mean by its last bit.
    if deviation <= 1e-12 * float(np.abs(values).max()):
        return np.zeros(len(values))
    return np.asarray(centred / deviation)


def _best(value: Floats, chosen: list[int]) -> int:
    """The highest of those not chosen yet; of equals, the first."""
    value[chosen] = -np.inf
    return int(value.argmax())
