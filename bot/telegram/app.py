"""The Telegram door, from opening to closing."""

import asyncio
import logging

import stamina
import structlog
from pydantic import SecretStr
from telegram.error import InvalidToken, RetryAfter, TelegramError

from bot.bridge import Bridge
from bot.telegram.errors import BadToken
from bot.telegram.handling import Handler
from bot.telegram.menus import publish
from bot.telegram.pace import REAL, Pace
from bot.telegram.polling import Poller
from bot.telegram.sending import DoorBot, Sender, make_bot, passing, patience, polling_request
from bot.telegram.updates import Me

log = structlog.get_logger()


async def serve(
    bridge: Bridge,
    token: SecretStr,
    api_url: str,
    stop: asyncio.Event,
    *,
    pace: Pace = REAL,
) -> None:
    """Serves Telegram's readers until `stop` is set, and lets what is then running finish.

    Waits for Telegram and for the database as long as it takes. Raises BadToken if Telegram does
    not know the token, at the start or later, and BadAddress if `api_url` cannot be asked.
    """
    for name in ("httpx", "httpcore", "telegram"):  # they log addresses with the token in them
        logging.getLogger(name).setLevel(logging.WARNING)
    # A 502's page of HTML and the fourth 429 in a row: the library would report them with a
    # traceback; we try again.
    for name in ("telegram.request", "telegram.ext.AIORateLimiter"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    bot = make_bot(token.get_secret_value(), api_url, pace)
    stopping = asyncio.create_task(stop.wait())
    listening = asyncio.create_task(_listen(bot, bridge, pace))
    try:
        await asyncio.wait({stopping, listening}, return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            listening.result()
    except InvalidToken:
        # The library's message has the token in it, so nothing of that error may go on.
        message = f"Telegram ({api_url}) does not know this bot: check TELEGRAM_TOKEN."
        raise BadToken(message) from None
    finally:
        stopping.cancel()
        listening.cancel()
        await asyncio.gather(stopping, listening, return_exceptions=True)
        await bot.shutdown()


async def _listen(bot: DoorBot, bridge: Bridge, pace: Pace) -> None:
    await _connect(bot, pace)
    me = Me(bot.id, bot.username)
    log.info("telegram.connected", bot=me.username)
    sender, request = Sender(bot, pace), polling_request(pace)
    handler = Handler(bridge, sender, me, pace)
    poller = Poller(bot.base_url, request, bridge=bridge, handler=handler, me=me, pace=pace)
    menus = asyncio.create_task(publish(sender))
    try:
        await poller.run()
    finally:
        menus.cancel()
        await poller.drain()
        await asyncio.gather(menus, return_exceptions=True)
        await request.shutdown()


async def _connect(bot: DoorBot, pace: Pace) -> None:
    """Waits until Telegram answers, and takes back a webhook: polling is refused beside one."""
    async for attempt in stamina.retry_context(
        on=patience,
        attempts=None,
        timeout=None,
        **pace.retries(),
    ):
        with attempt:
            await bot.initialize()
            await _take_back_webhook(bot)


async def _take_back_webhook(bot: DoorBot) -> None:
    try:
        await bot.delete_webhook()
    except TelegramError as error:
        if passing(error) or isinstance(error, RetryAfter):
            raise
        # Not worth staying away for: where a webhook is in the way, polling says so itself.
        log.warning("telegram.webhook_not_deleted", error=error.message)
