"""The Telegram door, from opening to closing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import stamina
import structlog
from pydantic import SecretStr
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bot.addresses import shown
from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.mailing import Mailing
from bot.post import Post
from bot.telegram.errors import BadToken
from bot.telegram.handling import Handler
from bot.telegram.hook import Hook
from bot.telegram.inquiries import Inquiries
from bot.telegram.intake import Intake, every
from bot.telegram.letters import deliver
from bot.telegram.menus import publish
from bot.telegram.pace import REAL, Pace
from bot.telegram.polling import Poller
from bot.telegram.sending import DoorBot, Sender, make_bot, passing, patience, polling_request
from bot.telegram.updates import ALLOWED_UPDATES, Me

if TYPE_CHECKING:
    from bot.telegram.webhook import Webhook

log = structlog.get_logger()
T = TypeVar("T")


async def serve(
    bridge: Bridge,
    token: SecretStr,
    api_url: str,
    stop: asyncio.Event,
    *,
    hook: Hook | None = None,
    pace: Pace = REAL,
) -> None:
    """Serves Telegram's readers until `stop` is set, and lets what is then running finish.

    Asks Telegram for updates or, with a `hook`, is called with them. Waits for Telegram and for
    the database as long as it takes. Raises BadToken if Telegram does not know the token, at the
    start or later, BadAddress if `api_url` cannot be asked, and BadHook if it cannot listen.
    """
    for name in ("httpx", "httpcore", "telegram"):  # they log addresses with the token in them
        logging.getLogger(name).setLevel(logging.WARNING)
    # A 502's page of HTML and the fourth 429 in a row: the library would report them with a
    # traceback; we try again.
    for name in ("telegram.request", "telegram.ext.AIORateLimiter"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    bot = make_bot(token.get_secret_value(), api_url, pace)
    stopping = asyncio.create_task(stop.wait())
    listening = asyncio.create_task(_listen(bot, bridge, hook, pace))
    try:
        await asyncio.wait({stopping, listening}, return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            listening.result()
    except InvalidToken:
        # The library's message has the token in it, so nothing of that error may go on.
        message = f"Telegram ({shown(api_url)}) does not know this bot: check TELEGRAM_TOKEN."
        raise BadToken(message) from None
    finally:
        stopping.cancel()
        listening.cancel()
        await asyncio.gather(stopping, listening, return_exceptions=True)
        await bot.shutdown()


async def _listen(bot: DoorBot, bridge: Bridge, hook: Hook | None, pace: Pace) -> None:
    await _until_it_works(bot.initialize, pace)
    me = Me(bot.id, bot.username, inline=bool(bot.supports_inline_queries))
    log.info("telegram.connected", bot=me.username)
    if not me.inline:
        hint = f"to be asked from any chat: /setinline for @{me.username} in a chat with @BotFather"
        log.warning("telegram.inline_off", hint=hint)
    sender = Sender(bot, pace)
    handler = Handler(bridge, sender, me, pace)
    post = Post(
        bridge,
        Platform.TELEGRAM,
        sender.tell,
        pause=pace.post_seconds,
        patience=pace.drain_seconds,
    )
    mailing = Mailing(
        bridge,
        Platform.TELEGRAM,
        partial(deliver, sender),
        pause=pace.post_seconds,
        patience=pace.drain_seconds,
    )
    inquiries = Inquiries(bridge, sender)
    if hook is None:
        updates = _poll(bot, handler, Intake(bridge, handler, me, inquiries), pace)
    else:
        from bot.telegram.webhook import Webhook  # noqa: PLC0415 -- who polls needs no HTTP server

        lease = timedelta(seconds=pace.lease_seconds)
        intake = Intake(bridge, handler, me, inquiries, lease)
        updates = _be_called(bot, hook, Webhook(hook, bridge, intake), intake, pace)
    answering = asyncio.create_task(updates)
    beside = (publish(sender), post.run(), mailing.run())
    tasks = [answering, *(asyncio.create_task(work) for work in beside)]
    try:
        await asyncio.wait({answering})
        answering.result()
    finally:
        # Together: what each still has to finish, it does in the same few seconds.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _poll(bot: DoorBot, handler: Handler, intake: Intake, pace: Pace) -> None:
    await _until_it_works(partial(_take_back_webhook, bot), pace)  # polling is refused beside one
    request = polling_request(pace)
    poller = Poller(bot.base_url, request, intake=intake, handler=handler, pace=pace)
    try:
        await poller.run()
    finally:
        await intake.drain(pace.drain_seconds)
        await request.shutdown()


async def _be_called(
    bot: DoorBot, hook: Hook, webhook: "Webhook", intake: Intake, pace: Pace
) -> None:
    """Listens until cancelled. The webhook stays set: others may serve it, or we, later on."""
    await webhook.open()
    upkeep = asyncio.gather(
        every(pace.renew_seconds, intake.renew),
        every(pace.renew_seconds, intake.recover, at_once=True),
    )
    try:
        await _until_it_works(partial(_set_webhook, bot, hook), pace)
        await _look_after_webhook(bot, hook, pace)
    finally:
        clock = asyncio.get_running_loop().time
        end = clock() + pace.drain_seconds
        upkeep.cancel()
        await asyncio.gather(upkeep, webhook.close(), return_exceptions=True)
        # Only now: until it was closed, calls brought more. Closing takes from the same seconds.
        await intake.drain(max(0.0, end - clock()))


async def _set_webhook(bot: DoorBot, hook: Hook) -> None:
    try:
        await bot.set_webhook(
            hook.url,
            allowed_updates=ALLOWED_UPDATES,
            secret_token=hook.secret.get_secret_value(),
        )
    except BadRequest as error:
        log.error("telegram.webhook_refused", url=hook.url, error=error.message)
        raise


async def _look_after_webhook(bot: DoorBot, hook: Hook, pace: Pace) -> None:
    """Says what keeps Telegram from calling. Raises InvalidToken once the token is revoked."""
    told = None
    while True:
        await asyncio.sleep(pace.look_seconds)
        info = await _until_it_works(bot.get_webhook_info, pace)
        if info.url != hook.url:
            hint = "something else changed it: let all processes of this bot poll, or none"
            log.error("telegram.webhook_replaced", hint=hint, url=info.url)
        elif info.last_error_date and info.last_error_date != told:
            told = info.last_error_date
            log.warning("telegram.webhook_troubled", error=info.last_error_message, at=str(told))


async def _until_it_works(call: Callable[[], Awaitable[T]], pace: Pace) -> T:
    async for attempt in stamina.retry_context(
        on=patience,
        attempts=None,
        timeout=None,
        **pace.retries(),
    ):
        with attempt:
            return await call()
    raise AssertionError("unreachable")


async def _take_back_webhook(bot: DoorBot) -> None:
    try:
        await bot.delete_webhook()
    except TelegramError as error:
        if passing(error) or isinstance(error, RetryAfter):
            raise
        # Not worth staying away for: where a webhook is in the way, polling says so itself.
        log.warning("telegram.webhook_not_deleted", error=error.message)
