"""/start: a few well-chosen works to judge, then the first recommendation, in at most 8 taps."""

import secrets

import numpy as np
from numpy.typing import NDArray

from bot.conversation import actions, cards, lineup, suggest
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton
from bot.conversation.library import Library
from bot.conversation.reply import Button, Card, Reply
from bot.conversation.taste import INLINE, WELCOME, rows_of
from db import impressions
from db.tables import Verdict
from recommender.rank import top

QUESTIONS = 6  # with the tap that starts it: a slate after at most 7
_ENOUGH_LIKES = 3
_NOVELTY = 0.5  # how much being like an earlier question costs, against what it tells, 0..1
_ENOUGH = "e"
_ANSWERS = {"l": Verdict.LIKE, "d": Verdict.DISLIKE, "n": None, _ENOUGH: None}


def start(ctx: Context) -> Reply:
    """A welcome and the first question; a short one where others read along."""
    if ctx.place.shared:
        return Reply(ctx.say("start.shared"))
    known = len(ctx.taste.verdicts)
    hello = ctx.say("start.again", count=known) if known else ctx.say("start.hello")
    if ctx.library.served and ctx.library.served.demo:
        hello += "\n" + ctx.say("start.demo")
    question = _question(ctx, secrets.token_hex(8), 0, [])
    if question is None:
        return Reply(hello + "\n" + ctx.say("start.exhausted"), suggest.recommend(ctx, "").cards)
    return Reply(hello, (question,))


def press(ctx: Context, action: Action) -> Reply:
    """Takes an answer and asks on, or shows the first slate."""
    shown = impressions.get(ctx.session, action.number(1))
    if shown is None or shown.policy != WELCOME:
        raise StaleButton
    ctx.require_owner(shown.reader_id)
    answer = action.text(0)
    if answer not in _ANSWERS:
        raise StaleButton
    notice = _record(ctx, shown, _ANSWERS[answer])
    asked = impressions.in_slate(ctx.session, shown.slate)
    settled = Reply(notice=notice or ctx.say("start.settled"))
    if asked[-1].id != shown.id:
        return settled
    if answer != _ENOUGH:
        question = _next(ctx, shown.slate, [row.webtoon_id for row in asked])
        if question is not None:
            return Reply(cards=(question,), notice=notice, replaces=True)
    latest = impressions.last(ctx.session, ctx.reader.id, except_policies=(INLINE,))
    if latest and latest.slate != shown.slate:  # a second tap: the slate stands already
        return settled
    slate = suggest.recommend(ctx, "")
    return Reply(slate.text or ctx.say("start.done"), slate.cards, notice=notice, replaces=True)


def _record(ctx: Context, shown: impressions.ImpressionRow, verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    work = ctx.work(shown.webtoon_id)
    ctx.record(work, verdict, "welcome", shown.id)
    return ctx.say(f"liked.{verdict}", title=work.title)


def _next(ctx: Context, slate: str, asked: list[int]) -> Card | None:
    """The next question of this round; None when enough is known, or nothing is left to ask."""
    liked = sum(ctx.taste.verdicts.get(w) is Verdict.LIKE for w in asked)
    if len(asked) >= QUESTIONS or liked >= _ENOUGH_LIKES:
        return None
    return _question(ctx, slate, len(asked), asked)


def _telling(library: Library) -> NDArray[np.float32]:
    """(works,) 0..1: what a reader's answer about each work tells.

    That is most for works that many know and that readers disagree on (Rashid et al. 2002, log
    popularity x entropy); without a model that knows, for the best-known works.
    """
    served = library.served
    value = served.informative if served else None
    if value is None or not value.any():
        return library.standing
    return np.asarray(value / value.max(), dtype=np.float32)


def _question(ctx: Context, slate: str, number: int, asked: list[int]) -> Card | None:
    """The work whose answer tells most and that is unlike those asked before, logged as shown."""
    library = ctx.library
    rows = rows_of(library, asked)
    masked = lineup.unwanted(ctx)
    masked[rows] = True
    if masked.all():
        return None
    value = _telling(library)
    if rows and library.content is not None:
        value = value - _NOVELTY * library.content.scores_of(rows)
    work = library.works[int(top(value, masked, 1)[0])]
    (impression_id,) = ctx.show(slate, [impressions.Shown(work.id, number, WELCOME)])
    return Card(
        title=cards.title(work),
        url=work.url,
        lines=cards.facts(ctx, work),
        reason=ctx.say("start.question", number=number + 1, total=QUESTIONS),
        buttons=(
            (
                Button(ctx.say("button.like"), actions.welcome(Verdict.LIKE, impression_id)),
                Button(ctx.say("button.dislike"), actions.welcome(Verdict.DISLIKE, impression_id)),
                Button(ctx.say("button.unread"), actions.welcome(None, impression_id)),
            ),
            (Button(ctx.say("button.enough"), actions.enough(impression_id)),),
        ),
        impression_id=impression_id,
    )
