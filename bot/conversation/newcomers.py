"""The slot for a work that hardly anybody knows: the one place where we explore.

Reading takes time and batches learn well, so nothing else is left to chance.
"""

import numpy as np
from numpy.typing import NDArray

from bot.conversation.context import Context
from bot.conversation.lineup import Pick
from bot.conversation.taste import NEW, rows_of
from db import impressions
from db.impressions import Reception
from recommender import exploration
from recommender.rank import top

_CANDIDATES = 10
_KNOWN = 10  # likes from which on a work is known, though the model may be older than they are
_DISLIKED = 0.5  # of a like, as the model that ships has it


def newcomer(
    ctx: Context, masked: NDArray[np.bool_], generator: np.random.Generator
) -> Pick | None:
    """A work that is not `masked` (works,) and that no reader's likes have told the model of.

    It is one of the ten nearest by content to what the reader likes, and nearer than half of all
    works are; drawn by `generator` with the chances of Thompson sampling. None for a reader whose
    likes say nothing, without a model that knows some works better, and where there is no such
    work.
    """
    library = ctx.library
    if library.served is None or library.content is None:
        return None
    unknown = library.served.unknown & (library.popularity < _KNOWN)
    near = _nearness(ctx)
    if near is None or unknown.all():
        return None
    far = near <= max(0.0, float(np.median(near)))
    rows = top(near, masked | far | ~unknown, _CANDIDATES)
    if not len(rows):
        return None
    ids = [library.works[row].id for row in rows]
    told = impressions.receptions(ctx.session, NEW, ids)
    received = [told.get(id_, Reception()) for id_ in ids]
    chances = exploration.propensities(
        *exploration.posterior(
            near[rows] / near.max(),
            np.array([of.likes for of in received]),
            np.array([of.dislikes for of in received]),
            np.array([of.unanswered for of in received]),
        )
    )
    drawn = exploration.draw(chances, generator)
    return Pick(int(rows[drawn]), NEW, propensity=float(chances[drawn]))


def _nearness(ctx: Context) -> NDArray[np.float32] | None:
    """(works,) how near each work is to what the reader likes, less what they dislike."""
    library = ctx.library
    assert library.content is not None  # noqa: S101 -- whoever asks has seen to it
    liked, disliked = (rows_of(library, ids) for ids in (ctx.taste.likes, ctx.taste.dislikes))
    if not liked:
        return None
    near = library.content.scores_of(liked)
    if disliked:
        near = near - np.float32(_DISLIKED) * library.content.scores_of(disliked)
    return near if near.max() > 0 else None
