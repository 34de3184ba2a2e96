"""How long a network is trained and where its checkpoints go; free of torch."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.contenders import Data
from recommender.errors import BadParameter


@dataclass(frozen=True, slots=True)
class Schedule:
    """At most `epochs`; fewer if `patience` of them in a row bring no better NDCG@100.

    `batch` readers make one step. With a `folder`, a checkpoint is left there after every
    `every`-th epoch, and the next fit goes on from it. Raises BadParameter.
    """

    epochs: int = 200
    patience: int = 20
    batch: int = 100
    threads: int = 1
    folder: Path | None = None
    every: int = 10

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch", "threads", "every"):
            if (found := getattr(self, name)) < 1:
                raise BadParameter(f"found {name} = {found!r}, expected at least 1")


def fingerprint(data: Data) -> str:
    """A digest of all that a network may learn from `data`: the same for equal data alone."""
    digest = hashlib.sha256()
    for matrix in (data.ratings, data.order):
        if matrix is None:
            continue
        digest.update(str(matrix.shape).encode())
        for part, kind in ((matrix.indptr, "<i8"), (matrix.indices, "<i8"), (matrix.data, "<f4")):
            digest.update(np.asarray(part, dtype=kind).tobytes())
    return digest.hexdigest()
