"""Letters from the operator's side, delivered by the bot of the platform they are for."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress

import structlog

from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.hearing import Unavailable
from db.outbox import Letter

log = structlog.get_logger()

# Delivers a text to a user of the platform, by id.
Send = Callable[[str, str], Awaitable[None]]

_PAUSE_SECONDS = 5.0  # between two looks into the outbox
# Well within a letter's lease (hearing.LEASE): afterwards another bot may deliver it.
_SEND_SECONDS = 40.0
_PATIENCE_SECONDS = 3.0  # with a letter on its way when the bot is told to end


class Undeliverable(Exception):
    """This person can be told nothing: unknown, or closed to us. Nothing to retry."""


async def until_told(
    work: Coroutine[None, None, None], ending: asyncio.Event, patience: float
) -> None:
    """Does `work`. Cancelled, it sets `ending` and lets the work come to its own end.

    It does not wait longer for that than `patience` seconds, nor beyond a second cancellation.
    """
    working = asyncio.create_task(work)
    try:
        await asyncio.wait({working})  # which a cancellation does not pass on
    finally:
        ending.set()
        try:
            await asyncio.wait({working}, timeout=patience)
        finally:
            working.cancel()
            await asyncio.wait({working})


class Post:
    """Delivers a platform's letters one by one, each under a lease, until it is cancelled.

    `send` raises Undeliverable for a letter that is given up; whatever else it raises passes, and
    the letter is tried again, by any bot, once its lease has run out.
    """

    def __init__(
        self,
        bridge: Bridge,
        platform: Platform,
        send: Send,
        *,
        pause: float = _PAUSE_SECONDS,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._bridge, self._platform, self._send = bridge, platform, send
        self._pause, self._patience = pause, patience
        self._ending = asyncio.Event()
        self._owed: dict[int, str | None] = {}  # done with, but the database could not be told

    async def run(self) -> None:
        """Looks for letters again and again.

        Cancelled, it takes no other letter, and lets the one on its way arrive and be noted, or
        it would come twice. One that is being taken just then is still sent, as its lease would
        keep it from everybody.
        """
        await until_told(self._deliver_all(), self._ending, self._patience)

    async def _deliver_all(self) -> None:
        away = False
        while True:
            ending = self._ending.is_set()  # what fails as it is set is tried once more
            try:
                await self._settle()
                while not self._ending.is_set() and (letter := await self._next()) is not None:
                    await self._deliver(letter)
                    await self._settle()
                away = False
            except Unavailable as error:
                (log.debug if away else log.warning)("post.database_away", reason=str(error))
                away = True
            except Exception:  # of all that a bot does, the post must not be what ends it
                log.exception("post.failed")
            if ending:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), self._pause)

    async def _next(self) -> Letter | None:
        # One at a time: what is taken along and waits would use up its lease.
        letters = await self._bridge.run(self._bridge.hearing.letters, self._platform, 1)
        return letters[0] if letters else None

    async def _deliver(self, letter: Letter) -> None:
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self._send(letter.user_id, letter.text)
        except Undeliverable as error:
            log.warning("post.undeliverable", letter=letter.id, reason=str(error))
            self._owed[letter.id] = str(error)
        except Exception as error:
            log.warning("post.delayed", letter=letter.id, reason=f"{type(error).__name__}: {error}")
        else:
            self._owed[letter.id] = None

    async def _settle(self) -> None:
        for letter_id, error in tuple(self._owed.items()):
            await self._bridge.run(self._bridge.hearing.posted, letter_id, error)
            del self._owed[letter_id]
