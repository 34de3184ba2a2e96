"""Following works, to be told what happens to them: by command, on a card, and in a list."""

import math
from dataclasses import replace

from bot.conversation import actions, cards, verdicts
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.find import find
from bot.conversation.reply import Button, Card, Reply
from bot.conversation.taste import SIMILAR
from db import catalogue, follows, impressions, news
from db.catalogue import Work
from db.impressions import ImpressionRow

_PAGE = 8


def follow(ctx: Context, argument: str) -> Reply:
    """Follows the work that `argument` names. Raises UserError for one that is finished."""
    work = find(ctx, argument, actions.follow, "follow")
    return work if isinstance(work, Reply) else _followed(ctx, work, _follow(ctx, work))


def unfollow(ctx: Context, argument: str) -> Reply:
    """Follows the work that `argument` names no more."""
    work = find(ctx, argument, actions.unfollow, "unfollow")
    return work if isinstance(work, Reply) else Reply(_unfollow(ctx, work), private=True)


def press(ctx: Context, action: Action) -> Reply:
    """Follows or unfollows by button: on a card, which then shows it, or among several finds."""
    deed, work = action.text(0), ctx.work(action.number(1))
    on_card = len(action.parts) > 2
    shown = impressions.get(ctx.session, action.number(2)) if on_card else None
    if deed not in ("f", "w", "u") or (shown and shown.webtoon_id != work.id):
        raise StaleButton
    said = _unfollow(ctx, work) if deed == "u" else _follow(ctx, work, author=deed == "w")
    if ctx.place.shared:
        return Reply(notice=said, private=True)
    if on_card:
        return _on_card(ctx, work, said, shown)
    return Reply(said, private=True) if deed == "u" else _followed(ctx, work, said)


def show(ctx: Context, number: int = 0) -> Reply:
    """A page of what the reader follows, latest first, each with a button to end that."""
    found, owner = follows.of_reader(ctx.session, ctx.reader.id), ctx.reader.id
    if not found:
        return Reply(ctx.say("following.empty"), private=True)
    pages = math.ceil(len(found) / _PAGE)
    number = min(number, pages - 1)
    shown = found[number * _PAGE : (number + 1) * _PAGE]
    # As the database has them: what is served may be a minute older than the news of a work.
    works = catalogue.works_by_id(ctx.session, [row.webtoon_id for row in shown])
    lines = [ctx.say("following.head", count=len(found), page=number + 1, pages=pages)]
    lines += [
        ctx.say(
            "following.row",
            title=row.title,
            status=_status(ctx, works[row.webtoon_id], resting=row.resting),
        )
        for row in shown
    ]
    rows = [
        (
            Button(
                ctx.say("following.less", title=row.title),
                actions.following_less(row.webtoon_id, owner, number),
            ),
        )
        for row in shown
    ]
    turn = []
    if number > 0:
        turn.append(Button(ctx.say("button.previous"), actions.following_page(number - 1, owner)))
    if number < pages - 1:
        turn.append(Button(ctx.say("button.next"), actions.following_page(number + 1, owner)))
    last = (*turn, Button(ctx.say("button.alerts"), actions.alerts("show", "", owner)))
    return Reply("\n".join(lines), buttons=(*rows, last), private=True)


def turn_page(ctx: Context, action: Action) -> Reply:
    """What the owner follows, anew or in the place of another page, with a work less perhaps."""
    ctx.require_owner(action.number(1))
    match action.text(0):
        case "s":
            return show(ctx)
        case "p":
            return replace(show(ctx, action.number(2)), replaces=True)
        case "u":
            page, work = action.number(2), ctx.library.work(action.number(3))
            if work is None:
                raise StaleButton
            if work.id not in ctx.followed:  # a title that is not on the list is not told by it
                ctx.require_showable(work)
            said = _unfollow(ctx, work)
            return replace(show(ctx, page), notice=said, replaces=True)
    raise StaleButton


def _follow(ctx: Context, work: Work, *, author: bool = False) -> str:
    """What there is to say of following this work.

    Raises UserError if there can be no news of it, or not of it but of its `author`, who was not
    asked for; and for one work too many.
    """
    followed = follows.ids(ctx.session, ctx.reader.id)
    if work.id in followed:
        return ctx.say("follow.already", title=work.title)
    if work.gone:
        raise UserError("follow.gone", title=work.title)
    if work.finished and not (author and work.authors):
        raise _finished(ctx, work)
    if len(followed) >= follows.MOST:
        raise UserError("follow.too_many", limit=follows.MOST)
    follows.follow(ctx.session, ctx.reader.id, work.id, ctx.now)
    return ctx.say("follow.author" if work.finished else "follow.work", title=work.title)


def _finished(ctx: Context, work: Work) -> UserError:
    if not work.authors:
        return UserError("follow.finished", title=work.title)
    offer = Button(ctx.say("button.follow_author"), actions.follow(work.id, author=True))
    return UserError("follow.finished_author", ((offer,),), title=work.title)


def _unfollow(ctx: Context, work: Work) -> str:
    done = follows.unfollow(ctx.session, ctx.reader.id, work.id)
    news.drop(ctx.session, ctx.reader.id, work.id)
    return ctx.say("follow.removed" if done else "follow.nothing", title=work.title)


def _followed(ctx: Context, work: Work, said: str) -> Reply:
    """What was said of following, with the ways on, and that alerts are off if they are."""
    if news.hours_of(ctx.session, ctx.reader.id, ctx.zone).alerts == news.OFF:
        said += "\n" + ctx.say("follow.but_off")
    buttons = (
        Button(ctx.say("button.unfollow"), actions.unfollow(work.id)),
        Button(ctx.say("button.alerts"), actions.alerts("show", "", ctx.reader.id)),
    )
    return Reply(said, buttons=(buttons,), private=True)


def _on_card(ctx: Context, work: Work, said: str, shown: ImpressionRow | None) -> Reply:
    """The card as it now stands, in its place."""
    if shown is None:
        return Reply(cards=(cards.card(ctx, work),), notice=said, replaces=True)
    reply = verdicts.shown_again(ctx, work, said, shown)
    if reply.together:
        return reply
    return replace(reply, cards=tuple(_leading_on(ctx, card, shown) for card in reply.cards))


def _leading_on(ctx: Context, card: Card, shown: ImpressionRow) -> Card:
    """The card, with the button for more if it is the last of its slate and not judged."""
    last = impressions.in_slate(ctx.session, shown.slate)[-1].id == shown.id
    if card.mark or shown.policy == SIMILAR or not last:
        return card
    more = Button(ctx.say("button.more"), actions.again())
    return replace(card, buttons=(*card.buttons, (more,)))


def _status(ctx: Context, work: Work, *, resting: bool) -> str:
    if work.gone:
        return ctx.say("following.gone")
    if work.finished:
        return ctx.say("following.finished")
    return ctx.say("following.resting") if resting else cards.status(ctx, work)
