"""/link: two accounts of one person become one reader, by a code that travels between them."""

import hashlib
import math
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.conversation import actions, cards
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.events import Platform
from bot.conversation.reply import Button, Reply, Rows
from db import catalogue, link_codes, links, news, outbox, readers
from db.link_codes import Code
from db.links import UNDOABLE, Union
from db.outbox import Address

LIVES = timedelta(minutes=10)
# 30^8 codes, 39 bits: whoever may try five in a quarter of an hour does not find one of the few
# that live at a time. No letter or digit is like another in a hurry.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8
_TRIES, _TRIED_WITHIN = 5, timedelta(minutes=15)
_CODES, _GIVEN_WITHIN = 5, timedelta(hours=1)
_DIFFERENCES = 3  # that are shown by name


def link(ctx: Context, argument: str) -> Reply:
    """A new code; or, for a code of another account, what linking would do, to be confirmed."""
    return _compared(ctx, argument) if argument.strip() else _offered(ctx)


def press(ctx: Context, action: Action) -> Reply:
    """Links the two, leaves them alone, or undoes the latest link."""
    answer, number = action.text(0), action.number(1)
    if answer == "undo":
        return _undone(ctx, number, action.number(2))
    ctx.require_owner(action.number(2))
    if answer == "no":
        return _left(ctx, number)
    if answer == "yes":
        return _linked(ctx, number)
    raise StaleButton


def _offered(ctx: Context) -> Reply:
    given = link_codes.given_since(ctx.session, ctx.reader.id, ctx.now - _GIVEN_WITHIN)
    if len(given) >= _CODES:
        raise UserError("link.too_many_codes", minutes=_minutes(ctx, given[0] + _GIVEN_WITHIN))
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    link_codes.put(
        ctx.session, ctx.reader.id, _digest(code), now=ctx.now, expires_at=ctx.now + LIVES
    )
    shown = f"{code[:4]}-{code[4:]}"
    minutes = f"{LIVES.total_seconds() / 60:.0f}"
    lines = [ctx.say("link.code", code=shown, minutes=minutes)]
    last = links.last(ctx.session, ctx.reader.id)
    rows: Rows = ()
    if last and last.undoable and ctx.now - last.at < UNDOABLE:
        lines.append(ctx.say("link.undoable"))
        rows = ((_undo_button(ctx, last.id, ctx.reader.id),),)
    return Reply("\n".join(lines), buttons=rows, private=True)


def _compared(ctx: Context, argument: str) -> Reply:
    missed = link_codes.missed_since(ctx.session, ctx.reader.id, ctx.now - _TRIED_WITHIN)
    if len(missed) >= _TRIES:
        raise UserError("link.too_many_tries", minutes=_minutes(ctx, missed[0] + _TRIED_WITHIN))
    code = link_codes.of(ctx.session, _digest(argument))
    if code is None:
        link_codes.missed(ctx.session, ctx.reader.id, ctx.now)
        raise UserError("link.wrong")
    _require_usable(ctx, code)
    # Who read it over a shoulder must not be able to snatch it from between these two messages.
    link_codes.take(ctx.session, code, ctx.reader.id, ctx.now + LIVES)
    union = links.compare(ctx.session, code.reader_id, ctx.reader.id)
    other = ", ".join(_platforms(ctx, code.reader_id))
    lines = [
        ctx.say("link.ask", platform=other),
        ctx.say("link.theirs", platform=other, count=_standing(union, mine=True)),
        ctx.say("link.yours", count=_standing(union, mine=False)),
        ctx.say("link.together", count=union.standing),
        *_differences(ctx, union),
        *_at_home(ctx, code.reader_id),
        ctx.say("link.terms"),
    ]
    buttons = (
        Button(ctx.say("button.link"), actions.link("yes", code.id, ctx.reader.id)),
        Button(ctx.say("button.cancel"), actions.link("no", code.id, ctx.reader.id)),
    )
    return Reply("\n".join(lines), buttons=(buttons,), private=True)


