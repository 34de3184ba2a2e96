"""A reader's verdicts turned into scores and exact explanations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bot.conversation.library import Library
from db.feedback import Current
from db.tables import Verdict


@dataclass(frozen=True, slots=True)
class Taste:
    """The works a reader gave a verdict on; each tuple latest first.

    `left_out` are likes that are not among `likes`: the reader wants them left out of account.
    """

    verdicts: Mapping[int, Verdict]
    likes: tuple[int, ...]
    dislikes: tuple[int, ...]
    left_out: tuple[int, ...] = ()

    @classmethod
    def of(cls, current: Iterable[Current]) -> Self:
        """The taste that these verdicts say."""
        given = tuple(current)
        likes = [each for each in given if each.verdict is Verdict.LIKE]
        return cls(
            {each.webtoon_id: each.verdict for each in given},
            tuple(each.webtoon_id for each in likes if not each.ignored),
            tuple(each.webtoon_id for each in given if each.verdict is Verdict.DISLIKE),
            tuple(each.webtoon_id for each in likes if each.ignored),
        )

    @classmethod
    def only(cls, webtoon_id: int) -> Self:
        """The taste of somebody who likes just this work."""
        return cls({webtoon_id: Verdict.LIKE}, (webtoon_id,), ())

    def without(self, webtoon_id: int) -> "Taste":
        """This taste, one work left out of account."""
        verdicts = {w: verdict for w, verdict in self.verdicts.items() if w != webtoon_id}
        return Taste(
            verdicts,
            tuple(w for w in self.likes if w != webtoon_id),
            tuple(w for w in self.dislikes if w != webtoon_id),
            self.left_out,
        )


# What chose a card: they are logged, and counted by name.
POPULARITY, EASE, CONTENT = "popularity", "ease", "content"
SIMILAR, NEW, WELCOME, TOGETHER = "similar", "new", "welcome", "together"
INLINE = "inline"  # the reader chose it themselves, to show it to others
_RESIDUE = 1e-6  # a similarity below this is what float32 leaves of nothing
_DISLIKED = 0.5  # of a like, where content alone compares
_COMPARED = 20  # of the latest dislikes, where nothing but they and popularity is known


@dataclass(frozen=True, slots=True)
class Ranking:
    """(works,) scores, -inf where unknown; `cold` (works,) marks those that content scored."""

    scores: NDArray[np.float32]
    policy: str
    cold: NDArray[np.bool_] | None = None

    def policy_of(self, row: int) -> str:
        """What ranked the work in this row."""
        newer = not np.isfinite(self.scores[row])
        return CONTENT if newer or (self.cold is not None and self.cold[row]) else self.policy


def rank(library: Library, taste: Taste) -> Ranking:
    """Scores for every work of the library, unmasked.

    By the model if it knows a work that the reader likes (EASE; content for works nobody rated
    yet), else by content alone; by popularity for a reader whose likes say nothing, or who has
    none, less what is like a work they dislike. Works that came after the model's training join
    with the next one; until then they are shown in the slot for new works (`newcomers`).
    """
    if taste.likes:
        ranking = _by_model(library, taste) or _by_content(library, taste)
        if ranking is not None:
            return ranking
    return Ranking(_by_popularity(library, taste), POPULARITY)


def _by_model(library: Library, taste: Taste) -> Ranking | None:
    served = library.served
    liked, disliked = _columns(library, taste.likes), _columns(library, taste.dislikes)
    if served is None or not liked:
        return None
    scored = served.model.scores_of(liked, disliked)
    if not scored.any():
        return None
    scores = served.by_work(scored, missing=-np.inf)
    cold = served.by_work(served.model.cold, missing=False)
    return Ranking(scores, EASE, cold)


def _by_content(library: Library, taste: Taste) -> Ranking | None:
    scores = nearness(library, taste)
    return None if scores is None else Ranking(scores, CONTENT)


def nearness(library: Library, taste: Taste) -> NDArray[np.float32] | None:
    """(works,) how near each work is to what the reader likes, less what they dislike, by content.

    None where that speaks for no work at all.
    """
    liked, disliked = rows_of(library, taste.likes), rows_of(library, taste.dislikes)
    if library.content is None or not liked:
        return None
    scores = library.content.scores_of(liked)
    if disliked:
        scores -= np.float32(_DISLIKED) * library.content.scores_of(disliked)
    return scores if scores.max(initial=0) > _RESIDUE else None


def _by_popularity(library: Library, taste: Taste) -> NDArray[np.float32]:
    disliked = rows_of(library, taste.dislikes[:_COMPARED])
    if library.content is None or not disliked:
        return library.standing
    everywhere = np.arange(len(library.works))
    nearest = library.content.cosines(everywhere, np.array(disliked)).max(axis=1)
    return np.asarray(library.standing * (1 - nearest), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Part:
    """What one verdict contributes to a work's score; `share` of the positive contributions."""

    webtoon_id: int
    verdict: Verdict
    points: float
    share: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The exact contributions to one score, largest first; they sum to `score`."""

    policy: str
    score: float
    parts: tuple[Part, ...]

    @property
    def reasons(self) -> tuple[Part, ...]:
        """The likes that speak for the work, strongest first."""
        return tuple(part for part in self.parts if part.points > 0)


def explain(
    library: Library, taste: Taste, webtoon_id: int, ranking: Ranking | None = None
) -> Explanation:
    """Why this work has its score for this taste, whatever the reader said of the work itself.

    `ranking` is that of the taste, if it is at hand.
    """
    if ranking is None or webtoon_id in taste.verdicts:
        taste = taste.without(webtoon_id)
        ranking = rank(library, taste)
    row = library.row_of[webtoon_id]
    policy = ranking.policy_of(row)
    if ranking.policy == POPULARITY:
        return Explanation(policy, 0.0, ())
    if ranking.policy == CONTENT:
        return _explained(CONTENT, *_content_parts(library, taste, row))
    if np.isfinite(ranking.scores[row]):
        return _explained(policy, *_model_parts(library, taste, row))
    if library.content is None:
        return Explanation(policy, 0.0, ())
    return _explained(CONTENT, *_content_parts(library, taste, row))  # newer than the model


_Given = list[tuple[int, Verdict]]  # a verdict of the reader's, in the order of their points
_Points = NDArray[np.float64]


def _model_parts(library: Library, taste: Taste, row: int) -> tuple[_Given, _Points]:
    served = library.served
    assert served is not None  # noqa: S101 -- it has just ranked
    column = int(served.columns[row])
    liked = [w for w in taste.likes if _column(library, w) >= 0]
    disliked = [w for w in taste.dislikes if _column(library, w) >= 0]
    given = [(w, Verdict.LIKE) for w in liked] + [(w, Verdict.DISLIKE) for w in disliked]
    points = served.model.explain(_columns(library, liked), column, _columns(library, disliked))
    return given, points


def _content_parts(library: Library, taste: Taste, row: int) -> tuple[_Given, _Points]:
    content = library.content
    assert content is not None  # noqa: S101 -- whoever asks has seen to it
    liked = [w for w in taste.likes if w in library.row_of]
    disliked = [w for w in taste.dislikes if w in library.row_of]
    given = [(w, Verdict.LIKE) for w in liked] + [(w, Verdict.DISLIKE) for w in disliked]
    points = content.explain(rows_of(library, [*liked, *disliked]), row)
    points[len(liked) :] *= -_DISLIKED
    return given, points


def _explained(policy: str, given: _Given, points: _Points) -> Explanation:
    positive = float(points[points > 0].sum()) or 1.0
    parts = [
        Part(webtoon, verdict, float(p), max(float(p), 0.0) / positive)
        for (webtoon, verdict), p in zip(given, points, strict=True)
    ]
    parts.sort(key=lambda part: -part.points)
    return Explanation(policy, float(points.sum()), tuple(parts))


def rows_of(library: Library, ids: Iterable[int]) -> list[int]:
    """The rows of the works that the library still has, in the order given."""
    return [library.row_of[w] for w in ids if w in library.row_of]


def _column(library: Library, webtoon_id: int) -> int:
    row = library.row_of.get(webtoon_id)
    if row is None or library.served is None:
        return -1
    return int(library.served.columns[row])


def _columns(library: Library, ids: Iterable[int]) -> list[int]:
    return [column for w in ids if (column := _column(library, w)) >= 0]
