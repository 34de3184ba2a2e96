"""What the conversation knows of works and taste at one moment: catalogue, search, model."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.conversation.search import Entry, Index
from db.catalogue import Work
from recommender import default_model, questions
from recommender.content import Content, binary
from recommender.errors import TooFewInteractions
from recommender.interactions import Matrix

Model = default_model
FINISHED, ONGOING = "finished", "ongoing"
# How a work is told, which says nothing of what it is about; almost every work is the first.
FORMS = frozenset({"스토리", "에피소드", "옴니버스"})
_SAMPLE = 200  # works that all others are compared with to find the typical ones
_TYPICAL = 0.01  # how much that counts: less than one reader more
_MANY = 10  # readers


@dataclass(frozen=True, slots=True)
class Served:
    """A loaded model and what an answer says of it; `columns` are its rows of our works, or -1."""

    id: str
    demo: bool
    model: Model
    columns: NDArray[np.intp]

    def by_work(self, values: NDArray[Any], missing: float | bool) -> NDArray[Any]:
        """(works,) what the model's `values` (items,) say of each work; `missing` of the others."""
        known = self.columns >= 0
        found = np.full(len(known), missing, dtype=values.dtype)
        found[known] = values[self.columns[known]]
        return found

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """(works,) bool: no reader's likes stand behind the model's score, or it has none."""
        return self.by_work(self.model.cold, missing=True)

    @property
    def informative(self) -> NDArray[np.float32] | None:
        """(works,) float32: what asking about a work tells; None of older models."""
        values = getattr(self.model, "informative", None)
        return None if values is None else self.by_work(values, missing=0)

    def question(self, said: questions.Answers, masked: NDArray[np.bool_]) -> int | None:
        """The row of the work that the model asks about next; None if it doesn't know, or is old.

        `said` by row what was answered before; never one of the `masked` (works,).
        """
        tree = self.model.questions
        if tree is None:
            return None
        askable = np.zeros(len(self.model.cold), dtype=bool)
        askable[self.columns[(self.columns >= 0) & ~masked]] = True
        answers = {int(self.columns[row]): answer for row, answer in said.items()}
        asked = questions.ask(tree, answers, ~askable)
        return None if asked is None else int(np.flatnonzero(self.columns == asked)[0])