def _linked(ctx: Context, code_id: int) -> Reply:
    code = link_codes.get(ctx.session, code_id)
    # Whose button names a code that they did not enter has forged it.
    if code is None or (not code.used and code.taken_by != ctx.reader.id):
        raise StaleButton
    _require_usable(ctx, code)
    there = readers.accounts(ctx.session, code.reader_id)
    link_codes.use(ctx.session, code.id, ctx.now)
    link_id, union = links.unite(ctx.session, code.reader_id, ctx.reader.id, ctx.now)
    # What waits is told at the hours that both have now, and as often as both want.
    news.reschedule(ctx.session, code.reader_id, ctx.now, ctx.zone)
    _warn(ctx, code.reader_id, there)
    buttons = (
        _undo_button(ctx, link_id, code.reader_id),
        Button(ctx.say("button.recommend"), actions.again()),
    )
    text = ctx.say("link.done", count=union.standing)
    return Reply(text, buttons=(buttons,), replaces=True, private=True)


def _left(ctx: Context, code_id: int) -> Reply:
    code = link_codes.get(ctx.session, code_id)
    if code is not None and code.taken_by == ctx.reader.id:
        link_codes.end(ctx.session, code_id, ctx.now)
    return Reply(ctx.say("link.left"), replaces=True, private=True)


def _undone(ctx: Context, link_id: int, owner: int) -> Reply:
    link = links.get(ctx.session, link_id)
    if link is None or link.former_id != ctx.reader.id:  # who was linked may press it once more
        ctx.require_owner(owner)
    last = links.last(ctx.session, ctx.reader.id)
    if last is None or last.id != link_id or not last.undoable or ctx.now - last.at >= UNDOABLE:
        raise UserError("link.settled")
    for reader_id in links.undo(ctx.session, link_id, ctx.now):
        # No letter that was written for one of them may reach the other.
        news.reschedule(ctx.session, reader_id, ctx.now, ctx.zone)
    return Reply(ctx.say("link.undone"), replaces=True, private=True)


def _require_usable(ctx: Context, code: Code) -> None:
    if code.reader_id == ctx.reader.id:
        raise UserError("link.own")
    if code.used:
        raise UserError("link.used")
    if code.expires_at <= ctx.now:
        raise UserError("link.expired")
    if code.taken_by not in (None, ctx.reader.id):
        raise UserError("link.used")


def _standing(union: Union, *, mine: bool) -> int:
    said = union.mine if mine else union.theirs
    return sum(last.verdict is not None for last in said.values())


def _differences(ctx: Context, union: Union) -> list[str]:
    """That the later word counts, where there are two; with the names of a few works."""
    differing = {
        work: verdict
        for work, verdict in union.differing.items()
        if ctx.adult or not getattr(ctx.library.work(work), "adult", False)
    }
    if not differing:
        return []
    few = list(differing.items())[:_DIFFERENCES]
    titles = catalogue.titles(ctx.session, [work for work, _ in few])
    named = ", ".join(
        f"{titles[work]} {cards.EMOJI[verdict]}"
        if verdict
        else ctx.say("link.taken_back", title=titles[work])
        for work, verdict in few
    )
    key = "link.differ_more" if len(differing) > len(few) else "link.differ"
    return [ctx.say(key, count=len(differing), named=named)]


def _at_home(ctx: Context, other: int) -> list[str]:
    """That no chat is told of news any more which only one of the two readers chose for that."""
    chosen = {readers.telling(ctx.session, each).alerts_to for each in (ctx.reader.id, other)}
    return [ctx.say("link.at_home")] if len(chosen) > 1 else []


def _platforms(ctx: Context, reader_id: int) -> list[str]:
    every = dict.fromkeys(platform for platform, _ in readers.accounts(ctx.session, reader_id))
    return [ctx.say(f"link.on_{platform}") for platform in every]


def _warn(ctx: Context, reader_id: int, accounts: Iterable[Address]) -> None:
    """Tells the other accounts, as whoever entered the code need not be who they hoped for."""
    platform = ctx.speaker.platform
    text = ctx.say("link.told", platform=ctx.say(f"link.on_{platform}"))
    for address in accounts:
        if address[0] != Platform.TERMINAL:  # which nobody looks at unless they type
            outbox.put(ctx.session, address, text, ctx.now, reader_id)


def _undo_button(ctx: Context, link_id: int, owner: int) -> Button:
    return Button(ctx.say("button.undo"), actions.link("undo", link_id, owner))


def _digest(typed: str) -> str:
    """The SHA-256 of a code, however it was typed."""
    bare = "".join(char for char in typed.upper() if char.isalnum())
    return hashlib.sha256(bare.encode()).hexdigest()


def _minutes(ctx: Context, until: datetime) -> int:
    return math.ceil((until - ctx.now).total_seconds() / 60)
