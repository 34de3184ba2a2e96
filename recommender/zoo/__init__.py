"""Networks to compare with what ships, each in a file of its own, all trained by one loop.

torch is imported when one of them is fitted. Nothing here is served.
"""

from importlib import import_module
from typing import cast

from recommender.contenders import Data, Fit, Model, Progress
from recommender.extras import needed

EXTRA = "torch"


def fit_multvae(data: Data, seed: int, progress: Progress) -> Model:
    """Mult-VAE (Liang et al. 2018); see `recommender.zoo.multvae.fit`. Raises PackageMissing."""
    return _fit("multvae")(data, seed, progress)


def fit_recvae(data: Data, seed: int, progress: Progress) -> Model:
    """RecVAE (Shenbin et al. 2020); see `recommender.zoo.recvae.fit`. Raises PackageMissing."""
    return _fit("recvae")(data, seed, progress)


def fit_bert4rec(data: Data, seed: int, progress: Progress) -> Model:
    """BERT4Rec (Sun et al. 2019); see `recommender.zoo.bert4rec.fit`. Raises PackageMissing.

    The model also has `scores_in_order`.
    """
    return _fit("bert4rec")(data, seed, progress)


def _fit(name: str) -> Fit:
    needed("torch", EXTRA)
    return cast(Fit, import_module(f"recommender.zoo.{name}").fit)
