"""What the active model makes of a list of likes: recommendations, and exact reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from db import catalogue
from db.catalogue import Work
from db.engine import Database
from db.models import ModelRow
from recommender.default import DefaultModel
from recommender.rank import top
from tasks import registry
from tasks.errors import UnknownWork
from tasks.lookup import Lookup


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one like adds to a score (it may take away), and its share of all that is added."""

    work: Work
    amount: float
    share: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A work, its score, and what each like contributes to it, the most first."""

    work: Work
    score: float
    because: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class Slate:
    """Suggestions, best first; `popular`: the likes say nothing, so it is what most people like."""

    suggestions: tuple[Suggestion, ...]
    popular: bool


@dataclass(frozen=True, slots=True)
class Taster:
    """The active model with the works it knows, by row."""

    row: ModelRow
    model: DefaultModel
    lookup: Lookup
    works: dict[int, Work]
    rows: dict[int, int]

    def liked(self, words: Sequence[str]) -> list[Work]:
        """The works these titles, external ids or keys name, each once. Raises UnknownWork."""
        works = list(dict.fromkeys(self.lookup.find(word) for word in words))
        for work in works:
            self._row(work)
        return works

    def recommend(self, likes: Sequence[Work], count: int, *, adult: bool) -> Slate:
        """The best `count` works for somebody with these likes, best first, the likes left out.

        Works for adults only if `adult`; none that is gone.
        """
        liked = [self._row(work) for work in likes]
        masked = np.ones(len(self.model.ids), dtype=bool)
        for row, work in self.works.items():
            masked[row] = work.gone or (work.adult and not adult)
        masked[liked] = True
        scores = self.model.scores_of(liked)
        popular = not scores.any()
        if popular:
            scores = self.model.popularity
        best = top(scores, masked, count)
        return Slate(tuple(self._suggestion(int(row), scores, liked) for row in best), popular)

    def explain(self, work: Work, likes: Sequence[Work]) -> Suggestion:
        """How the score of `work` comes about, exactly. Raises UnknownWork."""
        liked = [self._row(like) for like in likes]
        return self._suggestion(self._row(work), self.model.scores_of(liked), liked)

    def _suggestion(
        self, row: int, scores: NDArray[np.float32], liked: Sequence[int]
    ) -> Suggestion:
        amounts = self.model.explain(liked, row)
        added = float(amounts[amounts > 0].sum())
        because = [
            Contribution(self.works[like], float(amount), max(0.0, float(amount)) / (added or 1))
            for like, amount in zip(liked, amounts, strict=True)
        ]
        because.sort(key=lambda part: -part.amount)
        return Suggestion(self.works[row], float(scores[row]), tuple(because))

    def _row(self, work: Work) -> int:
        try:
            return self.rows[work.id]
        except KeyError:
            message = f'The model {self.row.id} is older than "{work.title}": run webtoonctl train.'
            raise UnknownWork(message) from None


def taster(database: Database, model_dir: Path) -> Taster:
    """The active model, its digest verified. Raises NoModel, UnreadableModel and Unreachable."""
    row = registry.active(database)
    model = registry.loaded(model_dir, row)
    with database.read() as session:
        lookup = Lookup(catalogue.works(session))
    by_key = {work.key: work for work in lookup.works}
    works = {n: by_key[key] for n, key in enumerate(model.ids) if key in by_key}
    rows = {work.id: n for n, work in works.items()}
    return Taster(row, model, lookup, works, rows)
