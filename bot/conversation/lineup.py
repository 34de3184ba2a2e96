"""Which works make up a slate: the best, unlike each other, without what was shown lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.conversation.context import Context
from bot.conversation.library import Library
from bot.conversation.taste import CONTENT, EASE, POPULARITY, WELCOME, Ranking, nearness, rows_of
from db import impressions
from db.impressions import Showing
from db.tables import Dial
from recommender import rerank
from recommender.rank import top

SLATE = 3
POOL = 100  # of the best works, among which the order may change
_LATELY = timedelta(days=7)  # what was shown so lately is not shown again while others are left
_REMEMBERED = timedelta(days=60)  # until a showing without an answer is forgotten
_REMEMBERED_CARDS = 300
_BEFORE = 6  # cards before this slate that it should not repeat in kind either
_HELD_DISLIKES = 3  # so that thirty of them leave something to read
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
    lately = dict.fromkeys(s.webtoon_id for s in showings if s.at >= since)
    return Past(tuple(rows_of(ctx.library, lately)), _unanswered(ctx, showings))


def unwanted(ctx: Context) -> NDArray[np.bool_]:
    """(works,) bool: not for this reader, by their verdict, gone, or for adults only."""
    masked = ctx.library.gone.copy()
    masked[rows_of(ctx.library, ctx.taste.verdicts)] = True
    return masked if ctx.adult else masked | ctx.library.adult


def line_up(
    ctx: Context,
    ranking: Ranking,
    masked: NDArray[np.bool_],
    before: Past,
    size: int = SLATE,
) -> list[Pick]:
    """`size` works that are not `masked` (works,) and were not shown lately, the best first."""
    library = ctx.library
    stale = masked.copy()
    stale[list(before.lately)] = True
    base = _base(ctx, ranking)
    scores = rerank.fade(base, before.unanswered)
    # Variety must not bring in what nothing speaks for, nor what is to wait, as long as something
    # else is there.
    weak = ~(ranking.scores > 0)
    weak[[*_waiting(ctx, base, masked)]] = True
    rows = top(scores, stale | weak, POOL)
    if len(rows) < size:
        rows = np.concatenate([rows, top(scores, stale | ~weak, size - len(rows))])
    if not len(rows):
        return []
    setting = 0.0 if ranking.policy == POPULARITY else _SETTING[ctx.reader.dial]
    turned = rerank.dial(scores[rows], library.popularity[rows], setting)
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


def waits_for(ctx: Context, row: int) -> int | None:
    """The disliked work, its id, for whose sake the work in this row gives way to others."""
    return _waiting(ctx, _base(ctx, ctx.ranking), unwanted(ctx)).get(row)


def _waiting(
    ctx: Context, scores: NDArray[np.float32], masked: NDArray[np.bool_]
) -> dict[int, int]:
    """The works that give way to others: their rows, and the disliked work each is nearest to.

    What a dislike takes from the scores is the same for all, and alone too little where much
    speaks for its neighbours.
    """
    near = _too_near(ctx)
    if not near:
        return near
    waiting = rerank.waiting(scores, np.array([*near], dtype=np.intp), masked)
    return {row: disliked for row, disliked in near.items() if waiting[row]}


def _too_near(ctx: Context) -> dict[int, int]:
    """The rows of what is nearest to the reader's latest dislikes, and which of them that is."""
    library, served = ctx.library, ctx.library.served
    found: dict[int, int] = {}
    for disliked in ctx.taste.dislikes[:_HELD_DISLIKES]:
        row = library.row_of.get(disliked)
        if served is not None and row is not None and served.columns[row] >= 0:
            near = served.model.nearest([int(served.columns[row])])
            rows = np.flatnonzero(np.isin(served.columns, near))
            found = dict.fromkeys(rows.tolist(), disliked) | found
    return found


def leaning(ctx: Context, ranking: Ranking) -> NDArray[np.float32]:
    """(works,) what is added to the scores so that popular works lead for who has said little."""
    return lean(ctx.library, ranking, len(ctx.taste.likes))


def lean(library: Library, ranking: Ranking, likes: int) -> NDArray[np.float32]:
    """(works,) as `leaning`, for anybody with so many likes and this ranking."""
    served = library.served
    if ranking.policy != EASE or served is None:
        return np.zeros(len(library.works), dtype=np.float32)
    return served.by_work(served.model.lean(likes), missing=0)


def _base(ctx: Context, ranking: Ranking) -> NDArray[np.float32]:
    """(works,) what the list is ordered by before it is made varied."""
    if ranking.policy != POPULARITY or ctx.reader.dial is not Dial.NICHE:
        return ranking.scores + leaning(ctx, ranking)
    # Popularity is all there is to rank by, so the dial must turn that: to what half of all liked
    # works are better known than.
    standing = ctx.library.standing
    liked = standing[ctx.library.liked]
    middle = float(np.median(liked)) if len(liked) else 1.0
    unlike = ranking.scores / np.maximum(standing, np.finfo(np.float32).tiny)
    return np.asarray(unlike * (1 - np.abs(standing - middle)), dtype=np.float32)


def unranked(ctx: Context, masked: NDArray[np.bool_], size: int) -> list[Pick]:
    """The nearest to the reader's likes that are not `masked` (works,), whatever the model knows.

    They wait for their turn in the slot for new works, unless nothing else is left.
    """
    near = nearness(ctx.library, ctx.taste)
    return [] if near is None else [Pick(int(row), CONTENT) for row in top(near, masked, size)]


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
