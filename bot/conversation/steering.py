"""Three one-tap critiques under each slate: each narrows the next, and can be taken back."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.conversation import actions
from bot.conversation.context import Context
from bot.conversation.library import FINISHED, FORMS, ONGOING, Library
from bot.conversation.lineup import POOL, SLATE
from bot.conversation.reply import Button, Rows
from bot.conversation.taste import POPULARITY, Ranking
from bot.conversation.texts import term
from bot.conversation.wish import MORE_HIDDEN, MORE_POPULAR, NOT, UNLIKE, Wish, label, unlike
from recommender.rank import top

OFFERED = 3
_LEFT = 2 * SLATE  # works that must be left, so that "others" has others
_EVERYWHERE = 0.5  # a genre of more works than that parts nothing
_RELAXED = 3


def critiques(
    ctx: Context,
    wish: Wish,
    ranking: Ranking,
    slate: Sequence[int],
    masked: NDArray[np.bool_],
) -> tuple[Button, ...]:
    """Three buttons that steer away from this slate (rows of works), fewer if fewer make sense or
    can carry what they add to the wish.

    `masked` (works,) bool is what the next slate cannot have. Of the critiques that leave enough,
    those are offered that part what would come next most evenly, as these say most. Where too few
    do, something different is offered instead of all that was asked for.
    """
    library = ctx.library
    pool = top(ranking.scores, masked | ~np.isfinite(ranking.scores), POOL)
    told: list[tuple[bool, float, int, str]] = []
    genres = 0
    candidates = _candidates(library, wish, ranking, slate)
    for order, token in enumerate(candidates):
        narrower = wish.and_(token)
        if not narrower.carried:
            continue
        fitting = narrower.fits(library)
        if np.count_nonzero(fitting & ~masked) >= _LEFT:
            genres += token.startswith(NOT)
            another = token.startswith(NOT) and genres > 1  # only where nothing else is left
            told.append((another, -_entropy(float(fitting[pool].mean())), order, token))
    offered = [(token, wish.and_(token)) for *_, token in sorted(told)[:OFFERED]]
    different = next((token for token in candidates if token.startswith(UNLIKE)), None)
    if different and len(offered) < OFFERED and different not in dict(offered):
        offered.append((different, Wish((different,))))  # of what was asked for too little is left
    return tuple(Button(_named(ctx, token), actions.again(w.words)) for token, w in offered)


def taking_back(ctx: Context, wish: Wish) -> Rows:
    """A button for each token of the wish that leaves it out of the next slate."""
    buttons = [
        Button(
            ctx.say("steer.back", label=label(ctx, token)), actions.again(wish.without(token).words)
        )
        for token in wish.tokens
    ]
    return tuple(tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2))


def relaxing(ctx: Context, wish: Wish, masked: NDArray[np.bool_]) -> Rows:
    """What to leave out of a wish that nothing fulfils, with how much would be left, best first.

    `masked` (works,) bool is what may not be shown whatever is asked.
    """
    found = []
    for token in wish.tokens:
        left = int(np.count_nonzero(wish.without(token).fits(ctx.library) & ~masked))
        if left:
            found.append((left, token))
    found.sort(key=lambda pair: -pair[0])
    rows = [
        (
            Button(
                ctx.say("steer.relax", label=label(ctx, token), count=left),
                actions.again(wish.without(token).words),
            ),
        )
        for left, token in found[:_RELAXED]
    ]
    return tuple(rows) or ((Button(ctx.say("steer.all"), actions.again()),),)


def _candidates(library: Library, wish: Wish, ranking: Ranking, slate: Sequence[int]) -> list[str]:
    """The critiques that this slate calls for."""
    rows = list(slate)
    found = []
    finished = library.having(FINISHED)
    if not finished[rows].all() and not {FINISHED, ONGOING} & set(wish.tokens):
        found.append(FINISHED)
    found += [NOT + genre for genre in _kinds(library, wish, rows)]
    middle = int(np.median(library.renown[rows]))
    # For somebody of whom nothing is known the best known come first as it is.
    if ranking.policy != POPULARITY:
        found.append(f"{MORE_POPULAR}{middle}")
    found.append(f"{MORE_HIDDEN}{middle}")
    if library.content is not None:
        found.append(unlike([library.works[row].id for row in rows]))
    return found


def _kinds(library: Library, wish: Wish, rows: Sequence[int]) -> list[str]:
    """The genres of these works that say anything and were not asked for, the commonest first."""
    counts = Counter(g for row in rows for g in dict.fromkeys(library.works[row].genres))
    return [
        genre
        for genre, _ in counts.most_common()
        if genre not in (*wish.tokens, *FORMS) and library.having(genre).mean() <= _EVERYWHERE
    ]


def _named(ctx: Context, token: str) -> str:
    if token.startswith(NOT):
        return ctx.say("steer.button_not", name=term(ctx.language, token.removeprefix(NOT)))
    if token.startswith(MORE_POPULAR):
        return ctx.say("steer.button_popular")
    if token.startswith(MORE_HIDDEN):
        return ctx.say("steer.button_hidden")
    return ctx.say("steer.button_different" if token[0] == UNLIKE else "steer.button_finished")


def _entropy(share: float) -> float:
    """Of a yes or no, in nats; 0 where all is one."""
    if not 0 < share < 1:
        return 0.0
    return float(-share * np.log(share) - (1 - share) * np.log(1 - share))