@dataclass(frozen=True)
class Library:
    """All works by row (ordered by id), how to find them, and the model that ranks them.

    Works that are gone have their row too, for what readers said of them; the index has not.
    Never changed: a new catalogue or model makes a new Library, swapped in one assignment.
    `popularity` is (works,) float32, how many readers like each work, wherever that was counted.
    """

    works: tuple[Work, ...]
    popularity: NDArray[np.float32]
    served: Served | None = None
    row_of: Mapping[int, int] = field(init=False)
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "row_of", {work.id: row for row, work in enumerate(self.works)})
        entries = (
            Entry(work.id, work.title, work.title_en, work.authors, float(popular))
            for work, popular in zip(self.works, self.popularity, strict=True)
            if not work.gone
        )
        object.__setattr__(self, "index", Index(entries))

    def ranked_by(self, served: Served | None) -> "Library":
        """The same works with another model: nothing that is known of the works is made anew."""
        other = copy(self)
        object.__setattr__(other, "served", served)
        return other

    def work(self, webtoon_id: int) -> Work | None:
        """The work with this id."""
        row = self.row_of.get(webtoon_id)
        return None if row is None else self.works[row]

    @cached_property
    def content(self) -> Content | None:
        """Similarity by genres, keywords and authors; None where no work has any."""
        try:
            return Content.fit(features(self.works))
        except TooFewInteractions:
            return None

    @property
    def liked(self) -> NDArray[np.bool_]:
        """(works,) bool: somebody likes it, as counted or as the model learnt."""
        liked = self.popularity > 0
        if self.served is not None:
            liked |= self.served.by_work(self.served.model.popularity, missing=0) > 0
        return liked

    @property
    def well_liked(self) -> NDArray[np.bool_]:
        """(works,) bool: many readers like it, as counted or as the model learnt."""
        many = self.popularity >= _MANY
        if self.served is not None:
            model = self.served.model
            likes = model.popularity * int(model.facts.get("readers", 0))
            many |= self.served.by_work(likes, missing=0) > _MANY - 0.5
        return many

    @cached_property
    def standing(self) -> NDArray[np.float32]:
        """(works,) 0..1: how well known works are, and of equally known ones the more typical.

        It is all that orders works for somebody of whom nothing is known. Where nothing was rated
        at all, the most typical works are the ones that many others resemble.
        """
        counts = np.log1p(self.popularity, dtype=np.float32)
        known = counts / max(float(counts.max(initial=0)), 1e-9)
        if self.content is None:
            return np.asarray(known, dtype=np.float32)
        sample = np.arange(0, len(self.works), 1 + len(self.works) // _SAMPLE)
        typical = self.content.scores_of(sample)
        typical /= max(float(typical.max()), 1e-9)
        return np.asarray((1 - _TYPICAL) * known + _TYPICAL * typical, dtype=np.float32)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """(genres,) every genre of any work, be it gone or not, sorted: the columns of `mixes`."""
        return tuple(sorted({genre for work in self.works for genre in work.genres}))

    @cached_property
    def renown(self) -> NDArray[np.intp]:
        """(works,) 0..99: the percentage of works that are less well known, rounded down."""
        places = np.empty(len(self.works), dtype=np.intp)
        places[np.argsort(self.standing, kind="stable")] = np.arange(len(self.works))
        return places * 100 // max(1, len(self.works))

    def having(self, name: str) -> NDArray[np.bool_]:
        """(works,) bool: of this genre or keyword, "finished" or "ongoing"; not to be changed."""
        if name not in self._having:
            self._having[name] = np.array([_has(work, name) for work in self.works], dtype=bool)
        return self._having[name]

    @cached_property
    def _having(self) -> dict[str, NDArray[np.bool_]]:
        return {}

    @cached_property
    def mixes(self) -> NDArray[np.float32]:
        """(works, genres): each work's shares of its genres; zeros where it has none."""
        names = {genre: n for n, genre in enumerate(self.kinds)}
        mixes = np.zeros((len(self.works), len(names)), dtype=np.float32)
        for row, work in enumerate(self.works):
            own = [names[genre] for genre in dict.fromkeys(work.genres)]
            mixes[row, own] = 1 / max(1, len(own))
        return mixes

    @cached_property
    def genres(self) -> tuple[str, ...]:
        """Every genre of any work that is there, sorted."""
        return tuple(sorted({genre for work in self._there for genre in work.genres}))

    @cached_property
    def keywords(self) -> tuple[str, ...]:
        """Every keyword of any work that is there, sorted."""
        return tuple(sorted({keyword for work in self._there for keyword in work.keywords}))

    @cached_property
    def adult(self) -> NDArray[np.bool_]:
        """(works,) bool: for adults only."""
        return np.array([work.adult for work in self.works], dtype=bool)

    @cached_property
    def gone(self) -> NDArray[np.bool_]:
        """(works,) bool: their site has them no more."""
        return np.array([work.gone for work in self.works], dtype=bool)

    @property
    def _there(self) -> Iterator[Work]:
        return (work for work in self.works if not work.gone)


def _has(work: Work, name: str) -> bool:
    if name in (FINISHED, ONGOING):
        return work.finished == (name == FINISHED)
    return name in work.genres or name in work.keywords


def features(works: Sequence[Work]) -> Matrix:
    """(works, features) binary: one feature for each genre, keyword and author."""
    return binary([work.about for work in works])


def placed(works: Sequence[Work], ids: Sequence[str]) -> NDArray[np.intp]:
    """(works,) the model's row of each work by its key, -1 for works the model has not seen."""
    at = {key: row for row, key in enumerate(ids)}
    return np.array([at.get(work.key, -1) for work in works], dtype=np.intp)
