"""Letters to readers, one message each, behind all answers."""

import sys

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.conversation.reply import Reply
from bot.mailing import Claim, Moved, NotTaken, Shut
from bot.post import Undeliverable
from bot.telegram.flow import Turn
from bot.telegram.render import render
from bot.telegram.sending import Sender, closed

LAST = sys.maxsize  # in the flow: every answer goes before
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


async def deliver(sender: Sender, reply: Reply, claim: Claim) -> str:
    """Sends a letter; the name of its message. As `bot.mailing.Send`.

    It fits one message. Of one that does not, the first is the letter, and the others are its rest.
    """
    topic = claim.letter.topic
    try:
        chat_id, thread_id = int(claim.letter.user_id), int(topic) if topic else None
    except ValueError as error:
        raise Shut(str(error)) from error
    sharing = bool(sender.bot.supports_inline_queries)
    first, *rest = render(reply, together=True, sharing=sharing)
    try:
        name = await sender.once(chat_id, first, Turn(LAST, claim.going, claim.back), thread_id)
    except TelegramError as error:
        raise _meaning(error) from error

    async def follow() -> None:
        for message in rest:
            await sender.send(chat_id, message, thread_id=thread_id, rank=LAST)

    claim.rest = follow
    return name


def _meaning(error: TelegramError) -> Exception:
    """What a failed call means for the letter; the error itself where nobody knows."""
    match error:
        case ChatMigrated():
            return Moved(str(error.new_chat_id))
        case Forbidden():
            return Shut(error.message)
        case BadRequest():
            return Shut(error.message) if closed(error) else Undeliverable(error.message)
        case RetryAfter() | InvalidToken():
            return NotTaken(error.message)
        case NetworkError() if _untaken(error):
            return NotTaken(error.message)
    return error


def _untaken(error: NetworkError) -> bool:
    """Whether the message was certainly not taken: it never left, or Telegram answered a 5xx.

    A 5xx without JSON is a proxy's, and what it had passed on may have been acted on.
    """
    cause = error.__cause__
    return isinstance(cause, _UNSENT) or (cause is None and not isinstance(error, TimedOut))
