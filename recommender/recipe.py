"""What goes into the matrix that ships, and the search for the best of it: part of training."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.choosing import Aside, asides, quality
from recommender.content import Content
from recommender.ease import blas_threads, solve
from recommender.errors import PenaltyTooSmall
from recommender.gram import gram
from recommender.interactions import LIKE, Matrix
from recommender.spectral import Spectral
from recommender.stars import LOW, TILT, strengths
from recommender.tuning import GRID, between, rule_of_thumb, surely

DROPOUT = 0.33  # p of EDLAE: p/(1-p) of an item's likes is added to its penalty
SHARES = (0.06, 0.0, 0.2)  # of the penalty, for the features; the first one goes with all penalties
POWERS = (0.5, 0.75, 1.0)
AMOUNTS = (0.0, 0.3, 0.6)
BLOCK_ROWS = 256

Mix = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one matrix is made of what readers and features say.

    P = (XᵀX + share·l2·S + Λ)⁻¹, where S are the cosines of the items' features (side information
    as in CEASE, Jeunen et al. 2020) and Λ = l2 + p/(1-p)·diag(XᵀX) (EDLAE, Steck 2020). The
    weights are -P_ij / P_jj^power off the diagonal, in units of the root mean square of readers'
    scores, plus `amount` of the spectral weights in the same units; `mix` is (power, amount).
    Power 1 is EASE, 0 ridge regression: what lies between relaxes the constraint on the diagonal
    (RDLAE, Moon et al. 2023). `low` is what a rating below three stars counts.
    """

    l2: float
    low: float = LOW
    share: float = SHARES[0]
    mix: Mix = (0.5, 0.3)


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What features say of the items in `rows` of the content."""

    content: Content
    rows: NDArray[np.intp]

    def add_to(self, upper: NDArray[np.float32], amount: float) -> None:
        """Add `amount` times the cosines to the upper triangle of `upper` (items, items)."""
        for start in range(0, len(self.rows), BLOCK_ROWS):
            own = self.rows[start : start + BLOCK_ROWS]
            likeness = self.content.cosines(own, self.rows[start:])
            upper[start : start + BLOCK_ROWS, start:] += np.float32(amount) * likeness
        np.einsum("ii->i", upper)[:] += np.float32(amount)  # every item is like itself


def learn(
    inputs: Matrix, recipe: Recipe, prior: Prior | None
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The weights of power 1 (items, items) and the diagonal of P, from `inputs` (readers, items).

    Raises PenaltyTooSmall.
    """
    items = inputs.shape[1]
    buffer = np.empty((items, items), dtype=np.float32)
    with blas_threads(buffer):
        gram(inputs, buffer)
    if prior is not None and recipe.share:
        prior.add_to(buffer, recipe.share * recipe.l2)
    diagonal = np.empty(items, dtype=np.float64)
    return solve(buffer, recipe.l2, DROPOUT, diagonal), diagonal


def mix(
    weights: NDArray[np.float32],
    diagonal: NDArray[np.float64],
    recipe: Recipe,
    sample: Matrix,
    spectral: Spectral | None,
) -> None:
    """Make of the weights that were learnt, in place, those of the recipe.

    Units are taken from the scores of the readers in `sample` (readers, items).
    """
    power, amount = recipe.mix
    weights *= relaxed(diagonal, power)
    weights /= np.float32(unit(np.asarray(sample @ weights, dtype=np.float32)))
    if spectral is not None and amount:
        spectral.add_to(weights, amount / unit(spectral.scores(sample)))


def applied(recipe: Recipe, prior: Prior | None, spectral: Spectral | None) -> Mapping[str, Any]:
    """What `learn` and `mix` made of these, as a model's manifest has it.

    Where there was no prior its share is 0, where there was no spectral part its amount; `rank` is
    how many directions that had.
    """
    power, amount = recipe.mix
    return {
        "l2": recipe.l2,
        "low": recipe.low,
        "tilt": TILT,
        "dropout": DROPOUT,
        "share": 0.0 if prior is None else recipe.share,
        "power": power,
        "spectral": 0.0 if spectral is None else amount,
        "rank": 0 if spectral is None else spectral.left.shape[1],
    }


