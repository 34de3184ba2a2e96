"""Saying what one thinks of a work, by command, button or reaction, and taking it back."""

from bot.conversation import actions, cards, letter
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.events import Reaction
from bot.conversation.find import find
from bot.conversation.reply import Button, Reply
from bot.conversation.taste import WELCOME
from db import feedback, impressions
from db.catalogue import Work
from db.tables import Verdict

_COMMANDS = {Verdict.LIKE: "like", Verdict.DISLIKE: "dislike", Verdict.READ: "read"}
_EMOJI = {"👍": Verdict.LIKE, "👎": Verdict.DISLIKE}


def give(ctx: Context, argument: str, verdict: Verdict) -> Reply:
    """Records a verdict given by command."""
    work = find(ctx, argument, lambda i: actions.verdict(verdict, i), _COMMANDS[verdict])
    return work if isinstance(work, Reply) else _record(ctx, work, verdict, "command")


def unlike(ctx: Context, argument: str) -> Reply:
    """Takes back whatever the reader said of a work."""
    work = find(ctx, argument, lambda i: actions.remove(i, ctx.reader.id, 0), "unlike")
    return work if isinstance(work, Reply) else take_back(ctx, work)


def take_back(ctx: Context, work: Work) -> Reply:
    """Removes the verdict on this work."""
    event_id = ctx.record(work, None, "command")
    if event_id is None:
        return Reply(ctx.say("liked.nothing", title=work.title))
    undo = Button(ctx.say("button.undo"), actions.undo(event_id))
    return Reply(ctx.say("liked.removed", title=work.title), buttons=((undo,),))


def press(ctx: Context, action: Action) -> Reply:
    """Records a verdict given by button: on a card that was shown, or among several finds."""
    verdict, work = action.verdict(0), ctx.work(action.number(1))
    shown = impressions.get(ctx.session, action.number(2)) or _chosen(ctx, action, work)
    if shown is None:
        return _record(ctx, work, verdict, "button")
    if shown.webtoon_id != work.id:
        raise StaleButton
    event_id = ctx.record(work, verdict, "button", shown.id)
    key = f"liked.{verdict}" if event_id else f"liked.already_{verdict}"
    notice = counted_again(ctx, work, verdict) or ctx.say(key, title=work.title)
    return shown_again(ctx, work, notice, shown)


def counted_again(ctx: Context, work: Work, verdict: Verdict) -> str:
    """Counts a like again that was left out of account and is said once more, and says so.

    "" for every other verdict.
    """
    if verdict is Verdict.LIKE and feedback.count_again(ctx.session, ctx.reader.id, [work.id]):
        return ctx.say("why.in", title=work.title)
    return ""


def undo(ctx: Context, action: Action) -> Reply:
    """Takes back one event: what stood before it stands again."""
    event = feedback.event(ctx.session, action.number(0))
    if event is None:
        raise StaleButton
    ctx.require_owner(event.reader_id)
    work = ctx.work(event.webtoon_id)
    if feedback.last_event(ctx.session, ctx.reader.id, work.id) != event.id:
        raise UserError("trouble.changed_since")
    ctx.record(work, event.previous, "undo")
    notice = ctx.say("liked.undone", title=work.title)
    shown = impressions.get(ctx.session, event.impression_id) if event.impression_id else None
    if shown is None:
        return Reply(notice, notice=notice, replaces=True)
    return shown_again(ctx, work, notice, shown)


def react(ctx: Context, reaction: Reaction) -> Reply | None:
    """Records 👍 and 👎 on the message of one card; a reaction taken back takes its verdict back.

    Other emoji, other messages, and messages with several cards say nothing of any work.
    """
    shown = impressions.on_message(ctx.session, reaction.message)
    work = ctx.library.work(shown[0].webtoon_id) if len(shown) == 1 else None
    if work is None:
        return None
    notice = ""
    for emoji in reaction.removed:
        verdict = _EMOJI.get(emoji)
        if verdict and _unreact(ctx, work, verdict, shown[0].id):
            notice = ctx.say("liked.undone", title=work.title)
    for verdict in filter(None, map(_EMOJI.get, reaction.added)):
        if ctx.record(work, verdict, "reaction", shown[0].id):
            notice = ctx.say(f"liked.{verdict}", title=work.title)
        else:
            notice = counted_again(ctx, work, verdict) or notice
    # A question of the welcome keeps its buttons: they lead on to the recommendations.
    quiet = ctx.place.shared or shown[0].policy == WELCOME or (work.adult and not ctx.adult)
    if not notice or quiet:
        return None
    return shown_again(ctx, work, notice, shown[0])


def _unreact(ctx: Context, work: Work, verdict: Verdict, impression_id: int) -> bool:
    """Takes a reaction's verdict back if it stands, also from beneath the other thumb's."""
    reader_id = ctx.reader.id
    given = feedback.last_reaction(ctx.session, reader_id, impression_id, verdict)
    if given is None:
        return False
    last = feedback.last_event(ctx.session, reader_id, work.id)
    if last == given.id:
        ctx.record(work, given.previous, "undo")
        return True
    other = Verdict.DISLIKE if verdict is Verdict.LIKE else Verdict.LIKE
    over = feedback.last_reaction(ctx.session, reader_id, impression_id, other)
    if over and over.id == last:
        under = feedback.last_event(ctx.session, reader_id, work.id, before=over.id)
        if under == given.id:
            feedback.restate(ctx.session, over, given.previous, ctx.now)
    return False


def _chosen(ctx: Context, action: Action, work: Work) -> impressions.ImpressionRow | None:
    """What somebody put into a chat: it became an impression after its buttons were made."""
    shown = impressions.on_message(ctx.session, action.message) if action.message else []
    return shown[0] if len(shown) == 1 and shown[0].webtoon_id == work.id else None


def _record(ctx: Context, work: Work, verdict: Verdict, source: str) -> Reply:
    event_id = ctx.record(work, verdict, source)
    if event_id is None:
        already = ctx.say(f"liked.already_{verdict}", title=work.title)
        return Reply(counted_again(ctx, work, verdict) or already)
    buttons = (
        Button(ctx.say("button.undo"), actions.undo(event_id)),
        Button(ctx.say("button.recommend"), actions.again()),
    )
    return Reply(ctx.say(f"liked.{verdict}", title=work.title), buttons=(buttons,))


def shown_again(ctx: Context, work: Work, notice: str, shown: impressions.ImpressionRow) -> Reply:
    """The notice, and the card as it now stands; a card that others see too stays as it is."""
    if ctx.place.shared:
        return Reply(notice=notice, private=True)
    if (week := letter.week_again(ctx, shown, notice)) is not None:
        return week
    own = shown.reader_id == ctx.reader.id
    reason = cards.reason_of(ctx, work, shown.policy) if own else ""
    card = cards.card(ctx, work, reason=reason, impression_id=shown.id)
    return Reply(cards=(card,), notice=notice, replaces=True)
