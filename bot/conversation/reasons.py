"""/why: every verdict's exact part in a score, negatives too."""

from bot.conversation import actions, cards
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.find import find
from bot.conversation.lineup import SLATE, leaning, waits_for
from bot.conversation.reply import Button, Reply, Rows
from bot.conversation.taste import (
    CONTENT,
    INLINE,
    NEW,
    POPULARITY,
    SIMILAR,
    TOGETHER,
    WELCOME,
    Explanation,
    Part,
    Taste,
    explain,
)
from db import catalogue, feedback, impressions
from db.catalogue import Work
from db.tables import Dial, Verdict

_LINES = 8
_OUT = 3  # likes that can be left out of account below one explanation
_TOLD = 0.0005  # points: less is shown as none
_NOT_RANKED = (WELCOME, SIMILAR, INLINE)  # what was shown so was no suggestion
_NOT_THEIRS = (*_NOT_RANKED, TOGETHER)  # nor came this into a slate of the reader's own


def why(ctx: Context, argument: str) -> Reply:
    """Why the work named, or the first one of the last slate, is suggested."""
    if argument.strip():
        work = find(ctx, argument, actions.why, "why")
        return work if isinstance(work, Reply) else why_work(ctx, work)
    last = impressions.last(ctx.session, ctx.reader.id, except_policies=_NOT_RANKED)
    if last is None:
        raise UserError("why.nothing")
    return why_work(ctx, ctx.work(last.webtoon_id))


def answer(ctx: Context, action: Action) -> Reply:
    """Why a card was shown, asked for by its button."""
    seed = action.number(1) if len(action.parts) > 1 else 0  # older buttons carry none
    return why_work(ctx, ctx.work(action.number(0)), ctx.work(seed) if seed else None)


def why_work(ctx: Context, work: Work, seed: Work | None = None) -> Reply:
    """Why this work has its score for this reader, or for its likeness to `seed`.

    Only the reader may see it.
    """
    if seed:
        explanation = explain(ctx.library, Taste.only(seed.id), work.id)
    else:
        explanation = explain(ctx.library, ctx.taste, work.id, ctx.ranking)
    lines = [ctx.say("why.title", title=work.title)]
    if seed:
        lines.append(ctx.say("reason.similar", title=seed.title))
    elif work.id in ctx.taste.verdicts:
        lines.append(ctx.say("why.own"))
    lines += _body(ctx, work, explanation)
    buttons: Rows = ()
    if not seed:
        lines += _place(ctx, work)
        lines += _left_out(ctx)
        buttons = _accounts(ctx, work, explanation)
    served = ctx.library.served
    if served is not None:
        lines.append(ctx.say("why.model", model=served.id))
        if served.demo:
            lines.append(ctx.say("start.demo"))
    return Reply("\n".join(lines), buttons=buttons, private=True)


def take_account(ctx: Context, action: Action) -> Reply:
    """Leaves a like out of account, or takes it in again, and says how the reasons now are."""
    ctx.require_owner(action.number(3))
    work, like, how = ctx.work(action.number(0)), action.number(1), action.text(2)
    if how not in ("in", "out"):
        raise StaleButton
    if ctx.taste.verdicts.get(like) is not Verdict.LIKE:
        raise UserError("trouble.changed_since")
    feedback.ignore(ctx.session, ctx.reader.id, like, how == "out")
    changed = ctx.refreshed()
    said = why_work(changed, work)
    title = catalogue.titles(ctx.session, [like])[like]
    notice = ctx.say("why.out" if how == "out" else "why.in", title=title)
    return Reply(said.text, buttons=said.buttons, notice=notice, replaces=True, private=True)


def _left_out(ctx: Context) -> list[str]:
    works = [ctx.library.work(like) for like in ctx.taste.left_out[:_OUT]]
    named = ", ".join(work.title for work in works if work is not None)
    return [ctx.say("why.left_out", named=named)] if named else []


def _accounts(ctx: Context, work: Work, explanation: Explanation) -> Rows:
    """Buttons to leave the strongest likes out of account, and to take in what is left out."""
    strongest = [part.webtoon_id for part in explanation.reasons[:_OUT]]
    told = [(like, "button.out", False) for like in strongest]
    told += [(like, "button.in", True) for like in ctx.taste.left_out[:_OUT]]
    return tuple(
        (
            Button(
                f"{ctx.say(key)}: {liked.title}",
                actions.account(work.id, like, counts, ctx.reader.id),
            ),
        )
        for like, key, counts in told
        if (liked := ctx.library.work(like)) and like != work.id
    )


