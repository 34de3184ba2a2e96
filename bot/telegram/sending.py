"""Calls to the Bot API: paced, retried, and calm about what is no error."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar, cast

import stamina
import structlog
from telegram import (
    InlineQueryResult,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
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
from telegram.ext import BaseRateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.addresses import is_http, shown
from bot.conversation.reply import Document, Reply
from bot.post import Undeliverable
from bot.telegram.errors import BadAddress, BadToken, Unreachable
from bot.telegram.flow import Flow, Limiter, Turn, seconds
from bot.telegram.pace import Pace
from bot.telegram.render import MAX_NOTICE, Outgoing, cut, render
from bot.telegram.updates import reference

log = structlog.get_logger()
T = TypeVar("T")

DoorBot = ExtBot[int | Turn]

# What the Bot API says in a 400 that is none: the words are its only code for it.
_UNCHANGED = ("message is not modified",)
_LATE = ("query is too old", "query id is invalid")
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message",  # a photo does not become a text
)
_CLOSED = (
    "chat not found",
    "user is deactivated",
    "bot was kicked",
    "have no rights to send",
    "not enough rights to send",
    "chat_write_forbidden",
    "group chat was deactivated",
    "message thread not found",
    "topic_closed",
    "topic_deleted",
)


class _Request(HTTPXRequest):
    """The library's, in whose errors a 504 would look like any other 5xx."""

    async def do_request(self, *given: Any, **told: Any) -> tuple[int, bytes]:  # noqa: ANN401
        code, payload = await super().do_request(*given, **told)
        if code == HTTPStatus.GATEWAY_TIMEOUT:  # a proxy waited; who was to answer may have acted
            raise TimedOut(HTTPStatus.GATEWAY_TIMEOUT.phrase)
        return code, payload


def make_bot(token: str, api_url: str, pace: Pace) -> DoorBot:
    """A bot client that keeps Telegram's rate limits; nothing is asked of the network yet.

    Raises BadAddress if `api_url` is no http(s) address and BadToken if `token` cannot be one.
    """
    if not is_http(api_url):
        message = f"TELEGRAM_API_URL is no http(s) address: {shown(api_url)!r}."
        raise BadAddress(message)
    if not token or not all("!" <= c <= "~" and c not in "/?#%{}" for c in token):
        message = "TELEGRAM_TOKEN is empty or has characters that no token has."
        raise BadToken(message)
    # The library warns at each 429 unless retry_after may be a timedelta, as it will always be.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    return ExtBot(
        token,
        base_url=f"{api_url.rstrip('/')}/bot",
        base_file_url=f"{api_url.rstrip('/')}/file/bot",
        request=_Request(
            connection_pool_size=64,
            connect_timeout=pace.call_seconds,
            read_timeout=pace.call_seconds,
            pool_timeout=pace.send_seconds,
        ),
        # The library's own takes whole numbers, and has them in its type.
        rate_limiter=cast("BaseRateLimiter[int | Turn]", Limiter(Flow())),
    )


def patience(error: Exception) -> bool | float:
    """For calls that are repeated until they work: whether to go on, or after how many seconds."""
    if isinstance(error, RetryAfter):
        return seconds(error)
    return isinstance(error, TelegramError) and not isinstance(error, InvalidToken)


def passing(error: Exception) -> bool:
    """True for 5xx, a lost connection and silence; a BadRequest is a NetworkError too, but final.

    A message that got lost is worse than one that comes twice, so sending is repeated as well.
    """
    return type(error) in {NetworkError, TimedOut}


def closed(error: BadRequest) -> bool:
    """Whether a 400 means that the chat takes no message from us."""
    return _says(error, _CLOSED)


def _again(error: Exception) -> bool | float:
    # The rate limiter waits at a 429 too, but gives up at the fourth in a row.
    return seconds(error) if isinstance(error, RetryAfter) else passing(error)


