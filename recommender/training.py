"""How the matrix that ships is fitted: by a recipe where there are likes, by content elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender import aversion, unrated
from recommender.aversion import Near
from recommender.contenders import likes_of
from recommender.content import Content
from recommender.ease import blas_threads, refuse_bad_penalty
from recommender.errors import TooFewInteractions
from recommender.gram import gram
from recommender.interactions import LIKE, Matrix
from recommender.memory import refuse_too_much
from recommender.popularity import informative, shares
from recommender.recipe import Prior, Recipe, applied, best_recipe, learn, mix
from recommender.spectral import Spectral
from recommender.stars import strengths
from recommender.tuning import most_liked

SAMPLE_READERS = 500  # by whom the scores' unit is taken
# Where content is all there is, what lies beyond the nearest still orders the rest.
REST_SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Weights and near of all items, popularity, cold, informative (items,); see DefaultModel."""

    weights: NDArray[np.float32]
    popularity: NDArray[np.float32]
    cold: NDArray[np.bool_]
    near: Near
    informative: NDArray[np.float32]
    facts: Mapping[str, Any]  # what was applied; nothing where nothing was liked together


def train(halves: Matrix, features: Matrix | None, seed: int, l2: float | None) -> Trained:
    """Fit to half-stars (readers, items) and features (items, features), as in `DefaultModel.fit`.

    Items with likes get the recipe's weights; those without are mixtures of them, by features.
    """
    if l2 is not None:
        refuse_bad_penalty(l2)
    readers, items = halves.shape
    likes = likes_of(halves)
    popularity = shares(likes)
    cold = popularity == 0
    warm = np.flatnonzero(~cold)
    # All that is ever held at once: the weights of all items, and beside them what is learnt before
    # it is set among them, or then what mixtures are solved with, which is never more.
    refuse_too_much(items, items**2 + (len(warm) ** 2 if cold.any() else 0), 4)
    content = None if features is None or not features.nnz else Content.fit(features)
    if content is None and not len(warm):
        raise TooFewInteractions(
            f"found no like among {halves.nnz} ratings of {readers} readers and no item "
            "features, expected one or the other"
        )
    count = aversion.nearest_of(items)
    near = np.repeat(np.arange(items, dtype=np.int32)[:, None], count, axis=1)
    facts: Mapping[str, Any] = {}
    if np.diff(likes.indptr).max(initial=0) < 2:
        # Nothing was liked together: content alone, or popularity alone if there is none.
        weights = np.zeros((items, items), dtype=np.float32)
        if content is not None:
            unrated.set_nearest(weights, content, REST_SHARE)
    else:
        rated = halves[:, warm]
        recipe = _recipe(rated, content, warm, seed, l2)
        order = np.random.default_rng(seed).permutation(readers)
        sample = strengths(halves[np.sort(order[:SAMPLE_READERS])], recipe.low)
        together = _read_together(likes[:, warm], count)
        weights, facts = _learnt(rated, content, warm, recipe, sample[:, warm])
        near[warm] = warm[together]
        if cold.any():
            weights = unrated.placed(weights, cold)
            if content is not None:
                unrated.fill(weights, content, cold, sample)
                facts = {**facts, "ridge": unrated.RIDGE}
    near = np.hstack([near, aversion.recommended(weights, count)])
    return Trained(weights, popularity, cold, near, informative(halves), facts)


def _recipe(
    halves: Matrix, content: Content | None, warm: NDArray[np.intp], seed: int, l2: float | None
) -> Recipe:
    if l2 is not None:
        return Recipe(l2)
    columns = most_liked(halves, LIKE)
    prior = None if content is None else Prior(content, warm[columns])
    return best_recipe(halves[:, columns], prior, seed)


def _learnt(
    halves: Matrix,
    content: Content | None,
    warm: NDArray[np.intp],
    recipe: Recipe,
    sample: Matrix,
) -> tuple[NDArray[np.float32], Mapping[str, Any]]:
    """The weights of the rated items, and what they were made with."""
    inputs = strengths(halves, recipe.low)
    prior = None if content is None else Prior(content, warm)
    weights, diagonal = learn(inputs, recipe, prior)
    spectral = Spectral.fit(inputs) if recipe.mix[1] else None
    mix(weights, diagonal, recipe, sample, spectral)
    return weights, applied(recipe, prior, spectral)


def _read_together(likes: Matrix, count: int) -> Near:
    upper = np.empty((likes.shape[1], likes.shape[1]), dtype=np.float32)
    with blas_threads(upper):
        gram(likes, upper)
    return aversion.read_together(upper, count)