def _body(ctx: Context, work: Work, explanation: Explanation) -> list[str]:
    if explanation.policy == POPULARITY:
        return _popularity(ctx, work)
    if not explanation.parts:
        return [ctx.say("why.unknown")]
    lines = [_compared(ctx, work)] if explanation.policy == CONTENT else []
    if not explanation.reasons:
        lines.append(ctx.say("why.unrelated"))
    telling = _telling(explanation.parts)
    lines += [_line(ctx, part) for part in telling]
    if rest := sum(1 for part in explanation.parts if part.points) - len(telling):
        points = explanation.score - sum(part.points for part in telling)
        lines.append(ctx.say("why.rest", count=rest, points=f"{points:+.3f}"))
    lines.append(ctx.say("why.total", points=f"{explanation.score:+.3f}"))
    return lines


def _compared(ctx: Context, work: Work) -> str:
    """Why the work was compared by content."""
    served = ctx.library.served
    if served is None:
        return ctx.say("recommend.no_model")
    if ctx.ranking.policy == CONTENT:
        return ctx.say("why.content_only")
    unseen = served.columns[ctx.library.row_of[work.id]] < 0
    return ctx.say("why.newer" if unseen else "why.content")


def _place(ctx: Context, work: Work) -> list[str]:
    """How the work came into the slate, where it was not by its score."""
    shown = impressions.last_of(ctx.session, ctx.reader.id, work.id, except_policies=_NOT_THEIRS)
    if shown is None:
        return []
    if shown.policy == NEW:
        return [ctx.say("why.new", share=f"{100 * shown.propensity:.0f}")]
    lines = []
    row = ctx.library.row_of[work.id]
    ahead = float(leaning(ctx, ctx.ranking)[row])
    if abs(ahead) >= _TOLD:
        lines.append(ctx.say("why.lean", points=f"{ahead:+.3f}"))
    disliked = ctx.library.work(waits_for(ctx, row) or 0)
    if disliked is not None:
        lines.append(ctx.say("why.held", title=disliked.title))
    turned = ctx.reader.dial is Dial.NICHE or ctx.ranking.policy != POPULARITY
    if turned and ctx.reader.dial is not Dial.BALANCED:
        lines.append(ctx.say("why.dial", dial=ctx.say(f"button.dial_{ctx.reader.dial}")))
    slate = impressions.in_slate(ctx.session, shown.slate)
    if shown.rank is not None and shown.rank >= SLATE - any(card.policy == NEW for card in slate):
        lines.append(ctx.say("why.lifted"))
    return lines


def _popularity(ctx: Context, work: Work) -> list[str]:
    if not ctx.library.well_liked.any():
        return [ctx.say("recommend.typical"), cards.popular(ctx, work)]
    told = ctx.taste.likes or ctx.reader.dial is Dial.NICHE
    unknown = "why.all_left_out" if ctx.taste.left_out else "why.no_likes"
    lines = [] if told else [ctx.say(unknown)]
    served = ctx.library.served
    column = int(served.columns[ctx.library.row_of[work.id]]) if served else -1
    if served is not None and column >= 0:
        share = float(served.model.popularity[column])
        lines.append(ctx.say("why.popular", share=f"{100 * share:.1f}"))
    return lines or [cards.popular(ctx, work)]


def _telling(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The strongest parts for and against, in order; parts of nothing say nothing."""
    strongest = sorted((p for p in parts if p.points), key=lambda p: -abs(p.points))[:_LINES]
    return tuple(sorted(strongest, key=lambda part: -part.points))


def _line(ctx: Context, part: Part) -> str:
    work = ctx.library.work(part.webtoon_id)
    title, points = work.title if work else "?", f"{part.points:+.3f}"
    if part.verdict is Verdict.DISLIKE:
        return ctx.say("why.dislike", title=title, points=points)
    if part.points < 0:
        return ctx.say("why.other", title=title, points=points)
    return ctx.say("why.like", title=title, points=points, share=f"{100 * part.share:.0f}")
