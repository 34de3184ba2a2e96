"""Listening by polling: fetch, keep durably, only then confirm."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import cast

import stamina
import structlog
from telegram.error import Conflict, RetryAfter
from telegram.request import HTTPXRequest, RequestData
from telegram.request._requestparameter import RequestParameter  # what RequestData is made of

from bot.conversation.events import Silent
from bot.hearing import Unavailable
from bot.telegram.handling import Handler
from bot.telegram.intake import Intake, RawUpdate
from bot.telegram.pace import Pace
from bot.telegram.sending import patience
from bot.telegram.updates import ALLOWED_UPDATES, Incoming

log = structlog.get_logger()


class Poller:
    """Asks Telegram for updates, and confirms them once they are kept.

    An update is confirmed, by asking for the one after it, only once the database has it. What
    a crash left kept but unanswered is handled first at the next start.
    """

    def __init__(
        self,
        base_url: str,
        request: HTTPXRequest,
        *,
        intake: Intake,
        handler: Handler,
        pace: Pace,
    ) -> None:
        self._url = f"{base_url}/getUpdates"
        self._request = request
        self._intake = intake
        self._handler = handler
        self._pace = pace
        self._offset = 0
        self._recovered = False
        self._told: set[str] = set()  # apologised for, not kept: not to be handled later on

    async def run(self) -> None:
        """Listens until cancelled. Raises InvalidToken when Telegram no longer knows the token."""
        try:
            await self._recover()
        except Unavailable as error:
            log.error("telegram.database_away", reason=str(error))
        while True:
            await self._take(await self._fetch())

    async def _fetch(self) -> list[RawUpdate]:
        """The next updates, raw.

        Bot.get_updates reads a batch as a whole: one update that the library cannot read would
        come back for ever and keep all others out.
        """
        asked = {
            "offset": self._offset,
            "timeout": self._pace.poll_seconds,
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        body = RequestData([RequestParameter.from_input(*pair) for pair in asked.items()])
        async for attempt in stamina.retry_context(
            on=_patience,
            attempts=None,
            timeout=None,
            **self._pace.retries(),
        ):
            with attempt:
                return cast(list[RawUpdate], await self._request.post(self._url, body))
        raise AssertionError("unreachable")

    async def _take(self, batch: Sequence[RawUpdate]) -> None:
        """Keeps a batch and begins to handle it; leaves it unconfirmed if it cannot be kept."""
        fresh = self._intake.read(raw for raw in batch if not self._intake.inquired(raw))
        try:
            await self._recover()
            kept = await self._intake.keep(fresh)
        except Unavailable as error:
            log.error("telegram.database_away", updates=len(fresh), reason=str(error))
            await self._apologise([incoming for incoming, _ in fresh.values()])
            await asyncio.sleep(self._pace.database_seconds)
            return
        if batch:
            self._offset = max(raw["update_id"] for raw in batch) + 1
        self._intake.owe(self._told & fresh.keys())
        for key in kept:
            if key not in self._told:
                await self._intake.start(fresh[key][0])
        self._told -= fresh.keys()
        await self._intake.pay()

    async def _recover(self) -> None:
        """Handles, once, what was kept before this start and never answered."""
        if not self._recovered:
            await self._intake.recover()
            self._recovered = True

    async def _apologise(self, batch: Sequence[Incoming]) -> None:
        """Asks each reader once to try again; what is silent waits for better times."""
        for incoming in batch:
            silent = incoming.event is not None and isinstance(incoming.event.said, Silent)
            if not silent and incoming.key not in self._told:
                self._told.add(incoming.key)
                await self._intake.aside(incoming, partial(self._handler.apologise, incoming))


def _patience(error: Exception) -> bool | float:
    if isinstance(error, Conflict):
        log.error(
            "telegram.second_poller",
            hint="another process or a webhook takes this bot's updates: let only one run",
            error=error.message,
        )
    elif isinstance(error, RetryAfter):
        log.warning("telegram.slowed_down", error=error.message)
    return patience(error)
