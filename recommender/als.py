"""Matrix factorisation by alternating least squares, as the package `implicit` does it."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.choosing import Aside
from recommender.contenders import Data, Model, Progress, likes_of
from recommender.extras import needed
from recommender.interactions import AnyMatrix, Matrix, checked

FACTORS = (32, 64, 128)
REGULARISATION = (3.0, 10.0, 30.0)
ALPHAS = (1.0, 3.0, 10.0)  # how much a like weighs, where none weighs 1
SWEEPS = 15
LARGEST_SEED = 2**32


@dataclass(frozen=True, slots=True, eq=False)
class Als:
    """Scores = x · Yᵀ, where x solves the readers' side for the items' factors Y."""

    fitted: Any  # implicit's AlternatingLeastSquares, without stubs
    items: int

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        """Scores (readers, items) for the half-stars `folded`; below three stars says nothing.

        Raises BadInteractions.
        """
        likes = likes_of(checked(folded, self.items))
        with _one_blas_thread():
            factors = self.fitted.recalculate_user(np.arange(likes.shape[0]), _matrix(likes))
            return np.asarray(factors @ self.fitted.item_factors.T, dtype=np.float32)


def fit_als(data: Data, seed: int, progress: Progress) -> Model:
    """The best of a grid by NDCG@100 on a tenth of readers, then fitted to all of them.

    Implicit feedback after Hu, Koren and Volinsky 2008: a like has the confidence alpha,
    anything else 1.
    Raises PackageMissing without `implicit`; BadInteractions; TooFewInteractions where there is
    nobody to set aside.
    """
    needed("implicit", "zoo")
    aside = Aside.of(data, seed)
    grid = list(itertools.product(FACTORS, REGULARISATION, ALPHAS))
    qualities = []
    for tried, (factors, regularisation, alpha) in enumerate(grid, start=1):
        model = factorised(aside.rest, factors, regularisation, alpha, seed)
        qualities.append(aside.quality(model))
        progress(tried / (len(grid) + 1))
    best = factorised(likes_of(data.ratings), *grid[int(np.argmax(qualities))], seed)
    progress(1.0)
    return best


def factorised(likes: Matrix, factors: int, regularisation: float, alpha: float, seed: int) -> Als:
    """ALS fitted to `likes` (readers, items) of ones. Raises PackageMissing."""
    module = needed("implicit.cpu.als", "zoo")
    with _one_blas_thread():
        model = module.AlternatingLeastSquares(
            factors=factors,
            regularization=regularisation,
            alpha=alpha,
            iterations=SWEEPS,
            num_threads=1,  # the same sums in the same order, so equal seeds give equal factors
            random_state=seed % LARGEST_SEED,
        )
        model.fit(_matrix(likes), show_progress=False)
    return Als(model, likes.shape[1])


def _matrix(likes: Matrix) -> Any:  # noqa: ANN401 - the older class, which implicit asks for
    return sparse.csr_matrix(likes)


def _one_blas_thread() -> Any:  # noqa: ANN401 - without stubs
    """Its own threads and those of BLAS would wait for each other; it warns of that."""
    from threadpoolctl import (  # type: ignore[import-untyped]  # noqa: PLC0415
        threadpool_limits,
    )

    return threadpool_limits(limits=1, user_api="blas")
