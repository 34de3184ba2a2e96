"""What several people may read together: nobody is to be miserable, and of that the best for all.

A work is taken only if it is below nobody's 25th percentile, and none that somebody may not be
shown: average without misery (Masthoff 2011, "Group Recommender Systems", in Recommender Systems
Handbook). Those are ordered half by who likes them least (least misery: O'Connor, Cosley, Konstan
& Riedl 2001, "PolyLens") and half by the average. Scores of two people have no common unit, ranks
do: all of it is reckoned with each person's own percentiles.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender import rerank
from recommender.rank import top

LEAST = 0.25  # of the works that a person could be shown, so many are worse than each one taken
MISERY = 0.5  # how much the one who likes a work least counts, against the average
POOL = 30  # of the best works, among which variety may change the order
BALANCE = 0.9  # of score against likeness: to be just like another costs 11 percentiles

Floats = NDArray[np.floating[Any]]


def percentiles(scores: Floats, barred: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(members, works): which share, 0..1, of a member's other works scores less than each.

    A member's works are those with a finite score in `scores` (members, works) and no mark in
    `barred` (members, works); all else is NaN. Equal works are better than the same ones. Whoever
    has one work alone has no better one: 1.
    """
    found = np.full(scores.shape, np.nan)
    for member, own in enumerate(np.isfinite(scores) & ~barred):
        theirs = scores[member, own]
        less = np.searchsorted(np.sort(theirs), theirs, side="left")
        found[member, own] = less / (len(theirs) - 1) if len(theirs) > 1 else 1.0
    return found


def worth(ranks: Floats) -> NDArray[np.float64]:
    """(works,) how good each work is for the group, 0..1; -inf for what somebody rejects.

    That is w·min + (1 - w)·mean of `ranks` (members, works), w being MISERY. Rejected is what is
    NaN for somebody or below their LEAST.
    """
    fit = np.all(ranks >= LEAST, axis=0)  # NaN is not
    found = np.full(ranks.shape[1], -np.inf)
    if len(ranks):
        told = ranks[:, fit]
        found[fit] = MISERY * told.min(axis=0) + (1 - MISERY) * told.mean(axis=0)
    return found


def contenders(worths: Floats) -> NDArray[np.intp]:
    """The rows of the best works of `worths` (works,), POOL at most, best first, none rejected."""
    return top(worths, np.isneginf(worths), POOL)


def varied(worths: Floats, alike: Floats, k: int) -> NDArray[np.intp]:
    """The places of `k` of the contenders, the best first, unlike each other; fewer if there are.

    `worths` (contenders,) are theirs alone, `alike` (contenders, contenders) 0..1: maximal marginal
    relevance (`rerank.mmr`).
    """
    return rerank.mmr(worths, alike, k, BALANCE)
