"""How two models differ: what they learnt, how good they are, and what they would suggest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from db.catalogue import Work
from db.engine import Database
from db.models import ModelRow
from recommender.default import DefaultModel
from recommender.evaluation import BATCH, Model
from recommender.interactions import Matrix
from recommender.rank import top
from tasks import registry
from tasks.errors import NothingToDo
from tasks.material import prepare, read
from tasks.measuring import KEPT, Aligned

SLATE = 20  # how long the lists are whose overlap is told


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of what readers are suggested is the same, as the mean of their Jaccard indices."""

    readers: int
    jaccard: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two models, and by how much the `other` has more than the `one`.

    `gained` are the keys of works that only the other has ratings of, `lost` of those that only
    the one has; `overlap` is None where no held-out reader is there to ask.
    """

    one: ModelRow
    other: ModelRow
    more: Mapping[str, float]
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    overlap: Overlap | None


def contrast(database: Database, model_dir: Path, one: ModelRow, other: ModelRow) -> Contrast:
    """What changes from `one` to `other`, on the readers that are held out at present.

    Raises UnreadableModel and Unreachable.
    """
    models = [registry.loaded(model_dir, row) for row in (one, other)]
    before, after = (_learnt(model) for model in models)
    try:
        material = prepare(read(database))
    except NothingToDo:
        overlap = None
    else:
        aligned = [Aligned.to(material.aside.items, model) for model in models]
        overlap = _overlap(aligned, material.aside.matrix)
    return Contrast(
        one,
        other,
        more=_more(one, other),
        gained=tuple(sorted(after - before)),
        lost=tuple(sorted(before - after)),
        overlap=overlap,
    )


def named(keys: Sequence[str], works: Sequence[Work]) -> dict[str, str]:
    """The title of each key; the key itself where the work is gone."""
    titles = {work.key: work.title for work in works}
    return {key: titles.get(key, key) for key in keys}


def _learnt(model: DefaultModel) -> set[str]:
    """The keys of the works that readers rated."""
    return {key for key, cold in zip(model.ids, model.cold, strict=False) if not cold}


def _more(one: ModelRow, other: ModelRow) -> dict[str, float]:
    found: dict[str, float] = {
        "readers": other.readers - one.readers,
        "items": other.items - one.items,
        "rows": other.rows - one.rows,
    }
    for name in KEPT:
        if name in one.metrics and name in other.metrics:
            found[name] = round(other.metrics[name] - one.metrics[name], 4)
    return found


def _overlap(models: Sequence[Model], readers: Matrix) -> Overlap | None:
    found: list[float] = []
    for start in range(0, readers.shape[0], BATCH):
        told = readers[start : start + BATCH]
        known = told.toarray() > 0
        slates = [_slates(model, told, known) for model in models]
        for ours, theirs in zip(*slates, strict=True):
            if ours | theirs:
                found.append(len(ours & theirs) / len(ours | theirs))
    return Overlap(len(found), float(np.mean(found))) if found else None


def _slates(model: Model, told: Matrix, known: NDArray[np.bool_]) -> list[set[int]]:
    return [
        set(top(scores, mask, SLATE).tolist())
        for scores, mask in zip(model.scores(told), known, strict=True)
    ]