class Sender:
    """Says things in chats. Every method retries what passes and waits where it is told to.

    For an answer that lasts at most `pace.answer_seconds`: the reader's later answers wait behind
    it, so that they come in order. For all else it is at most `pace.send_seconds`. What remains is
    raised: Unreachable for a chat that is closed to us, else TelegramError. Where more is to be
    said than Telegram takes, the lowest `rank` goes first.
    """

    def __init__(self, bot: DoorBot, pace: Pace) -> None:
        self.bot = bot
        self._pace = pace

    async def call(self, request: Callable[[], Awaitable[T]], seconds: float | None = None) -> T:
        """The result of a call that may be repeated for `seconds`, else `pace.send_seconds`."""
        retrying = stamina.AsyncRetryingCaller(
            attempts=None, timeout=seconds or self._pace.send_seconds, **self._pace.retries()
        )
        try:
            return await retrying(_again, request)
        except Forbidden as error:
            raise Unreachable(str(error)) from error
        except BadRequest as error:
            if closed(error):
                raise Unreachable(str(error)) from error
            raise

    async def send(
        self,
        chat_id: int,
        message: Outgoing,
        *,
        quote: int | None = None,
        thread_id: int | None = None,
        rank: int = 0,
    ) -> str:
        """Sends `message`, quoting message `quote` if it is still there; the new one's name.

        A photo that Telegram does not take is left out: its caption says the same.
        """

        async def request(chat: int = chat_id) -> str:
            sent = await self._sent(chat, message, quote, thread_id, rank)
            return reference(sent.chat_id, sent.message_id)

        try:
            return await self._deliver(request)
        except BadRequest as error:
            if not message.photo:
                raise
            log.warning("telegram.photo_refused", error=error.message)
            said = replace(message, photo=b"")
            return await self.send(chat_id, said, quote=quote, thread_id=thread_id, rank=rank)
        except ChatMigrated as moved:  # a group that became a supergroup has a new id
            new_chat = moved.new_chat_id
            return await self._deliver(lambda: request(new_chat))

    async def once(
        self, chat_id: int, message: Outgoing, turn: Turn, thread_id: int | None = None
    ) -> str:
        """Sends `message` in its turn; the new one's name. Repeats nothing but after a 429.

        Raises TelegramError.
        """
        sent = await self._sent(chat_id, message, None, thread_id, turn)
        return reference(sent.chat_id, sent.message_id)

    async def _sent(
        self,
        chat: int,
        message: Outgoing,
        quote: int | None,
        thread_id: int | None,
        rank: int | Turn,
    ) -> Message:
        if message.photo:
            return await self.bot.send_photo(
                chat,
                message.photo,
                message.html,
                parse_mode=ParseMode.HTML,
                reply_markup=message.keyboard,
                reply_parameters=_quoting(quote),
                message_thread_id=thread_id,
                rate_limit_args=rank,
            )
        return await self.bot.send_message(
            chat,
            message.html,
            parse_mode=ParseMode.HTML,
            reply_markup=message.keyboard,
            link_preview_options=_preview(message),
            reply_parameters=_quoting(quote),
            message_thread_id=thread_id,
            rate_limit_args=rank,
        )

    async def edit(
        self,
        chat_id: int,
        message_id: int,
        message: Outgoing,
        *,
        thread_id: int | None = None,
        rank: int = 0,
    ) -> str:
        """Puts `message` in another's place; sends it anew where that one is gone.

        So it does with a text in a photo's place, and a photo that Telegram does not take there.
        """

        async def request() -> None:
            if message.photo:
                await self.bot.edit_message_media(
                    InputMediaPhoto(message.photo, message.html, ParseMode.HTML),
                    chat_id,
                    message_id,
                    reply_markup=message.keyboard,
                    rate_limit_args=rank,
                )
                return
            await self.bot.edit_message_text(
                message.html,
                chat_id,
                message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=message.keyboard,
                link_preview_options=_preview(message),
                rate_limit_args=rank,
            )

        try:
            await self._deliver(request)
        except BadRequest as error:
            unchanged = _says(error, _UNCHANGED)
            if _says(error, _GONE) or (message.photo and not unchanged):
                return await self.send(chat_id, message, thread_id=thread_id, rank=rank)
            if not unchanged:
                raise
        return reference(chat_id, message_id)

    async def tell(self, user_id: str, text: str) -> None:
        """Says something to a user, in their own chat. Raises Undeliverable where that is closed.

        Repeats nothing: whoever has a letter to deliver comes again.
        """
        try:
            for message in render(Reply(text)):
                await self.bot.send_message(
                    int(user_id),
                    message.html,
                    parse_mode=ParseMode.HTML,
                    link_preview_options=_preview(message),
                )
        except (Forbidden, BadRequest, ChatMigrated, ValueError) as error:
            raise Undeliverable(str(error)) from error

    async def answer(self, query_id: str, notice: str) -> None:
        """Answers a press, with a toast if there is something to say; too late is no error."""
        text = cut(notice.strip(), MAX_NOTICE) or None
        try:
            await self.call(lambda: self.bot.answer_callback_query(query_id, text))
        except (TelegramError, Unreachable) as error:
            # The press itself is heard all the same: a missing toast must not stop it.
            late = isinstance(error, BadRequest) and _says(error, _LATE)
            (log.debug if late else log.warning)("telegram.press_unanswered", error=str(error))

    async def offer(
        self, query_id: str, results: Sequence[InlineQueryResult], next_offset: str
    ) -> None:
        """Answers what somebody is typing; whatever keeps that from arriving, it is not repeated.

        It is theirs alone, and holds just now.
        """
        seconds = self._pace.offer_seconds
        try:
            await self.bot.answer_inline_query(
                query_id,
                results,
                cache_time=0,
                is_personal=True,
                next_offset=next_offset,
                read_timeout=seconds,
                pool_timeout=seconds,
            )
        except TelegramError as error:
            wrong = isinstance(error, BadRequest) and not _says(error, _LATE)
            (log.warning if wrong else log.debug)("telegram.offer_lost", error=str(error))

    async def send_document(
        self,
        chat_id: int,
        document: Document,
        *,
        quote: int | None = None,
        thread_id: int | None = None,
        rank: int = 0,
    ) -> None:
        """Sends a file; its kind is told by its name."""

        async def request() -> None:
            await self.bot.send_document(
                chat_id,
                document.content.encode(),
                filename=document.name,
                reply_parameters=_quoting(quote),
                message_thread_id=thread_id,
                rate_limit_args=rank,
            )

        await self._deliver(request)

    async def fetch(self, file_id: str, largest: int) -> bytes | None:
        """What is in a file that was sent to us; None where it is larger or cannot be had."""

        async def request() -> bytes | None:
            file = await self.bot.get_file(file_id)
            if (file.file_size or 0) > largest:
                return None
            return bytes(await file.download_as_bytearray())

        try:
            return await self.call(request)
        except (TelegramError, Unreachable, RuntimeError) as error:
            # Only its kind: the address of a file has the token in it.
            log.warning("telegram.file_not_fetched", reason=type(error).__name__)
            return None

    async def _deliver(self, request: Callable[[], Awaitable[T]]) -> T:
        return await self.call(request, self._pace.answer_seconds)


def polling_request(pace: Pace) -> HTTPXRequest:
    """The connection for getUpdates alone, so that sending never waits for listening."""
    return HTTPXRequest(
        connection_pool_size=2,
        connect_timeout=pace.call_seconds,
        read_timeout=pace.poll_seconds + pace.call_seconds,
    )


def _quoting(message_id: int | None) -> ReplyParameters | None:
    if message_id is None:
        return None
    return ReplyParameters(message_id, allow_sending_without_reply=True)


def _preview(message: Outgoing) -> LinkPreviewOptions:
    if message.preview:
        return LinkPreviewOptions(url=message.preview)
    return LinkPreviewOptions(is_disabled=True)


def _says(error: TelegramError, phrases: tuple[str, ...]) -> bool:
    return any(phrase in error.message.lower() for phrase in phrases)
