"""Slates: three works for a reader, or three like a given one, logged as shown."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bot.conversation import actions, cards, lineup, steering
from bot.conversation.context import Context
from bot.conversation.errors import UserError
from bot.conversation.find import find
from bot.conversation.lineup import SLATE, Past, Pick
from bot.conversation.newcomers import newcomer
from bot.conversation.reply import Button, Card, Reply
from bot.conversation.taste import POPULARITY, SIMILAR, Ranking, Taste, rank
from bot.conversation.wish import Wish, label, wish_of
from db.catalogue import Work
from db.impressions import Shown
from db.tables import Dial
from recommender.rank import top


def recommend(ctx: Context, argument: str, occasion: str = "") -> Reply:
    """Three works for this reader that fit the wish in `argument`, and ways to steer from there.

    The name of their slate begins with `occasion`.
    """
    _require_catalogue(ctx)
    asked = wish_of(ctx, argument)
    wish = asked.cut()  # what the buttons cannot carry would be gone with the next tap
    ranking = ctx.ranking
    name = secrets.token_hex(8)
    before = lineup.past(ctx)
    unwanted = lineup.unwanted(ctx)
    masked = unwanted | ~wish.fits(ctx.library)
    picks = _picks(ctx, ranking, masked, before, name)
    if not picks:
        if wish.tokens:
            relaxed = steering.relaxing(ctx, wish, unwanted)
            raise UserError("recommend.empty_filter", relaxed, filter=_labels(ctx, wish))
        raise UserError("recommend.empty")
    rows = [pick.row for pick in picks]
    taken = unwanted.copy()
    taken[[*before.lately, *rows]] = True
    steer = steering.critiques(ctx, wish, ranking, rows, taken)
    more = Button(ctx.say("button.more"), actions.again(wish.words))
    shown = slate(ctx, occasion + name, picks)
    last = replace(shown[-1], buttons=(*shown[-1].buttons, (more,), *((steer,) if steer else ())))
    lines = (
        _about(ctx, ranking),
        ctx.say("steer.now", asked=_labels(ctx, wish)) if wish.tokens else "",
        ctx.say("steer.cut") if wish != asked else "",
        _again(ctx, rows, before),
    )
    header = "\n".join(line for line in lines if line)
    return Reply(header, (*shown[:-1], last), steering.taking_back(ctx, wish))


def similar(ctx: Context, argument: str) -> Reply:
    """Three works like the one that `argument` names."""
    _require_catalogue(ctx)
    work = find(ctx, argument, actions.similar, "similar")
    return work if isinstance(work, Reply) else similar_to(ctx, work)


def similar_to(ctx: Context, work: Work) -> Reply:
    """Three works like this one: what a reader who likes just it would be recommended."""
    ranking = rank(ctx.library, Taste.only(work.id))
    if ranking.policy == POPULARITY:
        raise UserError("recommend.nothing_similar", title=work.title)
    masked = lineup.unwanted(ctx) | ~(ranking.scores > 0)
    masked[ctx.library.row_of[work.id]] = True
    picks = [Pick(int(row), SIMILAR) for row in top(ranking.scores, masked, SLATE)]
    if not picks:
        raise UserError("recommend.nothing_similar", title=work.title)
    shown = slate(ctx, secrets.token_hex(8), picks, seed=work)
    return Reply(ctx.say("recommend.similar", title=work.title), shown)


def slate(
    ctx: Context, name: str, picks: Sequence[Pick], seed: Work | None = None
) -> tuple[Card, ...]:
    """The cards of these works, logged as the slate of this name; `seed` if they are like it."""
    works = [ctx.library.works[pick.row] for pick in picks]
    logged = ctx.show(
        name,
        [
            Shown(work.id, position, pick.policy, pick.propensity, pick.rank)
            for position, (pick, work) in enumerate(zip(picks, works, strict=True))
        ],
    )
    return tuple(
        cards.card(
            ctx,
            work,
            reason=cards.reason_of(ctx, work, pick.policy, seed),
            impression_id=impression,
            seed=seed.id if seed else None,
        )
        for pick, work, impression in zip(picks, works, logged, strict=True)
    )


def _picks(
    ctx: Context, ranking: Ranking, masked: NDArray[np.bool_], before: Past, name: str
) -> list[Pick]:
    """The works of the slate of this name: the best that fit, and one to explore with.

    The name is the seed of what is drawn for the latter.
    """
    known = masked | ~np.isfinite(ranking.scores)
    taken = masked.copy()
    taken[list(before.lately)] = True
    new = newcomer(ctx, taken, np.random.default_rng(int(name, 16)))
    if new is None:
        picks = lineup.line_up(ctx, ranking, known, before)
    else:
        # It goes last, and the others are chosen to be a varied list without it: among what it was
        # not drawn from, as else their chances would depend on the draw.
        taken = known.copy()
        taken[list(new.candidates)] = True
        picks = [*lineup.line_up(ctx, ranking, taken, before, SLATE - 1), new.pick]
    if len(picks) < SLATE:
        seen = masked.copy()
        seen[[*before.lately, *(pick.row for pick in picks)]] = True
        picks += lineup.unranked(ctx, seen, SLATE - len(picks))
        shown = {pick.row for pick in picks}
        left = lineup.longest_unseen(ranking, masked, before)
        picks += [pick for pick in left if pick.row not in shown][: SLATE - len(picks)]
    return picks


def _again(ctx: Context, rows: Sequence[int], before: Past) -> str:
    """Which of these works were shown lately: there is nothing else."""
    titles = [ctx.library.works[row].title for row in rows if row in before.lately]
    if len(titles) == len(rows):
        return ctx.say("recommend.all_again")
    return ctx.say("recommend.again", titles=" · ".join(titles)) if titles else ""


def _labels(ctx: Context, wish: Wish) -> str:
    return " · ".join(label(ctx, token) for token in wish.tokens)


def _about(ctx: Context, ranking: Ranking) -> str:
    if ranking.policy != POPULARITY:
        return "" if ctx.library.served else ctx.say("recommend.no_model")
    return ctx.say(f"recommend.{_unknown(ctx)}")


def _unknown(ctx: Context) -> str:
    """Why nothing personal is shown."""
    taste = ctx.taste
    if taste.left_out and not taste.likes:
        return "left_out"
    if not ctx.library.well_liked.any():
        return "typical"
    if ctx.reader.dial is Dial.NICHE:
        return "niche"
    if ctx.library.served is None:
        return "popularity"
    if taste.likes:
        return "unrelated"
    return "dislikes" if taste.dislikes else "first"


def _require_catalogue(ctx: Context) -> None:
    if ctx.library.gone.all():
        raise UserError("recommend.no_catalogue")
