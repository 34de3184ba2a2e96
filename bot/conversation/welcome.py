"""/start: a few well-chosen works to judge, then the first recommendation, in at most 8 taps.

The model says what to ask next by what was said before (`recommender.questions`). Beside each
further question stands what would be recommended by now.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.conversation import actions, cards, lineup, suggest, verdicts
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton
from bot.conversation.library import Library
from bot.conversation.lineup import SLATE
from bot.conversation.reply import Button, Card, Reply
from bot.conversation.taste import INLINE, WELCOME, rows_of
from db import impressions
from db.impressions import ImpressionRow
from db.tables import Verdict
from recommender.rank import top

QUESTIONS = 5  # with the tap that starts it: a slate after at most 6
_REMEMBERED = timedelta(days=60)  # what was asked before that may be asked again
_NOVELTY = 0.5  # how much being like an earlier question costs, against what it tells, 0..1
_ENOUGH = "e"
_ANSWERS = {"l": Verdict.LIKE, "d": Verdict.DISLIKE, "n": None, _ENOUGH: None}
_LIKED = {Verdict.LIKE: True, Verdict.DISLIKE: False}  # all else tells no taste


def start(ctx: Context) -> Reply:
    """A welcome and a question, the one that stands or else the first; where others read along, a
    short one."""
    if ctx.place.shared:
        return Reply(ctx.say("start.shared"))
    known = len(ctx.taste.verdicts)
    hello = ctx.say("start.again", count=known) if known else ctx.say("start.hello")
    if ctx.library.served and ctx.library.served.demo:
        hello += "\n" + ctx.say("start.demo")
    question = _standing(ctx) or _question(ctx, secrets.token_hex(8), 0)
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
    before = [action.number(n) for n in range(2, len(action.parts))]
    notice = _record(ctx, shown, _ANSWERS[answer])
    asked = impressions.in_slate(ctx.session, shown.slate)
    settled = Reply(notice=notice or ctx.say("start.settled"))
    if asked[-1].id != shown.id:
        return settled
    if answer != _ENOUGH and len(asked) < QUESTIONS:
        question = _question(ctx, shown.slate, len(asked), before)
        if question is not None:
            return Reply(cards=(question,), notice=notice, replaces=True)
    if impressions.led_on(ctx.session, ctx.reader.id, shown.slate):  # a second tap
        return settled
    slate = suggest.recommend(ctx, "", shown.slate)
    return Reply(slate.text or ctx.say("start.done"), slate.cards, notice=notice, replaces=True)


def _record(ctx: Context, shown: ImpressionRow, verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    work = ctx.work(shown.webtoon_id)
    ctx.record(work, verdict, "welcome", shown.id)
    again = verdicts.counted_again(ctx, work, verdict)
    return again or ctx.say(f"liked.{verdict}", title=work.title)


def _latest(ctx: Context) -> ImpressionRow | None:
    return impressions.last(ctx.session, ctx.reader.id, except_policies=(INLINE,))


def _standing(ctx: Context) -> Card | None:
    """The question of a round that was left in the middle and nothing was shown since, or the one
    after it if its work was judged otherwise."""
    latest = _latest(ctx)
    if latest is None or latest.policy != WELCOME:
        return None
    *_, shown = asked = impressions.in_slate(ctx.session, latest.slate)
    row = ctx.library.row_of.get(shown.webtoon_id)
    if row is not None and not _barred(ctx)[row]:
        return _card(ctx, shown.id, row, len(asked))
    return _question(ctx, shown.slate, len(asked)) if len(asked) < QUESTIONS else None


def _barred(ctx: Context) -> NDArray[np.bool_]:
    """(works,) bool: judged, gone, or for adults, whom nobody has to tell of such works."""
    return lineup.unwanted(ctx) | ctx.library.adult


def _question(ctx: Context, slate: str, number: int, before: Sequence[int] = ()) -> Card | None:
    """The next question, logged as shown; None when nothing is left to ask."""
    row = _next(ctx)
    if row is None:
        return None
    work = ctx.library.works[row]
    (impression_id,) = ctx.show(slate, [impressions.Shown(work.id, number, WELCOME)])
    return _card(ctx, impression_id, row, number + 1, before)


def _next(ctx: Context) -> int | None:
    """The row of the work to ask about: as the model says, else what tells most by itself.

    Nothing is asked twice: who said nothing of a work when asked has not read it.
    """
    library, since = ctx.library, ctx.now - _REMEMBERED
    shown = impressions.of_policy(ctx.session, ctx.reader.id, WELCOME, since)
    asked = rows_of(library, [card.webtoon_id for card in shown])
    masked = _barred(ctx)
    masked[asked] = True
    if masked.all():
        return None
    said: dict[int, bool | None] = dict.fromkeys(asked)
    for work, verdict in ctx.taste.verdicts.items():
        if work in library.row_of:
            left_out = work in ctx.taste.left_out
            said[library.row_of[work]] = None if left_out else _LIKED.get(verdict)
    if library.served is not None:
        row = library.served.question(said, masked)
        if row is not None:
            return row
    value = _telling(library)
    if asked and library.content is not None:
        value = value - _NOVELTY * library.content.scores_of(asked)
    return int(top(value, masked, 1)[0])


def _telling(library: Library) -> NDArray[np.float32]:
    """(works,) 0..1: what a reader's answer about each work tells, whatever else they said.

    That is most for works that many know and that readers disagree on (Rashid et al. 2002, log
    popularity x entropy); without a model that knows, for the best-known works.
    """
    served = library.served
    value = served.informative if served else None
    if value is None or not value.any():
        return library.standing
    return np.asarray(value / value.max(), dtype=np.float32)


def _card(
    ctx: Context, impression_id: int, row: int, number: int, before: Sequence[int] = ()
) -> Card:
    """A question as a card; from the second on, with what would be recommended by now."""
    work = ctx.library.works[row]
    asks = ctx.say("start.question", number=number, total=QUESTIONS)
    best = _best(ctx) if number > 1 else []
    if best:
        asks += "\n" + _so_far(ctx, best, before, work.id)
    return Card(
        title=cards.title(work),
        url=work.url,
        lines=cards.facts(ctx, work),
        reason=asks,
        buttons=(
            (
                Button(ctx.say("button.like"), actions.welcome(Verdict.LIKE, impression_id, best)),
                Button(
                    ctx.say("button.dislike"),
                    actions.welcome(Verdict.DISLIKE, impression_id, best),
                ),
                Button(ctx.say("button.unread"), actions.welcome(None, impression_id, best)),
            ),
            (Button(ctx.say("button.enough"), actions.enough(impression_id)),),
        ),
        impression_id=impression_id,
    )


def _best(ctx: Context) -> list[int]:
    """The works that a slate would hold now, and one in the place of what is asked about; ids."""
    masked = lineup.unwanted(ctx) | ~np.isfinite(ctx.ranking.scores)
    picks = lineup.line_up(ctx, ctx.ranking, masked, lineup.past(ctx), SLATE + 1)
    return [ctx.library.works[pick.row].id for pick in picks]


def _so_far(ctx: Context, best: Sequence[int], before: Sequence[int], asked: int) -> str:
    """What would be recommended but for what is `asked` about.

    And what of it was not so `before` the last answer, if that is known.
    """

    def titles(ids: Sequence[int]) -> str:
        works = (ctx.library.work(webtoon_id) for webtoon_id in ids)
        return " · ".join(work.title for work in works if work)

    shown = [webtoon_id for webtoon_id in best if webtoon_id != asked][:SLATE]
    new = [webtoon_id for webtoon_id in shown if webtoon_id not in before]
    if not before:
        return ctx.say("welcome.so_far", titles=titles(shown))
    if not new:
        return ctx.say("welcome.so_far_same", titles=titles(shown))
    if len(new) == len(shown):
        return ctx.say("welcome.so_far_other", titles=titles(shown))
    return ctx.say("welcome.so_far_new", titles=titles(shown), new=titles(new))
