"""The slot for a work that hardly anybody knows: the one place where we explore.

Reading takes time and batches learn well, so nothing else is left to chance.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.conversation.context import Context
from bot.conversation.lineup import Pick
from bot.conversation.taste import NEW, nearness
from db import impressions
from db.impressions import Reception
from recommender import exploration
from recommender.rank import top

_CANDIDATES = 10
_ASKED = 20  # of the nearest works, among which those are that readers have not refused
_LEAST_CHANCE = 0.25  # of a like: whoever nearness and readers give less has had its turn
_KNOWN = 10  # likes from which on a work is known, though the model may be older than they are
_REMEMBERED = timedelta(days=60)  # what readers said of a work before that, they may see otherwise


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A drawn work, and the rows of all that it was drawn from, its own among them."""

    pick: Pick
    candidates: tuple[int, ...]


def newcomer(
    ctx: Context, masked: NDArray[np.bool_], generator: np.random.Generator
) -> Newcomer | None:
    """A work that is not `masked` (works,) and that no reader's likes have told the model of.

    It is one of the ten nearest by content to what the reader likes, nearer than half of all works
    are, and not refused by most who were shown it; drawn by `generator` with the chances of
    Thompson sampling. None for a reader whose likes say nothing, without a model that knows some
    works better, and where there is no such work.
    """
    library = ctx.library
    if library.served is None or library.content is None:
        return None
    # What is newer than the model has its only place here, however well liked by now.
    unknown = library.served.unknown
    unknown &= (library.popularity < _KNOWN) | (library.served.columns < 0)
    near = nearness(library, ctx.taste)
    if near is None or unknown.all():
        return None
    far = near <= max(0.0, float(np.median(near)))
    rows = top(near, masked | far | ~unknown, _ASKED)
    alpha, beta = _posterior(ctx, rows, near[rows] / near.max())
    wanted = np.flatnonzero(alpha >= _LEAST_CHANCE * (alpha + beta))[:_CANDIDATES]
    if not len(wanted):
        return None
    chances = exploration.propensities(alpha[wanted], beta[wanted])
    drawn = exploration.draw(chances, generator)
    candidates = rows[wanted].tolist()
    pick = Pick(candidates[drawn], NEW, propensity=float(chances[drawn]))
    return Newcomer(pick, tuple(candidates))


def _posterior(
    ctx: Context, rows: NDArray[np.intp], near: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is known of how likely the works in these rows are to be liked."""
    ids = [ctx.library.works[row].id for row in rows]
    told = impressions.receptions(ctx.session, NEW, ids, since=ctx.now - _REMEMBERED)
    received = [told.get(id_, Reception()) for id_ in ids]
    return exploration.posterior(
        near,
        np.array([of.likes for of in received]),
        np.array([of.dislikes for of in received]),
        np.array([of.unanswered for of in received]),
    )
