"""Works for chats that are not ours: offered while somebody types, put there, opened by a link."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bot.conversation import actions, cards, lineup, welcome
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton
from bot.conversation.events import Chosen, Inquiry
from bot.conversation.find import by_id
from bot.conversation.reply import Button, Card, Offer, Reply
from bot.conversation.taste import INLINE
from db import catalogue, impressions
from db.catalogue import Work
from db.tables import Verdict

PAGE = 20  # works an offer
_FOUND = 200  # works that anybody could want to turn pages for
_FOR_YOU = 10
_LINK = re.compile(r"w_([0-9]{1,18})")


def inquire(ctx: Context, inquiry: Inquiry) -> Offer:
    """The works that the words find; for no words those that suit the reader best.

    None is for adults: whoever reads the chat will see what is chosen.
    """
    query = inquiry.query.strip()
    works = _found(ctx, query) if query else _for_you(ctx)
    end = inquiry.start + PAGE
    page = works[inquiry.start : end]
    pictures = catalogue.thumbnails(ctx.session, [work.id for work in page])
    return Offer(
        tuple(_card(ctx, work, inquiry.home, pictures.get(work.id, "")) for work in page),
        end if len(works) > end else 0,
    )


def choose(ctx: Context, chosen: Chosen) -> None:
    """Logs a work that the reader put into a chat as shown, so that verdicts there can be told."""
    work = ctx.library.work(chosen.webtoon_id)
    if work is None:
        return
    shown = impressions.Shown(work.id, chosen.position, INLINE)
    logged = ctx.show(secrets.token_hex(8), [shown])
    if chosen.message:
        impressions.delivered(ctx.session, logged, chosen.message)


def start(ctx: Context, argument: str) -> Reply:
    """/start: the welcome or, behind a link to a work, that work. Raises UserError."""
    link = _LINK.fullmatch(argument.strip())
    if link is None:
        return welcome.start(ctx)
    work = ctx.library.work(int(link[1]))
    if work is None or work.gone:
        usual = welcome.start(ctx)
        return replace(usual, text=f"{ctx.say('inline.gone')}\n{usual.text}")
    ctx.require_showable(work)
    card = cards.card(ctx, work)
    if ctx.taste.verdicts:
        return Reply(cards=(card,))
    if ctx.place.shared:
        return Reply(ctx.say("start.shared"), (card,))
    begin = Button(ctx.say("button.begin"), actions.begin())
    return Reply(ctx.say("inline.hello"), (card,), ((begin,),))


def begin(ctx: Context, action: Action) -> Reply:
    """The welcome of whoever pressed the button beside such a work. Raises StaleButton."""
    if action.parts:
        raise StaleButton
    return welcome.start(ctx)


def _found(ctx: Context, query: str) -> list[Work]:
    named = by_id(ctx, query)
    if named is not None:
        return [] if named.adult or named.gone else [named]
    hits = ctx.library.index.find(query, _FOUND).hits
    works = (ctx.library.work(hit.webtoon_id) for hit in hits)
    return [work for work in works if work is not None and not work.adult]


def _for_you(ctx: Context) -> Sequence[Work]:
    """The best for this reader as /recommend has them, without what it leaves to chance."""
    ranking, before = ctx.ranking, lineup.past(ctx)
    masked = lineup.unwanted(ctx) | ~np.isfinite(ranking.scores)
    picks = lineup.line_up(ctx, ranking, masked, before, _FOR_YOU)
    picks += lineup.longest_unseen(ranking, masked, before)
    rows = list(dict.fromkeys(pick.row for pick in picks))[:_FOR_YOU]
    return [ctx.library.works[row] for row in rows]


def _card(ctx: Context, work: Work, home: str, thumbnail: str) -> Card:
    """A card for everybody: without a reason or a mark, and with buttons that anybody may press."""
    buttons = [Button(ctx.say("button.like"), actions.verdict(Verdict.LIKE, work.id))]
    if home:
        buttons.append(Button(ctx.say("button.open"), url=f"{home}?start=w_{work.id}"))
    return Card(
        title=cards.title(work),
        url=work.url,
        lines=cards.facts(ctx, work),
        buttons=(tuple(buttons),),
        work_id=work.id,
        thumbnail=thumbnail,
    )