def relaxed(diagonal: NDArray[np.float64], power: float) -> NDArray[np.float32]:
    """What makes weights of `power` of those of power 1, (items,) float32 by columns."""
    return np.asarray(diagonal ** (1 - power), dtype=np.float32)


def unit(scores: NDArray[np.float32]) -> float:
    """The root mean square of `scores`; 1 where all are 0."""
    return float(np.sqrt(np.mean(np.square(scores, dtype=np.float64)))) or 1.0


def best_recipe(halves: Matrix, prior: Prior | None, seed: int = 0) -> Recipe:
    """The recipe with the best NDCG@100 on readers who are set aside; a rule of thumb for few.

    `halves` (readers, items) are half-stars, `prior` of the same items. First the penalty with
    all else as usual. Then what is usual gives way, for the features, for low ratings and for the
    mix in turn, to what is better by three standard errors: the best alone would often be chance.
    One inverse answers for all mixes. Give it the most liked items only: it holds
    four matrices (items, items).
    """
    apart = [_Trial(aside, prior) for aside in asides(halves, LIKE, seed)]
    if not apart:
        return Recipe(rule_of_thumb(halves.shape[0]))
    with blas_threads(np.empty((1, 1), dtype=np.float32)), ThreadPoolExecutor(2) as pool:

        def ask(recipe: Recipe) -> NDArray[np.float64]:
            """NDCG@100 (sets of readers, mixes)."""
            return np.array(list(pool.map(lambda trial: trial.qualities(recipe), apart)))

        by_l2 = {l2: ask(Recipe(l2)) for l2 in GRID}
        learnt = apart[0].readers / halves.shape[0]
        l2 = between({each: found[:, _USUAL] for each, found in by_l2.items()}, learnt)
        chosen = Recipe(l2)
        found = ask(chosen)
        others = [replace(chosen, share=share) for share in SHARES[1:] if prior is not None]
        if halves.data.min(initial=LIKE) < LIKE:
            others.append(replace(chosen, low=0.0))
        for other in others:
            rival = ask(other)
            if surely(rival[:, _USUAL] - found[:, _USUAL]):
                chosen, found = other, rival
    gains = found - found[:, [_USUAL]]
    sure = [n for n in range(len(_MIXES)) if surely(gains[:, n])]
    best = max(sure, key=lambda n: float(gains[:, n].mean()), default=_USUAL)
    return replace(chosen, mix=_MIXES[best])


_MIXES: tuple[Mix, ...] = tuple(product(POWERS, AMOUNTS))
_USUAL = _MIXES.index(Recipe(1.0).mix)


class _Trial:
    """One set of readers to choose by, with what every recipe asks of them."""

    def __init__(self, aside: Aside, prior: Prior | None) -> None:
        self._aside, self._prior = aside, prior
        self._spectral = cache(self._spectral_scores)

    @property
    def readers(self) -> int:
        """How many it learns from."""
        return self._aside.rest.shape[0]

    def qualities(self, recipe: Recipe) -> NDArray[np.float64]:
        """NDCG@100 of each of the mixes."""
        inputs = strengths(self._aside.rest, recipe.low)
        asked = strengths(self._aside.folded.known, recipe.low)
        try:
            weights, diagonal = learn(inputs, recipe, self._prior)
        except PenaltyTooSmall:
            return np.zeros(len(_MIXES))
        scores = np.asarray(asked @ weights, dtype=np.float32)
        common = self._spectral(recipe.low)
        found = []
        for power in POWERS:
            own = scores * relaxed(diagonal, power)
            own /= np.float32(unit(own))
            for amount in AMOUNTS:
                blended = own.copy() if common is None else own + np.float32(amount) * common
                found.append(quality(blended, self._aside.folded))
        return np.array(found)

    def _spectral_scores(self, low: float) -> NDArray[np.float32] | None:
        spectral = Spectral.fit(strengths(self._aside.rest, low))
        if spectral is None:
            return None
        scores = spectral.scores(strengths(self._aside.folded.known, low))
        return np.asarray(scores / np.float32(unit(scores)), dtype=np.float32)
