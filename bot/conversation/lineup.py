"""Which works make up a slate: the best, unlike each other, without what was shown lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.conversation.context import Context
from bot.conversation.library import Library
from bot.conversation.taste import EASE, POPULARITY, WELCOME, Ranking, rows_of
from db import impressions
from db.impressions import Showing
from db.tables import Dial
from recommender import rerank
from recommender.rank import top

SLATE = 3
POOL = 100  # of the best works, among which the order may change
_LATELY = timedelta(days=7)  # what was shown so lately is not shown again,
_LATELY_CARDS = 60  # unless so many others came since
_REMEMBERED = timedelta(days=60)  # until a showing without an answer is forgotten
_REMEMBERED_CARDS = 300
_BEFORE = 6  # cards before this slate that it should not repeat in kind either
_SETTING = {Dial.NICHE: -1.0, Dial.BALANCED: 0.0, Dial.POPULAR: 1.0}


@dataclass(frozen=True, slots=True)
class Pick:
    """A work for a slate, by its row, and what is logged of how it got there."""

    row: int
    policy: str
    propensity: float = 1.0
    rank: int | None = None  # its place before the list was made varied, 0 the best


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What a reader was shown.

    `lately` are rows, latest first; `unanswered` (works,) counts showings, less the older they are.
    """

    lately: tuple[int, ...]
    unanswered: NDArray[np.float32]


def past(ctx: Context) -> Past:
    """What this reader was shown, but for the questions of the welcome."""
    showings = impressions.shown_since(
        ctx.session,
        ctx.reader.id,
        ctx.now - _REMEMBERED,
        limit=_REMEMBERED_CARDS,
        except_policies=(WELCOME,),
    )
    since = ctx.now - _LATELY
    lately = dict.fromkeys(s.webtoon_id for s in showings[:_LATELY_CARDS] if s.at >= since)
    return Past(tuple(rows_of(ctx.library, lately)), _unanswered(ctx, showings))


def line_up(
    ctx: Context,
    ranking: Ranking,
    masked: NDArray[np.bool_],
    before: Past,
    size: int = SLATE,
) -> list[Pick]:
    """`size` works that are not `masked` (works,) and were not shown lately, the best first."""
    library = ctx.library
    leaning = _leaning(library, ranking, len(ctx.taste.likes))
    scores = rerank.fade(leaning, before.unanswered)
    fresh = masked.copy()
    fresh[list(before.lately)] = True
    # Variety must not bring in what nothing speaks for, as long as something else is there.
    weak = fresh | ~(scores > 0)
    rows = top(scores, fresh if (~weak).sum() < size else weak, POOL)
    if not len(rows):
        return []
    turned = rerank.dial(scores[rows], library.popularity[rows], _SETTING[ctx.reader.dial])
    order = np.argsort(-turned, kind="stable")
    rows, turned = rows[order], turned[order]
    pool = _pool(library, rows, turned, before.lately[:_BEFORE])
    if ranking.policy == POPULARITY:  # nothing is known of the reader: something of everything
        target = rerank.target_mix(library.mixes)
        places = rerank.rerank(pool, target, size, variety=rerank.WIDE)
    else:
        likes = rows_of(library, ctx.taste.likes)
        target = rerank.target_mix(library.mixes[likes])
        strength = rerank.CALIBRATION * rerank.trust(len(likes))
        places = rerank.rerank(pool, target, size, calibration=strength)
    return [
        Pick(int(rows[place]), ranking.policy_of(int(rows[place])), rank=int(place))
        for place in places
    ]


def _leaning(library: Library, ranking: Ranking, likes: int) -> NDArray[np.float32]:
    """The scores, with what is popular a little ahead for who has said little."""
    served = library.served
    if ranking.policy != EASE or served is None:
        return ranking.scores
    known = served.columns >= 0
    ahead = np.zeros(len(library.works), dtype=np.float32)
    ahead[known] = served.model.lean(likes)[served.columns[known]]
    return ranking.scores + ahead


def longest_unseen(ranking: Ranking, masked: NDArray[np.bool_], before: Past) -> list[Pick]:
    """What was shown lately and is not `masked`, the longest unseen first: when nothing is left."""
    rows = (row for row in reversed(before.lately) if not masked[row])
    return [Pick(row, ranking.policy_of(row)) for row in rows]


def _unanswered(ctx: Context, showings: Sequence[Showing]) -> NDArray[np.float32]:
    """A showing counts 1 at first and nothing after `_REMEMBERED`; what has an answer is masked."""
    counts = np.zeros(len(ctx.library.works), dtype=np.float32)
    for showing in showings:
        row = ctx.library.row_of.get(showing.webtoon_id)
        if row is not None:
            counts[row] += 1 - (ctx.now - showing.at) / _REMEMBERED
    return counts


def _pool(
    library: Library,
    rows: NDArray[np.intp],
    scores: NDArray[np.float64],
    shown: Sequence[int],
) -> rerank.Pool:
    columns = np.concatenate([rows, np.array(shown, dtype=np.intp)])
    alike = np.zeros((len(rows), len(columns)), dtype=np.float32)
    if library.content is not None:
        alike = library.content.cosines(rows, columns)
    size = len(rows)
    return rerank.Pool(
        scores, alike[:, :size], library.mixes[rows], alike[:, size:], library.mixes[list(shown)]
    )
